"""SigV4 as a client does it, with every step open to a case that wants it wrong."""

import datetime
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
# What the names of signed headers begin with.
SIGNED = ("host", "x-amz-", "cf-")


@dataclass
class Signer:
    """Who signs, with what, for where and when."""

    key: str
    secret: str
    region: str = "auto"
    service: str = "s3"
    ago: int = 0

    def now(self):
        """The time of signing as `20260102T030405Z`."""
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=self.ago)
        return at.strftime("%Y%m%dT%H%M%SZ")

    def scope(self, date):
        return f"{date[:8]}/{self.region}/{self.service}/aws4_request"

    def signature(self, date, canonical):
        """The signature over a canonical request."""
        text = "\n".join([ALGORITHM, date, self.scope(date), hashlib.sha256(canonical).hexdigest()])
        key = f"AWS4{self.secret}".encode()
        for part in [date[:8], self.region, self.service, "aws4_request"]:
            key = _hmac(key, part)
        return _hmac(key, text).hex()

    def header(self, method, path, query, headers, body):
        """The headers that sign a request, but those that it has. Those that r2shim wants signed are."""
        given = {name.lower(): value for name, value in headers}
        added = [
            ("x-amz-date", given.get("x-amz-date", self.now().encode())),
            ("x-amz-content-sha256", given.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest().encode())),
        ]
        date, payload = added[0][1].decode(), added[1][1].decode()
        headers = headers + [pair for pair in added if pair[0] not in given]
        covered = [pair for pair in headers if pair[0].lower().startswith(SIGNED)]
        names, lines = canonical_headers(covered)
        canonical = canonical_request(method, path, query, lines, names, payload)
        values = f"Credential={self.key}/{self.scope(date)}, SignedHeaders={names}"
        authorization = f"{ALGORITHM} {values}, Signature={self.signature(date, canonical)}"
        return [*[pair for pair in added if pair[0] not in given], ("Authorization", authorization.encode())]

    def query(self, method, path, query, headers, expires):
        """The query of a presigned request, which signs Host alone."""
        date = self.now()
        names, lines = canonical_headers([pair for pair in headers if pair[0].lower() == "host"])
        added = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.key}/{self.scope(date)}",
            "X-Amz-Date": date,
            "X-Amz-Expires": expires,
            "X-Amz-SignedHeaders": names,
        }
        text = "&".join(filter(None, [query, *(f"{name}={quote(value, safe='')}" for name, value in added.items())]))
        canonical = canonical_request(method, path, text, lines, names, "UNSIGNED-PAYLOAD")
        return f"{text}&X-Amz-Signature={self.signature(date, canonical)}"


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_request(method, path, query, headers, names, payload):
    head = "\n".join([method, path, canonical_query(query), ""]).encode()
    return head + headers + f"\n{names}\n{payload}".encode()


def canonical_headers(headers):
    """Names joined, and the lines of a canonical request: in order, values trimmed, those of one name joined."""
    values = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(b" ".join(value.split()))
    lines = [name.encode() + b":" + b",".join(values[name]) + b"\n" for name in sorted(values)]
    return ";".join(sorted(values)), b"".join(lines)


def canonical_query(query):
    """The query in order, encoded anew."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = sorted((encoded_anew(name), encoded_anew(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def encoded_anew(text):
    return quote(unquote_to_bytes(text), safe="~")
