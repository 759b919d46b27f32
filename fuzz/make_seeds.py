#!/usr/bin/env python3
"""Writes the first inputs of every target, from the tables of the tests, the examples and the policies.

    fuzz/make_seeds.py FOLDER      FOLDER/TARGET/NUMBER

fuzz/run --minimise takes a folder of them into the corpora: see README.md. Needed again only when a table has grown much
or the form of an input has changed. Choices stand at the end of an input; '0' and what follows it in ASCII are the first
and the next ones.
"""

import gzip
import json
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ID = "0123456789abcdef0123456789abcdef"


def read(name):
    return (ROOT / name).read_text()


def vectors():
    """Signed heads."""
    for name in ["botocore", "suite", "s3-examples"]:
        for block in read(f"tests/vectors/sigv4/{name}.txt").split("\n\n"):
            lines = [line for line in block.strip().splitlines() if not line.startswith("# ")]
            if lines:
                yield "\n".join(lines)


def explained():
    """Heads of tests/explain/requests.txt, unsigned."""
    for line in read("tests/explain/requests.txt").splitlines():
        match = re.match(r"(\([^)]*\) )?([A-Z]+ .*) => ", line)
        if match:
            parts = [part for part in match[2].split(" | ") if not part.startswith("body: ")]
            yield "\n".join(part.replace("{ID}", ID).replace("{DAY}", "20261126") for part in parts)


