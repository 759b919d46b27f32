//! The counts of a report for Prometheus, by rule and key: a file for the node exporter's textfile collector.

use crate::audit::report::model::Report;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The counts in Prometheus's text format.
pub fn counters(report: &Report) -> String {
    let mut findings: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for client in &report.clients {
        for change in &client.changes {
            *findings.entry((&change.rule, client.key_id.as_deref().unwrap_or(""))).or_default() += change.count;
        }
    }
    let mut out = String::new();
    for (name, help, value) in [
        ("clients", "Clients that were seen", report.clients_total as u64),
        ("clients_ready", "Clients that R2 serves as they are", report.clients_ready as u64),
        ("requests", "Requests that were judged", report.requests),
        ("refused_requests", "Requests that R2 would refuse", report.refused),
    ] {
        // Writing to a text does not fail.
        let _ = writeln!(
            out,
            "# HELP r2shim_report_{name} {help}\n# TYPE r2shim_report_{name} gauge\nr2shim_report_{name} {value}"
        );
    }
    out.push_str("# HELP r2shim_report_findings Findings by rule and key\n# TYPE r2shim_report_findings gauge\n");
    for ((rule, key), count) in findings {
        let _ = writeln!(out, "r2shim_report_findings{{rule=\"{}\",key=\"{}\"}} {count}", label(rule), label(key));
    }
    out
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
