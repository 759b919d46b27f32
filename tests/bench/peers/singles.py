"""What is measured once and has no rounds: the start, memory, the size of the index, instructions of a request."""

import http.client
import re
import subprocess
import time
from pathlib import Path

from .lists import BODY_BYTES
from .loads import KIB, list_key, paths
from .processes import Failed, Process, free_port, program
from .scenes import Proxied
from .signing import Signer

MIB = 1 << 20
STARTS = 5
IDLE_SECONDS = 2
# Requests of the short and of the long run under callgrind; what both do besides is subtracted.
FEW, MANY = 200, 1200
VALGRIND_SECONDS = 120


def start(starter, data, bucket, starts=STARTS):
    """Milliseconds from the start of the program to its first answer, a page of a large bucket; the middle of five."""
    times = []
    for _ in range(starts):
        port = free_port()
        host = f"127.0.0.1:{port}"
        target = Signer(host).presigned("GET", f"/{bucket}", {"list-type": "2", "max-keys": "1"})
        words = starter.r2shim_words("start", port, data=data)
        began = time.monotonic()
        process = Process(starter.folder / "start", "start", words, {"R2SHIM_LOG": "error"})
        try:
            while not _answered(host, target):
                if time.monotonic() - began > 60:
                    raise Failed("no answer within a minute")
                time.sleep(0.001)
            times.append((time.monotonic() - began) * 1e3)
        finally:
            process.stop()
    return f"{sorted(times)[starts // 2]:.0f} ms ({min(times):.0f} to {max(times):.0f})"


def _answered(host, target):
    try:
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", target)
        return connection.getresponse().status == 200
    except OSError:
        return False


def idle(starter):
    """Resident memory of a server that has nothing to do."""
    contestant = starter.start_r2shim("idle")
    try:
        time.sleep(IDLE_SECONDS)
        return f"{contestant.process.resident_bytes() / MIB:.1f} MiB"
    finally:
        contestant.process.stop()


def disk_bytes(data):
    """Bytes of the disk that a folder takes. A file may be longer."""
    return sum(file.stat().st_blocks * 512 for file in Path(data).rglob("*") if file.is_file())


def index_size(data, count):
    """Bytes of the data folder against those of keys and bodies. Objects as small as these are in the index."""
    used = disk_bytes(data)
    rows = count * (len(list_key(0)) + BODY_BYTES)
    return f"{used / MIB:,.0f} MiB on disk; keys and bodies alone have {rows / MIB:,.0f} MiB"


def instructions(starter):
    """Of a presigned GET of 1 KiB before nginx, for r2shim and for the pass-through."""
    if lack := next((name for name in ("valgrind", "nginx") if not program(name)), None):
        return {"r2shim": f"missing: {lack}"}
    scene = Proxied(starter)
    try:
        store = scene.get("direct").port
        found = {"r2shim": _each(starter, "r2shim", lambda port: starter.r2shim_words("callgrind", port, store=store))}
        if not (lack := starter.missing("pingora")):
            to = f"127.0.0.1:{store}"
            found["pingora"] = _each(starter, "pingora", lambda port: [starter.passthrough, f"127.0.0.1:{port}", to])
        else:
            found["pingora"] = f"missing: {lack}"
        return found
    finally:
        scene.close()


def _each(starter, name, words):
    few, many = (_collected(starter, name, words, count) for count in (FEW, MANY))
    return f"{(many - few) / (MANY - FEW):,.0f}"


def _collected(starter, name, words, count):
    """All instructions of a run with some requests."""
    port = free_port()
    folder = Path(starter.folder, f"callgrind-{name}-{count}")
    folder.mkdir()
    tool = [program("valgrind"), "--tool=callgrind", "--callgrind-out-file=out"]
    process = Process(folder, "callgrind", [*tool, *words(port)], {"R2SHIM_LOG": "info,access=off"})
    try:
        process.wait_for(port)
        _get(f"127.0.0.1:{port}", count)
    finally:
        process.interrupt(VALGRIND_SECONDS)
    collected = re.search(r"Collected\s*:\s*(\d+)", process.log.read_text(errors="replace"))
    if not collected:
        raise Failed(f"callgrind says: {process.log.read_text(errors='replace')[-500:]}")
    return int(collected[1])


def _get(host, count):
    connection = http.client.HTTPConnection(host, timeout=60)
    target = Signer(host).presigned("GET", paths("GET", KIB)[0])
    for _ in range(count):
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise Failed(f"{answer.status} under callgrind")


def try_to(measure, *words):
    """The figure, or why there is none."""
    try:
        return measure(*words)
    except (Failed, OSError, subprocess.SubprocessError) as fault:
        return f"failed: {fault}"
