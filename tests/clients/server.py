"""r2shim as the suite runs it: the built binary on a free port, with a policy and a store of its own."""

import os
import re
import subprocess
import threading
import uuid
from pathlib import Path

from minio import MAPPED, PREFIXES

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("R2SHIM_BINARY", REPOSITORY / "target" / "debug" / "r2shim"))

# R2 hands out 32 and 64 hexadecimal digits; clients must be happy with that shape.
ACCESS_KEY_ID = "c0ffee00c0ffee00c0ffee00c0ffee00"
SECRET_ACCESS_KEY = "5ec2e7" * 10 + "5ec2"

# The keys of the suite, as `serve` takes them.
KEYS = {"R2SHIM_ACCESS_KEY_ID": ACCESS_KEY_ID, "R2SHIM_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}

PORT_0 = "127.0.0.1:0"

LINE_SECONDS = 60
STOP_SECONDS = 30


class Server:
    """A running r2shim. `endpoint` is its URL; `log` has every line it wrote, of both its outputs."""

    store = "local"

    def __init__(self, policy, folder, keys=KEYS, arguments=()):
        self.policy = policy
        self.log = []
        self._ended = False
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            [BINARY, "serve", "--listen", PORT_0, "--admin", PORT_0, "--data", folder, "--policy", policy, *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **keys},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.endpoint = self.line(r"endpoint +(https?://\S+)")[1]

    @property
    def admin(self):
        """The URL of its admin address."""
        return self.line(r"admin +(http://[^/\s]+)")[1]

    def new_name(self):
        """A bucket name that is not in use."""
        return f"bucket-{uuid.uuid4().hex[:12]}"

    def new_prefix(self):
        """What nobody's names begin with; with two digits behind it each is the name of a bucket."""
        return f"{self.new_name()}-"

    def _read_log(self):
        """Reads until the process ends, so that it never blocks on a full pipe."""
        for line in self._process.stdout:
            with self._news:
                self.log.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def line(self, pattern):
        """The match of the first line with `pattern`; waits until the server has written it."""
        with self._news:
            self._news.wait_for(lambda: self._search(pattern) or self._ended, LINE_SECONDS)
            found = self._search(pattern)
        if found is None:
            self.stop()
            log = "\n".join(self.log)
            raise AssertionError(f"r2shim --policy {self.policy} wrote no line with {pattern!r}:\n{log}")
        return found

    def _search(self, pattern):
        matches = (re.search(pattern, line) for line in self.log)
        return next(filter(None, matches), None)

    def stop(self):
        """Ends the process, first politely; a server that does not leave on SIGTERM is a failure."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"r2shim still ran {STOP_SECONDS} s after SIGTERM") from None
        finally:
            self._reader.join()


class FrontOfMinio(Server):
    """A running r2shim whose store is MinIO. Every name it hands out is another one there."""

    store = "minio"

    def __init__(self, policy, folder, minio):
        self.minio = minio
        self._names = iter(MAPPED)
        self._prefixes = iter(PREFIXES)
        settings = folder / "settings.toml"
        settings.write_text(minio.settings(ACCESS_KEY_ID, SECRET_ACCESS_KEY))
        super().__init__(policy, folder, keys={}, arguments=["--config", settings])

    def new_name(self):
        """A mapped bucket name that is not in use."""
        return next(self._names)

    def new_prefix(self):
        return next(self._prefixes)
