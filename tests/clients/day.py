"""A day of mixed clients: what each of them does, and what of it R2 would refuse.

The same day goes to r2shim in audit mode and straight to a store that logs it. Every step is one client's; most are fine.
Keys of objects are new in each step, so that nothing writes twice to one key but the step that means to.
"""

import sys
import urllib.error
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from command import Command, require
from payloads import MIB, binary

DAY_BUCKET = "the-day"

# Product of the client, operation, rule: all that is planted. No other request of the day may be found. What MinIO refuses
# as R2 does, KMS and the missing lock that mc asks for, is no finding.
PLANTED = [
    ("Boto3", "PutObjectTagging", "policy/PutObjectTagging"),
    ("Boto3", "GetObjectTagging", "policy/GetObjectTagging"),
    ("Boto3", "PutObject", "policy/x-amz-tagging"),
    ("Boto3", "PutObject", "policy/x-amz-grant-read"),
    ("Boto3", "PutObject", "policy/x-amz-storage-class"),
    ("Boto3", "GetObjectAcl", "policy/GetObjectAcl"),
    ("Boto3", "PutBucketVersioning", "policy/PutBucketVersioning"),
    ("Boto3", "PutBucketPolicy", "policy/PutBucketPolicy"),
    ("Boto3", "ListObjectVersions", "policy/ListObjectVersions"),
    ("Boto3", "CompleteMultipartUpload", "parts/unequal"),
    ("Boto3", "DeleteObjects", "delete/over-700-keys"),
    ("Boto3", "PutObject", "rate/writes-per-key"),
    ("Boto3", "ListObjectsV2", "region/InvalidRegionName"),
    ("browser", "GetObject", "authenticate/sigv2"),
    ("aws-cli", "PutBucketWebsite", "policy/PutBucketWebsite"),
    ("aws-cli", "GetObjectLegalHold", "policy/GetObjectLegalHold"),
    ("MinIO", "PutObject", "policy/streaming-signed"),
]


