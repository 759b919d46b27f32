"""promtool, Prometheus' own judge: the page of a running server, and the rules that stand in the examples."""

import json
import re
import urllib.request

import pytest

from command import Command, require
from server import REPOSITORY

EXAMPLES = REPOSITORY / "examples" / "prometheus"
DASHBOARD = REPOSITORY / "examples" / "grafana" / "r2shim.json"
ALERTS_TESTED = REPOSITORY / "tests" / "clients" / "alerts.yml"


@pytest.fixture
def promtool(home):
    return Command([require("promtool")], home, {})


def test_the_page_of_metrics_is_as_prometheus_wants_it(promtool, server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_object(Bucket=bucket, Key="missing")
    page = urllib.request.urlopen(f"{server.admin}/metrics").read()
    assert re.search(rb'r2shim_requests_total\{error="NoSuchKey",.*\} [1-9]', page)
    # It writes what it would have otherwise, and says nothing of a page that is well.
    assert promtool.succeeds("check", "metrics", stdin=page).text == ""


@pytest.mark.parametrize("words", [("check", "rules", "alerts.yml"), ("check", "config", "prometheus.yml")])
def test_the_examples_are_accepted(promtool, words):
    *command, name = words
    promtool.succeeds(*command, EXAMPLES / name)


def test_the_dashboard_asks_what_prometheus_understands(promtool, home):
    """Each query stands in a rule, as Grafana would send it."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    assert len(queries) > 20
    sent = [query.replace("$__rate_interval", "1m") for query in queries]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(sent)]
    # JSON is YAML.
    (home / "queries.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool.succeeds("check", "rules", "queries.yml")


def test_the_alerts_come_when_they_should_and_not_otherwise(promtool):
    promtool.succeeds("test", "rules", ALERTS_TESTED)
