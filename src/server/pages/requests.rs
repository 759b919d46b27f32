//! The list of the last requests, a row for each.

use crate::audit::report::Advice;
use crate::server::observe::record::Record;
use crate::server::pages::frame::Frame;
use crate::server::pages::text::shown;
use crate::server::recent::{News, Seen};
use askama::Template;
use http::StatusCode;

/// Which requests a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// All.
    All,
    /// Those that were not carried out as asked, and those that R2 would refuse.
    Refused,
}

impl Show {
    /// The value of the parameter `show`.
    pub(super) fn parse(text: Option<&str>) -> Show {
        if text == Some("refused") { Show::Refused } else { Show::All }
    }

    pub(super) fn has(self, seen: &Seen) -> bool {
        self == Show::All || seen.record.error.is_some() || seen.record.audit.is_some()
    }

    fn is_all(self) -> bool {
        self == Show::All
    }

    fn name(self) -> &'static str {
        match self {
            Show::All => "all",
            Show::Refused => "refused",
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "admin/requests.html")]
pub(super) struct RequestsPage {
    pub(super) frame: Frame,
    pub(super) show: Show,
    pub(super) rows: Vec<Row>,
    /// How many requests are kept.
    pub(super) limit: usize,
    /// The number after which the stream of new requests begins.
    pub(super) after: String,
}

/// One request in the list.
#[derive(Debug, Template)]
#[template(path = "admin/row.html")]
pub(super) struct Row {
    id: String,
    /// The whole time, and as much of it as a list needs.
    time: String,
    clock: String,
    status: u16,
    /// `good`; `bad` if the chain refused it; `error` if another part did, or if R2 would.
    kind: &'static str,
    operation: String,
    target: String,
    key_id: Option<String>,
    ms: String,
    fault: Option<Fault>,
    /// The rules by which R2 would refuse it, where requests are audited.
    audited: Option<String>,
    /// The usual way out.
    fix: Option<&'static str>,
}

/// Why a request was not carried out as asked.
#[derive(Debug)]
pub(super) struct Fault {
    /// The filter; `None` if the store behind answered.
    pub(super) filter: Option<&'static str>,
    /// What was refused.
    pub(super) feature: Option<String>,
    /// The policy's rule: file and line.
    pub(super) rule: Option<String>,
    pub(super) code: String,
    pub(super) message: String,
    /// The cause in the log.
    pub(super) cause: Option<String>,
    /// The usual way out.
    pub(super) fix: Option<&'static str>,
}

impl RequestsPage {
    pub(super) fn new(frame: Frame, show: Show, news: &News, limit: usize, after: String) -> RequestsPage {
        let rows = news.seen.iter().filter(|seen| show.has(seen)).map(|seen| Row::new(seen)).collect();
        RequestsPage { frame, show, rows, limit, after }
    }
}

impl Row {
    pub(super) fn new(seen: &Seen) -> Row {
        let record = &seen.record;
        let time = record.time.iso_8601();
        Row {
            id: record.request_id.clone(),
            clock: time.get(11..23).unwrap_or_default().to_owned(),
            time,
            status: record.status.as_u16(),
            kind: kind(seen),
            operation: operation(seen),
            target: target(seen),
            key_id: record.subject.key_id.as_deref().map(shown),
            ms: milliseconds(seen),
            fix: fix(record).or_else(|| fix_of_audited(record.audit.as_deref()?)),
            fault: Fault::of(seen),
            audited: record.audit.as_deref().map(shown),
        }
    }
}

impl Fault {
    pub(super) fn of(seen: &Seen) -> Option<Fault> {
        let record = &seen.record;
        let message = record.message.as_deref().unwrap_or_default();
        let cause = record.cause.as_deref().filter(|cause| *cause != message);
        Some(Fault {
            filter: record.refused_by.map(|filter| filter.name()),
            feature: record.feature.as_deref().map(shown),
            rule: record.rule.as_deref().map(shown),
            code: shown(record.error.as_deref()?),
            message: shown(message),
            cause: cause.map(shown),
            fix: fix(record),
        })
    }
}

/// The usual fix for a refusal by the chain. Advice is found by the ids of rules, as in audits.
fn fix(record: &Record) -> Option<&'static str> {
    let what = record.feature.as_deref().or(record.error.as_deref())?;
    let rule = format!("{}/{what}", record.refused_by?.name());
    Advice::on(&rule).map(|advice| advice.fix.as_str())
}

/// The usual fix for what R2 would refuse, by the first rule that is named.
fn fix_of_audited(rules: &str) -> Option<&'static str> {
    rules.split(", ").find_map(Advice::on).map(|advice| advice.fix.as_str())
}

fn kind(seen: &Seen) -> &'static str {
    let status = seen.record.status;
    let is_good = !status.is_client_error() && !status.is_server_error();
    match seen.record.refused_by {
        Some(_) => "bad",
        None if seen.record.audit.is_some() => "error",
        None if is_good || status == StatusCode::NOT_FOUND || status == StatusCode::PRECONDITION_FAILED => "good",
        None => "error",
    }
}

/// The operation, in a word.
pub(super) fn operation(seen: &Seen) -> String {
    match seen.record.subject.operation {
        Some(operation) => operation.name().to_owned(),
        None => shown(&seen.record.method),
    }
}

/// Bucket and key, or the path if it names neither.
pub(super) fn target(seen: &Seen) -> String {
    let subject = &seen.record.subject;
    match (&subject.bucket, &subject.key, &seen.head) {
        (Some(bucket), Some(key), _) => shown(&format!("{bucket}/{key}")),
        (Some(bucket), None, _) => shown(bucket),
        (None, _, Some(head)) => shown(head.borrow().path),
        (None, _, None) => String::new(),
    }
}

/// How long it took, to a tenth below a hundred milliseconds.
pub(super) fn milliseconds(seen: &Seen) -> String {
    let ms = seen.record.duration.as_secs_f64() * 1000.0;
    if ms < 100.0 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::Filter;

    #[test]
    fn failed_and_refused_requests_are_highlighted() {
        let seen = |status, refused_by, error: Option<&str>, audit: Option<&str>| {
            let (error, audit) = (error.map(str::to_owned), audit.map(str::to_owned));
            let status = StatusCode::from_u16(status).unwrap();
            Seen { record: Record { status, refused_by, error, audit, ..Record::default() }, head: None }
        };
        for (seen, expected, is_failed) in [
            (seen(200, None, None, None), "good", false),
            (seen(304, None, None, None), "good", false),
            (seen(404, None, Some("NoSuchKey"), None), "good", true),
            (seen(501, Some(Filter::Policy), Some("NotImplemented"), None), "bad", true),
            (seen(503, None, Some("ServiceUnavailable"), None), "error", true),
            (seen(200, None, None, Some("policy/x-amz-acl")), "error", true),
        ] {
            assert_eq!((kind(&seen), Show::Refused.has(&seen)), (expected, is_failed), "{:?}", seen.record);
            let row = Row::new(&seen).render().unwrap();
            let said = row.contains("R2 would refuse it: policy/x-amz-acl");
            assert_eq!(said, seen.record.audit.is_some(), "{row}");
        }
    }
}
