"""A real MinIO behind r2shim: one node with one drive on a free port, and the settings to front it with."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import boto3

ROOT_USER = "upstream-key-id"
ROOT_PASSWORD = "upstream-secret-access-key"

# What clients call the buckets of the checks, and what MinIO does. More than one run of the suite makes.
MAPPED = {f"bucket-{number:04}": f"acme-{number:04}-prod" for number in range(1500)}

# Others for programs that make their own names: beginnings, each with two digits behind it.
PREFIXES = [f"program-{number}-" for number in range(8)]
MAPPED_PROGRAMS = {f"{prefix}{number:02}": f"acme-{prefix}{number:02}" for prefix in PREFIXES for number in range(100)}

START_SECONDS = 60
POLL_SECONDS = 0.05
# Ports are picked before MinIO binds them, so another process may be faster.
ATTEMPTS = 3


class Minio:
    """A running MinIO; `endpoint` is its URL."""

    def __init__(self, program, folder, environment=None, certificate=None):
        """`environment` has settings of MinIO's besides those of the suite. With a certificate and its key, as paths, it
        speaks TLS."""
        self._program = program
        self._folder = folder
        self._environment = environment or {}
        self._certificate = certificate
        if not any(self._started() for _ in range(ATTEMPTS)):
            raise AssertionError("MinIO does not come up:\n" + (folder / "log").read_text(errors="replace"))

    def _started(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = "127.0.0.1:%d" % free.getsockname()[1]
        self.endpoint = f"{'https' if self._certificate else 'http'}://{address}"
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "server", "--address", address, *self._certificates(), self._folder / "data"],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "MINIO_ROOT_USER": ROOT_USER,
                    "MINIO_ROOT_PASSWORD": ROOT_PASSWORD,
                    "MINIO_BROWSER": "off",
                    "MINIO_UPDATE": "off",
                    **self._environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self._wait()

    def _certificates(self):
        """Where MinIO looks for certificates, under names of its own."""
        folder = self._folder / "certificates"
        folder.mkdir(exist_ok=True)
        for name, path in zip(("public.crt", "private.key"), self._certificate or ()):
            shutil.copy(path, folder / name)
        return ["--certs-dir", folder]

    def _wait(self):
        """Whether it answers at last; not if it ended before."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(POLL_SECONDS)
        self.stop()
        return False

    def _answers(self):
        """A stranger's request is refused by a MinIO that is up; one that is starting says it is not ready."""
        try:
            trusted = self._certificate and ssl.create_default_context(cafile=self._certificate[0])
            urllib.request.urlopen(self.endpoint, timeout=5, context=trusted).close()
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False
        return True

    def settings(self, key_id, secret):
        """r2shim's settings file in front of it, with one key for clients and a name of MinIO's own for each bucket."""
        names = "".join(f"{ours} = {json.dumps(theirs)}\n" for ours, theirs in (MAPPED | MAPPED_PROGRAMS).items())
        trusted = f"ca_file = {json.dumps(str(self._certificate[0]))}\n" if self._certificate else ""
        return (
            "[upstream]\n"
            'kind = "s3"\n'
            'dialect = "minio"\n'
            f"endpoints = [{json.dumps(self.endpoint)}]\n"
            f"access_key_id = {json.dumps(ROOT_USER)}\n"
            f"secret_access_key = {json.dumps(ROOT_PASSWORD)}\n"
            f"{trusted}"
            "[[key]]\n"
            f"access_key_id = {json.dumps(key_id)}\n"
            f"secret_access_key = {json.dumps(secret)}\n"
            'permission = "admin-read-write"\n'
            f"[upstream.buckets]\n{names}"
        )

    def client(self):
        """boto3's client, past r2shim."""
        keys = {"aws_access_key_id": ROOT_USER, "aws_secret_access_key": ROOT_PASSWORD}
        trusted = str(self._certificate[0]) if self._certificate else None
        return boto3.Session(**keys, region_name="us-east-1").client("s3", endpoint_url=self.endpoint, verify=trusted)

    def stop(self):
        """Ends it at once: what it stored is not needed."""
        self._process.kill()
        self._process.wait()
