"""The second pair of eyes: what is really stored, asked through boto3, whichever client is being checked."""

import boto3
from botocore.exceptions import ClientError

from server import ACCESS_KEY_ID, SECRET_ACCESS_KEY


def boto3_session():
    """A session with the suite's keys, and nothing from the caller's environment or home."""
    return boto3.Session(aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name="auto")


def boto3_client(server, **settings):
    """boto3's S3 client: default settings unless some are given."""
    return boto3_session().client("s3", endpoint_url=server.endpoint, **settings)


class Witness:
    """Creates what a check starts from, and looks at what it leaves."""

    def __init__(self, server):
        self._s3 = boto3_client(server)

    def create_bucket(self, name):
        """Creates a bucket and returns its name."""
        self._s3.create_bucket(Bucket=name)
        return name

    def buckets(self):
        """The names of all buckets."""
        return [bucket["Name"] for bucket in self._s3.list_buckets()["Buckets"]]

    def keys(self, bucket):
        """All keys of a bucket, in the order of the listing."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def put(self, bucket, key, body):
        """Stores an object."""
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)

    def head(self, bucket, key):
        """HeadObject's answer."""
        return self._s3.head_object(Bucket=bucket, Key=key)

    def body(self, bucket, key):
        """An object's bytes."""
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def refusal(call, **arguments):
    """Makes a boto3 call that must be refused; returns status, code and message."""
    try:
        call(**arguments)
    except ClientError as error:
        answer = error.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"].get("Message", "")
    raise AssertionError("the call should have been refused")
