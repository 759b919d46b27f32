"""`r2shim audit` over the audit log that a real MinIO writes of a day with planted incompatibilities."""

import json
import subprocess

import boto3
import pytest
from botocore.config import Config
from audit_log import AuditLog
from command import require
from minio import ROOT_PASSWORD, ROOT_USER, Minio
from server import BINARY

PART = 5 << 20

# What is planted, and nothing else: the operation and the rule that refuses it.
PLANTED = {
    ("PutObject", "policy/x-amz-tagging"),
    ("PutObjectTagging", "policy/PutObjectTagging"),
    ("PutBucketVersioning", "policy/PutBucketVersioning"),
    ("ListObjectVersions", "policy/ListObjectVersions"),
    ("PutBucketAcl", "policy/PutBucketAcl"),
    ("GetObject", "region/InvalidRegionName"),
    ("GetObject", "authenticate/sigv2"),
    ("CompleteMultipartUpload", "parts/unequal"),
    ("DeleteObjects", "delete/over-700-keys"),
}


@pytest.fixture
def audit_log():
    log = AuditLog()
    yield log
    log.stop()


@pytest.fixture
def store(tmp_path, audit_log):
    folder = tmp_path / "minio"
    folder.mkdir()
    minio = Minio(require("minio"), folder, audit_log.environment)
    yield minio
    minio.stop()


def client(store, region="us-east-1", **config):
    """boto3 past r2shim. Deletes of many keys need a digest, so checksums are as they come."""
    keys = {"aws_access_key_id": ROOT_USER, "aws_secret_access_key": ROOT_PASSWORD}
    session = boto3.Session(**keys, region_name=region)
    return session.client("s3", endpoint_url=store.endpoint, config=Config(**config))


def live_through_a_day(store):
    """What R2 takes, and everything that is planted, each once."""
    s3 = client(store)
    s3.create_bucket(Bucket="media")
    for key in ("plain", "caf\u00e9 a+b/\u2713"):
        s3.put_object(Bucket="media", Key=key, Body=b"hello", ACL="private", Metadata={"a": "b"})
        s3.get_object(Bucket="media", Key=key)["Body"].read()
    s3.list_objects_v2(Bucket="media")
    s3.put_object(Bucket="media", Key="tagged", Body=b"x", Tagging="a=b")
    s3.put_object_tagging(Bucket="media", Key="tagged", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_bucket_versioning(Bucket="media", VersioningConfiguration={"Status": "Suspended"})
    s3.list_object_versions(Bucket="media")
    s3.put_bucket_acl(Bucket="media", ACL="private")
    client(store, region="eu-central-1").get_object(Bucket="media", Key="plain")["Body"].read()
    signature_2 = client(store, signature_version="s3")
    signature_2.get_object(Bucket="media", Key="plain")["Body"].read()
    complete(s3, "unequal", [PART, PART + 1, 1])
    complete(s3, "equal", [PART, PART, 1])
    s3.delete_objects(Bucket="media", Delete={"Objects": [{"Key": f"k{number}"} for number in range(701)]})
    s3.delete_objects(Bucket="media", Delete={"Objects": [{"Key": f"k{number}"} for number in range(700)]})
    s3.head_object(Bucket="media", Key="plain", IfMatch='"5d41402abc4b2a76b9719d911017c592"')


def complete(s3, key, sizes):
    """A multipart upload with parts of these sizes."""
    upload = {"Bucket": "media", "Key": key}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    parts = []
    for number, size in enumerate(sizes, 1):
        answer = s3.upload_part(**upload, PartNumber=number, Body=bytes(size))
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


def test_each_planted_incompatibility_is_found_once_and_nothing_else(store, audit_log, tmp_path):
    live_through_a_day(store)
    audit_log.wait_for(b'"HeadObject"')
    log, kept = tmp_path / "audit.log", tmp_path / "audit.json"
    audit_log.write(log)
    done = subprocess.run([BINARY, "audit", log, "--out", kept], capture_output=True, text=True)
    assert done.returncode == 0 and "not understood" not in done.stderr, done.stderr
    audit = json.loads(kept.read_text())
    found = [(finding["operation"], finding["rule"]) for who in audit["clients"] for finding in who["findings"]]
    assert (set(found), len(found)) == (PLANTED, len(PLANTED)), done.stdout
    assert {finding["count"] for who in audit["clients"] for finding in who["findings"]} == {1}
    assert {(who["key_id"], who["product"]) for who in audit["clients"]} == {(ROOT_USER, "Boto3")}
    assert ROOT_PASSWORD not in kept.read_text() and "Signature=" not in done.stdout.replace("Signature=...", "")
