"""The software bill of materials that packaging/sbom writes."""

import json
import os
import subprocess
import sys

import pytest

from server import REPOSITORY


def run(*words, **variables):
    """What a command of the repository writes."""
    return subprocess.run(
        words, cwd=REPOSITORY, env=os.environ | variables, check=True, stdout=subprocess.PIPE, text=True, timeout=300
    ).stdout


@pytest.fixture(scope="module")
def bill():
    """The bill of this machine's build."""
    return json.loads(run(sys.executable, "packaging/sbom"))


def test_the_bill_has_every_crate_of_the_build(bill):
    words = ["cargo", "tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]
    built = {tuple(line.split(" ")[:2]) for line in run(*words).splitlines()}
    listed = {(crate["name"], f"v{crate['version']}") for crate in bill["components"]}
    program = bill["metadata"]["component"]
    assert listed | {(program["name"], f"v{program['version']}")} == built
    scopes = {crate["name"]: crate["scope"] for crate in bill["components"]}
    assert (scopes["pingora-core"], scopes["ring"]) == ("required", "required")
    assert (scopes["serde_derive"], scopes["cc"]) == ("excluded", "excluded")


def test_every_crate_can_be_looked_up(bill):
    for crate in bill["components"]:
        assert crate["purl"].startswith("pkg:cargo/") and crate["licenses"], crate["name"]
        # Ours is no archive of the registry.
        assert crate["name"] == "libz-ng-sys" or len(crate["hashes"][0]["content"]) == 64
    references = [crate["bom-ref"] for crate in bill["components"]]
    assert references == sorted(set(references))
    assert {ref for entry in bill["dependencies"] for ref in entry["dependsOn"]} <= set(references)


def test_the_same_commit_makes_the_same_bytes():
    dated = {"SOURCE_DATE_EPOCH": "1800000000"}
    one, other = (run(sys.executable, "packaging/sbom", **dated) for _ in range(2))
    assert one == other
    assert json.loads(one)["metadata"]["timestamp"] == "2027-01-15T08:00:00Z"
    assert str(REPOSITORY) not in one
