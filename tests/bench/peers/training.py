"""What a guided build learns from: a bit of everything that clients send, to a local store and through a proxy."""

import http.client
import threading
import time
from itertools import cycle
from queue import SimpleQueue

from .loads import KIB, MIB, PAGE, Load, ask, body, unverified
from .mixed import BUCKET, run_clients
from .processes import Failed
from .scenes import filled, make_bucket
from .signing import Signer

CLIENTS = 4
LISTED = 2_000
# What mixed clients do not send.
LOADS = (
    Load("GET", KIB),
    Load("GET", KIB, auth="signed"),
    Load("GET", 64 * KIB),
    Load("GET", 8 * MIB),
    Load("HEAD", KIB),
    Load("PUT", 4 * KIB),
    Load("PUT", 64 * KIB, auth="signed"),
    Load("PUT", 8 * MIB),
    Load("GET", KIB, auth="wrong", refused=True),
    Load("GET", KIB, query=(("acl", ""),), refused=True),
    Load("GET", bucket="listed", query=PAGE),
    Load("GET", bucket="listed", query=(*PAGE, ("delimiter", "/"))),
)


def train(starter, seconds):
    """Sends every load for so long to a store on the local disk, and to a proxy before it, also in TLS."""
    store = filled(starter.start_r2shim("trained-store"))
    proxies = []
    try:
        proxies += [starter.start_r2shim(f"trained-{tls}", store=store.port, tls=tls) for tls in (False, True)]
        for bucket in (BUCKET, "listed"):
            make_bucket(store.host, bucket)
        fill(store.host)
        for contestant, tls in ((store, False), (proxies[0], False), (proxies[1], True)):
            for load in LOADS:
                send(contestant.host, load, seconds, tls)
        for contestant in (store, proxies[0]):
            mix(contestant.host, seconds * len(LOADS))
    finally:
        for contestant in [*proxies, store]:
            contestant.process.stop()


def fill(host):
    signer, connection = Signer(host), http.client.HTTPConnection(host, timeout=60)
    for number in range(LISTED):
        ask(host, "PUT", signer.presigned("PUT", f"/listed/dir-{number % 40:02}/{number:05}"), body(100), connection)


def send(host, load, seconds, tls):
    """The requests of a load in turn, over one connection."""
    opened = http.client.HTTPSConnection(host, context=unverified()) if tls else http.client.HTTPConnection(host)
    content, end = body(load.size) if load.method == "PUT" else None, time.monotonic() + seconds
    for method, target, headers in cycle(load.requests(host)):
        opened.request(method, target, content, headers)
        answer = opened.getresponse()
        answer.read()
        if (answer.status >= 400) != load.refused:
            raise Failed(f"{method} {target}: {answer.status}")
        if time.monotonic() > end:
            break
    opened.close()


def mix(host, seconds):
    """Clients that do a bit of everything, for so long."""
    over, results = threading.Event(), SimpleQueue()
    threading.Timer(seconds, over.set).start()
    run_clients(host, 0, CLIENTS, 1, over, results)
    _, notes, _ = results.get()
    faults = [note.fault for note in notes if note.fault]
    if faults:
        raise Failed(f"{len(faults)} requests failed, the first with {faults[0]}")
