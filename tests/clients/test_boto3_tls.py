"""boto3 over TLS: there it leaves bodies unsigned and sends their checksum behind them."""

import pytest
from botocore.config import Config

from command import require
from payloads import MIB, binary
from tls import TlsFront, certificate
from witness import boto3_client

UNSIGNED_WITH_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.fixture
def front(server, tmp_path):
    """The server behind TLS, and the certificate to trust."""
    cert, key = certificate(require("openssl"), tmp_path)
    running = TlsFront(cert, key, int(server.endpoint.rsplit(":", 1)[1]))
    running.certificate = str(cert)
    yield running
    running.stop()


@pytest.fixture
def s3(front):
    """boto3's client with default settings but for the certificate; `payloads` is what it said of each body."""
    client = boto3_client(front, verify=front.certificate, config=Config(retries={"total_max_attempts": 1}))
    client.payloads = []
    for operation in ("PutObject", "UploadPart"):
        client.meta.events.register(f"before-send.s3.{operation}", lambda request, **_: note(client, request))
    return client


def note(client, request):
    """Keeps what the request says of its payload."""
    value = request.headers["X-Amz-Content-SHA256"]
    client.payloads.append(value.decode() if isinstance(value, bytes) else value)


@pytest.mark.parametrize("size", [1, 3 * MIB, 3 * MIB + 1])
def test_put_and_get_keep_every_byte(s3, witness, bucket, size):
    put = s3.put_object(Bucket=bucket, Key="a b/ż", Body=binary(size), ChecksumAlgorithm="CRC32")
    assert s3.payloads == [UNSIGNED_WITH_TRAILER]
    get = s3.get_object(Bucket=bucket, Key="a b/ż", ChecksumMode="ENABLED")
    assert get["Body"].read() == binary(size) and get["ChecksumCRC32"] == put["ChecksumCRC32"]
    assert "ContentEncoding" not in witness.head(bucket, "a b/ż")


def test_an_upload_in_parts_with_crc32(s3, witness, bucket):
    body = binary(11 * MIB)
    where = {"Bucket": bucket, "Key": "large"}
    where["UploadId"] = s3.create_multipart_upload(**where, ChecksumAlgorithm="CRC32")["UploadId"]
    parts = []
    for number, start in enumerate(range(0, len(body), 5 * MIB), 1):
        piece = body[start : start + 5 * MIB]
        part = s3.upload_part(**where, PartNumber=number, Body=piece, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    assert s3.payloads == [UNSIGNED_WITH_TRAILER] * 3
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert witness.body(bucket, "large") == body


def test_the_transfer_manager(s3, witness, bucket, tmp_path):
    (tmp_path / "up").write_bytes(binary(20 * MIB))
    s3.upload_file(str(tmp_path / "up"), bucket, "large")
    assert set(s3.payloads) == {UNSIGNED_WITH_TRAILER}
    s3.download_file(bucket, "large", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == witness.body(bucket, "large") == binary(20 * MIB)
