"""boto3: encryption with the client's key, and storage classes, under today's R2, with boto3's own transfers."""

import hashlib

import pytest

from payloads import MIB, binary
from witness import refusal

pytestmark = [pytest.mark.policy("r2-2026"), pytest.mark.store("local")]

KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"0" * 32}
OTHER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"1" * 32}
SOURCE = {f"CopySource{name}": value for name, value in KEY.items()}


def test_an_object_is_read_with_its_key_only(s3, bucket):
    body = binary(200_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **KEY)
    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"]
    assert put["ETag"] != f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.get_object(Bucket=bucket, Key="k", **KEY)["Body"].read() == body
    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=65530-65540", **KEY)
    assert part["Body"].read() == body[65530:65541]
    assert s3.head_object(Bucket=bucket, Key="k", **KEY)["ContentLength"] == len(body)
    assert refusal(s3.get_object, Bucket=bucket, Key="k")[:2] == (400, "InvalidRequest")
    assert refusal(s3.get_object, Bucket=bucket, Key="k", **OTHER)[:2] == (403, "AccessDenied")
    assert refusal(s3.head_object, Bucket=bucket, Key="k")[0] == 400


def test_upload_file_and_download_file_of_many_parts(s3, bucket, tmp_path):
    body = binary(20 * MIB)
    (tmp_path / "up").write_bytes(body)
    s3.upload_file(str(tmp_path / "up"), bucket, "k", ExtraArgs=KEY)
    s3.download_file(bucket, "k", str(tmp_path / "down"), ExtraArgs=KEY)
    assert (tmp_path / "down").read_bytes() == body


def test_a_copy_changes_the_key(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"secret", **KEY)
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", **OTHER, **SOURCE)
    assert s3.get_object(Bucket=bucket, Key="k", **OTHER)["Body"].read() == b"secret"


def test_a_storage_class_is_kept_and_listed(s3, bucket):
    s3.put_object(Bucket=bucket, Key="rare", Body=b"x", StorageClass="STANDARD_IA")
    s3.put_object(Bucket=bucket, Key="usual", Body=b"x", StorageClass="STANDARD")
    assert s3.head_object(Bucket=bucket, Key="rare")["StorageClass"] == "STANDARD_IA"
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="usual")
    listed = [item["StorageClass"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == ["STANDARD_IA", "STANDARD"]
    refused = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER")
    assert refused == (400, "InvalidStorageClass", "The storage class specified is not valid.")
