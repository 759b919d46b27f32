"""boto3 in front of MinIO: what is seen of MinIO, and what MinIO sees, asked past r2shim."""

import pytest

from minio import MAPPED
from witness import refusal

pytestmark = pytest.mark.store("minio")


def test_a_bucket_has_the_stores_name_there_and_the_clients_name_here(s3, server, witness, bucket):
    theirs = MAPPED[bucket]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"colour": "red"})
    there = server.minio.client().get_object(Bucket=theirs, Key="k")
    assert (there["Body"].read(), there["Metadata"]) == (b"x", {"colour": "red"})
    assert bucket in witness.buckets() and theirs not in witness.buckets()
    listing = s3.list_objects_v2(Bucket=bucket)
    assert listing["Name"] == bucket and listing["Contents"][0]["Key"] == "k"


def test_answers_say_nothing_of_the_store(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    get = s3.get_object(Bucket=bucket, Key="k")
    for answer in (put, get, s3.head_bucket(Bucket=bucket), s3.list_objects(Bucket=bucket)):
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        traces = [f"{name}: {value}" for name, value in headers.items() if "minio" in f"{name}{value}".lower()]
        assert traces == [] and "x-amz-id-2" not in headers and "x-amz-version-id" not in headers


def test_the_log_says_which_node_answered(s3, server, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    server.line(rf'operation=PutObject bucket="{bucket}" key="k" status=200 node="{server.minio.endpoint}"')
    refusal(s3.get_object, Bucket=bucket, Key="nothing")
    server.line(rf'key="nothing" status=404 error="NoSuchKey" cause="{server.minio.endpoint}: the upstream answered 404')
