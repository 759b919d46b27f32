"""Bytes to store. Always the same, so that a failure repeats itself."""

import random

MIB = 1 << 20


def binary(size):
    """`size` bytes that do not compress and hold every byte value."""
    return random.Random(size).randbytes(size)


# Below 8 MiB, where aws-cli and boto3 turn to multipart uploads.
SEVEN_MIB = binary(7 * MIB)

FILES = {"text": "Grüße\n".encode(), "empty": b"", "binary-7-mib": SEVEN_MIB}


def write_tree(folder):
    """A small tree of files, as people sync them: nested, empty, and with names that need encoding."""
    tree = {
        "index.html": b"<h1>hello</h1>\n",
        "empty.txt": b"",
        "docs/a b.txt": b"a blank",
        "docs/deep/er/c+d.txt": b"a plus",
        "docs/żółw.txt": b"a turtle",
        "img/blob.bin": binary(300_000),
    }
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tree


def read_tree(folder):
    """The files below a folder: relative name and content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
