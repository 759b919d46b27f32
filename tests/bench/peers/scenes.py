"""Contestants that stand beside each other, started when the first row needs them, with the objects that are read."""

import http.client
from pathlib import Path

from .loads import KIB, MIB, ask, body, paths
from .processes import Failed
from .signing import Signer

SIZES = [1 * KIB, 64 * KIB, 8 * MIB]


class Scene:
    """Contestants by name. `makers` says how each is started, `kinds` of which kind it is where its name does not."""

    def __init__(self, starter):
        self.starter = starter
        self._running = {}

    def missing(self, name):
        """What a contestant lacks, so that the table can name it."""
        needed = [self.kind(name), *self.needs]
        return next((lack for lack in map(self.starter.missing, needed) if lack), None)

    needs = ()

    def kind(self, name):
        return name.split()[0]

    def get(self, name):
        if name not in self._running:
            self._running[name] = self.start(name)
        return self._running[name]

    def start(self, name):
        raise NotImplementedError

    def close(self):
        for contestant in reversed(self._running.values()):
            contestant.process.stop()
        self._running.clear()

    def proxy(self, name, store, prefix):
        """A proxy of the kind, with what the rest of the name says."""
        kind, *options = name.split()
        tls, log, own = "tls" in options, "log" in options, f"{prefix}-{name.replace(' ', '-')}"
        if kind == "pingora":
            return self.starter.pingora(own, store, tls)
        starter = self.starter
        start = {"nginx": starter.nginx, "haproxy": starter.haproxy, "r2shim": starter.start_r2shim}
        return start[kind](own, store=store, tls=tls, log=log)


class Proxied(Scene):
    """Proxies before nginx, which has the objects as files and forgets what is uploaded."""

    needs = ("nginx",)

    def kind(self, name):
        return "nginx" if name == "direct" else name.split()[0]

    def start(self, name):
        if name != "direct":
            return self.proxy(name, self.get("direct").port, "proxied")
        root = files(Path(self.starter.folder, "files"))
        return self.starter.nginx_store("direct", root)


class BeforeMinio(Scene):
    """MinIO, and proxies before it."""

    needs = ("minio",)

    def kind(self, name):
        return "minio" if name == "MinIO" else name.split()[0]

    def start(self, name):
        if name != "MinIO":
            return self.proxy(name, self.get("MinIO").port, "minio")
        return filled(self.starter.minio("upstream-minio"))


class Local(Scene):
    """Programs with objects on the local disk."""

    def kind(self, name):
        return {"MinIO": "minio"}.get(name, name)

    def start(self, name):
        starter = self.starter
        if name == "nginx":
            return starter.nginx_store("local-nginx", files(Path(starter.folder, "files")))
        return filled(starter.store(name)(f"local-{name.lower()}"))


def files(root):
    """The objects as files."""
    for size in SIZES:
        for path in paths("GET", size):
            file = Path(root, path[1:])
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(body(size))
    return root


def make_bucket(host, name):
    """Makes a bucket that may be there already."""
    ask(host, "PUT", Signer(host).presigned("PUT", f"/{name}"), good=(200, 409))


def filled(contestant):
    """A contestant after its objects were uploaded."""
    signer, connection = Signer(contestant.host), http.client.HTTPConnection(contestant.host, timeout=60)
    try:
        make_bucket(contestant.host, "bench")
        for size in SIZES:
            for path in paths("GET", size):
                ask(contestant.host, "PUT", signer.presigned("PUT", path), body(size), connection)
    except (Failed, OSError, http.client.HTTPException):
        contestant.process.stop()
        raise
    return contestant
