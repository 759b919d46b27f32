"""boto3: encryption with the client's key in front of a MinIO with TLS, which MinIO wants for it, under today's R2."""

import base64
import re
import urllib.request

import pytest
from botocore.config import Config

from command import require
from minio import MAPPED, Minio
from payloads import MIB, binary
from server import FrontOfMinio
from tls import certificate
from witness import boto3_client, refusal

SECRET, ANOTHER = b"the client's key of the object-1", b"the client's key of the object-2"

KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": SECRET}
OTHER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": ANOTHER}
SOURCE = {f"CopySource{name}": value for name, value in KEY.items()}

pytestmark = pytest.mark.xdist_group("encryption-minio")


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """r2shim in front of such a MinIO."""
    folder = tmp_path_factory.mktemp("encryption")
    # What signs itself must not call itself an authority: then it could be no server's.
    made = certificate(require("openssl"), folder, ["basicConstraints=critical,CA:FALSE"])
    minio = Minio(require("minio"), tmp_path_factory.mktemp("minio-tls"), certificate=made)
    try:
        running = FrontOfMinio("r2-2026", folder, minio)
        try:
            yield running
        finally:
            running.stop()
    finally:
        minio.stop()


@pytest.fixture(scope="module")
def s3(shim):
    return boto3_client(shim, config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def bucket(shim, s3):
    name = shim.new_name()
    s3.create_bucket(Bucket=name)
    return name


def test_an_object_is_read_with_its_key_only(s3, bucket):
    here, body = {"Bucket": bucket, "Key": "k"}, binary(200_000)
    put = s3.put_object(**here, Body=body, **KEY)
    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"]
    assert s3.get_object(**here, **KEY)["Body"].read() == body
    assert s3.get_object(**here, Range="bytes=65530-65540", **KEY)["Body"].read() == body[65530:65541]
    assert s3.head_object(**here, **KEY)["ContentLength"] == len(body)
    assert refusal(s3.get_object, **here)[0] == 400
    assert refusal(s3.get_object, **here, **OTHER)[0] == 403
    assert refusal(s3.head_object, **here)[0] == 400


def test_the_store_has_it_encrypted(s3, shim, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"text", **KEY)
    s3.put_object(Bucket=bucket, Key="plain", Body=b"text")
    assert refusal(shim.minio.client().get_object, Bucket=MAPPED[bucket], Key="k")[0] == 400
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == b"text"
    assert refusal(s3.get_object, Bucket=bucket, Key="plain", **KEY)[0] == 400


def test_a_copy_changes_the_key(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"secret", **KEY)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", **OTHER, **SOURCE)
    assert s3.get_object(Bucket=bucket, Key="copy", **OTHER)["Body"].read() == b"secret"
    s3.copy_object(Bucket=bucket, Key="plain", CopySource=f"{bucket}/k", **SOURCE)
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == b"secret"


def test_upload_file_and_download_file_of_many_parts(s3, bucket, tmp_path):
    body = binary(20 * MIB)
    (tmp_path / "up").write_bytes(body)
    s3.upload_file(str(tmp_path / "up"), bucket, "k", ExtraArgs=KEY)
    s3.download_file(bucket, "k", str(tmp_path / "down"), ExtraArgs=KEY)
    assert (tmp_path / "down").read_bytes() == body


def test_parts_are_copied_and_unequal_ones_are_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=binary(5 * MIB), **KEY)
    for name, second, code in (("equal", 5 * MIB, None), ("unequal", 6 * MIB, "InvalidPart")):
        here = {"Bucket": bucket, "Key": name}
        here["UploadId"] = s3.create_multipart_upload(**here, **KEY)["UploadId"]
        copied = s3.upload_part_copy(**here, PartNumber=1, CopySource=f"{bucket}/source", **KEY, **SOURCE)
        parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]
        for number, size in ((2, second), (3, 1)):
            part = s3.upload_part(**here, PartNumber=number, Body=binary(size), **KEY)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        complete = {**here, "MultipartUpload": {"Parts": parts}, **KEY}
        if code:
            assert refusal(s3.complete_multipart_upload, **complete)[:2] == (400, code)
        else:
            s3.complete_multipart_upload(**complete)
            whole = binary(5 * MIB) + binary(second) + binary(1)
            assert s3.get_object(Bucket=bucket, Key=name, **KEY)["Body"].read() == whole


def test_what_no_bucket_has_is_said_of_those_that_are_there(s3, shim, bucket):
    assert refusal(s3.get_bucket_tagging, Bucket=bucket)[:2] == (404, "NoSuchTagSet")
    assert refusal(s3.get_bucket_tagging, Bucket=shim.new_name())[:2] == (404, "NoSuchBucket")


def test_nobody_is_shown_the_key(s3, shim, bucket):
    """Neither in the log nor by the inspector, of requests that are served and of those that are refused."""
    s3.put_object(Bucket=bucket, Key="shown", Body=b"x", **KEY)
    refusal(s3.put_object, Bucket=bucket, Key="shown", Body=b"x", Tagging="a=b", **KEY)
    refusal(s3.get_object, Bucket=bucket, Key="shown", **OTHER)
    shim.line(r'key="shown" status=403')
    pages = {"/": page(shim, "/")}
    for path in sorted(set(re.findall(r"/requests/[0-9A-Za-z]+", pages["/"]))):
        pages[path] = page(shim, path)
    assert any("customer-key" in text for path, text in pages.items() if path != "/")
    for secret in (SECRET, ANOTHER):
        for form in (secret.decode(), base64.b64encode(secret).decode()):
            for path, text in [*pages.items(), *(("the log", line) for line in shim.log)]:
                assert form not in text, path


def page(shim, path):
    with urllib.request.urlopen(shim.admin + path, timeout=30) as answer:
        return answer.read().decode()
