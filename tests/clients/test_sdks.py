"""The AWS SDKs for JavaScript, Go, Java and Rust, with default settings: one program each, one result for each line.

The programs stand in js/, go/, java/ and rust/ and are built by `tests/run`. They take policy, store and what names of
buckets begin with as their arguments, keys, address and region from the environment, and print `ok NAME` or `not ok
NAME: why` for each check.
"""

import os
import re
from pathlib import Path

import pytest

from command import Command, require

# Where tests/run leaves what it builds.
BUILT = Path(os.environ.get("R2SHIM_CLIENTS", Path(__file__).resolve().parents[2] / "target" / "clients"))

LINE = re.compile(r"(not )?ok ([^:]+)(?:: (.*))?")

# 100 MiB several times over, on two cores that do other things as well.
SECONDS = 280


def built(path, *tools):
    """A program that `tests/run` has built. Missing, it fails the check, unless the tools that build it are missing."""
    for tool in tools:
        require(tool)
    if not path.exists():
        pytest.fail(f"{path} was not built", pytrace=False)
    return path


@pytest.fixture
def reports(server, home, sdk_environment, subtests):
    """Runs a program and makes a result of each line it prints."""

    def run(*argv):
        where = server.policy, server.store, server.new_prefix()
        output = Command(argv, home, sdk_environment).run(*where, seconds=SECONDS)
        lines = [line for line in map(LINE.fullmatch, output.stdout.splitlines()) if line]
        for failed, name, why in (line.groups() for line in lines):
            with subtests.test(name):
                assert not failed, why
        assert output.code == 0 and lines, "the program broke off, see its output"

    return run


def test_javascript_v3(reports):
    reports(require("node"), built(BUILT / "js" / "main.mjs", "npm"))


def test_go_v2(reports):
    reports(built(BUILT / "bin" / "s3-go", "go"))


def test_java_2(reports):
    classes = built(BUILT / "java" / "classes", "mvn")
    reports(require("java"), "-cp", f"{classes}:{BUILT}/java/libraries/*", "Main")


@pytest.mark.slow
def test_rust(reports):
    reports(built(BUILT / "rust" / "debug" / "s3-rust", "cargo"))
