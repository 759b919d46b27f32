"""One of the two that are asked: how a request of a table is sent to it, and what it answered."""

import http.client
import re
import xml.etree.ElementTree as xml
from urllib.parse import urlsplit

from oracle.signing import Signer
from oracle.table import plain

SECONDS = 60
NAME = re.compile(r"\{(?:(b?\d+)\.)?([A-Za-z-]+)\}")
REPEATED = re.compile(r"\{(\d+)\*(\w)\}")


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, answer):
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = answer.read()

    @property
    def document(self):
        """The body as XML, or None."""
        if not self.body.startswith(b"<?xml"):
            return None
        try:
            return xml.fromstring(self.body)
        except xml.ParseError:
            return None

    def says(self, name):
        """What a header or an element of the answer says, for the requests after it."""
        if name in self.headers:
            return self.headers[name]
        found = None if self.document is None else self.document.find(f".//{{*}}{name}")
        if found is None:
            raise AssertionError(f"the answer has neither header nor element {name}: {self}")
        return found.text or ""

    def __str__(self):
        headers = "".join(f"\n  {name}: {value}" for name, value in self.headers.items())
        return f"{self.status}{headers}\n  {self.body[:2000]!r}"


class Side:
    """A server at an address, with the prefix of its paths, and the key that signs for it."""

    def __init__(self, endpoint, key, secret):
        address = urlsplit(endpoint)
        self.address, self.prefix = address.netloc, address.path.rstrip("/")
        self.origin = endpoint.rstrip("/")
        self._signer = key, secret
        self._connection = None

    def send(self, request, answers):
        """Sends a request of a table and returns the Answer. `answers` are those that its text may name."""
        wire = Wire(self, request, answers)
        try:
            return self._exchange(wire)
        except (http.client.HTTPException, ConnectionError):
            # A connection that was kept may have ended since; one that was made for this request says more.
            self._connection = None
            return self._exchange(wire)

    def _exchange(self, wire):
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.address, timeout=SECONDS)
        connection = self._connection
        connection.putrequest(wire.method, wire.target, skip_host=True, skip_accept_encoding=True)
        for name, value in wire.headers:
            connection.putheader(name, value)
        connection.endheaders(wire.body or None)
        answer = Answer(connection.getresponse())
        if answer.headers.get("connection") == "close":
            connection.close()
        return answer

    def signer(self, how):
        """Who signs, as the parentheses of a request say."""
        key, secret = self._signer
        named = {word: how[word] for word in ("key", "secret", "region", "service") if word in how}
        return Signer(**{"key": key, "secret": secret, **named}, ago=int(how.get("ago", 0)))


class Wire:
    """A request as it goes to one side: method, target, headers and body, signed."""

    def __init__(self, side, request, answers):
        self._answers = answers
        self._how = dict(text.partition(" ")[::2] for text in request.signed)
        self._signer = side.signer(self._how)
        self.method = request.method
        self.body = plain(self._filled(request.body))
        path, mark, query = self._filled(request.target).partition("?")
        headers = [(name, plain(self._filled(value))) for name, value in request.headers]
        self._sign(side.address, side.prefix + path, mark + query, headers)

    def _sign(self, address, path, query, headers):
        """Makes target and headers: some of the table's are signed, some come later, some are left out."""
        # `Name: -` leaves out a header that would be made.
        left_out = {name.lower() for name, value in headers if value == b"-"}
        headers = [(name, value) for name, value in headers if value != b"-"]
        late = [pair for pair in headers if self._how.get("added") == "later" or pair[0].lower() == "authorization"]
        headers = [("Host", address.encode()), *[pair for pair in headers if pair not in late], *self._length(headers)]
        made = []
        if "presigned" in self._how:
            query = "?" + self._presigned(path, query.removeprefix("?"), headers)
        elif "unsigned" not in self._how:
            made = self._signer.header(self.method, path, query.removeprefix("?"), headers, self.body)
        made = [(name, value) for name, value in made if name.lower() not in left_out and not given(late, name)]
        self.target, self.headers = path + query, [*headers, *made, *late]

    def _length(self, headers):
        """Content-Length, where there is a body or could be one."""
        if given(headers, "content-length") or (self.method in ("GET", "HEAD", "DELETE") and not self.body):
            return []
        return [("Content-Length", str(len(self.body)).encode())]

    def _presigned(self, path, query, headers):
        """The query of a presigned request, without the parameters that the case leaves out."""
        whole = self._signer.query(self.method, path, query, headers, self._how["presigned"])
        left_out = self._how.get("without", "").split()
        return "&".join(part for part in whole.split("&") if part.partition("=")[0] not in left_out)

    def _filled(self, text):
        """A text with what `{key}`, `{day}`, `{now}`, `{1.UploadId}` and `{100*a}` stand for."""
        return REPEATED.sub(lambda found: int(found[1]) * found[2], NAME.sub(self._meaning, text))

    def _meaning(self, found):
        place, name = found.groups()
        if place:
            return self._answers[place].says(name)
        now = self._signer.now()
        return {"key": self._signer.key, "day": now[:8], "now": now}[name]


def given(headers, name):
    """Whether there is a header of this name."""
    return any(name.lower() == other.lower() for other, _ in headers)
