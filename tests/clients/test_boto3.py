"""boto3, client and resource, with default settings: what applications do all day."""

import base64
import concurrent.futures
import datetime
import email.header
import hashlib
import io
import zlib

import pytest
from botocore.exceptions import ClientError

from payloads import FILES, MIB, binary
from witness import boto3_client, boto3_session, refusal

ACL_REFUSED = (501, "NotImplemented", "Header 'x-amz-acl' with value 'public-read' not implemented")


@pytest.fixture
def resource(server):
    """boto3's resource interface with default settings."""
    return boto3_session().resource("s3", endpoint_url=server.endpoint)


def store_many(s3, bucket, keys):
    """Stores empty objects, several at a time."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key), keys))


# Buckets


def test_a_bucket_comes_and_goes(s3, free_name):
    s3.create_bucket(Bucket=free_name)
    s3.get_waiter("bucket_exists").wait(Bucket=free_name)
    assert free_name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=free_name)["LocationConstraint"] == "auto"
    head = s3.head_bucket(Bucket=free_name)
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "auto"
    s3.delete_bucket(Bucket=free_name)
    assert refusal(s3.head_bucket, Bucket=free_name)[0] == 404


@pytest.mark.parametrize("constraint", ["auto", "us-east-1", ""])
def test_location_constraints_that_mean_auto(s3, free_name, constraint):
    s3.create_bucket(Bucket=free_name, CreateBucketConfiguration={"LocationConstraint": constraint})
    assert s3.get_bucket_location(Bucket=free_name)["LocationConstraint"] == "auto"


def test_another_region_is_refused(server, witness, bucket):
    elsewhere = boto3_session().client("s3", endpoint_url=server.endpoint, region_name="eu-west-1")
    status, code, message = refusal(elsewhere.list_objects_v2, Bucket=bucket)
    assert (status, code) == (400, "InvalidRegionName") and "eu-west-1" in message


def test_a_full_bucket_is_not_deleted(s3, witness, bucket):
    witness.put(bucket, "k", b"x")
    assert refusal(s3.delete_bucket, Bucket=bucket)[:2] == (409, "BucketNotEmpty")
    assert witness.keys(bucket) == ["k"]


# Objects


@pytest.mark.parametrize("name", FILES)
def test_put_object_and_get_object_keep_every_byte(s3, bucket, name):
    put = s3.put_object(Bucket=bucket, Key=name, Body=FILES[name])
    get = s3.get_object(Bucket=bucket, Key=name)
    assert get["Body"].read() == FILES[name]
    assert get["ContentLength"] == len(FILES[name])
    assert get["ETag"] == put["ETag"] == f'"{hashlib.md5(FILES[name]).hexdigest()}"'


@pytest.mark.parametrize("name", FILES)
def test_upload_file_and_download_file_keep_every_byte(s3, bucket, tmp_path, name):
    (tmp_path / "up").write_bytes(FILES[name])
    s3.upload_file(str(tmp_path / "up"), bucket, name)
    s3.download_file(bucket, name, str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == FILES[name]


def test_upload_fileobj_of_a_stream_that_cannot_seek(s3, witness, bucket):
    class Pipe(io.RawIOBase):
        """Readable, not seekable."""

        source = io.BytesIO(b"streamed")

        def readable(self):
            return True

        def readinto(self, buffer):
            return self.source.readinto(buffer)

    s3.upload_fileobj(Pipe(), bucket, "piped")
    assert witness.body(bucket, "piped") == b"streamed"


def test_download_file_fetches_a_large_object_in_parallel_ranges(s3, witness, bucket, tmp_path):
    content = binary(20 * MIB)
    witness.put(bucket, "large", content)
    s3.download_file(bucket, "large", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == content


def test_the_resource_interface(resource, free_name):
    bucket = resource.create_bucket(Bucket=free_name)
    bucket.put_object(Key="folder/a", Body=b"1")
    bucket.Object("folder/b").put(Body=b"2", Metadata={"colour": "red"})
    assert [summary.key for summary in bucket.objects.filter(Prefix="folder/")] == ["folder/a", "folder/b"]
    assert bucket.Object("folder/b").metadata == {"colour": "red"}
    assert bucket.Object("folder/a").get()["Body"].read() == b"1"
    bucket.objects.all().delete()
    bucket.delete()
    assert free_name not in [each.name for each in resource.buckets.all()]


def test_what_is_not_there(s3, bucket, free_name):
    assert refusal(s3.get_object, Bucket=bucket, Key="nothing")[:2] == (404, "NoSuchKey")
    assert refusal(s3.head_object, Bucket=bucket, Key="nothing")[0] == 404
    assert refusal(s3.get_object, Bucket=free_name, Key="k")[:2] == (404, "NoSuchBucket")
    assert refusal(s3.put_object, Bucket=free_name, Key="k")[:2] == (404, "NoSuchBucket")
    s3.delete_object(Bucket=bucket, Key="nothing")


# Metadata


def test_system_metadata_comes_back_as_it_was_given(s3, bucket):
    given = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de, en",
        "ContentType": "text/plain; charset=utf-8",
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=datetime.datetime(2030, 1, 2, 3, 4, 5), **given)
    head = s3.head_object(Bucket=bucket, Key="k")
    assert {name: head[name] for name in given} == given
    assert head["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_user_metadata_is_kept_with_lower_case_names(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Metadata={"Plain": "1", "with-dash": "a  b", "empty": ""})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"plain": "1", "with-dash": "a  b", "empty": ""}


def test_user_metadata_beyond_ascii_travels_as_rfc_2047(s3, bucket):
    encoded = "=?UTF-8?B?" + base64.b64encode("żółw".encode()).decode() + "?="
    s3.put_object(Bucket=bucket, Key="k", Metadata={"animal": encoded})
    assert decoded(s3.head_object(Bucket=bucket, Key="k")["Metadata"]["animal"]) == "żółw"


def decoded(value):
    """An RFC 2047 header value as text."""
    return str(email.header.make_header(email.header.decode_header(value)))


# R2 takes 8,192 bytes. MinIO takes S3's 2 KiB, and says so itself.
METADATA_LIMITS = {"local": 8192, "minio": 2048}


def test_user_metadata_has_a_limit(s3, server, witness, bucket):
    limit = METADATA_LIMITS[server.store]
    s3.put_object(Bucket=bucket, Key="below", Metadata={"k": "v" * (limit - 100)})
    refused = refusal(s3.put_object, Bucket=bucket, Key="above", Metadata={"k": "v" * limit})
    assert refused[:2] == (400, "MetadataTooLarge")
    assert witness.keys(bucket) == ["below"]


# Checksums


def test_the_default_checksum_is_crc32_verified_and_returned(s3, bucket):
    crc32 = base64.b64encode(zlib.crc32(b"body").to_bytes(4, "big")).decode()
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    assert put["ResponseMetadata"]["HTTPHeaders"].get("x-amz-checksum-crc32") == crc32
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (crc32, "FULL_OBJECT")


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256"])
def test_a_checksum_asked_for_is_verified_and_returned(s3, bucket, algorithm):
    expected = base64.b64encode(hashlib.new(algorithm, b"body").digest()).decode()
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"body", ChecksumAlgorithm=algorithm)
    get = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert put[f"Checksum{algorithm}"] == get[f"Checksum{algorithm}"] == expected
    assert get["Body"].read() == b"body"


WRONG_DIGESTS = [
    {"ChecksumCRC32": "AAAAAA=="},
    {"ChecksumCRC32C": "AAAAAA=="},
    {"ChecksumCRC64NVME": "AAAAAAAAAAA="},
    {"ChecksumSHA256": base64.b64encode(bytes(32)).decode()},
    {"ContentMD5": base64.b64encode(bytes(16)).decode()},
]


@pytest.mark.parametrize("digest", WRONG_DIGESTS, ids=lambda digest: next(iter(digest)))
def test_a_body_that_is_not_what_its_digest_says_is_not_stored(s3, witness, bucket, digest):
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"body", **digest)[:2] == (400, "BadDigest")
    assert witness.keys(bucket) == []


# Ranges, conditions, overrides


RANGES = [("bytes=0-0", b"0"), ("bytes=3-5", b"345"), ("bytes=8-", b"89"), ("bytes=-3", b"789")]


@pytest.mark.parametrize(("asked", "answered"), RANGES)
def test_ranges(s3, witness, bucket, asked, answered):
    witness.put(bucket, "digits", b"0123456789")
    get = s3.get_object(Bucket=bucket, Key="digits", Range=asked)
    assert get["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (get["Body"].read(), get["ContentLength"]) == (answered, len(answered))


def test_a_range_of_nothing_is_refused(s3, witness, bucket):
    witness.put(bucket, "empty", b"")
    assert refusal(s3.get_object, Bucket=bucket, Key="empty", Range="bytes=0-")[:2] == (416, "InvalidRange")


def test_conditional_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    for read in (s3.get_object, s3.head_object):
        assert read(Bucket=bucket, Key="k", IfMatch=etag)["ETag"] == etag
        assert refusal(read, Bucket=bucket, Key="k", IfNoneMatch=etag)[0] == 304
        assert refusal(read, Bucket=bucket, Key="k", IfMatch='"other"')[0] == 412
        assert refusal(read, Bucket=bucket, Key="k", IfUnmodifiedSince=datetime.datetime(2001, 1, 1))[0] == 412


def test_conditional_writes(s3, witness, bucket):
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")["ETag"]
    failed = (412, "PreconditionFailed")
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"lost", IfNoneMatch="*")[:2] == failed
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfMatch=first)["ETag"]
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"lost", IfMatch=first)[:2] == failed
    assert witness.body(bucket, "k") == b"second" and second != first


def test_of_many_writers_that_want_to_be_first_one_is(s3, witness, bucket):
    def write(number):
        try:
            s3.put_object(Bucket=bucket, Key="lock", Body=b"%d" % number, IfNoneMatch="*")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return b"%d" % number

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(write, range(16)))
    assert outcomes.count("PreconditionFailed") == 15
    assert witness.body(bucket, "lock") in outcomes


def test_get_object_with_overridden_headers(s3, witness, bucket):
    witness.put(bucket, "k", b"x")
    wanted = {
        "CacheControl": "no-store",
        "ContentDisposition": "attachment; filename=odd.txt",
        "ContentEncoding": "identity",
        "ContentLanguage": "pl",
        "ContentType": "text/x-odd",
    }
    get = s3.get_object(Bucket=bucket, Key="k", **{f"Response{name}": value for name, value in wanted.items()})
    assert {name: get[name] for name in wanted} == wanted


# Deleting


def test_delete_objects_takes_a_thousand_keys(s3, witness, bucket):
    keys = [f"{number:04}" for number in range(1000)]
    store_many(s3, bucket, keys + ["kept"])
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == keys
    assert "Errors" not in answer and witness.keys(bucket) == ["kept"]


def test_delete_objects_of_more_is_refused_whole(s3, witness, bucket):
    witness.put(bucket, "0", b"x")
    too_many = {"Objects": [{"Key": str(number)} for number in range(1001)]}
    assert refusal(s3.delete_objects, Bucket=bucket, Delete=too_many)[:2] == (400, "MalformedXML")
    assert witness.keys(bucket) == ["0"]


# Listing


TREE = ["a", "b/1", "b/2/x", "b/2/y", "b/3", "c", "d/1"]


def test_list_objects_v2_with_delimiter_and_prefix(s3, bucket):
    store_many(s3, bucket, TREE)
    top = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [entry["Key"] for entry in top["Contents"]] == ["a", "c"]
    assert [entry["Prefix"] for entry in top["CommonPrefixes"]] == ["b/", "d/"]
    assert (top["KeyCount"], top["IsTruncated"]) == (4, False)
    below = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="b/")
    assert [entry["Key"] for entry in below["Contents"]] == ["b/1", "b/3"]
    assert [entry["Prefix"] for entry in below["CommonPrefixes"]] == ["b/2/"]


@pytest.mark.parametrize("page_size", [1, 2, 3, 1000])
@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_pages_of_any_size_show_the_same(s3, bucket, operation, page_size):
    store_many(s3, bucket, TREE)
    pages = s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": page_size})
    seen = [
        entry.get("Key", entry.get("Prefix"))
        for page in pages
        for entry in page.get("Contents", []) + page.get("CommonPrefixes", [])
    ]
    assert sorted(seen) == ["a", "b/", "c", "d/"]


def test_list_objects_v2_start_after_and_fetch_owner(s3, bucket):
    store_many(s3, bucket, TREE)
    listing = s3.list_objects_v2(Bucket=bucket, StartAfter="b/3", FetchOwner=True)
    assert [entry["Key"] for entry in listing["Contents"]] == ["c", "d/1"]
    assert all(entry["Owner"]["ID"] for entry in listing["Contents"])


def test_list_objects_of_an_empty_bucket(s3, bucket):
    assert "Contents" not in s3.list_objects(Bucket=bucket)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.slow
def test_paginator_over_ten_thousand_keys(s3, bucket):
    keys = [f"{number:05}" for number in range(10_000)]
    store_many(s3, bucket, keys)
    assert [
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page["Contents"]
    ] == keys


# What the r2 policy refuses


REFUSED_ARGUMENTS = {
    "x-amz-acl": ("ACL", "public-read"),
    "x-amz-tagging": ("Tagging", "a=b"),
    "x-amz-server-side-encryption": ("ServerSideEncryption", "AES256"),
    "x-amz-website-redirect-location": ("WebsiteRedirectLocation", "/there"),
    "x-amz-object-lock-legal-hold": ("ObjectLockLegalHoldStatus", "ON"),
    "x-amz-grant-full-control": ("GrantFullControl", "id=someone"),
    "x-amz-request-payer": ("RequestPayer", "requester"),
    "x-amz-expected-bucket-owner": ("ExpectedBucketOwner", "123456789012"),
}


@pytest.mark.policy("r2")
@pytest.mark.parametrize("header", REFUSED_ARGUMENTS)
def test_put_object_with_a_header_r2_lacks_is_refused_by_name(s3, witness, bucket, header):
    argument, value = REFUSED_ARGUMENTS[header]
    message = f"Header '{header}' with value '{value}' not implemented"
    refused = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **{argument: value})
    assert refused == (501, "NotImplemented", message)
    assert witness.keys(bucket) == []


@pytest.mark.policy("r2")
def test_a_refusal_in_the_middle_of_an_upload_still_arrives(s3, witness, bucket):
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=binary(20 * MIB), ACL="public-read") == ACL_REFUSED
    assert witness.keys(bucket) == []


@pytest.mark.policy("r2")
def test_create_bucket_with_an_acl_is_refused_by_name(s3, witness, free_name):
    assert refusal(s3.create_bucket, Bucket=free_name, ACL="public-read") == ACL_REFUSED
    assert free_name not in witness.buckets()


@pytest.mark.policy("open")
def test_put_object_with_an_acl_passes_where_all_is_open(s3, witness, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    assert witness.body(bucket, "k") == b"x"


def test_retries_do_not_turn_a_refusal_into_a_wait(server, bucket):
    """501 is final: boto3 asks once."""
    s3 = boto3_client(server)
    asked = []
    s3.meta.events.register("before-send.s3", lambda **_: asked.append(1))
    refusal(s3.get_bucket_policy, Bucket=bucket)
    assert len(asked) == 1
