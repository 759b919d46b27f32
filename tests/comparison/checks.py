"""What is asked of each store: one function a row, which returns what happened in a few words."""

import base64
import http.client
import re
import time
from urllib.parse import urlencode

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stores import KEY, SECRET

MIB = 1 << 20
WRONG_CRC32 = "AAAAAA=="
REGION = "us-east-1"  # every store knows it
PAGE = "http://localhost:3000"


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()

    def __str__(self):
        code = re.search(rb"<Code>(\w+)", self.body)
        return f"{self.status} {code[1].decode()}" if code else str(self.status)

    ok = property(lambda self: self.status < 300)


class Client:
    """Signs with SigV4 and sends, without the help of an SDK: every header is the check's own."""

    def __init__(self, store):
        self.store = store

    def signed(self, method, path, headers=None, body=b"", secret=SECRET, region=REGION, host=None):
        path = path if host else self.store.prefix + path
        host = host or f"localhost:{self.store.port}"
        request = AWSRequest(method, f"http://{host}{path}", headers=dict(headers or {}), data=body)
        request.headers["Host"] = host
        S3SigV4Auth(Credentials(KEY, secret), "s3", region).add_auth(request)
        return self.send(method, path, dict(request.headers.items()), body)

    def presigned(self, method, path, region=REGION):
        request = AWSRequest(method, f"http://localhost:{self.store.port}{self.store.prefix}{path}")
        S3SigV4QueryAuth(Credentials(KEY, SECRET), "s3", region, expires=300).add_auth(request)
        return request.url.split(str(self.store.port), 1)[1]

    def send(self, method, path, headers, body=b""):
        connection = http.client.HTTPConnection("127.0.0.1", self.store.port, timeout=30)
        try:
            connection.request(method, path, body or None, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def put(self, key, body=b"hello", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.signed("PUT", f"/media/{key}", named, body)

    def get(self, key):
        return self.signed("GET", f"/media/{key}")


def makes_buckets(s3):
    answer = s3.signed("PUT", "/scratch")
    return "yes" if answer.ok else f"no: {answer}"


def removes_buckets(s3):
    s3.signed("PUT", "/removed")
    answer = s3.signed("DELETE", "/removed")
    return "yes" if answer.ok else f"no: {answer}"


def wrong_secret(s3):
    answer = s3.signed("GET", "/media/a", secret="another")
    return "refused" if answer.status == 403 else f"not noticed: {answer}"


def of_region(s3, region):
    s3.put("region")
    answer = s3.signed("GET", "/media/region", region=region)
    return "accepted" if answer.ok else f"refused: {answer}"


def auto(s3):
    return of_region(s3, "auto")


def other_region(s3):
    return of_region(s3, "eu-west-1")


def acl(s3):
    answer = s3.put("acl", x_amz_acl="public-read")
    return "accepted" if answer.ok else f"refused: {answer}"


def tagging(s3):
    answer = s3.put("tagged", x_amz_tagging="a=b")
    return "accepted" if answer.ok else f"refused: {answer}"


def storage_class(s3):
    answer = s3.put("cold", x_amz_storage_class="GLACIER")
    return "accepted" if answer.ok else f"refused: {answer}"


def versioning(s3):
    answer = s3.signed("GET", "/media?versioning=")
    return "answered" if answer.ok else f"refused: {answer}"


def wrong_checksum(s3):
    answer = s3.put("checksum", x_amz_checksum_crc32=WRONG_CRC32)
    return "not noticed" if answer.ok else f"refused: {answer}"


def wrong_md5(s3):
    answer = s3.put("md5", Content_MD5=base64.b64encode(bytes(16)).decode())
    return "not noticed" if answer.ok else f"refused: {answer}"


def if_none_match(s3):
    s3.put("once", b"first")
    answer = s3.put("once", b"second", If_None_Match="*")
    kept = s3.get("once").body == b"first"
    return f"kept: {answer}" if kept else "overwritten"


def aws_chunked(s3):
    """The body that SDKs send to an endpoint with TLS: framed, with its checksum behind it."""
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "5",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    frames = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    answer = framed(s3, headers, frames)
    if not answer.ok:
        return f"refused: {answer}"
    return "decoded" if s3.get("framed").body == b"hello" else "stored with its frames"


def framed(s3, headers, frames):
    """Signs the name of the framing in the place of a digest, as SDKs do."""

    class Auth(S3SigV4Auth):
        def payload(self, request):
            return headers["x-amz-content-sha256"]

    url = f"http://localhost:{s3.store.port}{s3.store.prefix}/media/framed"
    request = AWSRequest("PUT", url, headers=headers, data=frames)
    Auth(Credentials(KEY, SECRET), "s3", REGION).add_auth(request)
    request.headers["Host"] = f"localhost:{s3.store.port}"
    return s3.send("PUT", f"{s3.store.prefix}/media/framed", dict(request.headers.items()), frames)


def preflight(s3):
    asked = {
        "Host": f"localhost:{s3.store.port}",
        "Origin": PAGE,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = s3.send("OPTIONS", s3.presigned("PUT", "/media/from-a-page"), asked)
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    return "answered" if answer.ok and allowed in ("*", PAGE) else f"no: {answer}"


def upload(s3, key, sizes):
    """The statuses of an upload in parts: each part's, and Complete's answer."""
    started = s3.signed("POST", f"/media/{key}?uploads=")
    found = re.search(rb"<UploadId>(.+?)</UploadId>", started.body)
    if not found:
        return None, [started]
    upload_id = urlencode({"uploadId": found[1].decode()})
    paths = [f"/media/{key}?partNumber={number}&{upload_id}" for number in range(1, len(sizes) + 1)]
    return upload_id, [s3.signed("PUT", path, body=bytes(size)) for path, size in zip(paths, sizes)]


def unequal_parts(s3):
    upload_id, parts = upload(s3, "unequal", [6 * MIB, 5 * MIB, 7 * MIB])
    if not all(part.ok for part in parts):
        return f"refused: {next(part for part in parts if not part.ok)}"
    etags = enumerate((part.headers["ETag"] for part in parts), 1)
    listed = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in etags)
    document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    answer = s3.signed("POST", f"/media/unequal?{upload_id}", body=document)
    return "complete" if answer.ok and b"<Error>" not in answer.body else f"refused: {answer}"


def list_parts(s3):
    upload_id, parts = upload(s3, "parts", [10])
    if upload_id is None:
        return f"no upload: {parts[0]}"
    answer = s3.signed("GET", f"/media/parts?{upload_id}")
    return "answered" if answer.ok else f"refused: {answer}"


def virtual_host(s3):
    s3.put("hosted", b"hosted")
    answer = s3.signed("GET", "/hosted", host=f"media.localhost:{s3.store.port}")
    return "yes" if answer.body == b"hosted" else f"no: {answer}"


def kept(s3):
    """Whether objects are there after a restart on the same folder."""
    s3.put("kept", b"kept")
    s3.store.stop()
    s3.store.start(s3.store.folder)
    return "yes" if s3.get("kept").body == b"kept" else "no"


CHECKS = [
    ("makes buckets", makes_buckets),
    ("removes buckets", removes_buckets),
    ("a signature with a wrong secret", wrong_secret),
    ("a signature for `auto`", auto),
    ("a signature for `eu-west-1`", other_region),
    ("`x-amz-acl: public-read`", acl),
    ("`x-amz-tagging`", tagging),
    ("`x-amz-storage-class: GLACIER`", storage_class),
    ("GetBucketVersioning", versioning),
    ("a wrong `x-amz-checksum-crc32`", wrong_checksum),
    ("a wrong `Content-MD5`", wrong_md5),
    ("PUT with `If-None-Match: *` over an object", if_none_match),
    ("an aws-chunked body", aws_chunked),
    ("a preflight of a presigned PUT", preflight),
    ("parts of 6, 5 and 7 MiB", unequal_parts),
    ("ListParts", list_parts),
    ("the bucket in the host", virtual_host),
    ("objects are there after a restart", kept),
]

IDLE_SECONDS = 3


def asked(check, s3):
    """What a check says, or that the connection broke."""
    try:
        return check(s3)
    except (OSError, http.client.HTTPException) as error:
        return f"broke off: {type(error).__name__}"


def compare(store, folder):
    """All rows of one store."""
    began = store.start(folder)
    try:
        s3 = Client(store)
        s3.signed("PUT", "/media")
        time.sleep(IDLE_SECONDS)
        costs = {"starts in": f"{began:.1f} s", "memory, idle": f"{store.memory()} MB", "to install": f"{store.size()} MB"}
        return {name: asked(check, s3) for name, check in CHECKS} | costs
    finally:
        store.stop()
