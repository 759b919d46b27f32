//! What policies decide, as tables of requests and answers.

mod answers;
mod built_in;
mod faults;
mod hardest;
mod protection;
mod seed;
mod table;
mod today;

use super::*;
use crate::diagnostics::Diagnostic;
use crate::s3::operation::Operation;
use crate::s3::payload::PayloadKind;
use crate::s3::query::Query;
use crate::s3::view::RequestView;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A built-in policy.
fn builtin(name: &str) -> Policy {
    Policy::builtin(name).unwrap().unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// A policy of the test's own, which may extend the built-in ones.
fn compile(text: &str) -> Result<Policy, Vec<Diagnostic>> {
    let source = Source { name: "own".into(), file: "own.toml".into(), text: text.to_owned().into() };
    Policy::compile(&source, &|path| Err(format!("{path} is not there")))
}

/// Asks about a request with the headers (`name: value`) and the query.
fn ask(policy: &Policy, operation: Operation, headers: &[(&str, &[u8])], query: &str, kind: PayloadKind) -> Decision {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value).unwrap());
    }
    policy.decide(operation, &RequestView::from_signed_headers(&map, Query::parse(query).unwrap()), kind)
}

/// The decision on `OPERATION [?query] [| name: value]...`.
fn decide(policy: &Policy, request: &str) -> Decision {
    let mut lines = request.split(" | ");
    let (operation, query) = lines.next().and_then(|first| first.split_once('?')).unwrap_or((request, ""));
    let operation = operation.split(" | ").next().unwrap();
    let headers: Vec<_> = lines.map(|l| l.split_once(':').unwrap()).map(|(n, v)| (n, v.trim().as_bytes())).collect();
    ask(policy, Operation::parse(operation).unwrap(), &headers, query, PayloadKind::Signed)
}

/// The same in words.
fn answer(policy: &Policy, request: &str) -> String {
    words(decide(policy, request))
}

/// What a request gets: the first refusal, else the policy's own answer, else the operation and what is ignored.
fn words(decision: Decision) -> String {
    if let Some(ruling) = decision.refusals.first() {
        return ruling.error.to_string();
    }
    match decision.answer.map(|ruled| ruled.answer) {
        Some(BucketAnswer::Document { status, body }) => return format!("{}: {body}", status.as_u16()),
        Some(BucketAnswer::Error(error)) => return error.to_string(),
        None => {}
    }
    let names = [decision.ignored.parameters, decision.ignored.headers].concat().join(" ");
    format!("{}, ignored: {names}", decision.operation).trim_end_matches(", ignored: ").to_owned()
}
