"""The programs that are compared: how each is started, and whether it is there."""

import re
import subprocess
from pathlib import Path

from . import configs
from .processes import ROOT, Process, free_port, program
from .signing import KEY_ID, SECRET

VERSION_WORDS = {
    "nginx": "-v",
    "haproxy": "-v",
    "minio": "--version",
    "versitygw": "--version",
    "rclone": "version",
    "wrk": "-v",
    "h2load": "--version",
}


class Contestant:
    """A program that serves: its process and its `host:port`."""

    def __init__(self, name, process, port):
        self.name, self.process, self.port = name, process, port
        self.host = f"127.0.0.1:{port}"


class Starter:
    """Starts contestants, each with a folder of its own."""

    def __init__(self, folder, r2shim, passthrough):
        self.folder = Path(folder)
        self.r2shim, self.passthrough = Path(r2shim), Path(passthrough)
        self._tls = None

    def _own(self, name):
        folder = Path(self.folder, name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def tls(self):
        """A folder with a certificate for 127.0.0.1."""
        if self._tls is None:
            self._tls = self._own("tls")
            key, certificate = self._tls / "tls.key", self._tls / "tls.crt"
            made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
            names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
            words = ["openssl", *made, *names, "-keyout", key, "-out", certificate]
            subprocess.run(words, check=True, capture_output=True)
            Path(self._tls, "tls.pem").write_text(certificate.read_text() + key.read_text())
        return self._tls

    def missing(self, kind):
        """What a kind of contestant lacks on this machine; None if it can start."""
        if kind == "r2shim":
            return None if self.r2shim.exists() else f"{self.r2shim}"
        if kind == "pingora":
            return None if self.passthrough.exists() else "tests/bench/passthrough, built"
        if kind == "rclone":
            return None if program("rclone") and rclone_serves_s3() else "rclone with `serve s3` (1.65)"
        return None if program(kind) else kind

    def nginx_store(self, name, root):
        folder, port = self._own(name), free_port()
        return self._nginx(name, folder, port, configs.nginx_store(folder, port, root), False)

    def nginx(self, name, store, tls=False, log=False):
        folder, port = self._own(name), free_port()
        text = configs.nginx_proxy(folder, port, store, self.tls() if tls else None, log)
        return self._nginx(name, folder, port, text, tls)

    def _nginx(self, name, folder, port, text, tls):
        file = Path(folder, "nginx.conf")
        file.write_text(text)
        words = [program("nginx"), "-e", "stderr", "-p", folder, "-c", file]
        return Contestant(name, Process(folder, name, words).wait_for(port, tls=tls), port)

    def haproxy(self, name, store, tls=False, log=False):
        folder, port = self._own(name), free_port()
        file = Path(folder, "haproxy.cfg")
        file.write_text(configs.haproxy(port, store, self.tls() if tls else None, log))
        process = Process(folder, name, [program("haproxy"), "-db", "-f", file])
        return Contestant(name, process.wait_for(port, tls=tls), port)

    def pingora(self, name, store, tls=False):
        port = free_port()
        certificate = [self.tls() / "tls.crt", self.tls() / "tls.key"] if tls else []
        words = [self.passthrough, f"127.0.0.1:{port}", f"127.0.0.1:{store}", *certificate]
        return Contestant(name, Process(self._own(name), name, words).wait_for(port, tls=tls), port)

    def r2shim_words(self, name, port, store=None, data=None, tls=False):
        """Its command line. Without a store the objects are in `data`, or in a new folder."""
        file = Path(self._own(name), "r2shim.toml")
        certificate = self.tls() if tls else None
        file.write_text(configs.r2shim(port, certificate, store, data or file.parent / "data"))
        return [self.r2shim, "serve", "--config", file]

    def store(self, name):
        """How a store of that name is started, as the table calls it."""
        return {"MinIO": self.minio, "versitygw": self.versitygw, "rclone": self.rclone, "r2shim": self.start_r2shim}[
            name
        ]

    def start_r2shim(self, name, store=None, data=None, tls=False, log=False):
        port = free_port()
        words = self.r2shim_words(name, port, store, data, tls)
        environment = {"R2SHIM_LOG": "info" if log else "info,access=off"}
        process = Process(self._own(name), name, words, environment)
        return Contestant(name, process.wait_for(port, tls=tls), port)

    def minio(self, name, data=None):
        port, folder = free_port(), self._own(name)
        words = ["server", data or folder / "data", "--address", f"127.0.0.1:{port}", "--quiet"]
        environment = {"MINIO_ROOT_USER": KEY_ID, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off"}
        process = Process(folder, name, [program("minio"), *words], environment)
        return Contestant(name, process.wait_for(port), port)

    def versitygw(self, name, data=None):
        port, folder = free_port(), self._own(name)
        data = Path(data or folder / "data")
        data.mkdir(parents=True, exist_ok=True)
        words = [program("versitygw"), "--port", f"127.0.0.1:{port}", "--quiet", "posix", data]
        process = Process(folder, name, words, {"ROOT_ACCESS_KEY": KEY_ID, "ROOT_SECRET_KEY": SECRET})
        return Contestant(name, process.wait_for(port), port)

    def rclone(self, name, data=None):
        port, folder = free_port(), self._own(name)
        data = Path(data or folder / "data")
        data.mkdir(parents=True, exist_ok=True)
        words = ["serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY_ID},{SECRET}", data]
        return Contestant(name, Process(folder, name, [program("rclone"), *words]).wait_for(port), port)


def rclone_serves_s3():
    words = [program("rclone"), "serve", "s3", "--help"]
    return "--auth-key" in subprocess.run(words, capture_output=True, text=True, check=False).stdout


def versions(starter):
    """What is compared: each program with its version, or as missing."""
    found = {"r2shim": first_line([starter.r2shim, "--version"]), "pingora": locked("pingora")}
    for name, word in VERSION_WORDS.items():
        found[name] = first_line([program(name), word]) if program(name) else "missing"
    if program("rclone") and not rclone_serves_s3():
        found["rclone"] += ", which has no `serve s3`: missing"
    return found


def first_line(words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return "missing"
    said = (done.stdout + done.stderr).strip()
    return said.splitlines()[0] if said else "?"


def locked(crate):
    """The version of a crate that the pass-through is built with."""
    text = (ROOT / "tests/bench/passthrough/Cargo.lock").read_text()
    found = re.search(f'name = "{crate}"\nversion = "(.+)"', text)
    return f"{crate} {found[1]}" if found else "?"
