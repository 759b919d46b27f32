//! A report as one JSON document. Names of fields stay as they are: programs read them (docs/policies.md lists them).

use crate::audit::RuleId;
use crate::cli::explain::report::{Refusal, Report, Stage};
use crate::cli::explain::request::Request;
use crate::cors::Header;
use crate::filters::{Missing, StepVerdict};
use crate::routing::foreign_host::ForeignHost;
use crate::s3::Timestamp;
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
struct Document<'r> {
    verdict: &'static str,
    method: &'r str,
    path: &'r str,
    query: String,
    host: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_of: Option<&'r ForeignHost>,
    operation: Option<&'static str>,
    bucket: Option<&'r str>,
    key: Option<&'r str>,
    policy: &'r str,
    mode: &'static str,
    judged_at: String,
    stages: Vec<StageOf>,
    refusals: Vec<RefusalOf<'r>>,
    answer: Option<AnswerOf<'r>>,
    preflight: Option<Vec<HeaderOf<'r>>>,
    ignored: IgnoredOf<'r>,
    missing: Vec<MissingOf>,
}

#[derive(Serialize)]
struct StageOf {
    name: &'static str,
    verdict: &'static str,
    missing: Vec<&'static str>,
}

#[derive(Serialize)]
struct RefusalOf<'r> {
    stage: &'static str,
    status: u16,
    code: &'r str,
    message: &'r str,
    rule: Option<String>,
    id: Option<&'r str>,
    noted: bool,
}

#[derive(Serialize)]
struct AnswerOf<'r> {
    status: u16,
    body: Cow<'r, str>,
    rule: String,
}

#[derive(Serialize)]
struct HeaderOf<'r> {
    name: &'r str,
    value: &'r str,
}

#[derive(Serialize)]
struct IgnoredOf<'r> {
    headers: &'r [String],
    parameters: &'r [String],
}

#[derive(Serialize)]
struct MissingOf {
    what: &'static str,
    why: String,
}

/// The document, with a line break at the end.
pub(super) fn render(
    request: &Request,
    host_of: Option<&ForeignHost>,
    policy: &str,
    report: &Report,
    now: Timestamp,
) -> Result<String, serde_json::Error> {
    let head = request.head();
    let document = Document {
        verdict: report.verdict().name(),
        method: head.method,
        path: head.path,
        query: super::render::shown_query(head.query),
        host: head.header("host").unwrap_or_default(),
        host_of,
        operation: report.subject.operation.map(|operation| operation.name()),
        bucket: report.subject.bucket.as_deref(),
        key: report.subject.key.as_deref(),
        policy,
        mode: report.mode.name(),
        judged_at: now.iso_8601(),
        stages: report.stages.iter().map(StageOf::from).collect(),
        refusals: report.refusals.iter().map(RefusalOf::from).collect(),
        answer: report.answer.as_ref().map(|answer| AnswerOf {
            status: answer.status().as_u16(),
            body: answer.body(),
            rule: answer.rule.to_string(),
        }),
        preflight: report.preflight.as_ref().map(|headers| headers.iter().map(HeaderOf::from).collect()),
        ignored: IgnoredOf { headers: &report.ignored.headers, parameters: &report.ignored.parameters },
        missing: report.missing.iter().map(MissingOf::from).collect(),
    };
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

impl From<&Stage> for StageOf {
    fn from(stage: &Stage) -> StageOf {
        let mut missing: Vec<_> = stage.missing.iter().map(Missing::name).collect();
        missing.dedup();
        StageOf { name: stage.name, verdict: word(stage.verdict), missing }
    }
}

fn word(verdict: StepVerdict) -> &'static str {
    match verdict {
        StepVerdict::Passes => "passes",
        StepVerdict::Undecided => "undecided",
        StepVerdict::Refuses => "refuses",
    }
}

impl<'r> From<&'r Refusal> for RefusalOf<'r> {
    fn from(refusal: &'r Refusal) -> RefusalOf<'r> {
        RefusalOf {
            stage: refusal.stage,
            status: refusal.error.status.as_u16(),
            code: &refusal.error.code,
            message: &refusal.error.message,
            rule: refusal.rule.as_ref().map(|rule| rule.location.to_string()),
            id: refusal.id.as_ref().map(RuleId::as_str),
            noted: refusal.noted,
        }
    }
}

impl<'r> From<&'r Header> for HeaderOf<'r> {
    fn from((name, value): &'r Header) -> HeaderOf<'r> {
        HeaderOf { name: name.as_str(), value: value.to_str().unwrap_or_default() }
    }
}

impl From<&Missing> for MissingOf {
    fn from(missing: &Missing) -> MissingOf {
        MissingOf { what: missing.name(), why: missing.to_string() }
    }
}
