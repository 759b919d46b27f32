//! The page of one request: the verdict of each filter, the rule that decides, and the head of the request.
//!
//! The record has the outcome. The chain is walked again for further refusals. The secrets are removed from the kept
//! head, so only the record knows about the signature.

use crate::diagnostics::Location;
use crate::filters::{self, Explanation, Filter, Finding, Known, KnownKeys, Rules, Step, StepVerdict};
use crate::s3::Timestamp;
use crate::server::connection::head::OwnedHead;
use crate::server::observe::record::Record;
use crate::server::pages::frame::Frame;
use crate::server::pages::requests::{Fault, milliseconds, operation, target};
use crate::server::pages::text::{shown, thousands};
use crate::server::recent::{Seen, without_placeholders};
use askama::Template;

/// The page.
#[derive(Template)]
#[template(path = "admin/request.html")]
pub(super) struct RequestPage {
    frame: Frame,
    operation: String,
    target: String,
    status: u16,
    reason: &'static str,
    fault: Option<Fault>,
    /// The policy's line that refuses it.
    quote: Option<String>,
    /// Further refusals.
    others: Vec<Other>,
    /// The rules by which R2 would refuse it, where requests are audited.
    audited: Option<String>,
    stages: Vec<Stage>,
    /// What has no effect.
    ignored: Vec<String>,
    facts: Vec<(&'static str, String)>,
    /// Method and target as they were sent; `None` if the head is not kept.
    line: Option<String>,
    headers: Vec<(String, String)>,
}

/// A further reason to refuse a request.
#[derive(Debug)]
pub(super) struct Other {
    filter: &'static str,
    rule: Option<String>,
    quote: Option<String>,
    status: u16,
    code: String,
    message: String,
}

/// What a filter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    name: &'static str,
    verdict: &'static str,
}

impl RequestPage {
    /// The page of a request. `quote` finds the text of a policy's line.
    pub(super) fn new(
        frame: Frame,
        seen: &Seen,
        rules: &Rules,
        quote: impl Fn(&Location) -> Option<String>,
    ) -> RequestPage {
        let record = &seen.record;
        let ids: Vec<String> = rules.keyring.ids().map(str::to_owned).collect();
        let explanation = seen.head.as_ref().map(|head| explain(head, record.time, rules, &ids));
        let findings = explanation.as_ref().map(|found| found.findings.as_slice()).unwrap_or_default();
        let refused = findings.iter().find(|finding| Some(finding.filter) == record.refused_by);
        let others = findings.iter().filter(|finding| is_another(finding, refused, record));
        RequestPage {
            frame,
            operation: operation(seen),
            target: target(seen),
            status: record.status.as_u16(),
            reason: record.status.canonical_reason().unwrap_or_default(),
            fault: Fault::of(seen),
            quote: refused.and_then(|finding| quoted(finding, &quote)),
            others: others.map(|finding| Other::new(finding, &quote)).collect(),
            audited: record.audit.as_deref().map(shown),
            stages: stages(record, explanation.as_ref()),
            ignored: explanation.as_ref().map(ignored).unwrap_or_default(),
            facts: facts(seen),
            line: seen.head.as_ref().map(line),
            headers: seen.head.as_ref().map(headers).unwrap_or_default(),
        }
    }
}

fn explain<'a>(head: &'a OwnedHead, time: Timestamp, rules: &'a Rules, ids: &[String]) -> Explanation<'a> {
    let known = Known { keys: KnownKeys::OfRules { without_secret: ids }, body: None };
    filters::explain(rules, head.borrow(), time, known)
}

/// Whether a finding is not in the record. For an admitted request there is none: without the secrets the chain's
/// findings would contradict the outcome.
fn is_another(finding: &Finding, refused: Option<&Finding>, record: &Record) -> bool {
    if record.audit.is_some() {
        return true;
    }
    let place = |filter: Filter| Filter::CHAIN.iter().position(|link| *link == filter);
    let is_first = refused.is_some_and(|refused| std::ptr::eq(refused, finding));
    !is_first && record.refused_by.is_some_and(|filter| place(finding.filter) >= place(filter))
}

