//! r2shim's own log as JSON (`--log json`): its lines about requests. It has neither queries nor headers, so a request
//! is judged by its operation.

use crate::audit::logs::entry::{Entry, LeftOut, Read, Unreadable};
use crate::audit::logs::request::LoggedRequest;
use crate::s3::Timestamp;
use crate::s3::operation::Operation;
use serde::Deserialize;
use std::borrow::Cow;

/// A line; fields that are not read are left out.
#[derive(Debug, Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    target: Option<Cow<'l, str>>,
    #[serde(borrow)]
    timestamp: Option<Cow<'l, str>>,
    request_id: Option<String>,
    key_id: Option<String>,
    #[serde(borrow)]
    operation: Option<Cow<'l, str>>,
    #[serde(borrow)]
    method: Option<Cow<'l, str>>,
    bucket: Option<String>,
    key: Option<String>,
    #[serde(borrow)]
    user_agent: Option<Cow<'l, str>>,
    #[serde(borrow)]
    refused_by: Option<Cow<'l, str>>,
    #[serde(borrow)]
    feature: Option<Cow<'l, str>>,
    status: Option<u16>,
    error: Option<String>,
    bytes_in: Option<u64>,
}

/// Filters that refuse a request before it is authenticated.
const BEFORE_ANYONE_IS_KNOWN: [&str; 3] = ["limits", "cors", "authenticate"];

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Read {
    // The program that runs r2shim may write a time or a stream's name before the line.
    let start = line.iter().position(|byte| *byte == b'{').unwrap_or_default();
    let line: Line<'_> = serde_json::from_slice(&line[start..])?;
    if line.target.as_deref().ok_or(Unreadable::Field("target"))? != "access" {
        return Ok(Entry::LeftOut(LeftOut::StoreItself));
    }
    let is_sigv2 = line.feature.as_deref() == Some("sigv2");
    if !is_sigv2 && line.refused_by.as_deref().is_some_and(|filter| BEFORE_ANYONE_IS_KNOWN.contains(&filter)) {
        return Ok(Entry::LeftOut(LeftOut::NotLetIn));
    }
    if line.method.as_deref() == Some("OPTIONS") {
        return Ok(Entry::LeftOut(LeftOut::Preflight));
    }
    let time = line.timestamp.as_deref().and_then(Timestamp::parse_iso_8601).ok_or(Unreadable::Field("timestamp"))?;
    let name = line.operation.as_deref().ok_or(Unreadable::Field("operation"))?;
    let operation = Operation::parse(name).ok_or_else(|| Unreadable::Operation(name.chars().take(64).collect()))?;
    let mut request = LoggedRequest {
        time,
        id: line.request_id.unwrap_or_default(),
        operation: Some(operation),
        key_id: line.key_id,
        user_agent: line.user_agent.unwrap_or_default().into_owned(),
        status: line.status.filter(|_| line.refused_by.is_none()),
        code: line.error.filter(|_| line.refused_by.is_none()),
        was_refused: line.refused_by.is_some(),
        bytes: line.bytes_in,
        ..LoggedRequest::default()
    };
    request.set_address(&line.bucket.unwrap_or_default(), &line.key.unwrap_or_default());
    if is_sigv2 {
        request.set_sigv2();
    }
    request.complete();
    Ok(Entry::Request(Box::new(request)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rest: &str) -> String {
        format!(
            "{{\"timestamp\":\"2026-11-26T09:30:00.123456Z\",\"level\":\"INFO\",\"target\":\"access\",\
             \"key_id\":\"dev\",\"status\":200,{rest}}}"
        )
    }

    #[test]
    fn requests_are_made_of_operations() {
        for (rest, expected) in [
            (r#""operation":"PutObjectTagging","bucket":"media","key":"a b""#, "PUT /media/a%20b?tagging="),
            (r#""operation":"ListObjectsV2","bucket":"media""#, "GET /media?list-type=2"),
            (r#""operation":"ListBuckets""#, "GET /"),
        ] {
            let Ok(Entry::Request(request)) = read(line(rest).as_bytes()) else { panic!("{rest}") };
            assert_eq!(format!("{} {}", request.method, request.target()), expected);
            assert_eq!((request.key_id.as_deref(), request.status), (Some("dev"), Some(200)));
        }
    }

    #[test]
    fn other_lines_are_left_out_or_unreadable() {
        let refused = line(r#""operation":"PutObject","bucket":"media","key":"k","refused_by":"authenticate""#);
        assert!(matches!(read(refused.as_bytes()), Ok(Entry::LeftOut(LeftOut::NotLetIn))));
        let prefixed = format!("2026-11-26T09:30:00Z stderr F {refused}");
        assert!(matches!(read(prefixed.as_bytes()), Ok(Entry::LeftOut(LeftOut::NotLetIn))));
        let other =
            r#"{"timestamp":"2026-11-26T09:30:00Z","level":"INFO","target":"r2shim::server","message":"ready"}"#;
        assert!(matches!(read(other.as_bytes()), Ok(Entry::LeftOut(LeftOut::StoreItself))));
        assert!(matches!(read(line(r#""operation":"-""#).as_bytes()), Err(Unreadable::Operation(_))));
        for text in ["", "{}", "INFO ready", "{\"target\":1}"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
