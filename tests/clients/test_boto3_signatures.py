"""botocore's signer and random requests: what it signs is verified, and means the same on both sides.

boto3 sends few of the requests that can be signed. So these are made here, signed by botocore in a header or in the query,
and sent as they are. `R2SHIM_TEST_SEED` says which, `R2SHIM_SIGNED_KEYS` how many keys there are.
"""

import http.client
import os
import random
import re
from urllib.parse import quote, unquote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from server import ACCESS_KEY_ID, SECRET_ACCESS_KEY

# Each key is put, read, listed, copied and deleted, and four requests are changed after they were signed.
KEYS = int(os.environ.get("R2SHIM_SIGNED_KEYS", "230"))

PIECES = [
    "a", "b", "/", "//", ".", "..", "./", "../", " ", "  ", "+", "%", "%2F", "%20", "%25", "%zz", "?", "#", "&", "=", ";",
    ":", ",", "@", "!", "$", "'", "\"", "(", ")", "*", "~", "-", "_", "|", "\\", "^", "`", "{", "}", "[", "]", "<", ">",
    "é", "e\u0301", "ü", "ż", "日本", "🐢", "\u00a0", "\u2028", "\ufffd", "\t", "\x7f", "X-Amz-Signature=", "uploads",
]
# No tabs: botocore signs one as a space, the SDK for Go as itself, and S3 says spaces.
VALUE_PIECES = ["a", "B", "0", " ", "  ", ",", ";", "=", ":", "\"", "'", "%20", "+", "/", "\\", "(", "~"]


class Requests:
    """Signs with botocore and sends as it is, on one connection."""

    def __init__(self, endpoint, numbers):
        self.endpoint, self.numbers = endpoint, numbers
        self.credentials = Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
        self.connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=60)

    def sign(self, method, path, query="", headers=(), body=b""):
        """Method, target, headers and body of a signed request; in which of the two ways is left to chance."""
        url = self.endpoint + path + ("?" + query if query else "")
        in_header = self.numbers.random() < 0.5
        # A body would be taken for parameters of a presigned address.
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body if in_header else b"")
        if in_header:
            S3SigV4Auth(self.credentials, "s3", "auto").add_auth(request)
        else:
            S3SigV4QueryAuth(self.credentials, "s3", "auto", expires=300).add_auth(request)
        parts = urlsplit(request.url)
        # What a URL library made of it is not what was signed: the target is cut out of the text.
        target = request.url[request.url.index(parts.netloc) + len(parts.netloc) :]
        return method, target, list(request.headers.items()), body

    def send(self, method, target, headers, body):
        """Status, headers and body of the answer."""
        self.connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            self.connection.putheader(name, value.encode("utf-8") if isinstance(value, str) else value)
        if body or method == "PUT":
            self.connection.putheader("Content-Length", str(len(body)))
        self.connection.endheaders(body)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def ask(self, *request, **more):
        return self.send(*self.sign(*request, **more))


def text(numbers, pieces, most):
    return "".join(numbers.choice(pieces) for _ in range(numbers.randint(1, most)))


def encoded(numbers, key):
    """A key in a path, percent-encoded in one of the ways in which clients do."""
    return quote(key, safe=numbers.choice(["/~", "/~", "~"]))


def random_query(numbers):
    """Parameters that a GetObject has, in any order."""
    names = ["response-content-type", "response-cache-control", "response-content-disposition"]
    chosen = numbers.sample(names, numbers.randint(0, len(names)))
    given = {name: text(numbers, ["a", "b", " ", "/", "=", ";", "+", "%2F", "~", "&", "*", "\""], 6) for name in chosen}
    return given, "&".join(f"{name}={quote(value.strip() or 'x', safe='~')}" for name, value in given.items())


def changed(numbers, signed):
    """The same request with another path, parameter, header or method."""
    method, target, headers, body = signed
    path, _, query = target.partition("?")
    case = numbers.randrange(3)
    if case == 0:
        return method, path + "x" + ("?" + query if query else ""), headers, body
    if case == 1:
        return method, target + ("&" if query else "?") + "x-id=a", headers, body
    return ("HEAD" if method == "GET" else "GET"), target, headers, body


@pytest.mark.policy("r2")
@pytest.mark.store("local")
def test_what_botocore_signs_is_verified_and_nothing_else(server, bucket):
    seed = int(os.environ.get("R2SHIM_TEST_SEED", "1"))
    numbers = random.Random(seed)
    requests = Requests(server.endpoint, numbers)
    sent = 0
    for _ in range(KEYS):
        key = text(numbers, PIECES, 12)
        sent += check_key(requests, numbers, bucket, key)
    print(f"{sent} requests of seed {seed}")


def check_key(requests, numbers, bucket, key):
    where = f"/{bucket}/{encoded(numbers, key)}"
    body = key.encode()
    values = {f"x-amz-meta-{number}": text(numbers, VALUE_PIECES, 8).strip() or "x" for number in range(2)}
    headers = {**values, "Content-Type": "text/plain; charset=utf-8", "X-Own": text(numbers, VALUE_PIECES, 4).strip()}
    signed = requests.sign("PUT", where, headers=headers, body=body)
    status, _, answer = requests.send(*signed)
    assert status == 200, (key, signed, answer)

    given, query = random_query(numbers)
    signed = requests.sign("GET", where, query)
    status, answered, answer = requests.send(*signed)
    assert (status, answer) == (200, body), (key, signed, answer)
    for name, value in given.items():
        assert answered[name.removeprefix("response-")] == (value.strip() or "x"), (key, signed)
    for name in values:
        assert answered[name] == headers[name], (key, name)

    prefix = quote(key, safe="~")
    signed = requests.sign("GET", f"/{bucket}", f"list-type=2&encoding-type=url&max-keys=1&prefix={prefix}")
    status, _, answer = requests.send(*signed)
    found = re.search(r"<Contents><Key>([^<]*)</Key>", answer.decode())
    assert status == 200 and found and unquote(found[1]) == key, (key, signed, answer)

    source = quote(f"{bucket}/{key}", safe="/~")
    signed = requests.sign("PUT", f"/{bucket}/copy-of-it", headers={"x-amz-copy-source": source})
    status, _, answer = requests.send(*signed)
    assert status == 200 and b"<CopyObjectResult" in answer, (key, signed, answer)

    for _ in range(4):
        signed = requests.sign("GET", where, random_query(numbers)[1])
        wrong = changed(numbers, signed)
        status, _, answer = requests.send(*wrong)
        assert status == 403 and (wrong[0] == "HEAD" or b"<Code>SignatureDoesNotMatch<" in answer), (wrong, answer)

    status, _, answer = requests.ask("DELETE", where)
    assert status == 204, (key, answer)
    return 9
