//! A request as a log shows it: in path style, with the headers that a judge may look at.

use crate::audit::RuleId;
use crate::s3::headers::HTTP_HEADERS;
use crate::s3::operation::{Operation, Selector, Target};
use crate::s3::request::RequestHead;
use crate::s3::uri::{IN_PATH, IN_QUERY};
use crate::s3::{S3Error, Timestamp};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::utf8_percent_encode;

/// A request as a log shows it.
#[derive(Debug, Clone, Default)]
pub struct LoggedRequest {
    /// When it came.
    pub time: Timestamp,
    /// The store's id of it; empty where the log has none.
    pub id: String,
    /// Whether the log has neither its headers nor its client.
    pub is_half_shown: bool,
    /// The method.
    pub method: String,
    /// The path, in path style and percent-encoded.
    pub path: String,
    /// The query, percent-encoded, without session tokens.
    pub query: String,
    /// The headers that judges look at, as far as the log has them. A signature may be among them, and no session
    /// token.
    pub headers: HeaderMap,
    /// What the log calls the operation.
    pub operation: Option<Operation>,
    /// The sender.
    pub key_id: Option<String>,
    /// The user agent.
    pub user_agent: String,
    /// The status of the answer of the store.
    pub status: Option<u16>,
    /// The code of the error that the store answered with, if the log has it.
    pub code: Option<String>,
    /// Whether r2shim refused it, so that no store has answered.
    pub was_refused: bool,
    /// Bytes of the object or part in the body.
    pub bytes: Option<u64>,
    /// How many keys a DeleteObjects names.
    pub deletes: Option<usize>,
    /// What the log itself says R2 would refuse, with R2's answer.
    pub refused: Vec<(RuleId, S3Error)>,
}

/// The key of a SigV2 signature that a log does not show.
const NOT_SHOWN: &str = "not-shown";

/// A host in path style.
const PATH_STYLE: &str = "localhost";

/// Names of parameters and headers that a judge never sees: temporary keys are the store's, and R2 would give others.
const SESSION_TOKEN: &str = "x-amz-security-token";

impl LoggedRequest {
    /// The head as the chain reads it.
    pub fn head(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    /// Path and query.
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// Takes a path and query as sent. `bucket` is what the host or the log says the bucket is, where that is not in
    /// the path.
    pub fn set_target(&mut self, bucket: Option<&str>, target: &str) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let slash = if path.starts_with('/') { "" } else { "/" };
        self.path = match bucket {
            Some(bucket) => format!("/{bucket}{slash}{path}"),
            None => format!("{slash}{path}"),
        };
        let is_token = |pair: &&str| name_of(pair).eq_ignore_ascii_case(SESSION_TOKEN);
        self.query = match query.len() >= SESSION_TOKEN.len() {
            true => query.split('&').filter(|pair| !is_token(pair)).collect::<Vec<_>>().join("&"),
            false => query.to_owned(),
        };
    }

    /// Takes bucket and key as they are, without escapes.
    pub fn set_address(&mut self, bucket: &str, key: &str) {
        let slash = if key.is_empty() { "" } else { "/" };
        self.path = format!("/{bucket}{slash}{}", utf8_percent_encode(key, IN_PATH));
    }

