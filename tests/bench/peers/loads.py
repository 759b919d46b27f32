"""What is sent: requests, and the programs that send them. Everything is signed before the clock starts."""

import http.client
import json
import os
import re
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .processes import Failed, program
from .signing import Signer

HERE = Path(__file__).resolve().parent
KIB, MIB = 1 << 10, 1 << 20
# Different objects of a load: many while they are small.
OBJECTS = {1 * KIB: 100, 4 * KIB: 4000, 64 * KIB: 100, 8 * MIB: 8}
PART_BYTES = 16 * MIB
PART_SENDERS = 4
UPLOAD_BYTES = 1 << 30
DIRECTORY_KEYS = 1000
# What asks for a page of keys.
PAGE = (("list-type", "2"), ("max-keys", "1000"))


@dataclass
class Outcome:
    """Of one run. Times are in milliseconds; `fault` says why it does not count."""

    requests: int
    seconds: float
    p50: float = 0.0
    p99: float = 0.0
    fault: str = ""


def body(size):
    """The bytes of every object of a size."""
    piece = bytes(range(251))
    return (piece * (size // len(piece) + 1))[:size]


def paths(method, size):
    prefix = "put" if method == "PUT" else "get"
    return [f"/bench/{prefix}-{size}-{number}" for number in range(OBJECTS[size])]


def list_key(number):
    return f"dir-{number // DIRECTORY_KEYS:04}/{number % DIRECTORY_KEYS:04}"


@dataclass(frozen=True)
class Load:
    """Requests of one kind over HTTP."""

    method: str = "GET"
    size: int = KIB
    connections: int = 64
    # Or "signed", in a header, with the digest of the body; or "wrong", presigned with a wrong secret.
    auth: str = "presigned"
    query: tuple = ()
    # Without a bucket the objects are those of `size`, else the bucket is listed, from `pages` places.
    bucket: str = ""
    pages: int = 1
    refused: bool = False
    tls: bool = False
    h2: bool = False

    unit = "requests/s"

    def requests(self, host):
        """Method, target and headers of each."""
        signer = Signer(host, "wrong") if self.auth == "wrong" else Signer(host)
        content = body(self.size) if self.method == "PUT" else b""
        found = []
        for path, query in self._addresses():
            if self.auth == "signed":
                target, headers = signer.signed(self.method, path, query, content)
            else:
                target, headers = signer.presigned(self.method, path, query), {}
            found.append((self.method, target, headers))
        return found

    def _addresses(self):
        if not self.bucket:
            return [(path, dict(self.query)) for path in paths(self.method, self.size)]
        starts = [{}] + [{"start-after": list_key(number * DIRECTORY_KEYS)} for number in range(1, self.pages)]
        return [(f"/{self.bucket}", {**dict(self.query), **start}) for start in starts]

    def missing(self):
        loader = "h2load" if self.h2 else "wrk"
        return None if program(loader) else loader

    def prepare(self, folder, host):
        """Writes what the loader reads, and returns its words."""
        requests = Path(folder, f"requests-{host.rpartition(':')[2]}")
        scheme = "https" if self.tls else "http"
        if self.h2:
            requests.write_text("".join(f"{scheme}://{host}{target}\n" for _, target, _ in self.requests(host)))
            streams = 4
            return ["h2load", "-t1", f"-c{self.connections // streams}", f"-m{streams}", "-i", requests]
        write_requests(requests, self.requests(host))
        if self.method == "HEAD":
            return ["python3", HERE / "heads.py", host, requests, self.connections]
        content = write_body(folder, self.size) if self.method == "PUT" else ""
        script = ["-s", HERE / "wrk.lua", f"{scheme}://{host}/", "--", requests, content]
        return ["wrk", "-t1", f"-c{self.connections}", "--timeout", "20s", *script]

    def run(self, words, seconds):
        if self.h2:
            return read_h2load(output([*words, f"-D{seconds}"]))
        if self.method == "HEAD":
            return read_wrk(output([*words, seconds]), self.refused)
        return read_wrk(output([words[0], f"-d{seconds}s", *words[1:]]), self.refused)


def write_requests(file, requests):
    with file.open("w") as out:
        for method, target, headers in requests:
            fields = [f"{name}: {value}" for name, value in headers.items()]
            out.write("\t".join([method, target, *fields]) + "\n")


def write_body(folder, size):
    file = Path(folder, f"body-{size}")
    if not file.exists():
        file.write_bytes(body(size))
    return file


def output(words):
    words = [program(words[0]), *map(str, words[1:])]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}{done.stdout[-500:]}")
    return done.stdout


def read_wrk(text, refused):
    result = json.loads(text.strip().splitlines()[-1])
    wrong = result["requests"] - result["statuses"] if refused else result["statuses"]
    faults = [f"{wrong} of {result['requests']} answers had another status"] * (wrong > 0)
    faults += [f"{result['broken']} connections broke off"] * (result["broken"] > 0)
    faults += ["no answer"] * (result["requests"] == 0)
    return Outcome(result["requests"], result["seconds"], result["p50"], result["p99"], "; ".join(faults))


def read_h2load(text):
    rate = re.search(r"finished in ([\d.]+)(m?)s, ([\d.]+) req/s", text)
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", text)
    protocol = re.search(r"Application protocol: (\S+)", text)
    if not (rate and counts):
        raise Failed(f"h2load says: {text[-500:]}")
    succeeded, failed, errored = map(int, counts.groups())
    seconds = float(rate[1]) / (1000 if rate[2] else 1)
    fault = f"{failed + errored} failed" if failed + errored or not succeeded else ""
    if protocol and protocol[1] != "h2":
        fault = f"spoke {protocol[1]}"
    return Outcome(succeeded, seconds, fault=fault)


@dataclass(frozen=True)
class Upload:
    """One object of 1 GiB in parts of 16 MiB, four at the same time. A request is a MiB."""

    unit = "MiB/s"
    connections = PART_SENDERS

    def missing(self):
        return None

    def prepare(self, folder, host):
        return [host]

    def run(self, words, seconds):
        """One upload, however long it takes."""
        (host,) = words
        began = time.monotonic()
        try:
            self._upload(host, Signer(host))
        except (Failed, OSError, http.client.HTTPException) as fault:
            return Outcome(0, time.monotonic() - began, fault=str(fault))
        return Outcome(UPLOAD_BYTES // MIB, time.monotonic() - began)

    @staticmethod
    def _upload(host, signer):
        path, part, count = "/bench/large", body(PART_BYTES), UPLOAD_BYTES // PART_BYTES
        upload = re.search("<UploadId>(.+?)<", ask(host, "POST", signer.presigned("POST", path, {"uploads": ""}))[1])[1]

        def send(first):
            """Every fourth part over one connection: numbers and ETags."""
            connection, found = http.client.HTTPConnection(host, timeout=120), []
            for number in range(first, count + 1, PART_SENDERS):
                target = signer.presigned("PUT", path, {"partNumber": str(number), "uploadId": upload})
                found.append((number, ask(host, "PUT", target, part, connection)[0]["etag"]))
            return found

        with ThreadPoolExecutor(PART_SENDERS) as senders:
            sent = sorted(pair for found in senders.map(send, range(1, PART_SENDERS + 1)) for pair in found)
        parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in sent)
        document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        _, answer = ask(host, "POST", signer.presigned("POST", path, {"uploadId": upload}), document)
        if "<CompleteMultipartUploadResult" not in answer:
            raise Failed(answer[:200])


def ask(host, method, target, content=b"", connection=None, good=(200,)):
    """Headers and text of an answer with a good status, over a connection of its own unless one is given."""
    connection = connection or http.client.HTTPConnection(host, timeout=120)
    connection.request(method, target, body=content, headers={"content-length": str(len(content))})
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    if answer.status not in good:
        raise Failed(f"{method} {target.partition('?')[0]} of {host}: {answer.status} {text[:300]}")
    return {name.lower(): value for name, value in answer.getheaders()}, text


def unverified():
    """TLS to the contestants, whose certificates nobody else knows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def sync():
    """Nothing that a contestant has left to be written is written while the next one runs."""
    os.sync()
