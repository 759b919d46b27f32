"""boto3: uploads in parts, by its transfer manager and by hand, and copies."""

import io

import pytest
from botocore.exceptions import ClientError

from payloads import MIB, binary
from witness import refusal

SIZES = {"20 MiB": 20 * MIB, "100 MiB": 100 * MIB}


# The transfer manager


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_upload_file_and_download_file_keep_every_byte(s3, bucket, tmp_path, size):
    (tmp_path / "up").write_bytes(binary(size))
    s3.upload_file(str(tmp_path / "up"), bucket, "large", ExtraArgs={"ContentType": "video/mp4"})
    head = s3.head_object(Bucket=bucket, Key="large")
    assert head["ContentType"] == "video/mp4" and head["ETag"].endswith(f'-{-(-size // (8 * MIB))}"')
    s3.download_file(bucket, "large", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == binary(size)


def test_upload_fileobj_of_a_large_stream_that_cannot_seek(s3, witness, bucket):
    class Pipe(io.BytesIO):
        """Readable, not seekable."""

        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation

        tell = seek

    s3.upload_fileobj(Pipe(binary(20 * MIB + 1)), bucket, "piped")
    assert witness.body(bucket, "piped") == binary(20 * MIB + 1)


def test_copy_of_a_small_object(s3, witness, bucket):
    witness.put(bucket, "a b/ż+c", b"body")
    s3.copy({"Bucket": bucket, "Key": "a b/ż+c"}, bucket, "to")
    assert witness.body(bucket, "to") == b"body"


def copy_in_parts(s3, witness, bucket):
    """Stores 20 MiB and copies them, which boto3 does in parts."""
    witness.put(bucket, "from", binary(20 * MIB))
    s3.copy({"Bucket": bucket, "Key": "from"}, bucket, "to")


@pytest.mark.policy("r2")
def test_copy_of_a_large_object_is_refused_for_the_condition_it_sends(s3, witness, bucket):
    with pytest.raises(ClientError, match="Header 'x-amz-copy-source-if-match' with value .* not implemented"):
        copy_in_parts(s3, witness, bucket)
    assert witness.keys(bucket) == ["from"]


@pytest.mark.policy("open")
def test_copy_of_a_large_object_passes_where_all_is_open(s3, witness, bucket):
    copy_in_parts(s3, witness, bucket)
    assert witness.body(bucket, "to") == binary(20 * MIB)


# By hand


def part(s3, where, number, body):
    """Uploads a part; returns what Complete wants of it."""
    return {"PartNumber": number, "ETag": s3.upload_part(**where, PartNumber=number, Body=body)["ETag"]}


def begun(s3, bucket, key="k", **more):
    """Begins an upload; returns what names it."""
    answer = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)
    return {"Bucket": bucket, "Key": key, "UploadId": answer["UploadId"]}


def test_parts_are_read_one_by_one(s3, bucket):
    body = binary(6 * MIB)
    where = begun(s3, bucket, Metadata={"colour": "red"})
    parts = [part(s3, where, 1, body[: 5 * MIB]), part(s3, where, 2, body[5 * MIB :])]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    last = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert (last["PartsCount"], last["Metadata"]) == (2, {"colour": "red"})
    assert last["Body"].read() == body[5 * MIB :]


def test_a_part_sent_again_replaces_the_first(s3, witness, bucket):
    where = begun(s3, bucket)
    first = part(s3, where, 1, b"first")
    second = part(s3, where, 1, b"second")
    complete = s3.complete_multipart_upload
    assert refusal(complete, **where, MultipartUpload={"Parts": [first]})[:2] == (400, "InvalidPart")
    complete(**where, MultipartUpload={"Parts": [second]})
    assert witness.body(bucket, "k") == b"second"


def test_uploads_are_listed_and_aborted(s3, bucket):
    uploads = [begun(s3, bucket, key) for key in ["a", "b c", "d/e"]]
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [entry["Key"] for page in pages for entry in page["Uploads"]] == ["a", "b c", "d/e"]
    for upload in uploads:
        s3.abort_multipart_upload(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert refusal(s3.upload_part, **uploads[0], PartNumber=1, Body=b"x")[:2] == (404, "NoSuchUpload")


# Copies


def test_copy_object_keeps_or_replaces_the_metadata(s3, bucket):
    source = {"Bucket": bucket, "Key": "a b/ż+c"}
    s3.put_object(**source, Body=b"body", ContentType="text/css", Metadata={"colour": "red"})
    s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)
    kept = s3.head_object(Bucket=bucket, Key="kept")
    assert (kept["ContentType"], kept["Metadata"]) == ("text/css", {"colour": "red"})
    replaced = {"MetadataDirective": "REPLACE", "ContentType": "text/html", "Metadata": {"size": "small"}}
    s3.copy_object(Bucket=bucket, Key="replaced", CopySource=source, **replaced)
    head = s3.head_object(Bucket=bucket, Key="replaced")
    assert (head["ContentType"], head["Metadata"]) == ("text/html", {"size": "small"})


def test_copy_object_with_conditions(s3, witness, bucket):
    witness.put(bucket, "from", b"body")
    etag = witness.head(bucket, "from")["ETag"]
    copy = {"Bucket": bucket, "CopySource": {"Bucket": bucket, "Key": "from"}}
    s3.copy_object(**copy, Key="to", CopySourceIfMatch=etag)
    refused = refusal(s3.copy_object, **copy, Key="other", CopySourceIfNoneMatch=etag)
    assert refused[:2] == (412, "PreconditionFailed")
    assert witness.keys(bucket) == ["from", "to"]


def test_copy_object_of_what_is_not_there(s3, bucket, free_name):
    nothing = {"Bucket": bucket, "Key": "nothing"}
    assert refusal(s3.copy_object, Bucket=bucket, Key="to", CopySource=nothing)[:2] == (404, "NoSuchKey")
    nowhere = {"Bucket": free_name, "Key": "k"}
    assert refusal(s3.copy_object, Bucket=bucket, Key="to", CopySource=nowhere)[:2] == (404, "NoSuchBucket")
