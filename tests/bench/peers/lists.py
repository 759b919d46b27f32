"""Buckets of many keys. They are filled once and kept, for that takes minutes."""

import json
import signal
import subprocess
import time
from pathlib import Path

from .loads import HERE, list_key, write_requests
from .processes import Failed, program
from .scenes import Scene, make_bucket
from .signing import Signer

BATCH = 100_000
BODY_BYTES = 100
# What is sent again behind a batch, so that its last requests are answered before the loader stops.
AGAIN = 3000
TRIES = 3
# Others than r2shim take too long to be filled with more.
MOST_OF_OTHERS = 100_000


class Lists(Scene):
    """Stores with the buckets `list-N`, in folders that outlive a run."""

    def __init__(self, starter, kept, counts):
        super().__init__(starter)
        self._kept, self._counts = Path(kept), counts

    def kind(self, name):
        return {"MinIO": "minio"}.get(name, name)

    def folder(self, name):
        return self._kept / name.lower()

    def start(self, name):
        self.folder(name).mkdir(parents=True, exist_ok=True)
        contestant = self.starter.store(name)(f"lists-{name.lower()}", data=self.folder(name) / "data")
        try:
            for count in self._counts:
                if name == "r2shim" or count <= MOST_OF_OTHERS:
                    self._fill(contestant, name, count)
        except Failed:
            contestant.process.stop()
            raise
        return contestant

    def _fill(self, contestant, name, count):
        mark = self.folder(name) / f"list-{count}.full"
        if mark.exists():
            return
        began = time.monotonic()
        make_bucket(contestant.host, f"list-{count}")
        for first in range(0, count, BATCH):
            put_all(self.starter.folder, contestant.host, f"list-{count}", range(first, min(count, first + BATCH)))
        mark.touch()
        print(f"  {name}: {count} keys in {time.monotonic() - began:.0f} s", flush=True)


def put_all(folder, host, bucket, numbers):
    """Again where a request fails: rclone makes folders in a race with itself."""
    for _ in range(TRIES):
        fault = put_each(folder, host, bucket, numbers)
        if not fault:
            return
    raise Failed(f"{bucket} could not be filled: {fault}")


def put_each(folder, host, bucket, numbers):
    """What the loader says, if not all objects were taken."""
    signer = Signer(host)
    addresses = [signer.presigned("PUT", f"/{bucket}/{list_key(number)}") for number in numbers]
    requests, content = Path(folder, "fill"), Path(folder, "fill-body")
    write_requests(requests, [("PUT", target, {}) for target in [*addresses, *addresses[:AGAIN]]])
    content.write_bytes(bytes(BODY_BYTES))
    words = ["-t1", "-c64", "-d3600s", "--timeout", "60s", "-s", HERE / "wrk.lua", f"http://{host}/"]
    words += ["--", requests, content, "once"]
    with subprocess.Popen([program("wrk"), *map(str, words)], stdout=subprocess.PIPE, text=True) as wrk:
        if any(line == "sent\n" for line in wrk.stdout):
            wrk.send_signal(signal.SIGINT)
        said = wrk.stdout.read()
    result = json.loads(said.strip().splitlines()[-1]) if wrk.returncode == 0 and said else {}
    return said[-300:] if result.get("statuses", 1) or result["requests"] < len(numbers) else ""