def authorization():
    yield from vectors()
    for line in explained():
        yield line
    credential = f"{ID}/20261126/auto/s3/aws4_request"
    yield (f"GET /b/k\nx-amz-date: 20261126T000000Z\nx-amz-content-sha256: UNSIGNED-PAYLOAD\nauthorization: "
           f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0")
    yield "GET /b/k?AWSAccessKeyId=a&Signature=b&Expires=1"
    yield "GET /b/k\nauthorization: AWS a:b"


def canonical():
    for head in [*vectors(), *explained()]:
        yield head + "\n00"
        yield head + "\n01"


def chain():
    for head in explained():
        for choices in ["0000", "0101", "0210", "1022", "2010"]:
            yield head + "\n" + choices
    yield "OPTIONS /media/k\norigin: https://app.example\naccess-control-request-method: PUT\n0020"
    yield "GET /k\nhost: media.s3.test\n0000"
    yield "GET /media/k\nrange: bytes=0-1\nif-match: \"a\"\n0020"


def chunks():
    crc, sha = "x-amz-checksum-crc32:y/Q5Jg==", "x-amz-checksum-sha256:" + "A" * 43 + "="
    for body, choices in [
        ("5\r\nhello\r\n0\r\n\r\n", "00"), ("0\r\n\r\n", "00"), ("0\r\n\r\n\r\n", "00"),
        ("4\r\n1234\r\n5\r\n56789\r\n0\r\n" + crc + "\r\n\r\n", "10"), ("0\r\n" + sha + "\n\r\n", "30"),
        ("5;chunk-signature=0a\r\nhello\r\n0;chunk-signature=1b\r\n\r\n", "01"),
        ("5;chunk-signature=0\r\nhello\r\n0;chunk-signature=1\r\n" + crc
         + "\r\nx-amz-trailer-signature:2\r\n\r\n", "11"),
        ("0;chunk-signature=0\r\n" + crc + "\n\r\nx-amz-trailer-signature:1\r\n\r\n", "11"),
        ("1\r\na\r\n1\r\nb\r\nffffffffffffffff\r\n", "00"), ("10\r\n0123456789abcdef\r\n0\r\n\r\n", "00"),
    ]:
        yield body + "0000" + choices


def command():
    for match in re.finditer(r'"(curl (?:[^"\\]|\\.)*)"', read("src/cli/explain/curl/tests.rs")):
        yield match[1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
    for match in re.finditer(r"^ *(curl .*)$", read("docs/explain.md") if (ROOT / "docs/explain.md").exists() else "",
                             re.M):
        yield match[1]
    yield f"curl --aws-sigv4 aws:amz:auto:s3 -u {ID}:hush -T f http://127.0.0.1:9000/media/k -H 'x-amz-acl: private'"


DOCUMENTS = {
    0: ["<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet></Delete>",
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&amp;b</Key><VersionId>null</VersionId>"
        "<ETag>\"e\"</ETag><Size>1</Size><LastModifiedTime>Thu, 26 Nov 2026 00:00:00 GMT</LastModifiedTime></Object>"
        "</Delete>"],
    1: ["<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part><Part><PartNumber>2"
        "</PartNumber><ETag>&quot;b&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>"
        "</CompleteMultipartUpload>",
        "<CompleteMultipartUpload><Part><PartNumber>5242880</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>"],
    2: ["<CORSConfiguration><CORSRule><ID>a</ID><AllowedOrigin>https://*.app.example</AllowedOrigin><AllowedMethod>PUT"
        "</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60"
        "</MaxAgeSeconds></CORSRule></CORSConfiguration>"],
    3: ["<LifecycleConfiguration><Rule><ID>a</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status>"
        "<Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>",
        "<LifecycleConfiguration><Rule><Prefix/><Status>Disabled</Status><Expiration><Date>2026-11-26T00:00:00Z</Date>"
        "</Expiration></Rule><Rule><Filter><And><Prefix>a</Prefix></And></Filter><Status>Enabled</Status>"
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
        "<Transition><Days>3</Days><StorageClass>STANDARD_IA</StorageClass></Transition></Rule>"
        "</LifecycleConfiguration>"],
    4: ["<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256"
        "</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>"
        "</ServerSideEncryptionConfiguration>"],
    5: ["<CreateBucketConfiguration><LocationConstraint>auto</LocationConstraint></CreateBucketConfiguration>", ""],
    6: ["<ListAllMyBucketsResult><Owner/><Buckets><Bucket><Name>a</Name><CreationDate>2026-11-26T00:00:00.000Z"
        "</CreationDate></Bucket></Buckets><ContinuationToken>t</ContinuationToken></ListAllMyBucketsResult>",
        "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker><Part>"
        "<PartNumber>1</PartNumber><Size>5</Size><ETag>\"a\"</ETag></Part></ListPartsResult>",
        "<Error><Code>NoSuchKey</Code><Message>none</Message><Region>auto</Region><Endpoint>e</Endpoint></Error>"],
    7: ["<ListBucketResult><NextMarker>x[minio_cache:v2]</NextMarker><Contents><Key>a</Key></Contents><CommonPrefixes>"
        "<Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>"],
}

ANSWERS = [
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>"
    "acme</Name><Prefix>a</Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>a+b</Key>"
    "<ETag>&#34;e&#34;</ETag><Size>3</Size><Owner><ID>1</ID><DisplayName>m</DisplayName></Owner></Contents>"
    "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes></ListBucketResult>",
    "<ListVersionsResult><Name>acme</Name><Version><Key>k</Key><VersionId>v</VersionId><Owner><ID>a</ID></Owner>"
    "</Version></ListVersionsResult>",
    "<ListMultipartUploadsResult><Bucket>acme</Bucket><Upload><Key>k</Key><Initiator><ID>u</ID></Initiator></Upload>"
    "</ListMultipartUploadsResult>",
    "<ListPartsResult><Bucket>acme</Bucket><Key>k</Key><Owner/><Part><Size>1</Size></Part></ListPartsResult>",
    "<InitiateMultipartUploadResult><Bucket>acme</Bucket><Key>k</Key><UploadId>u</UploadId>"
    "</InitiateMultipartUploadResult>",
    "<?xml version='1.0'?>\n \n<CompleteMultipartUploadResult><Location>http://acme/k</Location><Bucket>acme</Bucket><Key>k"
    "</Key><ETag>\"e-1\"</ETag></CompleteMultipartUploadResult>",
    "<CopyObjectResult><ETag>\"e\"</ETag><LastModified>2026-11-26T00:00:00Z</LastModified></CopyObjectResult>",
    "<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>",
    "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code><Message>acme</Message>"
    "</Error></DeleteResult>",
    "<LocationConstraint>eu</LocationConstraint>", "<LocationConstraint xmlns='u'/>",
    "<CORSConfiguration><CORSRule><ID>a</ID></CORSRule></CORSConfiguration>",
    "<AccessControlPolicy><Owner><ID>a</ID></Owner><AccessControlList/></AccessControlPolicy>",
    "<Error><Code>SlowDown</Code><Message><![CDATA[x]]></Message></Error>",
    "<!-- c --><R a='>'><![CDATA[<Name>]]>&lt;<p:Name xmlns:p='u'>x</p:Name ></R>",
]


def documents():
    for number, texts in DOCUMENTS.items():
        for text in texts:
            yield text + str(number)


def rewriter():
    for text in ANSWERS:
        for spec in range(48):
            yield text.encode() + b"000000" + bytes([spec])
        yield text.encode() + b"000010" + bytes([0])


def blobs():
    # From the end: damage, where and which bits, a range, blocks and bytes more, two cuts. Numbers have three bytes.
    for damage in range(6):
        for at, start, end, blocks, more in [(0, 0, 0, 0, 0), (5, 1, 3, 0, 40), (65536, 65535, 65537, 2, 1),
                                             (300000, 200000, 400000, 6, 99), (655000, 0, 655300, 9, 65535)]:
            fields = [bytes([damage]), at.to_bytes(3, "big"), b"\x10", start.to_bytes(3, "big"), end.to_bytes(3, "big"),
                      bytes([blocks]), more.to_bytes(3, "big"), (1000).to_bytes(3, "big"), (70000).to_bytes(3, "big")]
            yield b"abc" + b"".join(fields)[::-1]


CONNECTIONS = [
    ["GET /b/k?a=b HTTP/1.1", "Host: h", "", ""], ["", "GET / HTTP/1.0", "", ""],
    ["PUT /b/k HTTP/1.1", "host: h", "content-length: 5", "", "helloGET / HTTP/1.1", "host: h", "", ""],
    ["PUT /b/k HTTP/1.1", "host: h", "expect: 100-continue", "content-length: 1", "", "xGET / HTTP/1.1", "host: h", "", ""],
    ["PUT /b/k HTTP/1.1", "host: h", "transfer-encoding: chunked", "", "5;x=y", "hello", "0", "a: b", "", "GET / HTTP/1.1",
     "host: h", "", ""],
    ["PUT / HTTP/1.1", "host: h", "content-length: 3", "content-length: 4", "", "abcd"],
    ["PUT / HTTP/1.1", "host: h", "content-length: +3", "", "abc"],
    ["PUT / HTTP/1.1", "host: h", "content-length: 3", "transfer-encoding: chunked", "", "0", "", ""],
    ["PUT / HTTP/1.1", "host: h", "Content-Length : 3", "", "abc"],
    ["PUT / HTTP/1.0", "host: h", "connection: keep-alive", "transfer-encoding: chunked", "", "0", "", ""],
    ["PUT / HTTP/1.1", "host: h", "transfer-encoding: gzip, chunked", "", "0", "", ""],
    ["GET / HTTP/1.1\nhost: h", "", ""], ["GET / HTTP/1.1", "host: h", "a: b", " c", "", ""],
    ["GET http://h:9000/b?x HTTP/1.1", "host: other", "", ""], ["GET HTTPS://h HTTP/1.1", "host: a", "host: b", "", ""],
    ["OPTIONS * HTTP/1.1", "host: h", "", ""], ["CONNECT h:443 HTTP/1.1", "host: h", "", ""],
    ["GET /a b HTTP/1.1", "host: h", "", ""], ["GET / HTTP/1.1", "host: h", "connection: close, host", "", ""],
    ["GET / HTTP/1.0", "connection: keep-alive", "host: h", "", "GET / HTTP/1.1", "host: h", "connection: close", "", ""],
    ["GET /\u00fc HTTP/1.1", "host: h", "x:\t\u00fc ", "y:", "", ""], ["HEAD / HTTP/1.2", "host: h", "", ""],
    ["GET / HTTP/1.1", "host:", "", ""], ["GET / HTTP/1.1", "", ""],
]


def heads():
    for lines in CONNECTIONS:
        for reading in "012":
            yield "\r\n".join(lines) + "0000" + reading


def secrets():
    key = "x-amz-server-side-encryption-customer-key"
    for head in [*vectors(), *explained()]:
        yield head + "\n202"
        yield head + "\n000"
        yield head + "\n001"
    for lines in [
        ["GET /b/k?X-Amz-Signature=a&x%2Damz-signature=b&X-Amz-Signature+=c&" + key + "=d&AWSAccessKeyId=e&Signature=f"],
        ["GET /b/k", "authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c", "cookie: a=b"],
        ["GET /b/k", "authorization: Bearer a", "proxy-authorization: Basic a", "x-amz-security-token: a"],
        ["PUT /b/k", key + ": a", "x-amz-copy-source-" + key[6:] + ": b", "x-amz-copy-source: /b/k?versionId=1"],
        ["GET /b/k", "referer: http://h/p?X-Amz-Signature=a", "x-original-uri: /b/k?X-Amz-Security-Token=a#b"],
    ]:
        for form in "012":
            yield "\n".join(lines) + "\n" + form + "02"


def headers():
    yield from (head + "\n50" for head in [*vectors(), *explained()])
    for lines in [
        ["GET /b?list-type=2&prefix=a&delimiter=%2F&max-keys=2&encoding-type=url&start-after=a&fetch-owner=true"],
        ["GET /b?marker=a/&delimiter=/&max-keys=2.5"], ["GET /b?list-type=2&continuation-token=MWthL2I"],
        ["GET /b?uploads&key-marker=a&upload-id-marker=u&max-uploads=3&prefix=a&delimiter=-"],
        ["GET /?max-buckets=1&prefix=a&continuation-token=a"],
        ["GET /b/k", "range: bytes=0-9"], ["GET /b/k", "range: bytes=-5"], ["GET /b/k", "range: bytes=7-"],
        ["PUT /b/k", "x-amz-copy-source: /b/a%20b?versionId=null", "x-amz-copy-source-range: bytes=0-4"],
        ["GET /b/k", "if-match: \"a\", W/\"b\", *", "if-none-match: *", "if-modified-since: Thu, 26 Nov 2026 00:00:00 GMT",
         "if-unmodified-since: Thursday, 26-Nov-26 00:00:00 GMT", "if-range: \"a\""],
        ["GET /b/k", "if-unmodified-since: Thu Nov 26 00:00:00 2026", "x-amz-copy-source-if-match: a",
         "cf-copy-destination-if-none-match: *"],
        ["PUT /b/k", "x-amz-meta-a: =?UTF-8?B?w7w=?=", "x-amz-meta-b: =?utf-8?Q?=C3=BC_a?=", "x-amz-meta-a: two",
         "content-type: text/plain", "content-encoding: aws-chunked,gzip", "expires: Thu, 26 Nov 2026 00:00:00 GMT",
         "cache-control: no-cache", "content-disposition: inline", "content-language: de"],
        ["PUT /b/k", "x-amz-checksum-crc32: y/Q5Jg==", "x-amz-sdk-checksum-algorithm: CRC32", "content-md5: "
         "1B2M2Y8AsgTpgAmY7PhCfg==", "x-amz-trailer: x-amz-checksum-crc32c", "x-amz-storage-class: STANDARD_IA"],
        ["PUT /b/k", "x-amz-server-side-encryption-customer-algorithm: AES256",
         "x-amz-server-side-encryption-customer-key: QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
         "x-amz-server-side-encryption-customer-key-md5: " + "1MjCQQlVDJMzaFkM6V0Mdw=="],
        ["GET /b/k", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
         "x-forwarded-for: 10.0.0.1, [::1]:80", "forwarded: for=\"[::1]\";proto=https", "x-forwarded-proto: https"],
        ["GET /b/k?response-content-type=a/b&response-expires=x&partNumber=3", "date: 2026-11-26T00:00:00.123Z",
         "x-amz-date: 20261126T000000Z"],
    ]:
        yield "\n".join(lines) + "\n50"


def logs():
    examples = ["s3-access.log", "cloudtrail.json", "minio-audit.json", "browser.har", "r2shim.json"]
    for number, name in enumerate(examples):
        text = read(f"examples/logs/{name}")
        yield text + "0000" + str(number)
        yield text + "00007"
        if "\n{" in text or name.endswith(".log"):
            for line in text.splitlines()[:12]:
                yield line + "\n0000" + str(number)
    cloudtrail = json.loads(read("examples/logs/cloudtrail.json"))["Records"]
    for record in cloudtrail[:8]:
        yield json.dumps({"Records": [record]}) + "00001"
        yield json.dumps(record) + "00001"
    har = json.loads(read("examples/logs/browser.har"))
    for entry in har["log"]["entries"][:4]:
        yield json.dumps({"log": {"version": "1.2", "creator": {}, "entries": [entry]}}) + "00003"
    yield read("examples/logs/minio-trace.json")[:6000] + "00002"
    small = read("examples/logs/s3-access.log").splitlines()[0].encode()
    yield gzip.compress(small, mtime=0) + b"00007"
    yield gzip.compress(small, mtime=0) + gzip.compress(b"\n" + small, mtime=0) + b"00000"


def policy():
    for name in ["open", "r2", "r2-2026"]:
        yield read(f"policies/{name}.toml") + "0"
    yield read("examples/policies/canned-acl.toml") + "0"
    own = re.search(r"const FAULTS.*?\n\];", read("src/policy/tests/faults.rs"), re.S)
    for match in re.finditer(r'^\s+\(?"((?:[^"\\]|\\.)*)"', own[0], re.M):
        text = match[1].replace("\\n", "\n").replace('\\"', '"')
        if not text.startswith("own.toml"):
            yield "extends = \"r2\"\n" + text + "0"
    for text in ["extends = \"open\"\n[limits]\nequal_parts = true\n", "extends = \"r2\"\n[regions]\naliases = [\"a\"]\n",
                 "extends = \"r2\"\n[operation.PutObject]\nverdict = { status = 200, body = \"<a/>\" }\n",
                 "extends = \"r2\"\n[group.acl]\nheaders = [\"x-amz-acl\"]\nverdict = \"ignore\"\n"]:
        yield text + "0"


def settings():
    for path in [*ROOT.glob("examples/*.toml"), *ROOT.glob("examples/systemd/*.toml"),
                 *ROOT.glob("examples/two-nodes/*.toml")]:
        text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.M)
        yield text
        yield re.sub(r"secret_access_key_env = \"[A-Z_]*\"", "secret_access_key = \"hush-hush\"", text)
    for match in re.finditer(r"```toml\n(.*?)```", read("docs/settings.md"), re.S):
        yield match[1]


def row(fields):
    out = b""
    for field in fields:
        if isinstance(field, str):
            out += struct.pack("<I", len(field.encode())) + field.encode()
        elif isinstance(field, bytes):
            out += field
        else:
            out += struct.pack("<Q", field)
    return out


def rows():
    tag, no_metadata = "00" * 16, b"\0" * 6 + b"\0\0\0\0"
    metadata = b"\1" + row(["text/plain"]) + b"\0" * 5 + b"\1\0\0\0" + row(["a", "ü"])
    check, extents = b"\1" + b"\1" * 16 + b"\2" * 32, b"\1\0\0\0" + row([1, 0, 300])
    checksum = b"\1\1\0" + row(["AAAAAA=="])
    for table, version, fields in [
        (0, 3, [300, 1, tag, b"\0", b"\0", metadata, b"\0\0\0\0", b"\0", b"\0", 7]),
        (0, 3, [300, 1, tag, checksum, b"\1", no_metadata, b"\0\0\0\0", b"\0", b"\1" + extents]),
        (0, 3, [300, 1, tag + "-2", b"\0", b"\0", no_metadata, b"\2\0\0\0" + row([100, 200]), b"\0", b"\1" + extents]),
        (0, 3, [300, 1, tag, b"\0", b"\0", no_metadata, b"\0\0\0\0", check, b"\0", 7]),
        (0, 2, [300, 1, tag, b"\0", metadata, b"\0\0\0\0", b"\0", 7]),
        (1, 3, ["bucket", "k", 1, b"\1\1\1", metadata, b"\1", check]),
        (1, 2, ["bucket", "k", 1, b"\0", no_metadata]),
        (2, 3, [7, 300, tag, 1, checksum, b"\0", extents]), (2, 2, [7, 300, tag, 1, b"\0", extents]),
        (3, 3, ["bucket", "k", "r", tag + "-1", checksum, 1]), (4, 3, [1]), (5, 3, [1, 2, 3]),
    ]:
        yield row(fields) + bytes([version, table])


def audits():
    yield json.dumps({"format": "r2shim-audit", "version": 1, "policy": "r2", "findings_not_kept": 1, "sources": [
        {"name": "a", "format": "minio", "judged": 1, "left_out": 2, "not_understood": 3, "not_visible": ["x"]}],
        "clients": [{"key_id": "k", "product": "Boto3", "versions": ["1"], "first": "2026-11-26T00:00:00.000Z",
                     "last": "2026-11-26T00:00:00.000Z", "operations": {"PutObject": {"requests": 2, "refused": 1}},
                     "findings": [{"operation": "PutObject", "rule": "policy/x-amz-acl", "status": 501,
                                   "code": "NotImplemented", "message": "<script>", "count": 1,
                                   "first": "2026-11-26T00:00:00.000Z", "last": "2026-11-26T00:00:00.000Z",
                                   "example": "PUT /media/k", "buckets": ["media"]}]}]})


def tokens():
    head = '{"alg":"HS256","typ":"JWT"}'
    claims = {"iss": ID, "sub": "a", "aud": "h", "iat": 1795651200, "exp": 1795654800, "bucket": "media"}
    for more in [{"scope": "object-read-only"}, {"actions": ["GetObject", "PutObject", "ListObjectsV2"]},
                 {"scope": "object-read-write", "paths": {"prefixPaths": ["a/"], "objectPaths": ["k"]}},
                 {"scope": "admin-read-only", "nbf": 1795651200, "jti": "1"}, {"scope": "nobody"}, {"exp": -1}]:
        yield head + "\n" + json.dumps({**claims, **more}, separators=(",", ":"))
    yield '{"alg":"none"}\n' + json.dumps(claims)


def main():
    folder = Path(sys.argv[1])
    for target in [audits, authorization, blobs, canonical, chain, chunks, command, documents, heads, headers, logs, policy,
                   rewriter, rows, secrets, settings, tokens]:
        place = folder / target.__name__
        place.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(target()):
            (place / f"{number:03}").write_bytes(seed if isinstance(seed, bytes) else seed.encode())


main()
