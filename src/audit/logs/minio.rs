//! MinIO's audit log, and its trace (`mc admin trace --json`, with `--verbose` or without).
//!
//! Both have the signatures of requests, and paths: the audit log without escapes, the trace with them.

use crate::audit::logs::entry::{Entry, LeftOut, Read, Unreadable};
use crate::audit::logs::names::{MINIO, operation};
use crate::audit::logs::request::LoggedRequest;
use crate::s3::Timestamp;
use crate::s3::uri::IN_PATH;
use crate::sigv4;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A record of either; fields that are not read are left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    time: Option<String>,
    api: Api,
    #[serde(default)]
    user_agent: String,
    access_key: Option<String>,
    parent_user: Option<String>,
    #[serde(rename = "requestID")]
    request_id: Option<String>,
    #[serde(default)]
    request_host: String,
    request_path: Option<String>,
    #[serde(default)]
    request_query: BTreeMap<String, String>,
    #[serde(default)]
    request_header: BTreeMap<String, String>,
    /// The trace's: `S3`, or an event inside of MinIO.
    #[serde(rename = "type")]
    kind: Option<String>,
    path: Option<String>,
    query: Option<String>,
    status_code: Option<u16>,
    request: Option<TracedRequest>,
    response: Option<TracedResponse>,
}

