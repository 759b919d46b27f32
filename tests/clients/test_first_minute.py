"""The first minute with r2shim: no keys, no settings, and the line that `serve` prints, pasted into a shell."""

import re
import sys
from pathlib import Path

import pytest

from command import Command
from server import Server


@pytest.fixture
def started(tmp_path):
    """Starts a server on the same data folder, as often as wanted, with no keys given; each ends the one before."""
    running = []

    def start():
        while running:
            running.pop().stop()
        running.append(Server("r2", tmp_path / "data", keys={}))
        return running[-1]

    yield start
    while running:
        running.pop().stop()


@pytest.fixture
def shell(home):
    """A POSIX shell that has `aws` and knows nothing of the server."""
    shell = Command(["/bin/sh", "-c"], home, {})
    shell.environment["PATH"] = f"{Path(sys.executable).parent}:{shell.environment['PATH']}"
    return shell


def printed_line(server):
    """The line to paste."""
    return server.line(r".* aws s3 --endpoint-url .*")[0]


def test_the_printed_line_works_when_pasted(started, shell):
    line = printed_line(started())
    assert shell.succeeds(line).stdout == ""
    assert line.endswith(" ls")
    shell.succeeds(line.removesuffix("ls") + "mb s3://first-bucket")
    assert "first-bucket" in shell.succeeds(line).stdout


def test_key_and_objects_are_there_after_a_restart(started, shell):
    before = printed_line(started())
    shell.succeeds(before.removesuffix("ls") + "mb s3://first-bucket")
    shell.succeeds("echo hello | " + before.removesuffix("ls") + "cp - s3://first-bucket/greeting")
    server = started()
    after = printed_line(server)
    assert before.split(" aws ")[0] == after.split(" aws ")[0]
    assert shell.succeeds(after.removesuffix("ls") + "cp s3://first-bucket/greeting -").stdout == "hello\n"


def test_the_secret_is_kept_from_others_and_never_printed(started, tmp_path):
    server = started()
    printed_line(server)
    file = tmp_path / "data" / "credentials.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    secret = re.search('secret_access_key = "(.+)"', file.read_text())[1]
    assert secret not in "\n".join(server.log)
