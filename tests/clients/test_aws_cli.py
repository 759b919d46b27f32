"""aws-cli (version 1, the one of the Python package index) with its default settings."""

import json
import urllib.error
import urllib.request

import pytest

from payloads import FILES, binary, read_tree, write_tree


def api(aws, operation, *words):
    """`aws s3api`, its JSON answer read."""
    return json.loads(aws.succeeds("s3api", operation, *words).stdout or "null")


# aws s3: buckets


@pytest.mark.parametrize("region", ["auto", "us-east-1", None])
def test_mb_ls_rb_in_every_region_that_means_auto(aws, witness, free_name, region):
    environment = {"AWS_DEFAULT_REGION": region}
    aws.succeeds("s3", "mb", f"s3://{free_name}", environment=environment)
    assert free_name in aws.succeeds("s3", "ls", environment=environment).stdout
    aws.succeeds("s3", "rb", f"s3://{free_name}", environment=environment)
    assert free_name not in witness.buckets()


def test_mb_in_another_region_is_refused(aws, witness, free_name):
    elsewhere = {"AWS_DEFAULT_REGION": "eu-west-1"}
    aws.fails("s3", "mb", f"s3://{free_name}", saying="InvalidRegionName", environment=elsewhere)
    assert free_name not in witness.buckets()


def test_mb_of_ones_own_bucket_says_so(aws, bucket):
    aws.fails("s3", "mb", f"s3://{bucket}", saying="BucketAlreadyOwnedByYou")


def test_rb_refuses_a_full_bucket_and_force_empties_it(aws, witness, bucket):
    witness.put(bucket, "a/b", b"x")
    aws.fails("s3", "rb", f"s3://{bucket}", saying="BucketNotEmpty")
    assert witness.keys(bucket) == ["a/b"]
    aws.succeeds("s3", "rb", f"s3://{bucket}", "--force")
    assert bucket not in witness.buckets()


def test_a_wrong_secret_is_refused(aws, bucket):
    wrong = {"AWS_SECRET_ACCESS_KEY": "0" * 64}
    aws.fails("s3", "ls", f"s3://{bucket}", saying="SignatureDoesNotMatch", environment=wrong)


# aws s3: files


@pytest.mark.parametrize("name", FILES)
def test_cp_up_and_down_keeps_every_byte(aws, bucket, home, name):
    (home / "up").write_bytes(FILES[name])
    aws.succeeds("s3", "cp", "up", f"s3://{bucket}/folder/{name}")
    aws.succeeds("s3", "cp", f"s3://{bucket}/folder/{name}", "down")
    assert (home / "down").read_bytes() == FILES[name]


def test_cp_down_fetches_a_large_object_in_parallel_ranges(aws, witness, bucket, home):
    content = binary(20 << 20)
    witness.put(bucket, "large", content)
    aws.succeeds("s3", "cp", f"s3://{bucket}/large", "down")
    assert (home / "down").read_bytes() == content


def test_cp_through_pipes(aws, bucket):
    aws.succeeds("s3", "cp", "-", f"s3://{bucket}/piped", stdin=b"through a pipe")
    assert aws.succeeds("s3", "cp", f"s3://{bucket}/piped", "-").bytes == b"through a pipe"


def test_cp_guesses_the_content_type_and_takes_metadata(aws, witness, bucket, home):
    (home / "page.html").write_text("<p>")
    options = ["--metadata", "colour=green", "--cache-control", "no-cache"]
    aws.succeeds("s3", "cp", "page.html", f"s3://{bucket}/", *options)
    head = witness.head(bucket, "page.html")
    assert (head["ContentType"], head["CacheControl"]) == ("text/html", "no-cache")
    assert head["Metadata"] == {"colour": "green"}


def test_ls_shows_sizes_and_folders(aws, witness, bucket):
    for key in ["a.txt", "folder/b", "folder/c"]:
        witness.put(bucket, key, b"12345")
    listing = aws.succeeds("s3", "ls", f"s3://{bucket}/").stdout
    assert "5 a.txt" in listing and "PRE folder/" in listing and "folder/b" not in listing
    summary = aws.succeeds("s3", "ls", f"s3://{bucket}", "--recursive", "--summarize").stdout
    assert "Total Objects: 3" in summary and "Total Size: 15" in summary


def test_ls_of_a_missing_bucket_says_so(aws, free_name):
    aws.fails("s3", "ls", f"s3://{free_name}", saying="NoSuchBucket")


def test_sync_up_then_down_makes_the_same_tree(aws, witness, bucket, home):
    tree = write_tree(home / "tree")
    aws.succeeds("s3", "sync", "tree", f"s3://{bucket}/site")
    assert sorted(witness.keys(bucket)) == sorted(f"site/{name}" for name in tree)
    aws.succeeds("s3", "sync", f"s3://{bucket}/site", "copy")
    assert read_tree(home / "copy") == tree


