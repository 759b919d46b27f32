"""promtool, Prometheus' own judge: the page of a running server, and the rules that stand in the examples."""

import re
import urllib.request

import pytest

from command import Command, require
from server import REPOSITORY

EXAMPLES = REPOSITORY / "examples" / "prometheus"
ALERTS_TESTED = REPOSITORY / "tests" / "clients" / "alerts.yml"


@pytest.fixture
def promtool(home):
    return Command([require("promtool")], home, {})


def test_the_page_of_metrics_is_as_prometheus_wants_it(promtool, server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_object(Bucket=bucket, Key="missing")
    address = server.line(r"admin +(http://\S+)")[1]
    page = urllib.request.urlopen(address).read()
    assert re.search(rb'r2shim_requests_total\{error="NoSuchKey",.*\} [1-9]', page)
    # It writes what it would have otherwise, and says nothing of a page that is well.
    assert promtool.succeeds("check", "metrics", stdin=page).text == ""


@pytest.mark.parametrize("words", [("check", "rules", "alerts.yml"), ("check", "config", "prometheus.yml")])
def test_the_examples_are_accepted(promtool, words):
    *command, name = words
    promtool.succeeds(*command, EXAMPLES / name)


def test_the_alerts_come_when_they_should_and_not_otherwise(promtool):
    promtool.succeeds("test", "rules", ALERTS_TESTED)
