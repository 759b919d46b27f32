"""A presigned upload: who holds the secret signs an address, who has none sends a file to it. Needs boto3.

    AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... python3 examples/presigned_upload.py [ENDPOINT]

Like R2, r2shim wants SigV4 in the address, and refuses `x-amz-*` headers that were not signed with it: the sender cannot
turn the upload into anything else.
"""

import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:9000"
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="auto", config=Config(signature_version="s3v4"))

try:
    s3.create_bucket(Bucket="uploads")
except ClientError as error:
    if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
        raise

# The content type is signed too: an upload of another type gets 403.
upload = {"Bucket": "uploads", "Key": "from a browser.txt", "ContentType": "text/plain"}
address = s3.generate_presigned_url("put_object", upload, ExpiresIn=300)

# From here on no secret is needed.
request = urllib.request.Request(address, b"hello", {"Content-Type": "text/plain"}, method="PUT")
with urllib.request.urlopen(request) as answer:
    print("uploaded:", answer.status, answer.headers["ETag"])

address = s3.generate_presigned_url("get_object", {"Bucket": "uploads", "Key": upload["Key"]}, ExpiresIn=300)
with urllib.request.urlopen(address) as answer:
    print("read back:", answer.read().decode())
