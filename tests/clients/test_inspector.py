"""The pages of the admin address in Chromium: what a person sees who develops against r2shim, and what a stranger's page
does not get to see."""

import queue
import re

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from browser import Site
from command import require
from devtools import CONTRAST, Browser
from server import Server
from witness import boto3_client

HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\u202egpj'

# What R2 says to a public ACL.
WORDS = "Header 'x-amz-acl' with value 'public-read' not implemented"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspector")
    # A name that its owner makes lead here after the page is loaded.
    running = Browser(require("chromium-headless-shell"), folder, ["--host-resolver-rules=MAP rebound.test 127.0.0.1"])
    yield running
    running.stop()


@pytest.fixture
def browser(chromium):
    yield chromium
    chromium.close_pages()


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shim")
    running = Server("r2", folder / "data", arguments=["--bucket", "media"])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def application(shim):
    """An application under development: no request is repeated."""
    return boto3_client(shim, config=Config(retries={"total_max_attempts": 1}))


def refused(application, key):
    with pytest.raises(ClientError) as caught:
        application.put_object(Bucket="media", Key=key, Body=b"x", ACL="public-read")
    return caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]


def live(browser, shim, path="/", **media):
    page = browser.open(shim.admin + path, **media)
    page.until("document.getElementById('state').textContent === 'Live'")
    return page


def test_requests_appear_as_they_come(browser, shim, application):
    page = live(browser, shim)
    request_id = refused(application, "live")
    row = page.until(f"document.getElementById('r{request_id}')?.innerText")
    assert "501" in row and "PutObject media/live" in row and "refused by policy: x-amz-acl" in row and WORDS in row
    assert re.search(r"policies/r2\.toml:\d+", row)
    application.put_object(Bucket="media", Key="next", Body=b"x")
    page.until("document.querySelector('tbody tr').innerText.includes('media/next')")


def test_failed_requests_alone(browser, shim, application):
    page = live(browser, shim, "/?show=refused")
    application.put_object(Bucket="media", Key="good", Body=b"x")
    request_id = refused(application, "failed")
    page.until(f"document.getElementById('r{request_id}')")
    assert "media/good" not in page.text()


def test_a_click_explains(browser, shim, application):
    request_id = refused(application, "clicked")
    page = live(browser, shim)
    # Anywhere in the row.
    x, y = page.evaluate(
        f"(({{ right, top }}) => [right - 5, top + 5])(document.getElementById('r{request_id}').getBoundingClientRect())"
    )
    page.click(x, y)
    page.until(f"location.pathname === '/requests/{request_id}' && document.readyState === 'complete'")
    text = page.text()
    assert "501 NotImplemented" in text and WORDS in text and "policies/r2.toml:" in text
    assert 'refuse = ["website"' in text, "the line of the policy"
    assert "PUT /media/clicked" in text and "[hidden]" in text


def test_the_keyboard_is_enough(browser, shim, application):
    request_id = refused(application, "keyed")
    page = live(browser, shim)
    seen = []
    for _ in range(15):
        page.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent"))
        if page.evaluate(f"document.activeElement.closest('tr')?.id === 'r{request_id}'"):
            break
    assert seen[:4] == ["Skip to the content", "r2shim", "Requests", "Buckets"] and seen[-3:-1] == ["Failed", "Pause"]
    page.press("Enter")
    page.until(f"location.pathname === '/requests/{request_id}'")


def test_it_can_be_paused(browser, shim, application):
    page = live(browser, shim)
    page.evaluate("document.getElementById('pause').click()")
    assert page.evaluate("document.getElementById('state').textContent") == "Paused"
    request_id = refused(application, "paused")
    witness = live(browser, shim)
    witness.until(f"document.getElementById('r{request_id}')")
    assert page.evaluate(f"document.getElementById('r{request_id}')") is None
    page.evaluate("document.getElementById('pause').click()")
    page.until(f"document.getElementById('r{request_id}') !== null")


