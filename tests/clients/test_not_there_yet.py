"""What the server does not have yet: a plain 501, nothing stored, nothing lost.

This file shrinks. Whoever adds multipart uploads or copies deletes their checks here and writes real ones beside the
client they belong to.
"""

import pytest

from payloads import MIB, binary
from witness import refusal

NINE_MIB = binary(9 * MIB)


# Multipart uploads


def test_aws_cp_of_a_file_above_8_mib(aws, witness, bucket, home):
    (home / "large").write_bytes(NINE_MIB)
    aws.fails("s3", "cp", "large", f"s3://{bucket}/large", saying="NotImplemented")
    assert witness.keys(bucket) == []


def test_boto3_create_multipart_upload(s3, witness, bucket):
    status, code, _ = refusal(s3.create_multipart_upload, Bucket=bucket, Key="large")
    assert (status, code) == (501, "NotImplemented")
    assert witness.keys(bucket) == []


@pytest.mark.policy("open")
def test_s3cmd_put_of_a_file_above_15_mib(s3cmd, witness, bucket, home):
    (home / "large").write_bytes(binary(16 * MIB))
    s3cmd.fails("put", "large", f"s3://{bucket}/large", saying="501")
    assert witness.keys(bucket) == []


# Copies


def test_aws_mv_between_keys(aws, witness, bucket):
    witness.put(bucket, "from", b"stays")
    aws.fails("s3", "mv", f"s3://{bucket}/from", f"s3://{bucket}/to", saying="NotImplemented")
    assert witness.keys(bucket) == ["from"]


def test_boto3_copy_object(s3, witness, bucket):
    witness.put(bucket, "from", b"x")
    status, code, _ = refusal(s3.copy_object, Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    assert (status, code) == (501, "NotImplemented")
    assert witness.keys(bucket) == ["from"]


def test_s3cmd_cp(s3cmd, witness, bucket):
    witness.put(bucket, "from", b"x")
    s3cmd.fails("cp", f"s3://{bucket}/from", f"s3://{bucket}/to", saying="501")
    assert witness.keys(bucket) == ["from"]


@pytest.mark.policy("open")
def test_rclone_copyto_between_keys(rclone, witness, bucket):
    witness.put(bucket, "from", b"x")
    rclone.fails("copyto", f"r2:{bucket}/from", f"r2:{bucket}/to", saying="NotImplemented")
    assert witness.keys(bucket) == ["from"]
