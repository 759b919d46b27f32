//! Judges a request of a log by the chain, like one that is sent. What the log does not show is unknown, and no reason
//! to refuse.

use crate::audit::logs::request::LoggedRequest;
use crate::audit::{Client, Event, Observation, StoreAnswer, Verdict, Watch, example, news};
use crate::filters::{self, Explanation, Filter, Finding, Known, KnownKeys, Rules};
use crate::s3::query::Query;

/// The findings of `authenticate` that do not depend on the key. The store behind the log has verified the others.
const WITH_ANY_KEY: &str = "sigv2";

/// Judges a request. `watch` has seen those before it.
pub fn judge(request: &LoggedRequest, rules: &Rules, watch: &mut Watch) -> Observation {
    let known = Known { keys: KnownKeys::Nothing, body: None };
    let explanation = filters::explain(rules, request.head(), request.time, known);
    let of_chain = explanation.findings.iter().filter(|finding| counts(finding)).map(Verdict::from);
    let of_log = request.refused.iter().map(|(rule, error)| Verdict::new(rule.clone(), error));
    let found = of_log.chain(of_chain).chain(with_others(request, &explanation, watch));
    let answered = request.status.map(|status| StoreAnswer { status, code: request.code.as_deref() });
    let verdicts = news(found, answered);
    let (client, version) = Client::new(request.key_id.as_deref(), &request.user_agent);
    let shown = (!verdicts.is_empty()).then(|| example(&request.method, &request.target()));
    let subject = explanation.subject;
    Observation {
        time: request.time,
        client,
        version,
        operation: subject.operation,
        bucket: subject.bucket,
        verdicts,
        example: shown,
    }
}

fn counts(finding: &Finding) -> bool {
    finding.filter != Filter::Authenticate || finding.label == Some(WITH_ANY_KEY)
}

/// What is found together with other requests, of those that were carried out.
fn with_others(request: &LoggedRequest, explanation: &Explanation<'_>, watch: &mut Watch) -> Vec<Verdict> {
    if request.was_refused || request.status.is_some_and(|status| !(200..300).contains(&status)) {
        return Vec::new();
    }
    if let Some(keys) = request.deletes {
        return watch.see(request.time, &Event::Deletes { keys });
    }
    let subject = &explanation.subject;
    let (Some(operation), Some(bucket), Some(key)) = (subject.operation, &subject.bucket, &subject.key) else {
        return Vec::new();
    };
    let query = Query::parse(&request.query).unwrap_or_default();
    let part = query.get("partNumber").and_then(|number| number.parse().ok());
    match bytes(request) {
        // A part whose size is not shown cannot be compared.
        None if part.is_some() => Vec::new(),
        bytes => Event::of(operation, [bucket, key], (query.get("uploadId"), part), bytes.unwrap_or_default())
            .map_or_else(Vec::new, |event| watch.see(request.time, &event)),
    }
}

/// Bytes of the object or part, without frames around it.
fn bytes(request: &LoggedRequest) -> Option<u64> {
    let length = |name| request.head().header(name).and_then(|length| length.parse().ok());
    length("x-amz-decoded-content-length").or(request.bytes).or_else(|| length("content-length"))
}
