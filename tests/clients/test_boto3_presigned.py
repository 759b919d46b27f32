"""boto3's presigned addresses, used by plain HTTP: no SDK, no signature of one's own."""

import urllib.error
import urllib.request

import pytest
from botocore.config import Config

from witness import boto3_client, boto3_session


def plain_http(method, address, body=None, **headers):
    """Status and body of a request as a browser or curl would make it."""
    request = urllib.request.Request(address, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_get_head_and_delete(s3, witness, bucket):
    witness.put(bucket, "k", b"body")
    where = {"Bucket": bucket, "Key": "k"}
    assert plain_http("GET", s3.generate_presigned_url("get_object", where)) == (200, b"body")
    assert plain_http("HEAD", s3.generate_presigned_url("head_object", where)) == (200, b"")
    assert plain_http("DELETE", s3.generate_presigned_url("delete_object", where)) == (204, b"")
    assert witness.keys(bucket) == []


def test_get_of_a_range_and_with_overridden_headers(s3, witness, bucket):
    witness.put(bucket, "k", b"0123456789")
    address = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k", "ResponseContentType": "text/odd"})
    request = urllib.request.Request(address, headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert (answer.status, answer.read(), answer.headers["Content-Type"]) == (206, b"234", "text/odd")


def test_put(s3, witness, bucket):
    address = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a b/ż"})
    assert plain_http("PUT", address, b"from a browser")[0] == 200
    assert witness.body(bucket, "a b/ż") == b"from a browser"


def test_put_with_signed_headers(s3, witness, bucket):
    """botocore signs content-type and metadata: the sender must give the very same headers."""
    given = {"Bucket": bucket, "Key": "k", "ContentType": "text/csv", "Metadata": {"colour": "red"}}
    address = s3.generate_presigned_url("put_object", given)
    headers = {"Content-Type": "text/csv", "x-amz-meta-colour": "red"}
    assert plain_http("PUT", address, b"x", **{**headers, "Content-Type": "text/html"})[0] == 403
    assert witness.keys(bucket) == []
    assert plain_http("PUT", address, b"a,b", **headers)[0] == 200
    head = witness.head(bucket, "k")
    assert (head["ContentType"], head["Metadata"]) == ("text/csv", {"colour": "red"})


def hoisted(s3, bucket, **headers):
    """A presigned PUT whose `x-amz-*` headers stand in the query, as the JavaScript and Go SDKs write them."""

    def add(request, **_):
        request.params = {**request.params, **headers}

    s3.meta.events.register("before-sign.s3.PutObject", add)
    return s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})


def test_put_with_hoisted_metadata(s3, witness, bucket):
    address = hoisted(s3, bucket, **{"x-amz-meta-colour": "green"})
    assert "x-amz-meta-colour=green" in address
    assert plain_http("PUT", address, b"x")[0] == 200
    assert witness.head(bucket, "k")["Metadata"] == {"colour": "green"}


@pytest.mark.policy("r2")
def test_put_with_a_hoisted_acl_is_refused_by_name(s3, witness, bucket):
    status, body = plain_http("PUT", hoisted(s3, bucket, **{"x-amz-acl": "public-read"}), b"x")
    assert status == 501 and b"x-amz-acl" in body and b"public-read" in body
    assert witness.keys(bucket) == []


@pytest.mark.policy("open")
def test_put_with_a_hoisted_acl_passes_where_all_is_open(s3, witness, bucket):
    assert plain_http("PUT", hoisted(s3, bucket, **{"x-amz-acl": "public-read"}), b"x")[0] == 200
    assert witness.body(bucket, "k") == b"x"


def test_a_header_added_by_the_sender_is_refused(s3, witness, bucket):
    """A holder of the address must not be able to add to it: this is how a presigned PUT would read another bucket."""
    witness.put(bucket, "secret", b"secret")
    address = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
    status, body = plain_http("PUT", address, b"", **{"x-amz-copy-source": f"{bucket}/secret"})
    assert status == 403 and b"x-amz-copy-source" in body
    assert witness.keys(bucket) == ["secret"]


def test_an_address_is_good_for_its_own_method_key_and_time(s3, witness, bucket):
    witness.put(bucket, "k", b"x")
    address = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    assert plain_http("PUT", address, b"changed")[0] == 403
    assert plain_http("GET", address.replace("/k?", "/other?"))[0] == 403
    assert plain_http("GET", address.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200"))[0] == 403
    assert witness.body(bucket, "k") == b"x"


def test_in_us_east_1_boto3_presigns_with_sigv2_and_must_be_told_otherwise(server, witness, bucket):
    witness.put(bucket, "k", b"x")
    where = {"Bucket": bucket, "Key": "k"}
    us_east_1 = {"endpoint_url": server.endpoint, "region_name": "us-east-1"}
    old = boto3_session().client("s3", **us_east_1).generate_presigned_url("get_object", where)
    status, body = plain_http("GET", old)
    assert status == 401 and b"SigV2 authorization is not supported. Please use SigV4 instead." in body
    in_us_east_1 = boto3_session().client("s3", config=Config(signature_version="s3v4"), **us_east_1)
    assert plain_http("GET", in_us_east_1.generate_presigned_url("get_object", where)) == (200, b"x")
    assert plain_http("GET", boto3_client(server).generate_presigned_url("get_object", where)) == (200, b"x")
