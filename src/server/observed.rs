//! What an audit keeps of a request that is over: who sent it, what it was for, and what R2 would refuse it for.

use crate::audit::{Client, Event, Observation, Verdict, example};
use crate::filters::Admitted;
use crate::s3::Operation;
use crate::s3::request::RequestHead;
use crate::s3::xml::{CompleteMultipartUpload, Delete};
use crate::server::answer::Answer;
use crate::server::audit::Recorder;
use crate::server::observe::record::Record;
use http::HeaderName;

/// Names the rules by which R2 would refuse a request, in the answer to it.
const AUDIT: HeaderName = HeaderName::from_static("x-r2shim-audit");

/// What R2 would refuse together with requests before. `document` is that of the request, where the event is in it.
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

/// Records a request with what was found, and names that in its answer.
pub(super) fn note(
    recorder: &Recorder,
    head: &RequestHead<'_>,
    record: &mut Record,
    together: Vec<Verdict>,
    answer: Answer,
) -> Answer {
    let subject = &record.subject;
    let mut verdicts: Vec<Verdict> = Vec::new();
    for verdict in subject.findings.iter().map(Verdict::from).chain(together) {
        // One rule may have found several headers.
        if verdicts.iter().all(|other| other.rule != verdict.rule) {
            verdicts.push(verdict);
        }
    }
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

fn target(head: &RequestHead<'_>) -> String {
    if head.query.is_empty() { head.path.to_owned() } else { format!("{}?{}", head.path, head.query) }
}
