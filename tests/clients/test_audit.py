"""The audit of a day of mixed clients (`day.py`): live in front of MinIO, and from the log that MinIO writes of it."""

import json
import subprocess
import time

import pytest

from audit_log import AuditLog
from command import require
from day import PLANTED, Day, attempt, found
from minio import ROOT_PASSWORD, ROOT_USER, Minio
from server import ACCESS_KEY_ID, BINARY, LINE_SECONDS, SECRET_ACCESS_KEY, Server

pytestmark = pytest.mark.xdist_group("audit")


class Auditing(Server):
    """r2shim in audit mode in front of a MinIO; `findings` are those that it has written."""

    def __init__(self, folder, minio, policy="r2-2026"):
        self.file = folder / "audit.json"
        settings = folder / "settings.toml"
        settings.write_text(minio.settings(ACCESS_KEY_ID, SECRET_ACCESS_KEY))
        arguments = ["--config", settings, "--audit", "--audit-file", self.file]
        super().__init__(policy, folder, keys={}, arguments=arguments)

    def findings(self):
        """Product, operation, rule and count of what is in the file; nothing where there is none yet."""
        return found(json.loads(self.file.read_text())) if self.file.exists() else {}

    def wait_for(self, finding, count):
        """Waits until the file says that a finding came so often."""
        end = time.monotonic() + LINE_SECONDS
        while self.findings().get(finding, 0) < count:
            assert time.monotonic() < end, f"{self.file} does not have {finding} {count} times: {self.findings()}"
            time.sleep(0.05)

    def kill(self):
        """Ends it as a crash does."""
        self._process.kill()
        self._process.wait()
        self._reader.join()


@pytest.fixture
def minio(tmp_path):
    folder = tmp_path / "minio"
    folder.mkdir()
    running = Minio(require("minio"), folder)
    yield running
    running.stop()


def test_the_day_has_the_planted_findings_and_nothing_else(minio, tmp_path, home):
    server = Auditing(tmp_path, minio)
    try:
        Day(server.endpoint, ACCESS_KEY_ID, SECRET_ACCESS_KEY, home).run()
    finally:
        server.stop()
    assert sorted(server.findings()) == sorted(PLANTED)


def test_findings_outlive_a_kill(minio, tmp_path, home):
    policy = ("Boto3", "GetBucketPolicy", "policy/GetBucketPolicy")
    for count in (1, 2):
        server = Auditing(tmp_path, minio)
        attempt(Day(server.endpoint, ACCESS_KEY_ID, SECRET_ACCESS_KEY, home).boto3().get_bucket_policy, Bucket="none")
        server.wait_for(policy, count)
        server.kill()


def test_the_log_of_the_store_gives_the_same_findings(tmp_path, home):
    folder = tmp_path / "minio"
    folder.mkdir()
    log, webhook = tmp_path / "minio.log", AuditLog()
    minio = Minio(require("minio"), folder, webhook.environment)
    try:
        Day(minio.endpoint, ROOT_USER, ROOT_PASSWORD, home).run()
        attempt(Day(minio.endpoint, ROOT_USER, ROOT_PASSWORD, home).boto3().head_bucket, Bucket="the-end-of-the-day")
        webhook.wait_for(b"the-end-of-the-day")
    finally:
        minio.stop()
        webhook.stop()
    webhook.write(log)
    kept = tmp_path / "day.json"
    subprocess.run([BINARY, "audit", log, "--out", kept], check=True, stdout=subprocess.DEVNULL)
    assert sorted(found(json.loads(kept.read_text()))) == sorted(PLANTED)
