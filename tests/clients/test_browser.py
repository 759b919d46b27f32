"""Pages in Chromium that use r2shim from other origins: what the CORS rules let them do, and what they do not.

The rules hold over the local disk and in front of MinIO, which by itself lets every page in. There are two sites: the
application's, which the rules name, and a stranger's. One browser opens one page, with the other pages in it. Each check
of a page is a result here.
"""

import contextlib
import json
import queue
import shlex
from pathlib import Path

import boto3
import pytest

from browser import Site, visit
from command import Command, require
from minio import Minio
from page import ADDRESS, HEADING, Recipe
from server import ACCESS_KEY_ID, KEYS, REPOSITORY, SECRET_ACCESS_KEY, Server
from test_sdks import BUILT, built
from witness import Witness, boto3_client

PAGES = Path(__file__).resolve().parent / "browser"
# What a reader of docs/local.md pastes.
PARTS = HEADING.split((REPOSITORY / "docs" / "local.md").read_text())
LOCAL = Recipe(PARTS[PARTS.index("A page in the browser") + 1])

CHECKS = [
    ("app", "uploads and reads the ETag"),
    ("app", "uploads in parts and completes"),
    ("app", "reads what it uploaded"),
    ("app", "reads a range"),
    ("app", "learns that nothing has changed"),
    ("app", "cannot read a header that is not exposed"),
    ("app", "cannot read an error"),
    ("app", "reads an error where a rule has on_errors"),
    ("app", "cannot send a header that is not allowed"),
    ("app", "cannot send a method that is not allowed"),
    ("stranger", "cannot upload"),
    ("stranger", "cannot read"),
    ("stranger", "is let in by --cors '*'"),
    ("local", "the page of docs/local.md uploads a file in parts"),
]

RULES = """
[[cors]]
buckets = ["media"]
allowed_origins = ["{origin}"]
allowed_methods = ["GET", "PUT", "POST"]
allowed_headers = ["content-type", "if-none-match", "range"]
expose_headers = ["etag"]

[[cors]]
buckets = ["errors"]
allowed_origins = ["http://localhost:*"]
allowed_methods = ["GET"]
on_errors = true
"""


@pytest.fixture(scope="module", params=["local", "minio"])
def found(request, tmp_path_factory):
    """What the pages found over a store, and who can look into the bucket that they used."""
    browser, folder = require("chromium-headless-shell"), tmp_path_factory.mktemp("browser")
    reports = queue.Queue()
    with contextlib.ExitStack() as stack:
        app, stranger = (started(stack, Site(host, reports)) for host in ("localhost", "127.0.0.1"))
        settings = folder / "settings.toml"
        behind, keys = "", KEYS
        if request.param == "minio":
            minio = started(stack, Minio(require("minio"), new(folder / "minio")))
            behind, keys = minio.settings(ACCESS_KEY_ID, SECRET_ACCESS_KEY), {}
        settings.write_text(behind + RULES.format(origin=app.origin))
        server = started(stack, Server("r2", new(folder / "data"), keys, ["--config", settings]))
        arguments = shlex.split(LOCAL.serve[0])
        assert arguments[:2] == ["r2shim", "serve"]
        laptop = started(stack, Server("r2", new(folder / "laptop"), {}, arguments[2:]))
        app.files = own_page(laptop, folder) | checks("app", stranger)
        stranger.files = checks("stranger")
        app.files["task.json"] = stranger.files["task.json"] = json.dumps(task(server, laptop))
        yield visit(browser, f"{app.origin}/app.html", 3, reports, folder), Witness(server)


def started(stack, running):
    stack.callback(running.stop)
    return running


def new(folder):
    folder.mkdir()
    return folder


def checks(name, other=None):
    """The files of a page with checks, in which the page of another site may be."""
    frames = f'<iframe src="/index.html"></iframe><iframe src="{other.origin}/stranger.html"></iframe>' if other else ""
    page = f'<!doctype html><script type="module" src="{name}.mjs"></script>{frames}'
    return {f"{name}.html": page} | {file: (PAGES / file).read_text() for file in (f"{name}.mjs", "checks.mjs")}


def own_page(laptop, folder):
    """The page of docs/local.md, bundled as it says, and a person who uses it."""
    LOCAL.write(folder, laptop.endpoint.removeprefix("http://"))
    modules = built(BUILT / "js" / "node_modules", "npm")
    bundle = Command([modules / ".bin" / "esbuild"], folder, {"NODE_PATH": str(modules)})
    bundle.succeeds("page.mjs", "--bundle", "--outfile=page.js")
    page = (folder / "index.html").read_text() + '<script type="module" src="choose.mjs"></script>'
    return {
        "index.html": page,
        "page.js": (folder / "page.js").read_text(),
        "choose.mjs": (PAGES / "choose.mjs").read_text(),
    }


def task(server, laptop):
    """Addresses, presigned where the secret is known: pages have none."""
    s3 = boto3_client(server)
    for bucket in ("media", "errors"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="media", Key="old", Body=b"old")
    upload = {"Bucket": "media", "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    own = boto3.Session("dev", "dev-secret-dev-secret", region_name="auto").client("s3", endpoint_url=laptop.endpoint)

    def address(operation, key, bucket="media", client=s3):
        return client.generate_presigned_url(operation, {"Bucket": bucket, "Key": key})

    media = {
        "put": address("put_object", "new"),
        "get": address("get_object", "new"),
        "old": address("get_object", "old"),
        "none": address("get_object", "none"),
        "stolen": address("put_object", "stolen"),
        "delete": address("delete_object", "old"),
        "parts": [s3.generate_presigned_url("upload_part", upload | {"PartNumber": part}) for part in (1, 2)],
        "complete": s3.generate_presigned_url("complete_multipart_upload", upload),
    }
    return {
        "media": media,
        "errors": {"none": address("get_object", "none", "errors")},
        "laptop": {"put": address("put_object", "anyone", client=own)},
    }


@pytest.mark.parametrize(("page", "check"), CHECKS)
def test_page(found, page, check):
    assert found[0][page][check] == "ok"


def test_every_check_is_listed(found):
    assert {(page, check) for page, checks in found[0].items() for check in checks} == set(CHECKS)


def test_the_store_has_what_the_rules_let_in(found):
    witness = found[1]
    assert witness.keys("media") == ["new", "old", "parts"]
    assert witness.body("media", "parts") == b"a" * (5 << 20) + b"a" * 10
