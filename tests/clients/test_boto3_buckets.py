"""boto3: what a bucket remembers under today's R2, with the calls of Cloudflare's documentation."""

import datetime
import time

import pytest

from witness import refusal

pytestmark = pytest.mark.policy("r2-2026")
local = pytest.mark.store("local")

ORIGIN = "https://app.example"
CORS = [
    {
        "ID": "pages",
        "AllowedOrigins": [ORIGIN, "http://localhost:3000"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["content-type"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 3600,
    }
]
# A time in which a rule is carried out for sure.
SECONDS = 60


def rule(name, **actions):
    """An enabled rule for the keys below `logs/`."""
    return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": "logs/"}, **actions}


@local
def test_cors_rules_come_back_as_they_were_put(s3, bucket):
    assert refusal(s3.get_bucket_cors, Bucket=bucket)[:2] == (404, "NoSuchCORSConfiguration")
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": CORS})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == CORS
    s3.delete_bucket_cors(Bucket=bucket)
    assert refusal(s3.get_bucket_cors, Bucket=bucket)[:2] == (404, "NoSuchCORSConfiguration")


@local
def test_an_origin_with_a_path_is_named(s3, bucket):
    rules = {"CORSRules": [{"AllowedOrigins": [f"{ORIGIN}/"], "AllowedMethods": ["GET"]}]}
    status, code, message = refusal(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration=rules)
    assert (status, code) == (400, "MalformedXML") and f"'{ORIGIN}/'" in message


def test_lifecycle_rules_come_back_as_they_were_put(s3, bucket):
    rules = [rule("by age", Expiration={"Days": 90}), rule("by date", Expiration={"Date": midnight(2199)})]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert sorted(found, key=lambda rule: rule["ID"]) == rules
    s3.delete_bucket_lifecycle(Bucket=bucket)
    code = refusal(s3.get_bucket_lifecycle_configuration, Bucket=bucket)[1]
    assert code == "NoSuchLifecycleConfiguration"


@local
def test_all_actions_of_the_documentation_are_kept(s3, bucket):
    rules = [
        rule("transition", Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}]),
        rule("uploads", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}),
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    tagged = [{"Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}}]
    refused = refusal(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": tagged})
    assert refused == (501, "NotImplemented", "PutBucketLifecycleConfiguration element Tag not implemented")


@local
def test_a_new_bucket_aborts_uploads_after_a_week(s3, bucket):
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["ID"] == "Default Multipart Abort Rule"
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert upload["AbortRuleId"] == "Default%20Multipart%20Abort%20Rule"
    left = upload["AbortDate"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=6, hours=23) < left <= datetime.timedelta(days=7)


@local
def test_objects_that_have_expired_go(s3, witness, bucket):
    for key in ["logs/a", "kept"]:
        witness.put(bucket, key, b"x")
    rules = [rule("past", Expiration={"Date": midnight(2020)})]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    limit = time.monotonic() + SECONDS
    while "logs/a" in witness.keys(bucket) and time.monotonic() < limit:
        time.sleep(0.05)
    assert witness.keys(bucket) == ["kept"]
    assert s3.put_object(Bucket=bucket, Key="logs/b")["Expiration"].endswith('rule-id="past"')


@local
def test_encryption_is_aes256(s3, bucket):
    def encrypted_by(algorithm):
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}]}

    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encrypted_by("AES256"))
    (found,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    kms = encrypted_by("aws:kms")
    assert refusal(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=kms)[0] == 501
    s3.delete_bucket_encryption(Bucket=bucket)


def test_the_acl_gives_everything_to_the_owner(s3, bucket):
    acl = s3.get_bucket_acl(Bucket=bucket)
    assert acl["Owner"]["ID"] == "r2shim"
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]


@local
def test_a_location_hint_is_kept(s3, free_name):
    s3.create_bucket(Bucket=free_name, CreateBucketConfiguration={"LocationConstraint": "weur"})
    assert s3.get_bucket_location(Bucket=free_name)["LocationConstraint"] == "WEUR"


def midnight(year):
    """The first midnight of a year."""
    return datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