def test_sync_again_sends_nothing_and_delete_follows_the_source(aws, witness, bucket, home):
    write_tree(home / "tree")
    aws.succeeds("s3", "sync", "tree", f"s3://{bucket}")
    assert "upload:" not in aws.succeeds("s3", "sync", "tree", f"s3://{bucket}").stdout
    (home / "tree" / "index.html").unlink()
    aws.succeeds("s3", "sync", "tree", f"s3://{bucket}", "--delete")
    assert "index.html" not in witness.keys(bucket)


def test_mv_takes_the_file_along(aws, witness, bucket, home):
    (home / "file").write_text("moved")
    aws.succeeds("s3", "mv", "file", f"s3://{bucket}/file")
    assert not (home / "file").exists()
    aws.succeeds("s3", "mv", f"s3://{bucket}/file", "back")
    assert (home / "back").read_text() == "moved" and witness.keys(bucket) == []


def test_rm_recursive_removes_what_is_below_and_no_more(aws, witness, bucket):
    for key in ["keep", "logs/1", "logs/2/3", "logs2"]:
        witness.put(bucket, key, b"x")
    aws.succeeds("s3", "rm", f"s3://{bucket}/logs/", "--recursive")
    assert witness.keys(bucket) == ["keep", "logs2"]


def test_presign_makes_an_address_that_plain_http_can_read(aws, witness, bucket):
    witness.put(bucket, "a folder/a+b.txt", b"for everybody with the link")
    address = aws.succeeds("s3", "presign", f"s3://{bucket}/a folder/a+b.txt", "--expires-in", "60").stdout.strip()
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert answer.read() == b"for everybody with the link"


