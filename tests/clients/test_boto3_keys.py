"""boto3 and keys that break naive servers: a key is bytes, never a path."""

import unicodedata
import urllib.request

import pytest

from witness import refusal

KEYS = {
    "a blank": "a b",
    "blanks at both ends": " a ",
    "plus": "a+b",
    "percent": "100%",
    "percent escape as text": "a%2Fb",
    "double escape": "a%252Fb",
    "two slashes": "a//b",
    "leading slash": "/a",
    "only slashes": "///",
    "trailing slash": "a/",
    "dot": ".",
    "dot segments": "a/./b/../c",
    "two dots": "..",
    "climbing out": "../../../etc/passwd",
    "composed": unicodedata.normalize("NFC", "żółw é"),
    "emoji": "🐢/🐇",
    "quotes": 'it\'s "quoted"',
    "brackets": "(a)[b]{c}",
    "star and tilde": "*~!",
    "ampersand and angles": "a&b<c>d",
    "query and fragment": "a?b=c#d",
    "equals, comma, semicolon, colon": "a=b,c;d:e@f$g",
    "backslash, bar, caret, backtick": "a\\b|c^d`e",
    "control characters": "a\x01b\x1fc\x7fd",
    "tab and line ends": "a\tb\nc\rd",
    "not a character": "a\ufffeb",
    "1,024 bytes": "k" * 1024,
    "1,024 bytes beyond ascii": "ż" * 512,
    "a long segment": "s" * 300 + "/" + "t" * 300,
}


PATH = "a segment that is empty, `.` or `..`: keys are paths there, and r2shim refuses what MinIO would take for another"
LONG = "a segment above 255 bytes: it is the name of a folder there"

# What MinIO cannot keep, and why. All of it is refused, and nothing happens.
NOT_ON_MINIO = {
    "two slashes": PATH,
    "leading slash": PATH,
    "only slashes": PATH,
    "dot": PATH,
    "dot segments": PATH,
    "two dots": PATH,
    "climbing out": PATH,
    "1,024 bytes": LONG,
    "1,024 bytes beyond ascii": LONG,
    "a long segment": LONG,
}

BAD_NAME = (400, "InvalidObjectName")


def keys_of(server):
    """The keys that the server's store can keep."""
    lacking = NOT_ON_MINIO if server.store == "minio" else {}
    return {name: key for name, key in KEYS.items() if name not in lacking}


@pytest.mark.store("minio")
@pytest.mark.parametrize("name", NOT_ON_MINIO)
def test_a_key_that_minio_cannot_keep_is_refused(s3, bucket, name):
    assert refusal(s3.put_object, Bucket=bucket, Key=KEYS[name], Body=b"x")[:2] == BAD_NAME
    assert refusal(s3.get_object, Bucket=bucket, Key=KEYS[name])[:2] == BAD_NAME
    assert refusal(s3.delete_object, Bucket=bucket, Key=KEYS[name])[:2] == BAD_NAME
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_key_is_put_read_listed_and_deleted_as_it_is(s3, server, bucket, subtests):
    for name, key in keys_of(server).items():
        with subtests.test(name):
            comes_and_goes(s3, bucket, key)


def comes_and_goes(s3, bucket, key):
    """Puts, reads, lists and deletes the one key of a bucket."""
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode())
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]] == [key]
    assert [entry["Key"] for entry in s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_key_is_reached_by_a_presigned_address(s3, server, bucket, subtests):
    for name, key in keys_of(server).items():
        with subtests.test(name):
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
            address = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
            with urllib.request.urlopen(address, timeout=30) as answer:
                assert answer.read() == key.encode()


def test_all_of_them_stand_side_by_side_in_byte_order(s3, server, bucket):
    keys = keys_of(server).values()
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 5})
    listed = [entry["Key"] for page in pages for entry in page["Contents"]]
    assert listed == sorted(keys, key=str.encode)
    for key in listed:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()


def test_composed_and_decomposed_letters_are_two_keys(s3, bucket):
    composed, decomposed = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    s3.put_object(Bucket=bucket, Key=composed, Body=b"one letter")
    s3.put_object(Bucket=bucket, Key=decomposed, Body=b"two letters")
    assert s3.get_object(Bucket=bucket, Key=composed)["Body"].read() == b"one letter"
    assert s3.get_object(Bucket=bucket, Key=decomposed)["Body"].read() == b"two letters"


def test_a_key_and_keys_below_it(s3, server, bucket):
    for key in ["a", "a/", "a/b", "a/b/c"]:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.delete_object(Bucket=bucket, Key="a/b")
    assert s3.get_object(Bucket=bucket, Key="a/b/c")["Body"].read() == b"a/b/c"
    # MinIO keeps what is below a key that is there, and never lists it.
    listed = ["a", "a/"] if server.store == "minio" else ["a", "a/", "a/b/c"]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == listed


def test_delete_objects_takes_odd_keys(s3, server, bucket):
    # All but those whose characters no XML document can carry: boto3 would send a malformed one.
    keys = [key for name, key in keys_of(server).items() if name not in ("control characters", "not a character")]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == sorted(keys)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("key", ["k" * 1025, "ż" * 513], ids=["1,025 bytes", "1,026 bytes beyond ascii"])
def test_a_longer_key_is_refused(s3, bucket, key):
    assert refusal(s3.put_object, Bucket=bucket, Key=key)[:2] == BAD_NAME
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("delimiter", [" ", "%", "//", "ż", "+", "\x01"])
def test_any_delimiter(s3, server, bucket, delimiter):
    if server.store == "minio" and delimiter == "//":
        assert refusal(s3.put_object, Bucket=bucket, Key="a//1")[:2] == BAD_NAME
        return
    for key in [f"a{delimiter}1", f"a{delimiter}2", "b"]:
        s3.put_object(Bucket=bucket, Key=key)
    listing = s3.list_objects_v2(Bucket=bucket, Delimiter=delimiter)
    assert [entry["Prefix"] for entry in listing["CommonPrefixes"]] == [f"a{delimiter}"]
    assert [entry["Key"] for entry in listing["Contents"]] == ["b"]
