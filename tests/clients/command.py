"""Runs one command-line client the way its user does, and shows command and output when a check fails."""

import os
import shutil
import subprocess

import pytest

SECONDS = 120


class Output:
    """What a command left behind: exit code and both outputs."""

    def __init__(self, code, stdout, stderr):
        self.code = code
        self.bytes = stdout
        self.stdout = stdout.decode(errors="replace")
        self.stderr = stderr.decode(errors="replace")

    @property
    def text(self):
        """Both outputs: where a client puts its complaint is its own affair."""
        return self.stdout + self.stderr


class Command:
    """A client with its environment. Nothing of the caller's environment reaches it but PATH."""

    def __init__(self, argv, home, environment):
        self.argv = [str(word) for word in argv]
        self.home = home
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **environment}

    def run(self, *words, stdin=b"", environment=None, seconds=SECONDS):
        """Runs it in its home folder and returns the Output, whatever the exit code.

        `environment` changes variables for this run; None takes one away. After `seconds` it has hung.
        """
        argv = self.argv + [str(word) for word in words]
        variables = {**self.environment, **(environment or {})}
        variables = {name: value for name, value in variables.items() if value is not None}
        print("$", *argv[0].rsplit("/", 1)[-1:], *argv[1:])
        done = subprocess.run(argv, cwd=self.home, env=variables, input=stdin, capture_output=True, timeout=seconds)
        output = Output(done.returncode, done.stdout, done.stderr)
        print(output.text[:20_000], end="")
        print(f"[exit code {output.code}]")
        return output

    def succeeds(self, *words, **options):
        """Runs it and demands exit code 0."""
        output = self.run(*words, **options)
        assert output.code == 0, "the command failed, see its output"
        return output

    def fails(self, *words, saying, **options):
        """Runs it, demands another exit code than 0, and every text of `saying` in its output."""
        output = self.run(*words, **options)
        assert output.code != 0, "the command should have failed"
        for text in [saying] if isinstance(saying, str) else saying:
            assert text in output.text
        return output


def require(tool):
    """The path of a tool. Missing, it fails the check in CI and skips it by name elsewhere."""
    path = shutil.which(tool)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is not installed", pytrace=False)
    if path is None:
        pytest.skip(f"{tool} is not installed")
    return path