/// The audit log has more of it than its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Api {
    Name(String),
    #[serde(rename_all = "camelCase")]
    Call {
        #[serde(default)]
        name: String,
        bucket: Option<String>,
        status_code: Option<u16>,
        rx: Option<u64>,
        objects: Option<Vec<serde::de::IgnoredAny>>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TracedRequest {
    #[serde(default)]
    method: String,
    path: Option<String>,
    raw_query: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TracedResponse {
    status_code: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// The paths of MinIO's own interfaces.
const OWN: &str = "/minio/";

/// Reads a record.
pub(super) fn read(record: &[u8]) -> Read {
    let record: Record = serde_json::from_slice(record)?;
    let time = record.time.as_deref().and_then(Timestamp::parse_iso_8601).ok_or(Unreadable::Field("time"))?;
    let mut request = LoggedRequest { time, ..LoggedRequest::default() };
    let name = match &record.api {
        Api::Name(name) => {
            if record.kind.as_deref().is_some_and(|kind| kind != "S3") {
                return Ok(Entry::LeftOut(LeftOut::StoreItself));
            }
            take_trace(&mut request, &record)?;
            name.strip_prefix("s3.").unwrap_or(name)
        }
        Api::Call { name, .. } => {
            take_audit(&mut request, &record)?;
            name
        }
    };
    if request.path.starts_with(OWN) {
        return Ok(Entry::LeftOut(LeftOut::OtherInterface));
    }
    if request.method == "OPTIONS" {
        return Ok(Entry::LeftOut(LeftOut::Preflight));
    }
    // With a method the request says what it is, whatever MinIO calls it.
    let operation = operation(name, MINIO);
    request.operation = if request.method.is_empty() { Some(operation?) } else { operation.ok() };
    finish(request)
}

/// The audit log has no method: the operation has.
fn take_audit(request: &mut LoggedRequest, record: &Record) -> Result<(), Unreadable> {
    let Api::Call { bucket, status_code, rx, objects, .. } = &record.api else { return Ok(()) };
    let path = record.request_path.as_deref().ok_or(Unreadable::Field("requestPath"))?;
    let in_host = |bucket: &&str| record.request_host.strip_prefix(*bucket).is_some_and(|rest| rest.starts_with('.'));
    let bucket = bucket.as_deref().filter(|bucket| !bucket.is_empty()).filter(in_host);
    request.set_target(bucket, &utf8_percent_encode(path, IN_PATH).to_string());
    record.request_query.iter().for_each(|(name, value)| request.add_parameter(name, value));
    record.request_header.iter().for_each(|(name, value)| request.add_header(name, value));
    let parent = record.parent_user.clone().filter(|parent| !parent.is_empty());
    request.key_id = parent.or_else(|| record.access_key.clone()).filter(|id| !id.is_empty());
    request.user_agent.clone_from(&record.user_agent);
    request.id = record.request_id.clone().unwrap_or_default();
    request.status = *status_code;
    request.bytes = *rx;
    request.deletes = objects.as_ref().map(Vec::len);
    Ok(())
}

fn take_trace(request: &mut LoggedRequest, record: &Record) -> Result<(), Unreadable> {
    let missing = Unreadable::Field("path");
    let Some(traced) = &record.request else {
        let path = record.path.as_deref().ok_or(missing)?;
        request.set_target(None, &format!("{path}?{}", record.query.as_deref().unwrap_or_default()));
        request.status = record.status_code;
        request.is_half_shown = true;
        return Ok(());
    };
    let path = traced.path.as_deref().ok_or(missing)?;
    request.method.clone_from(&traced.method);
    request.set_target(None, &format!("{path}?{}", traced.raw_query.as_deref().unwrap_or_default()));
    for (name, value) in &traced.headers {
        request.add_header(name, value);
        if name.eq_ignore_ascii_case("user-agent") {
            request.user_agent.clone_from(value);
        }
    }
    if let Some(answer) = &record.response {
        request.status = answer.status_code;
        request.id = answer.headers.get("X-Amz-Request-Id").cloned().unwrap_or_default();
    }
    Ok(())
}

fn finish(mut request: LoggedRequest) -> Read {
    request.complete();
    let claim = sigv4::parse(&request.head()).ok();
    if let Some(claim) = claim {
        request.key_id.get_or_insert_with(|| claim.access_key_id().to_owned());
        drop_unsigned(&mut request, &claim);
    }
    if request.status.is_some_and(|status| status == 403) && request.key_id.is_none() {
        return Ok(Entry::LeftOut(LeftOut::NotLetIn));
    }
    Ok(Entry::Request(Box::new(request)))
}

/// MinIO adds headers to requests, for example `x-amz-tagging` to those about tags. It refuses clients' `x-amz-*`
/// headers that the signature does not cover, so a header that is not covered was added by MinIO.
fn drop_unsigned(request: &mut LoggedRequest, claim: &sigv4::Claim) {
    if claim.is_presigned() {
        return;
    }
    let is_own = |name: &&http::HeaderName| {
        name.as_str().starts_with("x-amz-") && !claim.signed_header_names().any(|signed| signed == name.as_str())
    };
    let own: Vec<_> = request.headers.keys().filter(is_own).cloned().collect();
    for name in own {
        request.headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::operation::Operation;
    use serde_json::{Value, json};

    const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20261126/us-east-1/s3/aws4_request, \
                                 SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date, Signature=00";

    fn audit(name: &str, path: &str, query: Value) -> Value {
        json!({
            "version": "1", "time": "2026-11-26T11:46:34.379846146Z",
            "api": {"name": name, "bucket": "media", "statusCode": 200, "rx": 5, "tx": 0},
            "userAgent": "Boto3/1.44.5", "requestPath": path, "requestHost": "127.0.0.1:9000", "requestQuery": query,
            "requestHeader": {
                "Authorization": AUTHORIZATION, "X-Amz-Acl": "private", "X-Amz-Tagging": "a=b",
                "X-Amz-Date": "20261126T114634Z", "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
                "X-Amz-Security-Token": "FwoG",
            },
            "accessKey": "AKIA",
        })
    }

    fn request(record: &Value) -> LoggedRequest {
        match read(record.to_string().as_bytes()) {
            Ok(Entry::Request(request)) => *request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn audit_records_become_requests() {
        for (name, path, query, expected) in [
            ("PutObject", "/media/café a+b", json!({}), "PUT /media/caf%C3%A9%20a%2Bb"),
            ("PutBucket", "/media", Value::Object(Default::default()), "PUT /media"),
            ("PutObjectTagging", "/media/k", json!({"tagging": ""}), "PUT /media/k?tagging="),
            ("NewMultipartUpload", "/media/k", json!({"uploads": ""}), "POST /media/k?uploads="),
            ("ListObjectsV1", "/media", json!({"prefix": "a/b"}), "GET /media?prefix=a%2Fb"),
        ] {
            let read = request(&audit(name, path, query));
            assert_eq!(format!("{} {}", read.method, read.target()), expected);
        }
    }

    #[test]
    fn only_signed_headers_are_the_clients() {
        let read = request(&audit("PutObjectTagging", "/media/k", json!({"tagging": ""})));
        let head = read.head();
        assert_eq!((head.header("x-amz-acl"), head.header("x-amz-tagging")), (Some("private"), None));
        assert_eq!((read.key_id.as_deref(), head.header("x-amz-security-token")), (Some("AKIA"), None));
    }

    #[test]
    fn hosts_below_a_domain_name_a_bucket() {
        let mut record = audit("PutObject", "/k", json!({}));
        record["requestHost"] = "media.minio.test:9000".into();
        assert_eq!(request(&record).path, "/media/k");
    }

    #[test]
    fn both_forms_of_the_trace_are_read() {
        let verbose = json!({
            "type": "S3", "api": "s3.PutObjectPart", "time": "2026-11-26T11:46:34Z", "path": "/media/a%20b",
            "request": {"method": "PUT", "path": "/media/a%20b", "rawQuery": "partNumber=1&uploadId=x",
                        "headers": {"Authorization": AUTHORIZATION, "User-Agent": "mc/1",
                                    "X-Amz-Date": "20261126T114634Z", "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}},
            "response": {"statusCode": 200}, "callStats": {"rx": 131},
        });
        let short = json!({
            "type": "S3", "api": "s3.PutObjectPart", "time": "2026-11-26T11:46:34Z", "path": "/media/a%20b",
            "query": "partNumber=1&uploadId=x", "statusCode": 200,
        });
        for (record, key, agent) in [(&verbose, Some("AKIA"), "mc/1"), (&short, None, "")] {
            let read = request(record);
            assert_eq!(format!("{} {}", read.method, read.target()), "PUT /media/a%20b?partNumber=1&uploadId=x");
            assert_eq!((read.key_id.as_deref(), &*read.user_agent, read.status), (key, agent, Some(200)));
            assert_eq!(read.operation.map(Operation::name), Some("UploadPart"));
        }
    }

    #[test]
    fn other_records_are_left_out() {
        let own = audit("Trace", "/minio/admin/v3/trace", json!({}));
        let mut stranger = audit("GetObject", "/media/k", json!({}));
        stranger["api"]["statusCode"] = 403.into();
        stranger["requestHeader"] = json!({});
        stranger["accessKey"] = Value::Null;
        let scan = json!({"type": "Scanner", "api": "scanner.X", "time": "2026-11-26T11:46:34Z", "path": "/x"});
        for (record, why) in
            [(own, LeftOut::OtherInterface), (stranger, LeftOut::NotLetIn), (scan, LeftOut::StoreItself)]
        {
            assert!(
                matches!(read(record.to_string().as_bytes()), Ok(Entry::LeftOut(found)) if found == why),
                "{record}"
            );
        }
    }

    #[test]
    fn no_cut_is_read() {
        let whole = audit("PutObject", "/media/k", json!({})).to_string();
        for end in 0..whole.len() {
            assert!(read(&whole.as_bytes()[..end]).is_err(), "{end}");
        }
        for text in ["{}", "{\"api\":1}", "{\"api\":\"s3.GetObject\"}", "\u{feff}{}"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
