"""r2shim's own TLS: boto3 over HTTP/1.1, curl and the SDK for Go over HTTP/2, which both choose by themselves."""

import re

import pytest
from botocore.config import Config

from command import Command, require
from payloads import MIB, binary
from server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server
from test_sdks import BUILT, LINE, SECONDS, built
from tls import certificate
from witness import boto3_client, refusal


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A server with a certificate, which is at `certificate`."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = certificate(require("openssl"), folder)
    running = Server("r2", folder / "data", arguments=["--tls-certificate", cert, "--tls-key", key])
    running.certificate = str(cert)
    yield running
    running.stop()


@pytest.fixture
def s3(secure):
    return boto3_client(secure, verify=secure.certificate, config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def media(secure, s3):
    """The name of a bucket."""
    name = secure.new_name()
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def curl(secure, tmp_path):
    return Command([require("curl"), "--silent", "--show-error", "--cacert", secure.certificate], tmp_path, {})


def presigned(s3, operation, **arguments):
    return s3.generate_presigned_url(operation, Params=arguments)


def test_boto3_trusts_the_certificate(s3, secure, media):
    s3.put_object(Bucket=media, Key="k", Body=binary(3 * MIB))
    assert s3.get_object(Bucket=media, Key="k")["Body"].read() == binary(3 * MIB)
    assert refusal(s3.put_object, Bucket=media, Key="k", Body=b"x", ACL="private")[:2] == (501, "NotImplemented")
    where = {"Bucket": media, "Key": "parts"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    part = {"PartNumber": 1, "ETag": s3.upload_part(**where, PartNumber=1, Body=b"x")["ETag"]}
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [part]})
    assert done["Location"] == f"{secure.endpoint}/{media}/parts"


def test_curl_uploads_and_downloads_over_http2(curl, s3, secure, media, tmp_path):
    (tmp_path / "up").write_bytes(binary(8 * MIB))
    put, get = (presigned(s3, operation, Bucket=media, Key="k") for operation in ("put_object", "get_object"))
    curl.succeeds("--http2", "--fail", "--upload-file", "up", put)
    curl.succeeds("--http2", "--fail", "--output", "down", get)
    assert (tmp_path / "down").read_bytes() == binary(8 * MIB)
    assert secure.line(r"protocol=\"HTTP/2\" tls=\"TLSv1.3\" .*operation=GetObject ")


@pytest.mark.parametrize("expect", ["Expect: 100-continue", "Expect:"])
def test_curl_sees_why_an_upload_is_refused(curl, s3, media, tmp_path, expect):
    """curl 7.88 loses an answer whose request is reset too soon."""
    (tmp_path / "up").write_bytes(binary(8 * MIB))
    put = presigned(s3, "put_object", Bucket=media, Key="k")
    for _ in range(5):
        refused = curl.succeeds("--http2", "--header", expect, "--header", "x-amz-acl: private", "--upload-file", "up", put)
        assert "<Code>" in refused.stdout, refused.text


def test_go_v2_speaks_http2(secure, home, subtests):
    environment = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": "auto",
        "AWS_ENDPOINT_URL": secure.endpoint,
        "AWS_CA_BUNDLE": secure.certificate,
        # Go trusts it, too, where the program fetches a presigned address itself.
        "SSL_CERT_FILE": secure.certificate,
    }
    program = Command([built(BUILT / "bin" / "s3-go", "go")], home, environment)
    output = program.run("r2", "local", secure.new_prefix(), seconds=SECONDS)
    lines = [line for line in map(LINE.fullmatch, output.stdout.splitlines()) if line]
    for failed, name, why in (line.groups() for line in lines):
        with subtests.test(name):
            assert not failed, why
    assert output.code == 0 and lines, "the program broke off, see its output"
    assert any(re.search(r"protocol=\"?HTTP/2", line) for line in secure.log)
