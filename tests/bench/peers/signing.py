"""Signature Version 4, in a header or in the query. Addresses are signed for the host that they are sent to."""

import hashlib
import hmac
import time
from urllib.parse import quote

KEY_ID = "benchbenchbench"
SECRET = "bench-secret-bench-secret"
# The region that every store here takes.
REGION = "us-east-1"
UNSIGNED = "UNSIGNED-PAYLOAD"
EXPIRES_SECONDS = 24 * 3600


def _hash(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _query(parameters):
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(parameters.items()))


class Signer:
    """Signs requests to one `host:port`. The time and the key of the day are taken once."""

    def __init__(self, host, secret=SECRET):
        self.host = host
        self.moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.scope = f"{self.moment[:8]}/{REGION}/s3/aws4_request"
        self._key = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            self._key = _hash(self._key, part)

    def _signature(self, method, path, query, headers, payload):
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{';'.join(sorted(headers))}\n{payload}"
        text = f"AWS4-HMAC-SHA256\n{self.moment}\n{self.scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        return _hash(self._key, text).hex()

    def presigned(self, method, path, query=None):
        """Path and query of a request that needs no header but Host. Its body is not signed."""
        parameters = {
            **(query or {}),
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{KEY_ID}/{self.scope}",
            "X-Amz-Date": self.moment,
            "X-Amz-Expires": str(EXPIRES_SECONDS),
            "X-Amz-SignedHeaders": "host",
        }
        text = _query(parameters)
        signature = self._signature(method, path, text, {"host": self.host}, UNSIGNED)
        return f"{path}?{text}&X-Amz-Signature={signature}"

    def signed(self, method, path, query=None, body=b""):
        """Path with query, and the headers to send besides Host. The digest of the body is signed."""
        payload = hashlib.sha256(body).hexdigest()
        headers = {"host": self.host, "x-amz-content-sha256": payload, "x-amz-date": self.moment}
        text = _query(query or {})
        signature = self._signature(method, path, text, headers, payload)
        names = ";".join(sorted(headers))
        credential = f"Credential={KEY_ID}/{self.scope}, SignedHeaders={names}, Signature={signature}"
        del headers["host"]
        return path + (f"?{text}" if text else ""), {**headers, "authorization": f"AWS4-HMAC-SHA256 {credential}"}
