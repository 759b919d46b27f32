"""Clients that do a bit of everything, each over a connection of its own, and note each request.

Every body begins with the digest of its rest, so whoever reads it sees whether it is whole.
"""

import hashlib
import http.client
import os
import random
import re
import threading
import time
from dataclasses import dataclass

from .signing import Signer

BUCKET = "fleet"
SMALL, PART, LAST_PART = 4096, 5 << 20, 64 << 10
# Of what an SDK sends again: a broken connection, and these.
AGAIN = (0, 500, 502, 503, 504)
TIMEOUT_SECONDS = 150
MOST_BACKOFF_SECONDS = 20
# How often each is done, of a hundred.
WEIGHTS = {"put": 30, "overwrite": 10, "get": 30, "head": 13, "list": 10, "delete": 5, "upload": 2}


@dataclass(frozen=True)
class Note:
    """Of one request, with all its tries: when, what, and what went wrong if the last try failed."""

    began: float
    ended: float
    operation: str
    tries: int
    fault: str

    @property
    def seconds(self):
        return self.ended - self.began


class Refused(Exception):
    """A request that failed for good."""


def new_body(size):
    rest = os.urandom(size - 64)
    return hashlib.sha256(rest).hexdigest().encode() + rest


def digest(body):
    """The digest a whole body begins with; None if it is not whole."""
    found = body[:64]
    return found.decode() if hashlib.sha256(body[64:]).hexdigest().encode() == found else None


class Client(threading.Thread):
    """Does one thing after the other until `over`. `tries` is 1, or 3 for what SDKs do."""

    def __init__(self, host, number, tries, over):
        super().__init__(daemon=True)
        self._host, self._tries, self._over = host, tries, over
        self._signer, self._connection = Signer(host), None
        self._chance = random.Random(number)
        self._prefix, self._count = f"{number}", 0
        self.notes = []
        # What may be found at a path: digests, and None for nothing. More than one after a write that failed.
        self.kept = {}

    def run(self):
        while not self._over.is_set():
            (name,) = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
            try:
                getattr(self, f"do_{name}")()
            except Refused:
                pass

    # --- what is done

    def _new_path(self):
        self._count += 1
        return f"/{BUCKET}/{self._prefix}/{self._count}"

    def _any_path(self):
        known = [path for path, found in self.kept.items() if len(found) == 1 and None not in found]
        return self._chance.choice(known[-200:]) if known else None

    def _write(self, path, content, send):
        """Sends what makes the content appear at the path."""
        before = self.kept.get(path, {None})
        self.kept[path] = before | {content}
        send()
        self.kept[path] = {content}

    def do_put(self, path=None):
        path, body = path or self._new_path(), new_body(SMALL)
        self._write(path, digest(body), lambda: self._ask("PutObject", "PUT", path, body=body))

    def do_overwrite(self):
        self.do_put(f"/{BUCKET}/{self._prefix}/again")

    def do_delete(self):
        if path := self._any_path():
            self._write(path, None, lambda: self._ask("DeleteObject", "DELETE", path, good=(204,)))

    def do_get(self):
        if path := self._any_path():
            self.check(path)

    def do_head(self):
        if path := self._any_path():
            self._ask("HeadObject", "HEAD", path)

    def do_list(self):
        query = {"list-type": "2", "prefix": f"{self._prefix}/", "max-keys": "100"}
        self._ask("ListObjectsV2", "GET", f"/{BUCKET}", query)

    def do_upload(self):
        path, body = self._new_path(), new_body(PART + LAST_PART)
        answer = self._ask("CreateMultipartUpload", "POST", path, {"uploads": ""})
        upload = re.search(b"<UploadId>(.+?)<", answer)[1].decode()
        tags = ""
        for number, part in ((1, body[:PART]), (2, body[PART:])):
            query = {"partNumber": str(number), "uploadId": upload}
            self._ask("UploadPart", "PUT", path, query, part)
            tag = hashlib.md5(part).hexdigest()
            tags += f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
        document = f"<CompleteMultipartUpload>{tags}</CompleteMultipartUpload>".encode()
        complete = ("CompleteMultipartUpload", "POST", path, {"uploadId": upload}, document)
        self._write(path, digest(body), lambda: self._ask(*complete))

    def check(self, path):
        """Reads the object. What is wrong with it is a fault of the request."""
        self._ask("GetObject", "GET", path, check=lambda body: digest(body) in self.kept[path])

    # --- how it is sent

    def _ask(self, operation, method, path, query=None, body=b"", good=(200,), check=None):
        began, fault = time.monotonic(), ""
        for number in range(1, self._tries + 1):
            status, answer = self._send(method, path, query, body)
            fault = "" if status in good else f"{status} {shown(answer)}"
            if not fault and check and not check(answer):
                fault = f"{path} has another body"
            if status not in AGAIN or number == self._tries:
                break
            time.sleep(min(MOST_BACKOFF_SECONDS, self._chance.random() * 2 ** (number - 1)))
        self.notes.append(Note(began, time.monotonic(), operation, number, fault))
        if fault:
            raise Refused(fault)
        return answer

    def _send(self, method, path, query, body):
        """Status and body of one try. The status is 0 if the connection broke."""
        target, headers = self._signer.signed(method, path, query, body)
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT_SECONDS)
            self._connection.request(method, target, body=body, headers={**headers, "content-length": str(len(body))})
            answer = self._connection.getresponse()
            text = answer.read()
            if answer.will_close:
                self._close()
            return answer.status, text
        except (OSError, http.client.HTTPException) as fault:
            self._close()
            return 0, f"<Message>{type(fault).__name__}: {fault}</Message>".encode()

    def _close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def shown(answer):
    """What an answer says, in a line."""
    found = re.search(b"<Message>(.*?)</Message>", answer, re.DOTALL)
    return (found[1] if found else answer[:120]).decode(errors="replace").replace("\n", " ")


def run_clients(host, first, count, tries, over, results):
    """A process of many clients. Its notes and what it keeps go to the queue when it is over."""
    clients = [Client(host, first + number, tries, over) for number in range(count)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    notes = [note for client in clients for note in client.notes]
    results.put((tries, notes, {path: found for client in clients for path, found in client.kept.items()}))