def test_it_works_without_scripts(browser, shim, application):
    page = browser.open(f"{shim.admin}/buckets")
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    refused(application, "scriptless")
    page.go(f"{shim.admin}/")
    assert ("link", "PutObject", None) in page.tree()
    assert any(WORDS in name for _, name, _ in page.tree())


def test_a_screen_reader_reads_what_is_there(browser, shim, application):
    refused(application, "read")
    page = live(browser, shim)
    tree = page.tree()
    for node in [
        ("banner", "", None),
        ("navigation", "Pages", None),
        ("main", "", None),
        ("heading", "Requests", 1),
        ("columnheader", "Status", None),
        ("link", "PutObject", None),
        ("button", "Pause", None),
    ]:
        assert node in tree, f"{node} is not in {tree}"
    roles = {role for role, _, _ in tree}
    assert {"table", "row", "cell", "status"} <= roles
    # On a phone the rows are no table to the eye; to a screen reader they are.
    page.call("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=True)
    assert {"table", "row", "cell"} <= {role for role, _, _ in page.tree()}


@pytest.fixture(scope="module")
def paths(shim, application):
    """The pages that there are."""
    application.put_object(Bucket="media", Key=f"dir/{'long' * 40}", Body=b"x", Metadata={"a": "b" * 300})
    application.get_object(Bucket="media", Key=f"dir/{'long' * 40}")
    with pytest.raises(ClientError):
        application.get_object(Bucket="media", Key="none")
    return [
        "/",
        f"/requests/{refused(application, 'seen')}",
        "/buckets",
        "/buckets/media",
        "/buckets/media?prefix=dir%2F",
        f"/buckets/media/object?key=dir%2F{'long' * 40}",
        "/no-such-page",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, shim, paths, scheme):
    papers = set()
    for path in paths:
        page = browser.open(shim.admin + path, color_scheme=scheme, reduced_motion="reduce")
        faint = [text for text in page.evaluate(CONTRAST) if text[0] < 4.5]
        assert faint == [], path
        papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert papers == {"light": {"rgb(255, 255, 255)"}, "dark": {"rgb(13, 17, 23)"}}[scheme]


def test_every_page_fits_a_phone(browser, shim, paths):
    for path in paths:
        page = browser.open(shim.admin + path)
        page.call("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_what_clients_name_runs_nothing(browser, shim, application):
    page = live(browser, shim)
    application.put_object(Bucket="media", Key=HOSTILE, Body=b"x", Metadata={"name": "<img src=x onerror=hit=1>"})
    names = "[...document.querySelectorAll('tbody .target')].map((name) => name.innerText)"
    shown = page.until(f"{names}.find((name) => name.includes('onerror'))")
    assert shown == f"media/{HOSTILE}".replace("\u202e", "\\u{202e}")
    assert page.evaluate("window.hit") is None and page.evaluate("document.querySelectorAll('main img').length") == 0
    for path in ("/", "/buckets/media"):
        other = browser.open(shim.admin + path)
        assert "onerror" in other.text() and other.evaluate("window.hit") is None
        # What a page does not have, it cannot get: scripts of its own are not run either.
        other.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'hit = 1' }))")
        assert other.evaluate("window.hit") is None


def test_strangers_read_nothing(browser, shim):
    rebound = shim.admin.replace("127.0.0.1", "rebound.test")
    unknown = "not known under this name"
    for path, expected in [("/", unknown), ("/metrics", unknown), ("/report", unknown), ("/readyz", "ok")]:
        text = browser.open(rebound + path).text()
        assert expected in text and "Requests" not in text and "r2shim_" not in text, text
    stranger = Site("localhost", queue.Queue())
    try:
        stranger.files["page.html"] = f'<!doctype html><iframe src="{shim.admin}/"></iframe>'
        page = browser.open(f"{stranger.origin}/page.html")
        assert page.evaluate(f"fetch('{shim.admin}/').then(() => 'read', () => 'kept')") == "kept"
        handlers = "{ onerror: () => done('kept'), onopen: () => done('read') }"
        stream = f"new Promise((done) => Object.assign(new EventSource('{shim.admin}/events'), {handlers}))"
        assert page.evaluate(stream) == "kept"
    finally:
        stranger.stop()
