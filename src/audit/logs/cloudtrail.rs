//! CloudTrail's data and management events of S3, in the files that it delivers or a line an event.
//!
//! Source: S3 user guide, "Amazon S3 CloudTrail events"; CloudTrail user guide, "CloudTrail record contents".

use crate::audit::UNSIGNED;
use crate::audit::logs::entry::{Entry, LeftOut, Read, Unreadable};
use crate::audit::logs::names::{CLOUDTRAIL, operation};
use crate::audit::logs::request::LoggedRequest;
use crate::s3::Timestamp;
use crate::s3::headers::HTTP_HEADERS;
use crate::s3::view::is_transport_query;
use crate::sigv4::AuthError;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// An event; fields that are not read are left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'e> {
    #[serde(borrow)]
    event_source: Option<Cow<'e, str>>,
    #[serde(borrow)]
    event_name: Option<Cow<'e, str>>,
    #[serde(borrow)]
    event_time: Option<Cow<'e, str>>,
    #[serde(borrow)]
    user_agent: Option<Cow<'e, str>>,
    #[serde(borrow)]
    error_code: Option<Cow<'e, str>>,
    #[serde(rename = "requestID")]
    request_id: Option<String>,
    #[serde(default)]
    user_identity: Identity,
    request_parameters: Option<Map<String, Value>>,
    additional_event_data: Option<Map<String, Value>>,
}

/// The caller.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default, rename = "type")]
    kind: String,
    account_id: Option<String>,
    access_key_id: Option<String>,
    arn: Option<String>,
    session_context: Option<Session>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    session_issuer: Option<Issuer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issuer {
    user_name: Option<String>,
}

/// Parameters that say where the request is for.
const ADDRESS: [&str; 3] = ["bucketName", "key", "Host"];

/// Codes of events whose client S3 does not know.
const NOT_LET_IN: [&str; 4] = ["SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken", "InvalidToken"];

/// Reads an event.
pub(super) fn read(record: &[u8]) -> Read {
    let event: Event<'_> = serde_json::from_slice(record)?;
    let source = event.event_source.as_deref().ok_or(Unreadable::Field("eventSource"))?;
    if source != "s3.amazonaws.com" {
        return Ok(Entry::LeftOut(LeftOut::NotS3));
    }
    if event.user_identity.kind == "AWSService" {
        return Ok(Entry::LeftOut(LeftOut::StoreItself));
    }
    let is_stranger = event.user_identity.account_id.as_deref() == Some("anonymous");
    let is_not_let_in = |code: &str| NOT_LET_IN.contains(&code) || (is_stranger && code == "AccessDenied");
    if event.error_code.as_deref().is_some_and(is_not_let_in) {
        return Ok(Entry::LeftOut(LeftOut::NotLetIn));
    }
    let time = event.event_time.as_deref().and_then(Timestamp::parse_iso_8601).ok_or(Unreadable::Field("eventTime"))?;
    let name = event.event_name.as_deref().ok_or(Unreadable::Field("eventName"))?;
    let mut request = LoggedRequest {
        time,
        id: event.request_id.unwrap_or_default(),
        operation: Some(operation(name, CLOUDTRAIL)?),
        key_id: event.user_identity.name(),
        user_agent: event.user_agent.unwrap_or_default().into_owned(),
        status: Some(event.error_code.as_deref().map_or(200, status)),
        code: event.error_code.map(Cow::into_owned),
        ..LoggedRequest::default()
    };
    if is_stranger {
        request.refused.push((UNSIGNED, AuthError::NothingSupplied.into()));
    }
    take_parameters(&mut request, event.request_parameters.unwrap_or_default());
    note_signature(&mut request, &event.additional_event_data.unwrap_or_default());
    request.complete();
    Ok(Entry::Request(Box::new(request)))
}

/// The status of an answer with this code: the log has no other.
fn status(code: &str) -> u16 {
    match code {
        "AccessDenied" => 403,
        "NotImplemented" => 501,
        code if code.starts_with("NoSuch") || code.ends_with("NotFound") || code.ends_with("NotFoundError") => 404,
        _ => 400,
    }
}

impl Identity {
    /// The name of a role, whose keys change by the hour; else the key.
    fn name(&self) -> Option<String> {
        let issuer = self.session_context.as_ref().and_then(|session| session.session_issuer.as_ref());
        let role = issuer.and_then(|issuer| issuer.user_name.as_ref()).filter(|_| self.kind == "AssumedRole");
        let role = role.map(|name| format!("assumed-role/{name}"));
        role.or_else(|| self.access_key_id.clone()).or_else(|| self.arn.clone())
    }
}

/// Headers and query stand side by side, by their names. Documents stand there too, as objects.
fn take_parameters(request: &mut LoggedRequest, parameters: Map<String, Value>) {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    request.set_address(&text("bucketName"), &text("key"));
    for (name, value) in &parameters {
        let Some(value) = scalar(value).filter(|_| !ADDRESS.contains(&name.as_str())) else { continue };
        let lower = name.to_ascii_lowercase();
        if is_transport_query(name) {
            // Signatures of presigned requests are hidden in the log, so nothing of them can be judged.
        } else if lower.starts_with("x-amz-") || lower.starts_with("cf-") || HTTP_HEADERS.contains(&lower.as_str()) {
            request.add_header(&lower, &value);
        } else {
            request.add_parameter(name, &value);
        }
    }
}

