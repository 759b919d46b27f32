"""What differs between two answers, as a set of names: `status`, `code`, `message`, `body`, headers, and elements."""

import re

# The headers that clients read. Others are the server's own affair.
HEADERS = [
    "content-type", "content-length", "content-range", "content-encoding", "content-disposition", "content-language",
    "cache-control", "expires", "accept-ranges", "etag", "last-modified", "location", "allow", "retry-after",
]
HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# What each side makes up.
OPAQUE = {"UploadId", "NextContinuationToken", "ContinuationToken", "NextUploadIdMarker"}
# What a wrong signature should have been; the paths of the simulator begin otherwise.
SIGNED = {"StringToSign", "StringToSignBytes", "CanonicalRequest", "CanonicalRequestBytes", "SignatureProvided"}


def differences(ours, ours_side, theirs, theirs_side):
    """The names of what differs. What follows from a difference is not named again."""
    if ours.status != theirs.status:
        return frozenset({"status"})
    return frozenset(in_headers(ours, theirs) | in_body(ours, ours_side, theirs, theirs_side))


def in_headers(ours, theirs):
    names = {*HEADERS, *(name for name in {**ours.headers, **theirs.headers} if name.startswith("x-amz-"))}
    # Documents are compared as documents: ids and dates have lengths of their own, and HEAD has no body at all.
    if ours.status >= 300 or ours.document is not None:
        names -= {"content-length"}
    return {name for name in names if header(ours, name) != header(theirs, name)}


def header(answer, name):
    value = answer.headers.get(name)
    return HTTP_DATE.sub("DATE", value) if value else value


def in_body(ours, ours_side, theirs, theirs_side):
    if ours.document is None or theirs.document is None:
        return {"body"} if ours.body != theirs.body else set()
    here, there = texts(ours.document, ours_side), texts(theirs.document, theirs_side)
    differ = {path for path in here.keys() | there.keys() if here.get(path) != there.get(path)}
    if ("Error", "Code") in differ:
        return {"code"}
    return {named(path) for path in differ if not any(path[:end] in differ for end in range(1, len(path)))}


def named(path):
    """How a gap names an element: by its path below the root."""
    return "message" if path == ("Error", "Message") else "/".join(path[1:] or path)


def texts(root, side):
    """The texts of a document by the path of their elements, in order. What a side makes up is masked."""
    found = {}

    def walk(element, path):
        namespace, _, name = element.tag.rpartition("}")
        path = *path, name
        text = "" if len(element) else masked(name, element.text or "", side)
        found.setdefault(path, []).append(text if path[1:] else namespace)
        for child in element:
            walk(child, path)

    walk(root, ())
    return found


def masked(name, text, side):
    if name in OPAQUE | SIGNED and text:
        return "OPAQUE"
    if name == "Location":
        return text.removeprefix(side.origin)
    return ISO_DATE.sub("DATE", text)
