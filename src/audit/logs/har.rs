//! The network log of a browser: the entries of a HAR (HTTP Archive 1.2) that are requests to an S3 service.

use crate::audit::logs::entry::{Entry, LeftOut, Read, Unreadable};
use crate::audit::logs::request::LoggedRequest;
use crate::routing::foreign_host;
use crate::routing::host::{Style, style};
use crate::s3::Timestamp;
use crate::s3::query::Query;
use crate::sigv4;
use serde::Deserialize;

/// An entry; fields that are not read, bodies among them, are left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    started_date_time: Option<String>,
    request: Option<Request>,
    response: Option<Response>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    body_size: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Response {
    status: Option<u16>,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
struct Header {
    name: String,
    value: String,
}

/// Reads an entry. `domains` are names below which buckets are hosts, in lower case.
pub(super) fn read(record: &[u8], domains: &[String]) -> Read {
    let record: Record = serde_json::from_slice(record)?;
    // A page of the recording, not a request.
    let Some(sent) = record.request else { return Ok(Entry::LeftOut(LeftOut::NotS3)) };
    let time = record.started_date_time.as_deref().and_then(Timestamp::parse_iso_8601);
    let mut request =
        LoggedRequest { time: time.ok_or(Unreadable::Field("startedDateTime"))?, ..LoggedRequest::default() };
    let Some((host, target)) = split(&sent.url) else { return Ok(Entry::LeftOut(LeftOut::NotS3)) };
    if !is_s3(&sent, host, target, record.response.as_ref()) {
        return Ok(Entry::LeftOut(LeftOut::NotS3));
    }
    if sent.method == "OPTIONS" {
        return Ok(Entry::LeftOut(LeftOut::Preflight));
    }
    request.set_target(bucket_in(host, domains).as_deref(), target);
    request.method = sent.method;
    for Header { name, value } in &sent.headers {
        request.add_header(name, value);
        if name.eq_ignore_ascii_case("user-agent") {
            request.user_agent.clone_from(value);
        }
    }
    request.status = record.response.as_ref().and_then(|response| response.status);
    request.bytes = sent.body_size.and_then(|size| u64::try_from(size).ok());
    request.key_id = sigv4::parse(&request.head()).ok().map(|claim| claim.access_key_id().to_owned());
    request.complete();
    Ok(Entry::Request(Box::new(request)))
}

/// Host and target of a URL.
fn split(url: &str) -> Option<(&str, &str)> {
    let whole = url.split('#').next().unwrap_or_default();
    let rest = whole.strip_prefix("https://").or_else(|| whole.strip_prefix("http://"))?;
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    Some((host, target))
}

/// Whether a request is for S3: it is signed, its host is known, or the answer has what only S3's have.
fn is_s3(sent: &Request, host: &str, target: &str, answer: Option<&Response>) -> bool {
    let has = |headers: &[Header], start: &str| {
        headers.iter().any(|header| header.name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start)))
    };
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let is_presigned =
        Query::parse(query).is_ok_and(|query| sigv4::is_presigned(&query) || query.has("AWSAccessKeyId"));
    is_presigned
        || has(&sent.headers, "x-amz-")
        || matches!(foreign_host::read(host), Ok(Some(_)))
        || answer.is_some_and(|answer| has(&answer.headers, "x-amz-request-id"))
}

/// The bucket that a host names. An unknown host is path style, as with most private stores.
fn bucket_in(host: &str, domains: &[String]) -> Option<String> {
    if let Ok(Some(foreign)) = foreign_host::read(host) {
        return foreign.bucket;
    }
    match style(host, domains) {
        Ok(Style::VirtualHost(bucket)) => Some(bucket),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn entry(method: &str, url: &str) -> Value {
        json!({
            "startedDateTime": "2026-11-26T10:30:00.5+01:00",
            "request": {"method": method, "url": url, "bodySize": 12,
                        "headers": [{"name": "x-amz-acl", "value": "private"}, {"name": "Cookie", "value": "hush"},
                                    {"name": "User-Agent", "value": "Mozilla/5.0"}]},
            "response": {"status": 200, "headers": []},
        })
    }

    fn reading(entry: &Value) -> Read {
        read(entry.to_string().as_bytes(), &["s3.example.test".to_owned()])
    }

    #[test]
    fn hosts_say_where_the_bucket_is() {
        for (url, expected) in [
            ("https://media.s3.eu-west-1.amazonaws.com/a%20b?x-id=PutObject", "/media/a%20b?x-id=PutObject"),
            ("https://abc.r2.cloudflarestorage.com/media/k#top", "/media/k"),
            ("https://minio.example.com/media/k", "/media/k"),
            ("https://media.s3.example.test:9000/k", "/media/k"),
            ("http://127.0.0.1:9000/media/k", "/media/k"),
        ] {
            let Ok(Entry::Request(request)) = reading(&entry("PUT", url)) else { panic!("{url}") };
            assert_eq!(request.target(), expected);
            assert_eq!((request.time.iso_8601().as_str(), request.bytes), ("2026-11-26T09:30:00.500Z", Some(12)));
            assert_eq!((request.head().header("x-amz-acl"), request.head().header("cookie")), (Some("private"), None));
        }
    }

    #[test]
    fn other_requests_of_a_page_are_left_out() {
        let mut other = entry("GET", "https://www.example.com/app.js");
        other["request"]["headers"] = json!([]);
        let page = json!({"id": "page_1", "startedDateTime": "2026-11-26T10:30:00Z"});
        let preflight = entry("OPTIONS", "https://media.s3.amazonaws.com/k");
        for (entry, why) in [(&other, LeftOut::NotS3), (&page, LeftOut::NotS3), (&preflight, LeftOut::Preflight)] {
            assert!(matches!(reading(entry), Ok(Entry::LeftOut(found)) if found == why), "{entry}");
        }
        other["response"]["headers"] = json!([{"name": "X-Amz-Request-Id", "value": "1"}]);
        assert!(matches!(reading(&other), Ok(Entry::Request(_))));
        other["request"]["url"] = "data:text/plain,x".into();
        assert!(matches!(reading(&other), Ok(Entry::LeftOut(LeftOut::NotS3))));
    }

    #[test]
    fn no_cut_is_read() {
        let whole = entry("PUT", "https://media.s3.amazonaws.com/k").to_string();
        for end in 0..whole.len() {
            assert!(read(&whole.as_bytes()[..end], &[]).is_err(), "{end}");
        }
    }
}
