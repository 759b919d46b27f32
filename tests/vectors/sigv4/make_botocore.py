"""Writes botocore.txt: requests as botocore 1.44 signs them for odd keys, prefixes and metadata.

Needed only to make the vectors anew; the tests read the text.

    python3 -m venv venv && venv/bin/pip install botocore==1.44.5
    venv/bin/python tests/vectors/sigv4/make_botocore.py > tests/vectors/sigv4/botocore.txt

The clock is fixed and the endpoint is never called: requests are caught on their way out, after they were signed.
"""

import datetime
import io
from urllib.parse import urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.session
from botocore.config import Config

NOW = datetime.datetime(2026, 6, 12, 10, 11, 12, tzinfo=datetime.timezone.utc)
KEYS = [
    "plain", "a b", "a+b", "a%2Fb", "a%20b", "100%", "//a", "a//b", "a/", ".", "..", "a/./b", "a/../b", "../../etc",
    "ünïcode", "u\u0308nfd", "日本語/✓", "😀", "~tilde", "it's", "(a)", "a*b", "a!b", "a$&,:;=@?#b", "{a}[b]|^`\\<>\"",
    "tab\tnew\nline", "a=b&c=d", "+", "%", "%%", "%zz", "%e4", "\u00a0",
]

# Never signed by botocore, and different from run to run.
UNSIGNED = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request"}

caught = []


def catch(request, **_):
    caught.append(request)
    raw = io.BytesIO(b"")
    raw.stream = lambda *_, **__: iter([b""])
    return botocore.awsrequest.AWSResponse(request.url, 200, {"etag": '"0"'}, raw)


def client(style):
    session = botocore.session.Session()
    made = session.create_client(
        "s3", region_name="auto", endpoint_url="http://127.0.0.1:9000",
        aws_access_key_id="0123456789abcdef" * 2, aws_secret_access_key="0123456789abcdef" * 4,
        config=Config(signature_version=style, s3={"addressing_style": "path"}, retries={"total_max_attempts": 1},
                      request_checksum_calculation="when_required"),
    )
    made.meta.events.register("before-send.s3", catch)
    return made


def show(name, method, url, headers):
    parts = urlsplit(url)
    print(f"# {name}")
    print(f"{method} {parts.path}{'?' + parts.query if parts.query else ''}")
    if not any(header.lower() == "host" for header, _ in headers):
        print(f"host: {parts.netloc}")
    for header, value in headers:
        if header.lower() in UNSIGNED:
            continue
        value = value.decode() if isinstance(value, bytes) else value
        print(f"{header.lower()}: {value}")
    print()


def text(value):
    return value.encode("unicode_escape").decode()


def main():
    botocore.auth.get_current_datetime = lambda *_, **__: NOW.replace(tzinfo=None)
    s3 = client("s3v4")
    for key in KEYS:
        s3.get_object(Bucket="bucket", Key=key)
        show(f"get {text(key)}", caught[-1].method, caught[-1].url, caught[-1].headers.items())
    for key in KEYS:
        s3.list_objects_v2(Bucket="bucket", Prefix=key, Delimiter="/")
        show(f"list {text(key)}", caught[-1].method, caught[-1].url, caught[-1].headers.items())
    s3.put_object(Bucket="bucket", Key="a  b", Body=b"body", Metadata={"words": "two   words", "empty": ""},
                  ContentType="text/plain; charset=utf-8")
    show("put with metadata", caught[-1].method, caught[-1].url, caught[-1].headers.items())
    s3.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": "other", "Key": "a b+c%2F✓"})
    show("copy", caught[-1].method, caught[-1].url, caught[-1].headers.items())
    for key in KEYS:
        url = s3.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": key}, ExpiresIn=3600)
        show(f"presigned get {text(key)}", "GET", url, [])
    url = s3.generate_presigned_url(
        "put_object", {"Bucket": "bucket", "Key": "a b", "ContentType": "text/plain", "Metadata": {"a": "b c"}})
    show("presigned put", "PUT", url, [("content-type", "text/plain"), ("x-amz-meta-a", "b c")])
    url = s3.generate_presigned_url("list_objects_v2", {"Bucket": "bucket", "Prefix": "a b+c/", "Delimiter": "/"})
    show("presigned list", "GET", url, [])


main()
