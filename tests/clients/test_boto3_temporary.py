"""boto3 with R2's temporary credentials: made here as R2's docs have it, and by `r2shim keys temporary`."""

import base64
import hashlib
import hmac
import json
import subprocess
import time
import urllib.error
import urllib.request

import boto3
import pytest

from server import ACCESS_KEY_ID, BINARY, KEYS, SECRET_ACCESS_KEY
from witness import refusal

DENIED = (403, "AccessDenied")


def unpadded(data):
    """Base64 as JSON Web Tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def credentials(bucket, seconds=900, **claims):
    """Temporary credentials in the three arguments of boto3 (R2 docs, "Temporary credentials")."""
    now = int(time.time())
    whole = {"bucket": bucket, "sub": "account", "iss": ACCESS_KEY_ID, "aud": "host", "iat": now, "exp": now + seconds}
    parts = [{"alg": "HS256", "typ": "JWT"}, whole | claims]
    signed = ".".join(unpadded(json.dumps(part).encode()) for part in parts)
    tag = hmac.new(SECRET_ACCESS_KEY.encode(), signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{unpadded(tag)}"
    return {
        "aws_access_key_id": ACCESS_KEY_ID,
        "aws_secret_access_key": hashlib.sha256(token.encode()).hexdigest(),
        "aws_session_token": base64.b64encode(f"jwt/{token}".encode()).decode(),
    }


def client(server, given):
    """boto3 with temporary credentials."""
    return boto3.Session(region_name="auto", **given).client("s3", endpoint_url=server.endpoint)


@pytest.fixture
def filled(witness, bucket):
    """A bucket with something to read, and something beside it."""
    for key in ["data/a", "other"]:
        witness.put(bucket, key, key.encode())
    return bucket


def test_a_class_and_paths(server, filled):
    s3 = client(server, credentials(filled, scope="object-read-write", paths={"prefixPaths": ["data/"]}))
    assert s3.get_object(Bucket=filled, Key="data/a")["Body"].read() == b"data/a"
    assert s3.list_objects_v2(Bucket=filled, Prefix="data/")["KeyCount"] == 1
    s3.put_object(Bucket=filled, Key="data/b", Body=b"new")
    s3.copy_object(Bucket=filled, Key="data/c", CopySource={"Bucket": filled, "Key": "data/b"})
    s3.delete_objects(Bucket=filled, Delete={"Objects": [{"Key": "data/b"}]})
    for call, arguments in [
        (s3.get_object, {"Key": "other"}),
        (s3.put_object, {"Key": "new"}),
        (s3.copy_object, {"Key": "data/d", "CopySource": {"Bucket": filled, "Key": "other"}}),
        (s3.delete_objects, {"Delete": {"Objects": [{"Key": "data/c"}, {"Key": "other"}]}}),
        (s3.list_objects_v2, {}),
        (s3.delete_bucket, {}),
    ]:
        assert refusal(call, Bucket=filled, **arguments)[:2] == DENIED, arguments
    s3.head_object(Bucket=filled, Key="data/c")
    assert refusal(s3.list_buckets)[:2] == DENIED


def test_actions(server, filled):
    s3 = client(server, credentials(filled, actions=["GetObject", "PutObject"]))
    s3.put_object(Bucket=filled, Key="new", Body=b"new")
    assert s3.get_object(Bucket=filled, Key="new")["Body"].read() == b"new"
    assert refusal(s3.head_object, Bucket=filled, Key="new")[0] == 403
    assert refusal(s3.list_objects_v2, Bucket=filled)[:2] == DENIED


def test_a_presigned_address_carries_the_token(server, filled):
    s3 = client(server, credentials(filled, scope="object-read-only", paths={"objectPaths": ["other"]}))
    address = s3.generate_presigned_url("get_object", {"Bucket": filled, "Key": "other"})
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert answer.read() == b"other"
    beside = s3.generate_presigned_url("get_object", {"Bucket": filled, "Key": "data/a"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(beside, timeout=30)


def test_credentials_that_do_not_hold(server, filled):
    def answer(given):
        return refusal(client(server, given).get_object, Bucket=filled, Key="other")[:2]

    good = credentials(filled, scope="object-read-only")
    assert answer(credentials(filled, seconds=-1, scope="object-read-only")) == (403, "SignatureDoesNotMatch")
    assert answer(credentials(filled)) == (400, "InvalidArgument")
    assert answer(good | {"aws_secret_access_key": SECRET_ACCESS_KEY}) == (403, "SignatureDoesNotMatch")
    assert answer(good | {"aws_session_token": "FwoGZXIvYXdzEBYaDH"}) == (400, "InvalidArgument")


def test_the_command_makes_them(server, filled):
    def run(*words, **variables):
        done = subprocess.run(
            [BINARY, "keys", *words], env=KEYS | variables, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout

    words = ["--bucket", filled, "--scope", "object-read-only", "--prefix", "data/", "--expires", "1h"]
    code, lines = run("temporary", *words)
    made = dict(line.split("=", 1) for line in lines.splitlines() if not line.startswith("#"))
    made = {name: value.strip("'") for name, value in made.items()}
    s3 = client(server, {name.lower(): value for name, value in made.items()})
    assert s3.get_object(Bucket=filled, Key="data/a")["Body"].read() == b"data/a"
    assert refusal(s3.get_object, Bucket=filled, Key="other")[:2] == DENIED
    code, said = run("check", **made)
    assert code == 0 and "temporary credentials" in said and made["AWS_SECRET_ACCESS_KEY"] not in said
    code, said = run("check", **made | {"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert code == 1 and "is not that of the session token" in said
