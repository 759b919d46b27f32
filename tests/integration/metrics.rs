//! Metrics are named as Prometheus asks for it, and what names them, the page of operations, the dashboard and the alert
//! rules, names none that does not exist.

use crate::support::metrics::{Family, every_metric, families};
use std::collections::BTreeSet;

const OPERATIONS: &str = include_str!("../../docs/operations.md");
const DASHBOARD: &str = include_str!("../../examples/grafana/r2shim.json");
const ALERTS: &str = include_str!("../../examples/prometheus/alerts.yml");

/// What a metric's name breaks of the rules of <https://prometheus.io/docs/practices/naming/>, in words.
fn faults(family: &Family) -> Vec<&'static str> {
    let words: Vec<_> = family.name.split('_').collect();
    let has = |unwanted: &[&str]| words.iter().any(|word| unwanted.contains(word));
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let is_counter = family.kind == "counter";
    let units = &["ms", "us", "milliseconds", "minutes", "hours", "kb", "mb", "kib", "mib", "kilobytes", "percent"];
    [
        (!is_name(&family.name), "a name has lower-case letters, digits and underscores"),
        (!words[0].eq("r2shim") && !words[0].eq("process"), "a name begins with whose it is"),
        (family.help.is_empty(), "every metric has a help text"),
        (family.kind.is_empty(), "every metric has a type"),
        (is_counter != (words.last() == Some(&"total")), "counters end in _total, and only counters do"),
        (has(units), "units are seconds and bytes"),
        (has(&["counter", "gauge", "histogram", "summary"]), "a name does not say its type"),
        (["_bucket", "_sum", "_count"].iter().any(|end| family.name.ends_with(end)), "a histogram's own ends"),
        (!family.labels.iter().all(|label| is_name(label) && label != "quantile"), "labels are named alike"),
    ]
    .into_iter()
    .filter_map(|(is_broken, rule)| is_broken.then_some(rule))
    .collect()
}

#[test]
fn metrics_are_named_as_prometheus_has_it() {
    let all = every_metric();
    assert!(all.len() > 20, "{all:?}");
    for family in all {
        assert_eq!(faults(&family), Vec::<&str>::new(), "{family:?}");
    }
}

#[test]
fn a_metric_that_breaks_a_rule_is_found() {
    for (page, fault) in [
        ("# HELP r2shim_commits Commits.\n# TYPE r2shim_commits counter\nr2shim_commits 1", "counters end in _total"),
        ("# HELP r2shim_up_total Up.\n# TYPE r2shim_up_total gauge\nr2shim_up_total 1", "counters end in _total"),
        ("# TYPE r2shim_up gauge\nr2shim_up 1", "every metric has a help"),
        ("# HELP r2shim_time_ms Time.\n# TYPE r2shim_time_ms gauge\nr2shim_time_ms 1", "units are"),
        ("# HELP r2shim_gauge A.\n# TYPE r2shim_gauge gauge\nr2shim_gauge 1", "a name does not say its type"),
        ("# HELP r2shimUp A.\n# TYPE r2shimUp gauge\nr2shimUp 1", "a name has lower-case"),
        ("# HELP up A.\n# TYPE up gauge\nup 1", "a name begins with"),
        ("# HELP r2shim_a A.\n# TYPE r2shim_a gauge\nr2shim_a{Node=\"x\"} 1", "labels are named alike"),
    ] {
        let found = faults(&families(page)[0]);
        assert!(found.iter().any(|found| found.starts_with(fault)), "{page}: {found:?}");
    }
}

/// The table of metrics says of each which labels it has.
#[test]
fn the_table_of_metrics_names_them_all() {
    let section = OPERATIONS.split("## Metrics").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<_> = rows
        .map(|row| {
            let (name, rest) = row.split_once("` | ").unwrap();
            let labels = rest.split('|').next().unwrap().split(',').map(str::trim).filter(|label| !label.is_empty());
            (name.to_owned(), labels.map(str::to_owned).collect::<BTreeSet<_>>())
        })
        .collect();
    let real: BTreeSet<_> = every_metric().into_iter().map(|family| (family.name, family.labels)).collect();
    let difference: Vec<_> = documented.symmetric_difference(&real).collect();
    assert!(difference.is_empty(), "docs/operations.md or the program alone has {difference:#?}");
}

/// The metrics that a text names: words that begin with `r2shim_` or `process_`, a histogram's ends cut off.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let metrics = words.filter(|word| word.starts_with("r2shim_") || word.starts_with("process_"));
    let plain = |name: &str| {
        let cut = ["_bucket", "_sum", "_count"].into_iter().find_map(|end| name.strip_suffix(end));
        cut.unwrap_or(name).to_owned()
    };
    metrics.map(plain).collect()
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_what_there_is() {
    let real: BTreeSet<_> = every_metric().into_iter().map(|family| family.name).collect();
    for (text, at_least) in [(DASHBOARD, 15), (ALERTS, 6)] {
        let named = named(text);
        assert!(named.len() >= at_least, "{named:?}");
        let unknown: Vec<_> = named.difference(&real).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
    // Whatever the server counts can be seen.
    let unseen: Vec<_> = real.iter().filter(|name| !named(DASHBOARD).contains(*name)).collect();
    assert!(unseen.is_empty(), "the dashboard does not show {unseen:?}");
}

/// Labels stand before `=` in braces, or in `by (...)`.
#[test]
fn the_dashboard_and_the_alerts_use_labels_that_there_are() {
    let of_prometheus = ["le", "job", "instance", "severity", "summary", "description"];
    let real: BTreeSet<_> = every_metric().into_iter().flat_map(|family| family.labels).collect();
    for text in [DASHBOARD, ALERTS] {
        let matched = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside);
        let matched = matched.flat_map(|inside| inside.split(',')).filter_map(|part| part.split(['=', '!']).next());
        let grouped = text.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
        let used = matched.chain(grouped.flat_map(|inside| inside.split(','))).map(str::trim);
        let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        for label in used.filter(is_word) {
            assert!(real.contains(label) || of_prometheus.contains(&label), "no metric has the label {label}");
        }
    }
}

#[test]
fn the_page_is_read_as_it_is_written() {
    let page = "# HELP a_total A b.\n# TYPE a_total counter\na_total{x=\"1, y=2\",z=\"-\"} 1\n# TYPE b gauge\nb 2\n";
    let read = families(page);
    let words = |family: &Family| format!("{} {} {} {:?}", family.name, family.kind, family.help, family.labels);
    let shown: Vec<_> = read.iter().map(words).collect();
    assert_eq!(shown, ["a_total counter A b. {\"x\", \"z\"}", "b gauge  {}"]);
}
