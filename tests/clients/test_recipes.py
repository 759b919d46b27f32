"""docs/recipes.md, block by block: what it says to paste works, and what it calls refused is refused.

Each recipe has a server of its own, started as the page says. What a reader has beside the blocks (a Django project, a
database, files to copy) is made here and in recipes/.
"""

import json
import os
import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import boto3
import pytest
import yaml

from command import Command, require
from page import ADDRESS, recipes, tried_with
from server import BINARY, Server
from test_sdks import BUILT, built

HERE = Path(__file__).resolve().parent / "recipes"
PAGE = recipes()
POLICIES = ["r2", "open"]


@pytest.fixture(params=POLICIES)
def recipe_server(request, tmp_path):
    """The server that the page starts, on a free port."""
    folder = tmp_path / "data"
    folder.mkdir()
    server = Server(request.param, folder, keys={}, arguments=started_as(PAGE[""].serve[0]))
    try:
        yield server
    finally:
        server.stop()


def started_as(block):
    """The arguments of the page's `r2shim serve`."""
    words = shlex.split(block)
    assert words[:2] == ["r2shim", "serve"]
    return words[2:]


@pytest.fixture
def reader(recipe_server, home):
    """A shell in which the tools of the page are there, and its settings of AWS are not."""
    tools = home / "tools"
    tools.mkdir()
    python = built(BUILT / "recipes" / "bin" / "python", "python3")
    path = [str(tools), str(python.parent), str(BUILT / "bin"), os.environ["PATH"]]
    shell = Command(["bash", "-euo", "pipefail", "-c"], home, {"PATH": os.pathsep.join(path), "TF_CLI_CONFIG_FILE": "no"})
    shell.server, shell.tools = recipe_server, tools
    return shell


class Stored:
    """What is in the bucket of the page, seen by a client that is not the recipe's."""

    def __init__(self, server):
        keys = {"aws_access_key_id": "dev", "aws_secret_access_key": "dev-secret-dev-secret", "region_name": "auto"}
        self._s3 = boto3.Session(**keys).client("s3", endpoint_url=server.endpoint)

    def keys(self):
        return [entry["Key"] for entry in self._s3.list_objects_v2(Bucket="media").get("Contents", [])]

    def body(self, key):
        return self._s3.get_object(Bucket="media", Key=key)["Body"].read()


@pytest.fixture
def stored(recipe_server):
    return Stored(recipe_server)


def follow(reader, name):
    """Writes the files of a recipe and runs what it says to run."""
    recipe = PAGE[name]
    address = reader.server.endpoint.removeprefix("http://")
    recipe.write(reader.home, address)
    for _, commands in recipe.run:
        reader.succeeds(commands.replace(ADDRESS, address))
    return recipe


def nothing_refused(server, *known):
    """No request so far was refused, but for operations or headers that the page names."""
    refused = [line for line in server.log if re.search(r"status=(?:400|401|403|501) ", line)]
    assert [line for line in refused if not any(f'"{name}"' in line for name in known)] == []


def refused(reader, name, saying):
    """What the recipe calls refused is: under `r2` in these words, and it passes under `open`."""
    (language, commands), = PAGE[name].refused
    if language == "python":
        commands = f"cat >refused.py <<'end'\n{commands}end\npython refused.py"
    if reader.server.policy == "r2":
        reader.fails(commands, saying=saying)
    else:
        reader.succeeds(commands)


def write_documents(home):
    """Files to copy: nested, empty, and with odd names."""
    for name, body in {"a.txt": "a", "deep/er/c+d é.txt": "b", "empty": ""}.items():
        path = home / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)


def with_packages_of_node(home):
    """Makes the packages that tests/run fetched those of the recipe."""
    (home / "node_modules").symlink_to(built(BUILT / "js" / "node_modules", "npm"))
    (home / "package.json").write_text('{"type": "module"}')


def test_javascript_and_next(reader, stored):
    require("node")
    with_packages_of_node(reader.home)
    follow(reader, "JavaScript and Next.js")
    shutil.copy(HERE / "next.mjs", reader.home)
    reader.succeeds("node --no-warnings next.mjs")
    assert stored.keys() == ["uploads/ä b.txt"] and stored.body("uploads/ä b.txt") == b"hello"


def test_uppy(reader, stored):
    """The page in Chromium, on another origin than r2shim."""
    require("node")
    with_packages_of_node(reader.home)
    for name in ("JavaScript and Next.js", "Uppy"):
        follow(reader, name)
    for name in ("uppy.mjs", "uppy_page.mjs"):
        shutil.copy(HERE / name, reader.home)
    reader.succeeds(f"node --no-warnings uppy.mjs {reader.server.policy} {require('chromium-headless-shell')}")
    assert sorted(len(stored.body(key)) for key in stored.keys()) == [1000, 12 << 20]


def test_boto3(reader, stored):
    follow(reader, "boto3")
    assert stored.body("report.txt") == b"hello"
    nothing_refused(reader.server)
    refused(reader, "boto3", "Header 'x-amz-acl' with value 'public-read' not implemented")


def test_django(reader, stored):
    follow(reader, "Django")
    (reader.home / "assets").mkdir()
    (reader.home / "assets" / "site.css").write_text("p {}")
    shutil.copy(HERE / "django_uploads.py", reader.home)
    reader.succeeds("python django_uploads.py")
    assert stored.keys() == ["static/site.css", "uploads/a b.txt", "uploads/large.bin"]
    nothing_refused(reader.server)


