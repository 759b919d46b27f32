"""aws-cli with files above 8 MiB, which go up in parts, and copies from bucket to bucket."""

import json

import pytest

from payloads import MIB, binary, read_tree, write_tree

SIZES = {"20 MiB": 20 * MIB, "100 MiB": 100 * MIB}

# aws-cli 1 names the source's ETag on every part of a large copy, unasked.
SOURCE_CONDITION = "Header 'x-amz-copy-source-if-match' with value '{etag}' not implemented"


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_cp_up_in_parts_and_down_keeps_every_byte(aws, witness, bucket, home, size):
    (home / "up").write_bytes(binary(size))
    aws.succeeds("s3", "cp", "up", f"s3://{bucket}/large", "--metadata", "colour=green")
    head = witness.head(bucket, "large")
    assert head["ETag"].endswith(f'-{-(-size // (8 * MIB))}"') and head["Metadata"] == {"colour": "green"}
    aws.succeeds("s3", "cp", f"s3://{bucket}/large", "down")
    assert (home / "down").read_bytes() == binary(size)


def test_cp_of_a_large_stream(aws, bucket, home):
    content = binary(20 * MIB + 1)
    aws.succeeds("s3", "cp", "-", f"s3://{bucket}/piped", stdin=content)
    assert aws.succeeds("s3", "cp", f"s3://{bucket}/piped", "-").bytes == content


def test_cp_and_mv_between_keys(aws, witness, bucket):
    witness.put(bucket, "a b/ż+c", b"body")
    aws.succeeds("s3", "cp", f"s3://{bucket}/a b/ż+c", f"s3://{bucket}/copy")
    aws.succeeds("s3", "mv", f"s3://{bucket}/a b/ż+c", f"s3://{bucket}/moved")
    assert witness.keys(bucket) == ["copy", "moved"]
    assert witness.body(bucket, "copy") == witness.body(bucket, "moved") == b"body"


def test_sync_from_bucket_to_bucket_and_again(aws, witness, bucket, free_name, home):
    tree = write_tree(home / "tree")
    for name, body in tree.items():
        witness.put(bucket, name, body)
    witness.create_bucket(free_name)
    aws.succeeds("s3", "sync", f"s3://{bucket}", f"s3://{free_name}/site")
    assert "copy:" not in aws.succeeds("s3", "sync", f"s3://{bucket}", f"s3://{free_name}/site").stdout
    aws.succeeds("s3", "sync", f"s3://{free_name}/site", "back")
    assert read_tree(home / "back") == tree


def store_large(aws, witness, bucket, home):
    """Stores 20 MiB as aws-cli does, and returns what copies of them are refused with under r2."""
    (home / "large").write_bytes(binary(20 * MIB))
    aws.succeeds("s3", "cp", "large", f"s3://{bucket}/from")
    return SOURCE_CONDITION.format(etag=witness.head(bucket, "from")["ETag"])


@pytest.mark.policy("r2")
@pytest.mark.parametrize("command", ["cp", "mv"])
def test_a_large_copy_is_refused_for_the_condition_it_sends(aws, witness, bucket, home, command):
    saying = ["NotImplemented", store_large(aws, witness, bucket, home)]
    aws.fails("s3", command, f"s3://{bucket}/from", f"s3://{bucket}/to", saying=saying)
    assert witness.keys(bucket) == ["from"]


@pytest.mark.policy("r2")
def test_a_large_copy_passes_in_one_piece(aws, witness, bucket, home):
    """What helps: a threshold above the object's size."""
    store_large(aws, witness, bucket, home)
    aws.succeeds("configure", "set", "default.s3.multipart_threshold", "1GB")
    aws.succeeds("s3", "cp", f"s3://{bucket}/from", f"s3://{bucket}/to")
    assert witness.body(bucket, "to") == binary(20 * MIB)


@pytest.mark.policy("open")
@pytest.mark.parametrize("command", ["cp", "mv"])
def test_a_large_copy_passes_where_all_is_open(aws, witness, bucket, home, command):
    store_large(aws, witness, bucket, home)
    aws.succeeds("s3", command, f"s3://{bucket}/from", f"s3://{bucket}/to")
    assert witness.keys(bucket) == (["from", "to"] if command == "cp" else ["to"])
    assert witness.body(bucket, "to") == binary(20 * MIB)


def test_an_interrupted_upload_is_listed_and_aborted(aws, bucket):
    where = ["--bucket", bucket, "--key", "k"]
    begun = json.loads(aws.succeeds("s3api", "create-multipart-upload", *where).stdout)
    listed = json.loads(aws.succeeds("s3api", "list-multipart-uploads", "--bucket", bucket).stdout)
    assert [upload["UploadId"] for upload in listed["Uploads"]] == [begun["UploadId"]]
    aws.succeeds("s3api", "abort-multipart-upload", *where, "--upload-id", begun["UploadId"])
    assert "Uploads" not in json.loads(
        aws.succeeds("s3api", "list-multipart-uploads", "--bucket", bucket).stdout or "{}"
    )