/// The text of a value; of a list the first. `None` for a document.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(bool) => Some(Cow::Borrowed(if *bool { "true" } else { "false" })),
        Value::Null => Some(Cow::Borrowed("")),
        Value::Array(values) => values.first().filter(|first| !first.is_array()).and_then(scalar),
        Value::Object(_) => None,
    }
}

fn note_signature(request: &mut LoggedRequest, data: &Map<String, Value>) {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    if text("SignatureVersion") == Some("SigV2") {
        request.set_sigv2();
    }
    request.bytes = data.get("bytesTransferredIn").and_then(Value::as_f64).map(|bytes| bytes as u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(name: &str, parameters: &Value) -> Value {
        json!({
            "eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "eventName": name,
            "eventTime": "2026-11-26T09:30:00Z", "userAgent": "[Boto3/1.40.1]",
            "userIdentity": {"type": "IAMUser", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"},
            "requestParameters": parameters,
            "additionalEventData": {"SignatureVersion": "SigV4", "bytesTransferredIn": 5.0},
        })
    }

    fn request(event: &Value) -> LoggedRequest {
        match read(event.to_string().as_bytes()) {
            Ok(Entry::Request(request)) => *request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn parameters_become_target_and_headers() {
        for (name, parameters, expected, headers) in [
            (
                "GetObject",
                json!({"bucketName": "media", "key": "a b/é", "Host": "h"}),
                "GET /media/a%20b/%C3%A9",
                &[][..],
            ),
            (
                "PutObject",
                json!({"bucketName": "media", "key": "k", "x-amz-acl": "public-read", "x-amz-storage-class": "GLACIER",
                       "X-Amz-Signature": "HIDDEN_DUE_TO_SECURITY_REASONS", "X-Amz-Expires": "300", "x-id": "PutObject"}),
                "PUT /media/k",
                &[("x-amz-acl", "public-read"), ("x-amz-storage-class", "GLACIER")],
            ),
            (
                "PutObjectTagging",
                json!({"bucketName": "media", "key": "k", "tagging": ""}),
                "PUT /media/k?tagging=",
                &[],
            ),
            ("PutObjectTagging", json!({"bucketName": "media", "key": "k"}), "PUT /media/k?tagging=", &[]),
            ("GetBucketAcl", json!({"bucketName": "media", "acl": [""]}), "GET /media?acl=", &[]),
            (
                "PutBucketVersioning",
                json!({"bucketName": "media", "versioning": "", "VersioningConfiguration": {"Status": "Enabled"}}),
                "PUT /media?versioning=",
                &[],
            ),
            ("ListObjects", json!({"bucketName": "media", "list-type": "2"}), "GET /media?list-type=2", &[]),
            ("ListBuckets", Value::Null, "GET /", &[]),
        ] {
            let read = request(&event(name, &parameters));
            assert_eq!(format!("{} {}", read.method, read.target()), expected);
            for (header, value) in headers {
                assert_eq!(read.head().header(header), Some(*value), "{name}");
            }
        }
    }

    #[test]
    fn clients_and_signatures_are_read() {
        let mut old = event("GetObject", &json!({"bucketName": "media", "key": "k"}));
        assert_eq!(request(&old).key_id.as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
        assert_eq!((request(&old).bytes, request(&old).status), (Some(5), Some(200)));
        old["additionalEventData"]["SignatureVersion"] = "SigV2".into();
        assert!(request(&old).head().header("authorization").is_some());
        old["userIdentity"] = json!({"type": "AssumedRole", "accessKeyId": "ASIAX",
            "sessionContext": {"sessionIssuer": {"userName": "Backup"}}});
        assert_eq!(request(&old).key_id.as_deref(), Some("assumed-role/Backup"));
    }

    #[test]
    fn other_events_are_left_out() {
        for (field, value, why) in [
            ("eventSource", json!("ec2.amazonaws.com"), LeftOut::NotS3),
            ("userIdentity", json!({"type": "AWSService", "invokedBy": "config.amazonaws.com"}), LeftOut::StoreItself),
            ("errorCode", json!("SignatureDoesNotMatch"), LeftOut::NotLetIn),
        ] {
            let mut event = event("PutObject", &json!({"bucketName": "media", "key": "k"}));
            event[field] = value;
            assert!(matches!(read(event.to_string().as_bytes()), Ok(Entry::LeftOut(found)) if found == why), "{field}");
        }
    }

    #[test]
    fn other_lines_cannot_be_read() {
        let whole = event("PutObject", &json!({"bucketName": "media", "key": "k"})).to_string();
        for end in 0..whole.len() {
            assert!(read(&whole.as_bytes()[..end]).is_err(), "{end}");
        }
        for text in ["{}", "[]", "{\"eventSource\":\"s3.amazonaws.com\"}", "{\"eventSource\":1}"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let unknown = event("PutObjekt", &json!({})).to_string();
        assert!(matches!(read(unknown.as_bytes()), Err(Unreadable::Operation(name)) if name == "PutObjekt"));
    }
}
