"""The readiness report in Chromium: a page in one file that anybody can read, and on which nothing of a client's runs.

The page is the one that is kept in tests/reports/, and a test in Rust holds that the program writes it so.
"""

import pytest

from command import require
from devtools import CONTRAST, Browser
from server import REPOSITORY

PAGE = (REPOSITORY / "tests" / "reports" / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    running = Browser(require("chromium-headless-shell"), tmp_path_factory.mktemp("report"))
    yield running
    running.stop()


def test_a_screen_reader_reads_what_is_there(browser):
    tree = browser.open(PAGE).tree()
    for node in [
        ("main", "", None),
        ("heading", "2 of 4 clients are ready", 1),
        ("heading", "What must change", 2),
        ("heading", "Tags", 4),
        ("columnheader", "Verdict", None),
        ("rowheader", "aws-cli", None),
        ("region", "What is fine", None),
    ]:
        assert node in tree, f"{node} is not in {tree}"


def test_the_keyboard_opens_the_evidence(browser):
    page = browser.open(PAGE)
    for _ in range(30):
        page.press("Tab")
        if page.evaluate("document.activeElement.matches('details:not([open]) summary')"):
            break
    page.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, scheme):
    page = browser.open(PAGE, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert [text for text in page.evaluate(CONTRAST) if text[0] < 4.5] == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]


def test_it_fits_a_phone(browser):
    page = browser.open(PAGE)
    page.call("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_on_paper_all_evidence_is_shown(browser):
    page = browser.open(PAGE)
    page.call("Emulation.setEmulatedMedia", media="print")
    hidden = "[...document.querySelectorAll('details pre')].filter((one) => !one.checkVisibility()).length"
    heights = "[...document.querySelectorAll('details pre')].every((one) => one.getBoundingClientRect().height > 0)"
    assert page.evaluate(hidden) == 0 and page.evaluate(heights)


def test_nothing_is_fetched_and_nothing_runs(browser):
    page = browser.open(PAGE)
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert "<script>alert(1)</script>\\u{202e}" in page.text()
    assert page.evaluate("document.scripts.length") == 0
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'window.hit = 1' }))")
    assert page.evaluate("window.hit") is None
    assert page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'read', (error) => error.name)") == "TypeError"
