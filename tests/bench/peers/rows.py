"""What is measured: a row is a load and who carries it, the first of them the measure of the others."""

from dataclasses import dataclass, replace

from .loads import KIB, MIB, PAGE, Load, Upload

PROXIES = ("direct", "pingora", "haproxy", "nginx", "r2shim")
MANY = "PUT 8 MiB, 64 at once"
STORES = ("MinIO", "versitygw", "rclone", "r2shim")


@dataclass(frozen=True)
class Row:
    """`quick` says whether it belongs to a quick run; `most` is how often it is run, `seconds` how long at least.

    `fresh` has its contestants started anew: what rows before it have left in their memory does not count."""

    name: str
    what: str
    scene: str
    load: object
    contestants: tuple
    quick: bool = False
    most: int = 99
    seconds: int = 1
    fresh: bool = False


def _sized(scene, method, contestants, signed, quick=()):
    """A row for each size, presigned, and one with signed headers."""
    rows = []
    for size, short, connections, seconds in ((KIB, "1k", 64, 1), (64 * KIB, "64k", 32, 1), (8 * MIB, "8m", 4, 2)):
        text = f"{method} {size // KIB} KiB" if size < MIB else f"{method} {size // MIB} MiB"
        name, load = f"{scene}-{method.lower()}-{short}", Load(method, size, connections)
        rows.append(Row(name, text, scene, load, contestants, name in quick, seconds=seconds))
        text += ", signed, its body too" if method == "PUT" else ", signed"
        rows.append(Row(f"{name}-signed", text, scene, replace(load, auth="signed"), signed, seconds=seconds))
    return rows


def _head(scene, contestants):
    return Row(f"{scene}-head", "HEAD", scene, Load("HEAD"), contestants)


def _proxied():
    get = Load()
    yield from _sized("proxied", "GET", PROXIES, ("direct", "pingora", "r2shim"), ("proxied-get-1k", "proxied-get-8m"))
    yield from _sized("proxied", "PUT", PROXIES, ("direct", "pingora", "r2shim"), ("proxied-put-8m",))
    yield _head("proxied", PROXIES)
    logging = ("nginx", "nginx log", "haproxy", "haproxy log", "r2shim", "r2shim log")
    yield Row("proxied-log", "GET 1 KiB, with access log and without", "proxied", get, logging)
    secret = ("nginx tls", "haproxy tls", "pingora tls", "r2shim tls")
    yield Row("proxied-tls", "GET 1 KiB, HTTP/1.1 in TLS", "proxied", replace(get, tls=True), secret)
    yield Row("proxied-h2", "GET 1 KiB, HTTP/2 in TLS", "proxied", replace(get, tls=True, h2=True), secret, True)
    yield Row("proxied-put-64", MANY, "proxied", Load("PUT", 8 * MIB, 64), PROXIES[1:], most=3, seconds=4, fresh=True)


def _before_minio():
    both = ("MinIO", "pingora", "r2shim")
    yield Row("minio-get-1k", "GET 1 KiB", "minio", Load(), both, True)
    yield Row("minio-get-8m", "GET 8 MiB", "minio", Load("GET", 8 * MIB, 4), both, seconds=2)
    yield Row("minio-put-4k", "PUT 4 KiB", "minio", Load("PUT", 4 * KIB, 16), both)
    yield Row("minio-put-8m", "PUT 8 MiB", "minio", Load("PUT", 8 * MIB, 4), both, seconds=2)
    yield _head("minio", both)
    yield Row("minio-upload", "1 GiB in parts of 16 MiB", "minio", Upload(), ("MinIO", "r2shim"), most=3)


def _local():
    signing = ("MinIO", "versitygw", "r2shim")
    yield from _sized("local", "GET", ("nginx", *STORES), signing, ("local-get-1k",))
    yield from _sized("local", "PUT", STORES, signing)
    yield _head("local", ("nginx", *STORES))
    for writers in (1, 16, 64):
        load = Load("PUT", 4 * KIB, writers)
        yield Row(f"local-put-4k-{writers}", f"PUT 4 KiB, writers: {writers}", "local", load, STORES, writers != 16)
    yield Row(
        "local-put-64", MANY, "local", Load("PUT", 8 * MIB, 64), ("MinIO", "r2shim"), most=3, seconds=6, fresh=True
    )
    yield Row("local-upload", "1 GiB in parts of 16 MiB", "local", Upload(), ("MinIO", "versitygw", "r2shim"), most=3)
    wrong = Load(auth="wrong", refused=True)
    yield Row("local-bad-signature", "wrong signatures", "local", wrong, signing, True)
    refused = Load(query=(("acl", ""),), refused=True)
    yield Row("local-refusal", "GetObjectAcl, which R2 lacks", "local", refused, ("r2shim",))


def _lists(counts):
    """Pages of the buckets that there are. Others have up to 100,000 keys: to fill them with more takes too long."""
    for count in counts:
        load = Load(connections=4, query=PAGE, bucket=f"list-{count}", pages=max(1, count // 1000 * 9 // 10))
        who = STORES if count <= 100_000 else ("r2shim",)
        yield Row(f"list-{count}", f"page of 1,000 keys, of {count:,}", "lists", load, who, True)
    for count in counts[1:]:
        load = Load(connections=4, query=(*PAGE, ("delimiter", "/")), bucket=f"list-{count}")
        who = STORES if count <= 100_000 else ("r2shim",)
        yield Row(f"list-{count}-delimiter", f"{count // 1000:,} prefixes of {count:,} keys", "lists", load, who)


def rows(counts):
    """All rows, those of a scene together."""
    return [*_proxied(), *_before_minio(), *_local(), *_lists(counts)]