@pytest.mark.slow
def test_rails(reader, stored):
    """Debian's ruby-activestorage and ruby-aws-sdk-s3; nothing installs them."""
    has_rails = "ruby -e 'require \"active_support/all\"; require \"active_storage\"; require \"aws-sdk-s3\"'"
    if reader.run(has_rails).code != 0:
        pytest.skip("ruby-activestorage and ruby-aws-sdk-s3 are not installed")
    follow(reader, "Rails")
    reader.succeeds("ruby -W0 -", stdin=(HERE / "active_storage.rb").read_bytes())
    assert stored.keys() == ["rails/direct", "rails/large", "rails/small"]
    nothing_refused(reader.server)


def test_terraform(reader, stored):
    shutil.copy(HERE / "terraform", reader.tools)
    follow(reader, "Terraform")
    assert json.loads(stored.body("terraform/state"))["resources"][0]["type"] == "terraform_data"
    assert stored.keys() == ["terraform/state"]
    nothing_refused(reader.server)

    settings = reader.home / "main.tf"
    settings.write_text(settings.read_text().replace('  backend "s3" {', '  backend "s3" {\n    acl = "private"', 1))
    reader.succeeds("terraform init -reconfigure")
    if reader.server.policy == "r2":
        reader.fails("terraform apply -auto-approve", saying="Header 'x-amz-acl' with value 'private'")
    else:
        reader.succeeds("terraform apply -auto-approve")


def test_restic(reader, stored):
    require("restic")
    write_documents(reader.home)
    follow(reader, "restic")
    assert "backup/config" in stored.keys()
    nothing_refused(reader.server)


def test_rclone(reader, stored):
    write_documents(reader.home)
    follow(reader, "rclone")
    assert stored.keys() == [f"documents/{name}" for name in ("a.txt", "deep/er/c+d é.txt", "empty")]
    nothing_refused(reader.server)
    (reader.home / "documents" / "new.txt").write_text("new")
    refused(reader, "rclone", "Header 'x-amz-bucket-object-lock-enabled' with value 'false' not implemented")


def test_litestream(reader, stored):
    with sqlite3.connect(reader.home / "app.db") as database:
        database.execute("pragma journal_mode = wal")
        database.execute("create table answers (answer)")
        database.execute("insert into answers values (42)")
    database.close()
    follow(reader, "litestream")
    assert all(key.startswith("litestream/app/") for key in stored.keys())
    restored = sqlite3.connect(reader.home / "restored.db")
    assert restored.execute("select answer from answers").fetchall() == [(42,)]
    nothing_refused(reader.server)


def test_pyarrow(reader, stored):
    follow(reader, "pyarrow")
    assert len(stored.keys()) >= 3 and all(key.endswith(".parquet") for key in stored.keys() if not key.endswith("/"))
    nothing_refused(reader.server, "InvalidBucketName")


def test_duckdb(reader, stored):
    """INSTALL finds the extension in place: PyPI has it, DuckDB's own server is not asked."""
    extension = next((BUILT / "recipes").rglob("httpfs.duckdb_extension"))
    folder = reader.home / ".duckdb" / "extensions" / extension.parent.name / "linux_amd64"
    folder.mkdir(parents=True)
    shutil.copy(extension, folder)
    follow(reader, "DuckDB")
    assert stored.keys() == ["numbers.parquet"]
    nothing_refused(reader.server)


def test_s3fs(reader, stored):
    follow(reader, "s3fs")
    assert stored.keys() == ["notes/b.txt"]
    nothing_refused(reader.server)
    refused(reader, "s3fs", "GetBucketVersioning not implemented")


def test_the_settings_for_compose_pass_check(home):
    """Docker is not asked: what it would give to r2shim is given to `check`, without and with the settings file."""
    recipe = PAGE["Compose"]
    recipe.write(home, ADDRESS)
    service = yaml.safe_load(recipe.files["compose.yaml"])["services"]["r2shim"]
    assert service["command"][0] == "serve"
    command = Command([BINARY, "check", "--data", home / "data"], home, service["environment"])
    assert "0.0.0.0:9000" in command.succeeds().text
    command.succeeds("--config", "r2shim.toml")


# The page names what is tested


def pinned(name):
    """The version of a package that the recipes are run with."""
    versions = dict(re.findall(r"^([\w-]+)==(.+)$", (HERE / "requirements.txt").read_text(), re.MULTILINE))
    packages = json.loads((HERE.parent / "js" / "package.json").read_text())["dependencies"]
    return (versions | packages).get(name) or versions.get(f"{name}-bin")


NOT_OF_A_REGISTRY = {"Active Storage", "Terraform", "restic"}


@pytest.mark.parametrize("recipe, tool", tried_with().items())
def test_the_page_names_the_version_that_is_tried(recipe, tool):
    assert recipe in PAGE
    if not tool.startswith("not tried"):
        name, version = tool.rsplit(" ", 1)
        assert name in NOT_OF_A_REGISTRY or version == pinned(name)


def test_every_recipe_is_in_the_table():
    assert list(tried_with()) == [name for name in PAGE if name]