    /// Adds a parameter, without escapes.
    pub fn add_parameter(&mut self, name: &str, value: &str) {
        if name.eq_ignore_ascii_case(SESSION_TOKEN) {
            return;
        }
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.extend(utf8_percent_encode(name, IN_QUERY));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, IN_QUERY));
    }

    /// Adds a header, if it is one that a judge looks at.
    pub fn add_header(&mut self, name: &str, value: &str) {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { return };
        if is_judged(name.as_str())
            && let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
        {
            self.headers.append(name, value);
        }
    }

    /// Adds what the operation that the log names must have and the log does not show, so that the request is routed to
    /// it. Then puts it on a host in path style.
    pub fn complete(&mut self) {
        self.name_sigv2();
        if let Some(operation) = self.operation {
            let spec = operation.spec();
            if self.method.is_empty() {
                spec.method.name().clone_into(&mut self.method);
            }
            if self.names(spec.target) {
                spec.selectors.iter().for_each(|selector| self.select(*selector));
            }
        }
        self.headers.insert(HOST, HeaderValue::from_static(PATH_STYLE));
    }

    /// Says that the request is signed with Signature Version 2, whose signature is not shown.
    pub fn set_sigv2(&mut self) {
        self.headers.insert(AUTHORIZATION, HeaderValue::from_static("AWS not-shown:not-shown"));
    }

    /// A SigV2 query becomes a SigV2 header: its parameters have no prefix, and would be judged like any other.
    fn name_sigv2(&mut self) {
        if let Some(id) = self.sigv2_key() {
            self.key_id.get_or_insert(id);
        }
        if has(&self.query, "AWSAccessKeyId") && has(&self.query, "Signature") {
            let of_signature = |pair: &&str| matches!(name_of(pair), "AWSAccessKeyId" | "Signature" | "Expires");
            let rest: Vec<&str> = self.query.split('&').filter(|pair| !of_signature(pair)).collect();
            self.query = rest.join("&");
            self.set_sigv2();
        }
    }

    /// The key of a SigV2 signature, in the query or in `Authorization: AWS ID:SIGNATURE`.
    fn sigv2_key(&self) -> Option<String> {
        let in_query = self.query.split('&').find_map(|pair| pair.strip_prefix("AWSAccessKeyId="));
        let header = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let in_header = header.and_then(|value| value.strip_prefix("AWS ")?.split(':').next());
        in_query.or(in_header).filter(|id| *id != NOT_SHOWN).map(str::to_owned)
    }

    fn select(&mut self, selector: Selector) {
        match selector {
            Selector::Query(name) if !has(&self.query, name) => self.add_parameter(name, ""),
            Selector::QueryIs(name, value) if !has(&self.query, name) => self.add_parameter(name, value),
            // Which object is copied is not known: any one has a name that is good.
            Selector::Header(name) if !self.headers.contains_key(name) => self.add_header(name, &self.path.clone()),
            Selector::HeaderStarts(name, value) if !self.headers.contains_key(name) => self.add_header(name, value),
            _ => {}
        }
    }

    fn names(&self, target: Target) -> bool {
        let (bucket, key) = self.bucket_and_key();
        match target {
            Target::Service => true,
            Target::Bucket => !bucket.is_empty() && key.is_empty(),
            Target::Object => !bucket.is_empty() && !key.is_empty(),
        }
    }

    /// Bucket and key, percent-encoded; empty where the path has none.
    pub fn bucket_and_key(&self) -> (&str, &str) {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        path.split_once('/').unwrap_or((path, ""))
    }
}

/// The name in a pair of a query.
fn name_of<'q>(pair: &&'q str) -> &'q str {
    pair.split('=').next().unwrap_or_default()
}

fn has(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| name_of(&pair) == name)
}

fn is_judged(name: &str) -> bool {
    let is_ours = name.starts_with("x-amz-") || name.starts_with("cf-") || HTTP_HEADERS.contains(&name);
    (is_ours && name != SESSION_TOKEN) || matches!(name, "authorization" | "date" | "transfer-encoding")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(operation: &str, target: &str) -> LoggedRequest {
        let operation = Operation::parse(operation);
        let mut request = LoggedRequest { operation, ..LoggedRequest::default() };
        request.set_target(None, target);
        request.complete();
        request
    }

    #[test]
    fn a_target_is_in_path_style_and_has_no_session_token() {
        for (bucket, target, expected) in [
            (None, "/media/a%20b?acl", "/media/a%20b?acl"),
            (Some("media"), "/a?x=1", "/media/a?x=1"),
            (Some("media"), "/", "/media/"),
            (Some("media"), "a", "/media/a"),
            (None, "/b/k?a=1&X-Amz-Security-Token=FwoG&b=2", "/b/k?a=1&b=2"),
            (None, "", "/"),
        ] {
            let mut request = LoggedRequest::default();
            request.set_target(bucket, target);
            assert_eq!(request.target(), expected);
        }
    }

    #[test]
    fn what_the_operation_must_have_is_added() {
        for (operation, target, expected) in [
            ("PutObjectTagging", "/b/k", "PUT /b/k?tagging="),
            ("PutObjectTagging", "/b/k?tagging", "PUT /b/k?tagging"),
            ("ListObjectsV2", "/b?prefix=a", "GET /b?prefix=a&list-type=2"),
            ("GetObject", "/b/k", "GET /b/k"),
            ("GetObjectTagging", "/b", "GET /b"),
            ("UploadPart", "/b/k?uploadId=1", "PUT /b/k?uploadId=1&partNumber="),
            ("GetObject", "/b/k?AWSAccessKeyId=A&Signature=x%3D&versionId=1&Expires=9", "GET /b/k?versionId=1"),
        ] {
            let request = request(operation, target);
            assert_eq!(format!("{} {}", request.method, request.target()), expected);
        }
        let copy = request("CopyObject", "/b/k");
        assert_eq!(copy.head().header("x-amz-copy-source"), Some("/b/k"));
    }

    #[test]
    fn only_what_is_judged_is_kept() {
        let mut request = LoggedRequest::default();
        for name in ["X-Amz-Acl", "Cookie", "x-amz-security-token", "User-Agent", "Range", "no name"] {
            request.add_header(name, "v");
        }
        let mut names: Vec<&str> = request.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["range", "x-amz-acl"]);
    }
}