@pytest.mark.parametrize("region", ["us-east-1", None])
def test_presign_outside_auto_is_sigv2_until_told_otherwise(aws, witness, bucket, region):
    """aws-cli 1 still presigns with the old signature for the region it knows; R2 refuses that."""
    witness.put(bucket, "k", b"x")
    environment = {"AWS_DEFAULT_REGION": region}
    presign = ["s3", "presign", f"s3://{bucket}/k"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(aws.succeeds(*presign, environment=environment).stdout.strip(), timeout=30)
    assert refused.value.code == 401
    assert b"SigV2 authorization is not supported. Please use SigV4 instead." in refused.value.read()
    aws.succeeds("configure", "set", "default.s3.signature_version", "s3v4", environment=environment)
    with urllib.request.urlopen(aws.succeeds(*presign, environment=environment).stdout.strip(), timeout=30) as answer:
        assert answer.read() == b"x"


# aws s3api


def test_put_object_head_object_get_object_carry_the_metadata(aws, bucket, home):
    (home / "body").write_bytes(b'{"a": 1}')
    put = api(
        aws,
        "put-object",
        "--bucket",
        bucket,
        "--key",
        "k",
        "--body",
        "body",
        "--content-type",
        "application/json",
        "--content-disposition",
        "attachment",
        "--metadata",
        "owner=me,Mixed-Case=kept",
    )
    head = api(aws, "head-object", "--bucket", bucket, "--key", "k")
    assert head["ETag"] == put["ETag"]
    assert head["ContentLength"] == 8
    assert (head["ContentType"], head["ContentDisposition"]) == ("application/json", "attachment")
    assert head["Metadata"] == {"owner": "me", "mixed-case": "kept"}
    get = api(aws, "get-object", "--bucket", bucket, "--key", "k", "down")
    assert get["Metadata"] == head["Metadata"] and (home / "down").read_bytes() == b'{"a": 1}'


@pytest.mark.parametrize(
    ("asked", "answered", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_get_object_of_a_range(aws, witness, bucket, home, asked, answered, content_range):
    witness.put(bucket, "digits", b"0123456789")
    get = api(aws, "get-object", "--bucket", bucket, "--key", "digits", "--range", asked, "part")
    assert (home / "part").read_bytes() == answered
    assert get["ContentRange"] == content_range


def test_get_object_beyond_the_end_is_refused(aws, witness, bucket):
    witness.put(bucket, "digits", b"0123456789")
    get = ["s3api", "get-object", "--bucket", bucket, "--key", "digits", "part"]
    aws.fails(*get, "--range", "bytes=10-", saying="InvalidRange")


def test_get_object_with_conditions(aws, witness, bucket):
    witness.put(bucket, "k", b"x")
    etag = witness.head(bucket, "k")["ETag"]
    get = ["s3api", "get-object", "--bucket", bucket, "--key", "k", "down"]
    aws.succeeds(*get, "--if-match", etag)
    aws.succeeds(*get, "--if-none-match", '"another"')
    aws.succeeds(*get, "--if-modified-since", "2001-01-01T00:00:00Z")
    aws.fails(*get, "--if-none-match", etag, saying="304")
    aws.fails(*get, "--if-match", '"another"', saying="PreconditionFailed")
    aws.fails(*get, "--if-unmodified-since", "2001-01-01T00:00:00Z", saying="PreconditionFailed")


def test_put_object_only_where_nothing_is_yet(aws, witness, bucket, home):
    (home / "body").write_text("second")
    witness.put(bucket, "k", b"first")
    put = ["s3api", "put-object", "--bucket", bucket, "--body", "body", "--if-none-match", "*"]
    aws.fails(*put, "--key", "k", saying="PreconditionFailed")
    assert witness.body(bucket, "k") == b"first"
    aws.succeeds(*put, "--key", "new")


def test_delete_objects_names_what_it_deleted(aws, witness, bucket):
    for key in ["a", "b", "c & d"]:
        witness.put(bucket, key, b"x")
    wanted = {"Objects": [{"Key": "a"}, {"Key": "c & d"}, {"Key": "never was"}]}
    answer = api(aws, "delete-objects", "--bucket", bucket, "--delete", json.dumps(wanted))
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == ["a", "c & d", "never was"]
    assert witness.keys(bucket) == ["b"]


def test_list_objects_v2_in_pages(aws, witness, bucket):
    keys = [f"key {number:02}" for number in range(7)]
    for key in keys:
        witness.put(bucket, key, b"")
    every = ["s3api", "list-objects-v2", "--bucket", bucket, "--query", "Contents[].Key"]
    assert json.loads(aws.succeeds(*every, "--page-size", 2).stdout) == keys
    first = api(aws, "list-objects-v2", "--bucket", bucket, "--max-items", 3)
    rest = api(aws, "list-objects-v2", "--bucket", bucket, "--starting-token", first["NextToken"])
    assert [entry["Key"] for page in (first, rest) for entry in page["Contents"]] == keys


def test_get_bucket_location_and_head_bucket_answer_auto(aws, bucket):
    assert api(aws, "get-bucket-location", "--bucket", bucket)["LocationConstraint"] == "auto"
    assert api(aws, "head-bucket", "--bucket", bucket)["BucketRegion"] == "auto"


# What the r2 policy refuses


REFUSED_OPTIONS = [
    ("--acl private", "Header 'x-amz-acl' with value 'private' not implemented"),
    ("--acl public-read", "Header 'x-amz-acl' with value 'public-read' not implemented"),
    ("--grants read=id=someone", "Header 'x-amz-grant-read' with value 'id=someone' not implemented"),
    ("--sse AES256", "Header 'x-amz-server-side-encryption' with value 'AES256' not implemented"),
    ("--storage-class GLACIER", "Header 'x-amz-storage-class' with value 'GLACIER' not implemented"),
    ("--website-redirect /there", "Header 'x-amz-website-redirect-location' with value '/there' not implemented"),
    ("--request-payer requester", "Header 'x-amz-request-payer' with value 'requester' not implemented"),
]


@pytest.mark.policy("r2")
@pytest.mark.parametrize(("option", "saying"), REFUSED_OPTIONS)
def test_cp_with_an_option_r2_lacks_is_refused_by_name(aws, witness, bucket, home, option, saying):
    (home / "file").write_text("never stored")
    aws.fails("s3", "cp", "file", f"s3://{bucket}/file", *option.split(), saying=["NotImplemented", saying])
    assert witness.keys(bucket) == []


@pytest.mark.policy("open")
@pytest.mark.parametrize("option", ["--acl private", "--storage-class STANDARD", "--request-payer requester"])
def test_cp_with_the_same_options_passes_where_all_is_open(aws, witness, bucket, home, option):
    (home / "file").write_text("stored")
    aws.succeeds("s3", "cp", "file", f"s3://{bucket}/file", *option.split())
    assert witness.body(bucket, "file") == b"stored"


REFUSED_OPERATIONS = [
    ("get-object-tagging --key k", "GetObjectTagging"),
    ("get-object-acl --key k", "GetObjectAcl"),
    ("get-object-attributes --key k --object-attributes ETag", "GetObjectAttributes"),
    ("get-bucket-versioning", "GetBucketVersioning"),
    ("get-bucket-policy", "GetBucketPolicy"),
    ("get-bucket-lifecycle-configuration", "GetBucketLifecycleConfiguration"),
    ("delete-bucket-lifecycle", "DeleteBucketLifecycle"),
    ("list-object-versions", "ListObjectVersions"),
]


@pytest.mark.policy("r2")
@pytest.mark.parametrize(("command", "operation"), REFUSED_OPERATIONS)
def test_an_operation_r2_lacks_is_refused_by_name(aws, witness, bucket, command, operation):
    witness.put(bucket, "k", b"x")
    saying = ["NotImplemented", f"{operation} not implemented"]
    aws.fails("s3api", *command.split(), "--bucket", bucket, saying=saying)
    assert witness.keys(bucket) == ["k"]
