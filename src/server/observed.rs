//! The observation of an audit about a completed request: its client, its operation, and the reasons for which R2 would
//! refuse it.

use crate::audit::{Client, Event, Observation, RuleId, StoreAnswer, Verdict, example, news};
use crate::filters::Admitted;
use crate::s3::request::RequestHead;
use crate::s3::xml::{CompleteMultipartUpload, Delete, ErrorDocument};
use crate::s3::{Code, Operation, S3Error};
use crate::server::answer::{Answer, Body};
use crate::server::audit::Recorder;
use crate::server::local;
use crate::server::observe::record::Record;
use http::HeaderName;

/// The header of an answer that names the rules by which R2 would refuse the request.
const AUDIT: HeaderName = HeaderName::from_static("x-r2shim-audit");

/// The findings about the document in a request's body, for an operation that R2 has.
pub(super) fn in_document(request: &Admitted<'_>, document: &[u8]) -> Vec<Verdict> {
    let (operation, policy) = (request.spec.operation, &request.rules.policy);
    if !policy.has(operation) {
        return Vec::new();
    }
    let judged = local::judge_document(request, document, policy.regions()).err();
    let whole = judged.map(|error| Verdict::new(RuleId::of_document(&error, None), &error));
    let entries = (operation == Operation::DeleteObjects).then(|| Delete::parse(document).ok()).flatten();
    let restriction = entries.and_then(|delete| delete.entries.iter().find_map(|entry| entry.restriction(false)));
    let of_entry = restriction.map(|element| {
        let message = format!("DeleteObjects element {element} not implemented");
        let error = S3Error::new(Code::NOT_IMPLEMENTED).message(message);
        Verdict::new(RuleId::of_document(&error, Some(element)), &error)
    });
    whole.into_iter().chain(of_entry).collect()
}

/// The findings that depend on earlier requests. `document` is the document of the request, if the event is in it.
pub(super) fn together(recorder: &Recorder, request: &Admitted<'_>, document: Option<&[u8]>) -> Vec<Verdict> {
    let bucket = request.bucket().map_or("", |bucket| bucket.as_str());
    let key = request.object_key().map_or("", |key| key.as_str());
    let upload = request.view.parameter("uploadId");
    let see = |event: Option<Event<'_>>| event.map(|event| recorder.watch(request.now, &event)).unwrap_or_default();
    match (request.spec.operation, document) {
        (Operation::DeleteObjects, Some(document)) => {
            let delete = Delete::parse(document).ok();
            see(delete.map(|delete| Event::Deletes { keys: delete.entries.len() }))
        }
        (Operation::CompleteMultipartUpload, Some(document)) => {
            let named = CompleteMultipartUpload::parse(document).ok();
            let parts: Option<Vec<u16>> =
                named.map(|named| named.parts.iter().filter_map(|part| u16::try_from(part.number).ok()).collect());
            see(upload.map(|upload| Event::Complete { bucket, key, upload, parts: parts.as_deref() }))
        }
        (operation, _) => {
            let part = request.view.parameter("partNumber").and_then(|number| number.parse().ok());
            let bytes = request.object_body().map_or(0, |(length, _)| length);
            see(Event::of(operation, [bucket, key], (upload, part), bytes))
        }
    }
}

/// Records a request with the findings of the chain and the others, and names the others in its answer.
pub(super) fn note(
    recorder: &Recorder,
    head: &RequestHead<'_>,
    record: &mut Record,
    found: Vec<Verdict>,
    answer: Answer,
) -> Answer {
    let subject = &record.subject;
    let is_clean = subject.findings.is_empty() && found.is_empty();
    let of_chain = subject.findings.iter().map(Verdict::from);
    let verdicts = if is_clean { Vec::new() } else { with_answer(of_chain.chain(found), &answer) };
    let (client, version) = Client::new(subject.key_id.as_deref(), head.header("user-agent").unwrap_or_default());
    let names = verdicts.iter().map(|verdict| verdict.rule.as_str()).collect::<Vec<_>>().join(", ");
    recorder.record(&Observation {
        time: record.time,
        client,
        version,
        operation: subject.operation,
        bucket: subject.bucket.clone(),
        example: (!verdicts.is_empty()).then(|| example(head.method, &target(head))),
        verdicts,
    });
    if names.is_empty() {
        return answer;
    }
    let answer = answer.with(AUDIT, &names);
    record.audit = Some(names);
    answer
}

/// The findings that differ from this answer. Only answers of a remote store count, because clients use it today.
fn with_answer(found: impl Iterator<Item = Verdict>, answer: &Answer) -> Vec<Verdict> {
    let error = match &answer.body {
        Body::Text(text) if !answer.status.is_success() => ErrorDocument::parse(text.as_bytes()),
        _ => None,
    };
    let code = error.as_ref().map(|error| error.code.as_str());
    let of_store = answer.node.as_ref().map(|_| StoreAnswer { status: answer.status.as_u16(), code });
    news(found, of_store)
}

fn target(head: &RequestHead<'_>) -> String {
    if head.query.is_empty() { head.path.to_owned() } else { format!("{}?{}", head.path, head.query) }
}
