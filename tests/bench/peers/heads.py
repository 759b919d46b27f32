#!/usr/bin/env python3
"""Sends HEAD requests, for wrk and h2load wait for bodies that do not come. Prints the same line of JSON as wrk.lua.

heads.py HOST:PORT REQUESTS CONNECTIONS SECONDS; REQUESTS is a file as wrk.lua reads it.
"""

import itertools
import json
import select
import socket
import sys
import time
from pathlib import Path

END = b"\r\n\r\n"
WAIT_SECONDS = 20


def messages(host, file):
    for line in Path(file).read_text().splitlines():
        method, target, *headers = line.split("\t")
        yield "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()


def opened(host):
    name, _, port = host.rpartition(":")
    connection = socket.create_connection((name, int(port)), timeout=WAIT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class Senders:
    """Connections that each ask, wait for the answer, and ask again."""

    def __init__(self, host, requests):
        self._host, self._requests = host, requests
        self._ready, self._open = select.epoll(), {}
        self.times, self.wrong, self.broken = [], 0, 0

    def connect(self):
        connection = opened(self._host)
        self._open[connection.fileno()] = [connection, b"", 0]
        self._ready.register(connection, select.EPOLLIN)
        self._ask(connection.fileno())

    def _ask(self, number):
        sender = self._open[number]
        sender[1:] = b"", time.perf_counter()
        sender[0].sendall(next(self._requests))

    def _again(self, number):
        """A connection in the place of one that has ended."""
        self._ready.unregister(number)
        self._open.pop(number)[0].close()
        self.connect()

    def read_until(self, end):
        while (now := time.perf_counter()) < end:
            for number, _ in self._ready.poll(end - now):
                try:
                    self._read(number)
                except OSError:
                    self.broken += 1
                    self._again(number)

    def _read(self, number):
        connection, head, asked = self._open[number]
        piece = connection.recv(1 << 16)
        if not piece:
            raise ConnectionError("closed before an answer")
        head += piece
        if not head.endswith(END):
            self._open[number][1] = head
            return
        self.times.append(time.perf_counter() - asked)
        self.wrong += not head.startswith(b"HTTP/1.1 200 ")
        if b"\r\nconnection: close\r\n" in head.lower():
            self._again(number)
        else:
            self._ask(number)


def main():
    host, file, count, seconds = sys.argv[1:]
    requests = itertools.cycle(list(messages(host, file)))
    began = time.perf_counter()
    senders = Senders(host, requests)
    for _ in range(int(count)):
        senders.connect()
    senders.read_until(began + float(seconds))
    times = sorted(senders.times)
    result = {"requests": len(times), "seconds": time.perf_counter() - began}
    result |= {"statuses": senders.wrong, "broken": senders.broken}
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1)):
        result[name] = times[min(int(len(times) * share), len(times) - 1)] * 1e3 if times else 0
    print(json.dumps(result))


if __name__ == "__main__":
    main()
