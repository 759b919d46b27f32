"""The tables of requests: what README.md beside this file describes, read into cases."""

import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
EVERYWHERE = HERE / "everywhere.txt"

REQUEST = re.compile(r"(?P<signed>(?:\([^)]*\) )*)(?P<method>[A-Za-z]+) (?P<target>/\S*)(?P<fields>(?: \| .*)?)")
GAP = re.compile(r"gap (?P<whose>simulator|ours|not yet) \((?P<what>[^)]+)\)(?: of (?P<of>\S+))?: (?P<why>.+)")
ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|([nrts\\|]))")
ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "s": b" ", "\\": b"\\", "|": b"|"}


@dataclass(frozen=True)
class Gap:
    """A difference that is known: whose it is, the set of what differs, and why. `of` is where, if it is everywhere."""

    whose: str
    what: frozenset
    why: str
    of: str | None

    def covers(self, status, target):
        """Whether one that is everywhere is in the answers with this status to this target."""
        return self.of in ("any", str(status)) or self.of in target


@dataclass
class Request:
    """One request, as text: `{1.UploadId}` in it stands for what an answer before it said."""

    place: str
    line: str
    method: str
    target: str
    signed: list
    headers: list
    body: str
    gap: Gap | None = None

    @property
    def known(self):
        """The set of what is known to differ."""
        return self.gap.what if self.gap else frozenset()


@dataclass
class Case:
    """Requests that are sent in order, each to both sides."""

    place: str
    requests: list


@dataclass
class Table:
    """A file: its buckets, what is sent before all cases, and the cases."""

    name: str
    buckets: list = field(default_factory=list)
    before: list = field(default_factory=list)
    cases: list = field(default_factory=list)


def tables():
    """Every table of requests in this folder."""
    return [read(path) for path in sorted(HERE.glob("*.txt")) if path != EVERYWHERE]


def everywhere():
    """The gaps that belong to no single case."""
    lines = enumerate(EVERYWHERE.read_text().splitlines(), 1)
    return [gap(f"{EVERYWHERE.name}:{number}", line) for number, line in lines if line.startswith("gap ")]


def read(path):
    """The table of a file. What it cannot read is an error with the line."""
    table = Table(path.stem)
    requests = table.before
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text, place = line.strip(), f"{path.name}:{number}"
        if not text or text.startswith("#") or text == "before:":
            continue
        if text.startswith("buckets: "):
            table.buckets = text.removeprefix("buckets: ").split()
        elif text.startswith("gap "):
            if requests[-1].gap:
                raise ValueError(f"{place}: a second gap of one request")
            requests[-1].gap = gap(place, text)
        elif line.startswith(" "):
            requests.append(request(place, text))
        else:
            requests = [request(place, text)]
            table.cases.append(Case(place, requests))
    return table


def request(place, text):
    """A request of a line: `(how it is signed) METHOD target | header: value | body: text`."""
    found = REQUEST.fullmatch(text)
    if not found:
        raise ValueError(f"{place}: no request: {text}")
    headers, body = [], ""
    for part in found["fields"].split(" | ")[1:]:
        name, _, value = part.partition(":")
        if name == "body":
            body = value.removeprefix(" ")
        else:
            headers.append((name, value.removeprefix(" ")))
    signed = re.findall(r"\(([^)]*)\)", found["signed"])
    return Request(place, text, found["method"], found["target"], signed, headers, body)


def gap(place, text):
    found = GAP.fullmatch(text)
    if not found:
        raise ValueError(f"{place}: no gap: {text}")
    return Gap(found["whose"], frozenset(re.split(r",\s*", found["what"])), found["why"], found["of"])


def plain(text):
    """The bytes that a text with escapes stands for: `\\n`, `\\xHH`, `\\s` for a blank at an end."""
    encoded = text.encode().decode("latin-1")
    pieces, end = [], 0
    for found in ESCAPE.finditer(encoded):
        pieces += [encoded[end : found.start()].encode("latin-1"), unescaped(found)]
        end = found.end()
    return b"".join([*pieces, encoded[end:].encode("latin-1")])


def unescaped(found):
    return bytes.fromhex(found[1]) if found[1] else ESCAPES[found[2]]