fn quoted(finding: &Finding, quote: impl Fn(&Location) -> Option<String>) -> Option<String> {
    finding.rule.as_ref().and_then(|rule| quote(&rule.location)).map(|text| shown(&text))
}

impl Other {
    fn new(finding: &Finding, quote: impl Fn(&Location) -> Option<String>) -> Other {
        Other {
            filter: finding.filter.name(),
            rule: finding.rule.as_ref().map(|rule| shown(&rule.location.to_string())),
            quote: quoted(finding, quote),
            status: finding.error.status.as_u16(),
            code: shown(&finding.error.code),
            message: shown(&finding.error.message),
        }
    }
}

/// The verdict of each filter. Up to the filter that refused the request it is the outcome; after it, what the second
/// walk finds.
fn stages(record: &Record, explanation: Option<&Explanation<'_>>) -> Vec<Stage> {
    let steps = explanation.map(|explanation| explanation.steps.as_slice()).unwrap_or_default();
    if steps.is_empty() || (record.refused_by.is_none() && record.subject.operation.is_none()) {
        return Vec::new();
    }
    let mut stages = Vec::new();
    let mut is_behind = false;
    for filter in Filter::CHAIN {
        let step = steps.iter().find(|step| step.filter == filter);
        let refuses = record.refused_by == Some(filter);
        let verdict = match (refuses, is_behind) {
            (true, _) => "refuses",
            (false, false) => "passes",
            (false, true) => step.map_or("not asked", verdict),
        };
        is_behind |= refuses;
        stages.push(Stage { name: filter.name(), verdict });
    }
    stages
}

fn verdict(step: &Step) -> &'static str {
    match step.verdict {
        StepVerdict::Passes => "passes",
        StepVerdict::Undecided => "undecided",
        StepVerdict::Refuses => "refuses too",
    }
}

/// Headers and parameters of the request without effect.
fn ignored(explanation: &Explanation<'_>) -> Vec<String> {
    let headers = explanation.ignored.headers.iter().map(|name| format!("header {}", shown(name)));
    let parameters = explanation.ignored.parameters.iter().map(|name| format!("parameter {}", shown(name)));
    headers.chain(parameters).collect()
}

/// What the log has of it.
fn facts(seen: &Seen) -> Vec<(&'static str, String)> {
    let record = &seen.record;
    let head = seen.head.as_ref().map(OwnedHead::borrow);
    let agent = head.and_then(|head| head.header("user-agent"));
    let all = [
        ("Time", Some(record.time.iso_8601())),
        ("Request id", Some(record.request_id.clone())),
        ("Key id", record.subject.key_id.clone()),
        ("Client", Some(record.client.clone())),
        ("User agent", agent.map(str::to_owned)),
        ("Host", Some(record.host.clone())),
        ("Port", Some(record.port.name().to_owned())),
        ("Node", record.node.clone()),
        ("Trace id", record.trace_id.clone()),
        ("Body received", Some(format!("{} bytes", thousands(record.bytes_in)))),
        ("Body sent", Some(format!("{} bytes", thousands(record.bytes_out)))),
        ("Took", Some(format!("{} ms", milliseconds(seen)))),
    ];
    let given = all.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    given.map(|(name, value)| (name, shown(&value))).collect()
}

fn line(head: &OwnedHead) -> String {
    let head = head.borrow();
    let question = if head.query.is_empty() { "" } else { "?" };
    shown(&without_placeholders(&format!("{} {}{question}{}", head.method, head.path, head.query)))
}

fn headers(head: &OwnedHead) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| shown(&without_placeholders(&String::from_utf8_lossy(value.as_bytes())));
    head.borrow().headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}
