"""Through nginx and haproxy: signed requests hold, and no framing makes an answer reach another client's request."""

import socket
import urllib.request
import uuid

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from command import require
from payloads import MIB, binary
from server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server
from two_hops import FRONTS, Front
from witness import boto3_client

# One process starts each proxy once.
pytestmark = pytest.mark.xdist_group("two_hops")

SECONDS = 20
# How long to wait for an answer that may never come: some framings are half a request to the proxy.
PATIENCE_SECONDS = 0.3

UNSIGNED = "UNSIGNED-PAYLOAD"
STREAMING = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """r2shim, which believes what the proxy says of its clients."""
    folder = tmp_path_factory.mktemp("behind")
    settings = folder / "settings.toml"
    settings.write_text('trusted_proxies = ["127.0.0.1"]\n')
    running = Server("r2", folder / "data", arguments=["--config", settings])
    yield running
    running.stop()


@pytest.fixture(scope="module", params=FRONTS)
def front(request, behind, tmp_path_factory):
    running = Front(request.param, require(request.param), tmp_path_factory.mktemp(request.param), behind.endpoint)
    running.name = request.param
    yield running
    running.stop()


@pytest.fixture(scope="module")
def s3(front):
    return boto3_client(front, config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture(scope="module")
def bucket(s3, front):
    """A bucket with objects that each hold their own key."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    for number in range(4):
        s3.put_object(Bucket=name, Key=f"own-{number}", Body=f"own-{number}".encode())
    return name


class Signer(S3SigV4Auth):
    """botocore's signer, with a payload that is said and not computed."""

    def __init__(self, payload):
        super().__init__(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "s3", "auto")
        self._payload = payload

    def payload(self, request):
        return self._payload


def head(front, method, path, headers=(), payload=UNSIGNED):
    """The signed head of a request, without the empty line behind it."""
    request = AWSRequest(method, front.endpoint + path, headers=dict(headers))
    Signer(payload).add_auth(request)
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: %s:%d\r\n{lines}" % front.address


def connect(front, seconds=SECONDS):
    return socket.create_connection(front.address, timeout=seconds)


def answer(stream):
    """Status, headers and body of the next final answer; None where the connection ends."""
    while line := stream.readline():
        status, headers = int(line.split()[1]), {}
        while (line := stream.readline().strip()):
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        if status >= 200:
            return status, headers, stream.read(int(headers.get("content-length", 0)))
    return None


def assert_own_answers(front, behind, bucket, what):
    """Other clients get the answers to their own requests, and the log says so of each."""
    for number in (2, 3):
        path = f"/{bucket}/own-{number}"
        with connect(front) as client, client.makefile("rb") as stream:
            client.sendall(head(front, "GET", path).encode() + b"\r\n")
            status, headers, body = answer(stream)
        assert (status, body) == (200, f"own-{number}".encode()), what
        behind.line(rf'request_id={headers["x-amz-request-id"]} .* key="own-{number}" status=200')


def hostile(front, bucket):
    """Bytes that two readers may take for different numbers of requests, each with a good request behind it."""
    smuggled = (head(front, "GET", f"/{bucket}/own-0") + "\r\n").encode()
    half = f"GET /{bucket}/own-0 HTTP/1.1\r\nX: ".encode()
    put = head(front, "PUT", f"/{bucket}/new")
    get = head(front, "GET", f"/{bucket}/own-1")
    decoded = [("x-amz-decoded-content-length", "3"), ("content-encoding", "aws-chunked")]
    chunked = head(front, "PUT", f"/{bucket}/new", decoded, STREAMING) + "Transfer-Encoding: chunked\r\n\r\n"
    body = "3\r\nnew\r\n0\r\n\r\n"
    for fields, sent in [
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
        ("Content-Length: 0\r\nContent-Length: 3", "new"),
        ("Content-Length: 3\r\nContent-Length: 3", "new"),
        ("Content-Length: 3, 3", "new"),
        ("Content-Length: +3", "new"),
        ("Content-Length : 3", "new"),
        ("Content-Length: 3\r\n 0", "new"),
        ("Content-Length: 3\nX: y", "new"),
        ("Content_Length: 3", ""),
        ("Transfer-Encoding : chunked", "0\r\n\r\n"),
        ("Transfer-Encoding:\x0bchunked", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked", "0\r\n\r\n"),
        ("Transfer-Encoding: identity, chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
        ("Transfer_Encoding: chunked", "0\r\n\r\n"),
        ("X: y\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("X: y\0\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("Connection: content-length\r\nContent-Length: 3", "new"),
        ("Connection: transfer-encoding\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("Connection: authorization\r\nContent-Length: 3", "new"),
        ("Expect: 100-continue\r\nContent-Length: 3", "new"),
        ("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 0", ""),
    ]:
        for request in (put, get):
            yield fields, f"{request}{fields}\r\n\r\n{sent}".encode("latin-1") + smuggled
    for chunks in [
        f"d\r\n{body}\r\n0\r\n\r\n",
        f"d;a\nb\r\n{body}\r\n0\r\n\r\n",
        f"d;\n{body}\r\n0\r\n\r\n",
        f"d\r\n{body}\r\n\r\n\r\n",
        f"d\r\n{body}\r\n;\r\n\r\n",
        f"d\r\n{body}\r\n0\r\nContent-Length: 99\r\n\r\n",
        f"d\n{body}\r\n0\r\n\r\n",
        f"0x d\r\n{body}\r\n0\r\n\r\n",
        f"fffffffffffffffff\r\n{body}\r\n0\r\n\r\n",
        "\r\n\r\n",
    ]:
        yield chunks, (chunked + chunks).encode() + smuggled
        yield chunks, (chunked + chunks).encode() + half
        refused = chunked.replace("Signature=", "Signature=0")
        yield f"refused {chunks}", (refused + chunks).encode() + smuggled
    for target in [f"http://elsewhere.test/{bucket}/own-1", f"{bucket}/own-1", f"//{bucket}/own-1", "*"]:
        yield target, (get.replace(f" /{bucket}/own-1 ", f" {target} ") + "\r\n").encode() + smuggled
    yield "two hosts", (get + "Host: elsewhere.test\r\n\r\n").encode() + smuggled
    old = put.replace("HTTP/1.1", "HTTP/1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield "HTTP/1.0 with chunks", old.encode() + smuggled


def test_clients_share_the_proxys_connections(front, behind, bucket):
    """Without this nothing below could fail: an answer too many would only reach who caused it."""
    peers = set()
    for _ in range(3):
        with connect(front) as client, client.makefile("rb") as stream:
            client.sendall(head(front, "GET", f"/{bucket}/own-0").encode() + b"\r\n")
            request_id = answer(stream)[1]["x-amz-request-id"]
        peers.add(behind.line(rf"request_id={request_id} .*peer=\"([^\"]+)")[1])
    assert len(peers) == 1, front.name


def test_no_framing_makes_an_answer_another_requests(front, behind, bucket):
    tried = 0
    for what, sent in hostile(front, bucket):
        with connect(front, PATIENCE_SECONDS) as client, client.makefile("rb") as stream:
            client.sendall(sent)
            try:
                answer(stream)
            except OSError:
                pass
            assert_own_answers(front, behind, bucket, (front.name, what))
        assert_own_answers(front, behind, bucket, (front.name, what, "left"))
        tried += 1
    assert tried > 80


def test_refused_uploads_are_answered_and_the_next_request_is_too(front, behind, bucket):
    for size in (0, 100 << 10, 32 * MIB):
        for expect in ("", "Expect: 100-continue\r\n"):
            refused = head(front, "PUT", f"/{bucket}/new").replace("Signature=", "Signature=0")
            with connect(front) as client, client.makefile("rb") as stream:
                client.sendall(f"{refused}{expect}Content-Length: {size}\r\n\r\n".encode())
                try:
                    client.sendall(bytes(size))
                except OSError:
                    pass
                assert answer(stream)[0] == 403, (front.name, size, expect)
            assert_own_answers(front, behind, bucket, (front.name, size, expect))


@pytest.mark.parametrize("key", ["plain", "a b/ż", "a+b%2Fc", "x//y/./../z", "=&?#;'()*", "%"])
def test_signed_requests_hold(front, s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), ContentType="text/plain; charset=utf-8")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    s3.delete_object(Bucket=bucket, Key=key)


def test_a_large_upload_with_100_continue(s3, bucket):
    s3.put_object(Bucket=bucket, Key="large", Body=binary(8 * MIB))
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == binary(8 * MIB)


def test_presigned_addresses_hold(front, bucket):
    client = boto3_client(front, config=Config(signature_version="s3v4"))
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "own-2"})
    with urllib.request.urlopen(url, timeout=SECONDS) as got:
        assert (got.status, got.read()) == (200, b"own-2")


def test_the_log_names_the_client_and_the_proxy(front, behind, bucket):
    with connect(front) as client, client.makefile("rb") as stream:
        client.sendall((head(front, "GET", f"/{bucket}/own-3") + "X-Forwarded-For: 203.0.113.9\r\n\r\n").encode())
        status, headers, _ = answer(stream)
    assert status == 200
    behind.line(rf'request_id={headers["x-amz-request-id"]} .*client="?203\.0\.113\.9.*peer="127\.0\.0\.1')


def test_a_head_that_cannot_be_read_leaves_one_line_with_nothing_of_it(behind):
    address = behind.endpoint.removeprefix("http://").rsplit(":", 1)
    with socket.create_connection((address[0], int(address[1])), timeout=SECONDS) as client:
        client.sendall(b"no head of HTTP " + bytes(1000) + b"\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 400"
        port = client.getsockname()[1]
    behind.line(rf'client="?127\.0\.0\.1:{port}"? cause="malformed"')
    assert not [line for line in behind.log if "no head of HTTP" in line]
