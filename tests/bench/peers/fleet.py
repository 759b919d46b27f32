"""A fleet on this machine: MinIO on four nodes, three r2shim in front of them, and haproxy in front of these."""

import http.client
import json
import time
from pathlib import Path

from . import configs
from .processes import START_SECONDS, Failed, Process, free_port, program
from .signing import KEY_ID, SECRET, Signer

NODES = 4
SHIMS = 3
HEALTH = "/minio/health/cluster?maintenance=true"


class Node:
    """One MinIO with one drive. Its port and its folder outlive its process."""

    def __init__(self, folder, number):
        self.port, self.name = free_port(), f"minio-{number}"
        self.folder = Path(folder, self.name)
        self.drive = f"http://127.0.0.1:{self.port}{self.folder}/drive"
        (self.folder / "drive").mkdir(parents=True)
        self.process = None

    def start(self, drives):
        # MINIO_CI_CD lets drives be folders of the system's disk; _MINIO_SERVER_LOCAL says which address is its own.
        environment = {"MINIO_ROOT_USER": KEY_ID, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off"}
        environment |= {"MINIO_CI_CD": "1", "_MINIO_SERVER_LOCAL": f"127.0.0.1:{self.port}"}
        words = ["server", "--quiet", "--address", f"127.0.0.1:{self.port}", *drives]
        self.process = Process(self.folder, self.name, [program("minio"), *words], environment)


class Shim:
    """One r2shim, with an address for health."""

    def __init__(self, folder, number, binary, stores, health):
        self.port, self.admin, self.name = free_port(), free_port(), f"r2shim-{number}"
        self.folder, self._binary, self._stores, self._health = Path(folder, self.name), binary, stores, health
        self.process = None

    def start(self):
        self.folder.mkdir(exist_ok=True)
        file = self.folder / "r2shim.toml"
        text = configs.r2shim(self.port, None, stores=self._stores, admin=f"127.0.0.1:{self.admin}")
        file.write_text(f'{text}\nhealth = "{self._health}"\n')
        words = [self._binary, "serve", "--config", file]
        self.process = Process(self.folder, self.name, words, {"R2SHIM_LOG": "info,access=off"})
        self.process.wait_for(self.admin, "/healthz")


class Fleet:
    """All of them. `host` is haproxy's."""

    def __init__(self, folder, r2shim, way, health):
        self.folder = Path(folder)
        self.nodes = [Node(folder, number) for number in range(1, NODES + 1)]
        ports = [node.port for node in self.nodes]
        self.shims = [Shim(folder, number, r2shim, ports, health) for number in range(1, SHIMS + 1)]
        self._port, self._way, self._haproxy = free_port(), way, None
        self.host = f"127.0.0.1:{self._port}"

    def start(self):
        for node in self.nodes:
            self.start_node(node)
        for node in self.nodes:
            wait_until(node.port, HEALTH)
        for shim in self.shims:
            shim.start()
            wait_until(shim.admin, "/readyz")
        file = self.folder / "haproxy.cfg"
        pairs = [(shim.port, shim.admin) for shim in self.shims]
        file.write_text(configs.haproxy_fleet(self.folder, self._port, pairs, self._way))
        self._haproxy = Process(self.folder, "haproxy", [program("haproxy"), "-db", "-f", file])
        # A path that is not S3's is answered by r2shim itself, with 403.
        self._haproxy.wait_for(self._port)

    def start_node(self, node):
        node.start([each.drive for each in self.nodes])

    def stop(self):
        processes = [self._haproxy, *(each.process for each in (*self.shims, *self.nodes))]
        for process in processes:
            if process is not None:
                process.stop()


def wait_until(port, path):
    """Returns when the path answers 200."""
    end = time.monotonic() + START_SECONDS * 2
    while status(port, path) != 200:
        if time.monotonic() > end:
            raise Failed(f"{path} of port {port} does not answer 200")
        time.sleep(0.1)


def status(port, path):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


# --- locks of MinIO


def admin(port, method, name, query):
    """An answer of MinIO's admin interface."""
    target, headers = Signer(f"127.0.0.1:{port}").signed(method, f"/minio/admin/v3/{name}", query)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, target, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    if answer.status != 200:
        raise Failed(f"{method} {name}: {answer.status} {text[:300]}")
    return text


def locks(port, seconds):
    """What is locked for longer than that. MinIO's own locks, which it may hold for long, are left out."""
    found = json.loads(admin(port, "GET", "top/locks", {"count": "10000", "stale": "true"})) or []
    old = {lock["resource"] for lock in found if lock["elapsed"] > seconds * 1e9}
    return sorted(resource for resource in old if not resource.startswith(".minio.sys/"))


def unlock(port, resources):
    for resource in resources:
        admin(port, "POST", "force-unlock", {"paths": resource})
