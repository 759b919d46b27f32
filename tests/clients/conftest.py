"""What the checks share: a server for each policy and store, buckets, the clients, and a log to look at when one fails."""

import os
import sys
from pathlib import Path

import pytest

from command import Command, require
from minio import Minio
from server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, FrontOfMinio, Server
from witness import Witness, boto3_client

POLICIES = ["r2", "open"]
STORES = ["local", "minio"]

# boto3 runs in this process: what the caller's shell says about AWS and proxies is none of the suite's business.
for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def pytest_generate_tests(metafunc):
    """Every check that uses a server runs under all policies and over all stores, or those its markers name."""
    if "server" in metafunc.fixturenames:
        # Checks of one server run in one process, so that it is started once.
        grouped = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in servers(metafunc.definition)]
        metafunc.parametrize("server", grouped, indirect=True, scope="session")


def servers(definition):
    """The servers of a check: `r2`, `open`, and `r2-minio`, `open-minio` in front of MinIO."""
    policies, stores = named(definition, "policy", POLICIES), named(definition, "store", STORES)
    on_minio = named(definition, "policy_on_minio", policies)
    here = policies if "local" in stores else []
    there = [policy for policy in policies if policy in on_minio] if "minio" in stores else []
    return here + [f"{policy}-minio" for policy in there]


def named(definition, marker, default):
    """What a marker names, or all."""
    found = definition.get_closest_marker(marker)
    return list(found.args) if found else default


def pytest_collection_modifyitems(config, items):
    """Leaves slow checks out, unless asked for."""
    if os.environ.get("R2SHIM_TESTS") != "all":
        left_out = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds what the server logged during a failed check to its report."""
    report = yield
    fixtures = getattr(item, "funcargs", {})
    server = fixtures.get("server") or fixtures.get("recipe_server")
    if report.failed and server:
        report.sections.append(("server log", "\n".join(server.log[getattr(item, "log_start", 0) :][-200:])))
    return report


def pytest_terminal_summary(terminalreporter):
    """Leaves the counts for `tests/run`: passed, failed, skipped."""
    if path := os.environ.get("R2SHIM_COUNTS"):
        count = {name: len(reports) for name, reports in terminalreporter.stats.items()}
        passed = count.get("passed", 0) + count.get("subtests passed", 0)
        failed = count.get("failed", 0) + count.get("error", 0)
        Path(path).write_text(f"{passed} {failed} {count.get('skipped', 0)}\n")


@pytest.fixture(scope="session")
def server(request, tmp_path_factory):
    """r2shim under one policy over one store, for all checks of both."""
    policy = request.param.removesuffix("-minio")
    folder = tmp_path_factory.mktemp(f"data-{request.param}")
    if policy != request.param:
        yield from in_front_of_minio(policy, folder, tmp_path_factory.mktemp("minio"))
    else:
        yield from stopped(Server(policy, folder))


def in_front_of_minio(policy, folder, minio_folder):
    """r2shim and its MinIO, which is missing as a client may be."""
    for minio in stopped(Minio(require("minio"), minio_folder)):
        yield from stopped(FrontOfMinio(policy, folder, minio))


def stopped(running):
    """Yields what runs, and stops it at the end."""
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def _log_start(request):
    """Remembers where in the server's log the check begins."""
    if "server" in request.fixturenames:
        request.node.log_start = len(request.getfixturevalue("server").log)


@pytest.fixture
def witness(server):
    """Looks into the store by another way than the client under test."""
    return Witness(server)


@pytest.fixture
def free_name(server):
    """A bucket name that is not in use."""
    return server.new_name()


@pytest.fixture
def bucket(server, witness):
    """An empty bucket of the check's own."""
    return witness.create_bucket(server.new_name())


@pytest.fixture
def s3(server):
    """boto3's client with default settings."""
    return boto3_client(server)


@pytest.fixture
def home(tmp_path):
    """The folder in which command-line clients run: their HOME and working directory."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def sdk_environment(server):
    """What every SDK of AWS reads from the environment: keys, endpoint, region `auto`."""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_REGION": "auto",
    }


@pytest.fixture
def aws(server, home):
    """aws-cli as R2's documentation sets it up: keys, endpoint, region `auto`."""
    return Command(
        [Path(sys.executable).with_name("aws")],
        home,
        {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_DEFAULT_REGION": "auto",
            "AWS_PAGER": "",
        },
    )


@pytest.fixture
def rclone(server, home):
    """rclone with a remote `r2:` as R2's documentation sets it up."""
    return Command(
        [require("rclone")],
        home,
        {
            "RCLONE_CONFIG": str(home / "rclone.conf"),
            "RCLONE_CONFIG_R2_TYPE": "s3",
            "RCLONE_CONFIG_R2_PROVIDER": "Cloudflare",
            "RCLONE_CONFIG_R2_REGION": "auto",
            "RCLONE_CONFIG_R2_ENDPOINT": server.endpoint,
            "RCLONE_CONFIG_R2_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "RCLONE_CONFIG_R2_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        },
    )


@pytest.fixture
def s3cmd(server, home):
    """s3cmd with a configuration of keys and address, all else as it comes."""
    address = server.endpoint.removeprefix("http://")
    (home / ".s3cfg").write_text(
        "[default]\n"
        f"access_key = {ACCESS_KEY_ID}\n"
        f"secret_key = {SECRET_ACCESS_KEY}\n"
        f"host_base = {address}\n"
        f"host_bucket = {address}\n"
        "use_https = False\n"
    )
    return Command([require("s3cmd")], home, {})


@pytest.fixture
def mc(server, home):
    """MinIO's client with an alias `r2` for the server, all else as it comes."""
    address = server.endpoint.removeprefix("http://")
    return Command([require("mc")], home, {"MC_HOST_r2": f"http://{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}@{address}"})
