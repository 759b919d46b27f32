"""The examples for containers and CI: their YAML is read, and the steps of the workflow run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from command import Command
from server import BINARY, PORT_0, REPOSITORY

EXAMPLES = Path(__file__).parents[2] / "examples"
WORKFLOW = yaml.safe_load((EXAMPLES / "github-actions/tests.yml").read_text())
STEPS = {step["name"]: step["run"] for step in WORKFLOW["jobs"]["tests"]["steps"] if "run" in step}


@pytest.mark.parametrize("name", ["compose.yaml", "compose.minio.yaml"])
def test_compose_files_build_from_files_that_are_there(name):
    services = yaml.safe_load((EXAMPLES / "docker" / name).read_text())["services"]
    for service in services.values():
        assert "image" not in service, "an image of others can be gone"
        context = EXAMPLES / "docker" / service["build"]["context"]
        assert (context / service["build"]["dockerfile"]).is_file()
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith(".") or (EXAMPLES / "docker" / source).exists()


def test_dockerfiles_copy_only_what_the_build_stage_makes():
    for dockerfile in [EXAMPLES / "docker/Dockerfile", EXAMPLES / "docker/minio.Dockerfile"]:
        text = dockerfile.read_text()
        final = text.split("\nFROM scratch\n")[1]
        copies = [line for line in final.splitlines() if line.startswith("COPY")]
        assert copies and all(line.startswith("COPY --from=build ") for line in copies)


@pytest.mark.parametrize("name", STEPS)
def test_steps_are_shell(name):
    subprocess.run(["bash", "-n", "-c", STEPS[name]], check=True)


def test_the_workflow_starts_r2shim_and_uses_it(tmp_path):
    """The steps with the built program in place of the one that the workflow builds, and free ports."""
    installed = tmp_path / ".r2shim/bin"
    installed.mkdir(parents=True)
    (installed / "r2shim").symlink_to(BINARY)
    ready = tmp_path / "ready"
    environment = {**WORKFLOW["jobs"]["tests"]["env"], "RUNNER_TEMP": str(tmp_path)}
    environment |= {"R2SHIM_LISTEN": PORT_0, "R2SHIM_ADMIN": PORT_0, "R2SHIM_READY_FILE": str(ready)}
    bash = Command(["bash", "-e", "-c"], tmp_path, environment)
    bash.environment["PATH"] = f"{Path(sys.executable).parent}:{bash.environment['PATH']}"
    try:
        assert bash.succeeds(STEPS["Start r2shim"]).stdout == "ready\n"
        endpoint = re.search("ENDPOINT=(.*)", ready.read_text()).group(1)
        assert "hello" in bash.succeeds(STEPS["Test"], environment={"AWS_ENDPOINT_URL": endpoint}).stdout
    finally:
        bash.run('. ./ready && kill "$PID"')


def test_a_release_build_names_its_commit_and_date():
    """The build script says it; a debug build is not built again for each commit, so it does not ask."""
    scripts = (BINARY.parent / "build").glob("r2shim-*/build-script-build")
    newest = max(scripts, key=lambda script: script.stat().st_mtime)
    asked = os.environ | {"PROFILE": "release", "CARGO_MANIFEST_DIR": str(REPOSITORY), "SOURCE_DATE_EPOCH": "86400"}
    said = subprocess.run([newest], cwd=REPOSITORY, env=asked, check=True, capture_output=True, text=True).stdout
    assert re.search(r"R2SHIM_BUILD=([0-9a-f]{12}, )?built 02 Jan 1970$", said, re.MULTILINE), said


def test_the_version_names_the_build():
    printed = subprocess.run([BINARY, "--version"], check=True, capture_output=True, text=True).stdout
    build = r"debug build|([0-9a-f]{12}, )?built \d\d [A-Z][a-z]{2} \d{4}"
    assert re.fullmatch(rf"r2shim \d+\.\d+\.\d+ \(({build})\)\n", printed), printed