class Day:
    """The clients of the day: their keys, the address they use, and a folder for their files."""

    def __init__(self, endpoint, key_id, secret, home):
        self.endpoint, self.key_id, self.secret, self.home = endpoint, key_id, secret, home

    def run(self):
        """Everything that the clients do, from the first bucket on."""
        self.application()
        self.careless_application()
        self.administrator()
        self.backup()
        self.minio_client()

    def boto3(self, region="us-east-1", **settings):
        """An application's client; what fails is tried once."""
        session = boto3.Session(self.key_id, self.secret, region_name=region)
        config = Config(retries={"total_max_attempts": 1}, **settings)
        return session.client("s3", endpoint_url=self.endpoint, config=config)

    def application(self):
        """One that is ready: it reads and writes, in parts too, and lists and deletes."""
        s3 = self.boto3()
        s3.create_bucket(Bucket=DAY_BUCKET)
        s3.put_object(Bucket=DAY_BUCKET, Key="fine/a", Body=b"a", ContentType="text/plain", Metadata={"colour": "red"})
        s3.put_object(Bucket=DAY_BUCKET, Key="fine/acl", Body=b"b", ACL="private")
        assert s3.get_object(Bucket=DAY_BUCKET, Key="fine/a", Range="bytes=0-")["Body"].read() == b"a"
        s3.head_object(Bucket=DAY_BUCKET, Key="fine/a")
        s3.copy_object(Bucket=DAY_BUCKET, Key="fine/copy", CopySource={"Bucket": DAY_BUCKET, "Key": "fine/a"})
        (self.home / "parts").write_bytes(binary(17 * MIB))
        s3.upload_file(self.home / "parts", DAY_BUCKET, "fine/parts")
        s3.list_objects_v2(Bucket=DAY_BUCKET, Prefix="fine/", Delimiter="/")
        s3.delete_object(Bucket=DAY_BUCKET, Key="fine/copy")
        s3.delete_objects(Bucket=DAY_BUCKET, Delete={"Objects": [{"Key": "fine/acl"}]})
        s3.list_buckets()
        assert fetched(self.presigned("s3v4")) == b"a"

    def presigned(self, signature_version):
        """An address that boto3 has signed in that way; `s3`, its default here, is SigV2."""
        s3 = self.boto3(signature_version=signature_version)
        return s3.generate_presigned_url("get_object", {"Bucket": DAY_BUCKET, "Key": "fine/a"})

    def careless_application(self):
        """One that uses what R2 does not have."""
        s3 = self.boto3()
        here = {"Bucket": DAY_BUCKET}
        s3.put_object_tagging(**here, Key="fine/a", Tagging={"TagSet": [{"Key": "team", "Value": "red"}]})
        s3.get_object_tagging(**here, Key="fine/a")
        s3.put_object(**here, Key="planted/tagged", Body=b"x", Tagging="team=red")
        attempt(s3.put_object, **here, Key="planted/granted", Body=b"x", GrantRead="id=someone")
        attempt(s3.put_object, **here, Key="planted/cold", Body=b"x", StorageClass="REDUCED_REDUNDANCY")
        attempt(s3.put_object, **here, Key="planted/kms", Body=b"x", ServerSideEncryption="aws:kms")
        s3.get_object_acl(**here, Key="fine/a")
        attempt(s3.put_bucket_policy, **here, Policy='{"Version": "2012-10-17", "Statement": []}')
        s3.list_object_versions(**here)
        self.unequal_parts(s3)
        s3.delete_objects(**here, Delete={"Objects": [{"Key": f"gone/{number}"} for number in range(701)]})
        self.hasty_writes(s3)
        fetched(self.presigned("s3"))
        self.boto3("eu-west-1").list_objects_v2(**here)
        versions = {"Bucket": f"{DAY_BUCKET}-versions"}
        s3.create_bucket(**versions)
        attempt(s3.put_bucket_versioning, **versions, VersioningConfiguration={"Status": "Enabled"})

    def unequal_parts(self, s3):
        """An upload whose second part is larger than its first."""
        upload = {"Bucket": DAY_BUCKET, "Key": "planted/unequal"}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        sizes = {1: 5 * MIB, 2: 6 * MIB, 3: 1}
        parts = [
            {"PartNumber": number, "ETag": s3.upload_part(**upload, PartNumber=number, Body=binary(size))["ETag"]}
            for number, size in sizes.items()
        ]
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def hasty_writes(self, s3):
        """Two writes to one key, as fast as they go; three, so that no machine is too slow to do it in a second."""
        for _ in range(3):
            s3.put_object(Bucket=DAY_BUCKET, Key="planted/hasty", Body=b"x")

    def administrator(self):
        """A person with aws-cli."""
        environment = {
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
        }
        aws = Command([Path(sys.executable).with_name("aws")], self.home, environment)
        (self.home / "page").write_text("<p>")
        aws.succeeds("s3", "cp", "page", f"s3://{DAY_BUCKET}/fine/page.html")
        aws.succeeds("s3", "ls", f"s3://{DAY_BUCKET}/fine/")
        website = '{"IndexDocument": {"Suffix": "index.html"}}'
        aws.run("s3api", "put-bucket-website", "--bucket", DAY_BUCKET, "--website-configuration", website)
        aws.run("s3api", "get-object-legal-hold", "--bucket", DAY_BUCKET, "--key", "fine/page.html")

    def backup(self):
        """rclone as Debian has it, which names the ACL `private` in every write: today's R2 ignores it."""
        environment = {
            "RCLONE_CONFIG": str(self.home / "rclone.conf"),
            "RCLONE_CONFIG_R2_TYPE": "s3",
            "RCLONE_CONFIG_R2_PROVIDER": "Cloudflare",
            "RCLONE_CONFIG_R2_REGION": "auto",
            "RCLONE_CONFIG_R2_ENDPOINT": self.endpoint,
            "RCLONE_CONFIG_R2_ACCESS_KEY_ID": self.key_id,
            "RCLONE_CONFIG_R2_SECRET_ACCESS_KEY": self.secret,
        }
        rclone = Command([require("rclone")], self.home, environment)
        (self.home / "backup").write_bytes(binary(1 * MIB))
        rclone.succeeds("copy", "--s3-no-check-bucket", "backup", f"r2:{DAY_BUCKET}/fine/backup")
        rclone.succeeds("check", "--one-way", "backup", f"r2:{DAY_BUCKET}/fine/backup")

    def minio_client(self):
        """mc, which signs its uploads chunk by chunk over plain HTTP."""
        address = self.endpoint.removeprefix("http://")
        host = {"MC_HOST_day": f"http://{self.key_id}:{self.secret}@{address}"}
        mc = Command([require("mc"), "--config-dir", str(self.home / "mc")], self.home, host)
        (self.home / "streamed").write_bytes(binary(MIB))
        mc.succeeds("cp", "streamed", f"day/{DAY_BUCKET}/planted/streamed")
        mc.succeeds("stat", f"day/{DAY_BUCKET}/planted/streamed")


def attempt(call, **arguments):
    """Makes a call that the store may refuse too: what R2 would say of it does not depend on that."""
    try:
        call(**arguments)
    except ClientError as error:
        print(call.__name__, error)


def fetched(address):
    """What a browser gets from an address; None where it is refused."""
    request = urllib.request.Request(address, headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"})
    try:
        return urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as error:
        print("GET", error)
        return None


def found(audit):
    """Product, operation and rule of every finding of an audit, as its JSON file has it, with the count."""
    return {
        (client["product"], finding["operation"], finding["rule"]): finding["count"]
        for client in audit["clients"]
        for finding in client["findings"]
    }
