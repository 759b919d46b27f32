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


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_put_read_listed_and_deleted_as_it_is(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode())
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]] == [key]
    assert [entry["Key"] for entry in s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_reached_by_a_presigned_address(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    address = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert answer.read() == b"x"


def test_all_of_them_stand_side_by_side_in_byte_order(s3, bucket):
    for key in KEYS.values():
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 5})
    listed = [entry["Key"] for page in pages for entry in page["Contents"]]
    assert listed == sorted(KEYS.values(), key=str.encode)
    for key in listed:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()


def test_composed_and_decomposed_letters_are_two_keys(s3, bucket):
    composed, decomposed = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    s3.put_object(Bucket=bucket, Key=composed, Body=b"one letter")
    s3.put_object(Bucket=bucket, Key=decomposed, Body=b"two letters")
    assert s3.get_object(Bucket=bucket, Key=composed)["Body"].read() == b"one letter"
    assert s3.get_object(Bucket=bucket, Key=decomposed)["Body"].read() == b"two letters"


def test_a_key_and_keys_below_it(s3, bucket):
    for key in ["a", "a/", "a/b", "a/b/c"]:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.delete_object(Bucket=bucket, Key="a/b")
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a", "a/", "a/b/c"]


def test_delete_objects_takes_odd_keys(s3, bucket):
    # All but those whose characters no XML document can carry: boto3 would send a malformed one.
    keys = [key for name, key in KEYS.items() if name not in ("control characters", "not a character")]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == sorted(keys)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("key", ["k" * 1025, "ż" * 513], ids=["1,025 bytes", "1,026 bytes beyond ascii"])
def test_a_longer_key_is_refused(s3, bucket, key):
    assert refusal(s3.put_object, Bucket=bucket, Key=key)[:2] == (400, "InvalidObjectName")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("delimiter", [" ", "%", "//", "ż", "+", "\x01"])
def test_any_delimiter(s3, bucket, delimiter):
    for key in [f"a{delimiter}1", f"a{delimiter}2", "b"]:
        s3.put_object(Bucket=bucket, Key=key)
    listing = s3.list_objects_v2(Bucket=bucket, Delimiter=delimiter)
    assert [entry["Prefix"] for entry in listing["CommonPrefixes"]] == [f"a{delimiter}"]
    assert [entry["Key"] for entry in listing["Contents"]] == ["b"]
