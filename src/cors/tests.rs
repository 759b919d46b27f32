//! Requests and rules as text, and the headers of the answer.

use super::*;
use crate::access::{BucketPattern, BucketScope};
use crate::s3::names::BucketName;
use crate::s3::operation::Method;
use http::{HeaderMap, StatusCode};

/// A rule: origins, methods, headers, exposed headers, each with blanks between them; then `max-age=N`, `on-errors`.
fn rule(text: &str) -> CorsRule {
    let parts: Vec<Vec<&str>> = text.split('|').map(|part| part.split_whitespace().collect()).collect();
    let part = |number: usize| parts.get(number).into_iter().flatten().copied();
    CorsRule {
        origins: part(0).map(|text| OriginPattern::parse(text).unwrap()).collect(),
        methods: part(1).map(|text| Method::parse(text).unwrap()).collect(),
        headers: part(2).map(|text| HeaderPattern::parse(text).unwrap()).collect(),
        expose: part(3).map(|text| text.parse().unwrap()).collect(),
        max_age: part(4).find_map(|text| text.strip_prefix("max-age=")?.parse().ok()),
        on_errors: part(4).any(|text| text == "on-errors"),
    }
}

/// Rules, each with the pattern of its buckets before `: `, or none.
fn rules(lines: &[&str]) -> CorsRules {
    let given = lines.iter().map(|line| match line.split_once(": ") {
        Some((bucket, text)) => {
            BucketRule { buckets: BucketScope::Matching(vec![BucketPattern::parse(bucket).unwrap()]), rule: rule(text) }
        }
        None => BucketRule { buckets: BucketScope::All, rule: rule(line) },
    });
    CorsRules::new(given.collect())
}

fn bucket(name: &str) -> Option<BucketName> {
    BucketName::parse(name).ok()
}

/// Headers of a request: `name=value` with blanks between them, a comma in a value as `,`.
fn request(text: &str) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in text.split_whitespace().map(|pair| pair.split_once('=').unwrap()) {
        let name = match name {
            "method" => "access-control-request-method",
            "headers" => "access-control-request-headers",
            name => name,
        };
        map.append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
    }
    map
}

/// The headers of an answer, their common start left out.
fn as_lines(headers: Vec<Header>) -> Vec<String> {
    let line = |(name, value): Header| format!("{name}: {}", value.to_str().unwrap());
    headers.into_iter().map(line).map(|line| line.replace("access-control-", "")).collect()
}

const VARY: &str = "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const APP: &str = "https://app.example | GET PUT | content-type x-amz-* | etag | max-age=60";

#[test]
fn only_a_whole_question_is_a_preflight() {
    for (method, headers, expected) in [
        ("OPTIONS", "origin=https://a method=PUT", true),
        ("OPTIONS", "origin=https://a", false),
        ("OPTIONS", "method=PUT", false),
        ("PUT", "origin=https://a method=PUT", false),
    ] {
        assert_eq!(is_preflight(method, &request(headers)), expected, "{method} {headers}");
    }
}

#[test]
fn a_preflight_gets_what_a_rule_allows() {
    let rules = rules(&[APP, "*  | GET"]);
    for (question, expected) in [
        (
            "origin=https://app.example method=PUT headers=Content-Type,x-amz-meta-a",
            &[
                "allow-origin: https://app.example",
                "expose-headers: etag",
                "allow-methods: GET, PUT",
                "allow-headers: content-type, x-amz-meta-a",
                "max-age: 60",
            ][..],
        ),
        // Browsers may send lists with empty elements, and in several lines.
        (
            "origin=https://app.example method=GET headers=,x-amz-a, headers=x-amz-b",
            &[
                "allow-origin: https://app.example",
                "expose-headers: etag",
                "allow-methods: GET, PUT",
                "allow-headers: x-amz-a, x-amz-b",
                "max-age: 60",
            ],
        ),
        ("origin=https://other.example method=GET", &["allow-origin: *", "allow-methods: GET"]),
        ("origin=null method=GET", &["allow-origin: *", "allow-methods: GET"]),
    ] {
        let answer = rules.preflight(bucket("media").as_ref(), &request(question)).map(as_lines).unwrap();
        assert_eq!(
            (answer[0].as_str(), &answer[1..]),
            (VARY, &expected.iter().map(|s| s.to_string()).collect::<Vec<_>>()[..]),
            "{question}"
        );
    }
}

#[test]
fn a_refusal_says_how_far_the_rules_went() {
    let rules = rules(&["media: https://app.example | GET | content-type", "media: https://*.example | PUT"]);
    let of_bucket = "no CORS rule of the bucket";
    for (name, question, label, expected) in [
        (
            "other",
            "origin=https://app.example method=GET",
            "no-cors-rule",
            "no CORS rule is for this bucket".to_owned(),
        ),
        ("", "origin=https://app.example method=GET", "no-cors-rule", "no CORS rule is for this bucket".to_owned()),
        (
            "media",
            "origin=http://app.example method=GET",
            "cors-origin",
            format!("{of_bucket} allows the origin \"http://app.example\""),
        ),
        (
            "media",
            "origin=https://app.example origin=https://b.example method=GET",
            "cors-origin",
            format!("{of_bucket} allows the origin \"\""),
        ),
        (
            "media",
            "origin=https://app.example method=DELETE",
            "cors-method",
            format!("{of_bucket} that allows the origin allows the method \"DELETE\""),
        ),
        (
            "media",
            "origin=https://b.example method=GET",
            "cors-method",
            format!("{of_bucket} that allows the origin allows the method \"GET\""),
        ),
        (
            "media",
            "origin=https://app.example method=get",
            "cors-method",
            format!("{of_bucket} that allows the origin allows the method \"get\""),
        ),
        (
            "media",
            "origin=https://app.example method=GET headers=content-type,x-a",
            "cors-header",
            format!("{of_bucket} that allows origin and method allows the header \"x-a\""),
        ),
        (
            "media",
            "origin=https://app.example method=PUT headers=content-type",
            "cors-header",
            format!("{of_bucket} that allows origin and method allows the header \"content-type\""),
        ),
    ] {
        let refusal = rules.preflight(bucket(name).as_ref(), &request(question)).unwrap_err();
        assert_eq!((refusal.label(), refusal.to_string()), (label, expected), "{name} {question}");
    }
    let long = request(&format!("origin={} method=GET", "x".repeat(9000)));
    assert!(rules.preflight(bucket("media").as_ref(), &long).unwrap_err().to_string().len() < 200);
}

#[test]
fn an_answer_is_readable_where_a_rule_matches_origin_and_method() {
    let rules = rules(&[APP, "logs: https://app.example | GET | | | on-errors", "shop: * | GET"]);
    let app = "origin=https://app.example";
    let readable = &["allow-origin: https://app.example", "expose-headers: etag"][..];
    for (name, method, headers, status, expected) in [
        ("media", "PUT", app, 200, readable),
        ("media", "GET", app, 206, readable),
        ("media", "GET", app, 304, readable),
        ("media", "GET", app, 404, &[]),
        ("media", "PUT", app, 412, &[]),
        ("media", "PUT", app, 503, &[]),
        ("media", "DELETE", app, 204, &[]),
        ("media", "GET", "", 200, &[]),
        ("media", "GET", "origin=https://b.example", 200, &[]),
        ("media", "GET", "origin=https://app.example origin=https://app.example", 200, &[]),
        ("logs", "GET", app, 404, &["allow-origin: https://app.example"]),
        ("logs", "PUT", app, 200, readable),
        ("logs", "PUT", app, 404, &[]),
        ("shop", "GET", "origin=https://b.example", 200, &["allow-origin: *"]),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = as_lines(rules.headers(|| bucket(name), method, &request(headers), status));
        // Caches must know, even if the request has no origin.
        assert_eq!(answer[0], VARY, "{name} {method} {headers} {status}");
        assert_eq!(answer[1..], *expected, "{name} {method} {headers} {status}");
    }
}

#[test]
fn without_a_rule_of_the_bucket_there_are_no_cors_headers() {
    let rules = rules(&["media: * | GET"]);
    let request = request("origin=https://app.example");
    for name in ["", "other"] {
        let answer = as_lines(rules.headers(|| bucket(name), "GET", &request, StatusCode::OK));
        assert_eq!(answer, [VARY], "as for every bucket, so that it does not show which have rules: {name}");
    }
    assert!(CorsRules::default().headers(|| bucket("media"), "GET", &request, StatusCode::OK).is_empty());
}

/// The one that answers shows itself by its exposed header.
#[test]
fn stored_rules_come_before_those_that_name_the_bucket_and_these_before_the_general_ones() {
    let rules = rules(&["* | GET | | general", "med*: * | GET | | first", "media: * | GET | | second"])
        .with_stored(bucket("kept").unwrap(), vec![rule("https://kept.example | GET | | stored")]);
    for (name, origin, expected) in [
        ("media", "https://a.example", "first"),
        ("medal", "https://a.example", "first"),
        ("other", "https://a.example", "general"),
        ("kept", "https://kept.example", "stored"),
        ("kept", "https://a.example", "general"),
    ] {
        let request = request(&format!("origin={origin}"));
        let answer = as_lines(rules.headers(|| bucket(name), "GET", &request, StatusCode::OK));
        assert_eq!(answer.last(), Some(&format!("expose-headers: {expected}")), "{name} {origin}");
    }
}

#[test]
fn origins_match_as_a_whole_with_one_wildcard() {
    for (pattern, yes, no) in [
        (
            "https://app.example",
            &["https://app.example"][..],
            &["http://app.example", "https://app.example:8443", "https://app.example.evil"][..],
        ),
        ("HTTPS://App.Example", &["https://app.example"], &[]),
        (
            "https://*.example",
            &["https://a.example", "https://a.b.example"],
            &["https://example", "http://a.example", "https://a.example:1"],
        ),
        ("http://localhost:*", &["http://localhost:3000"], &["http://localhost", "https://localhost:3000"]),
        ("*", &["https://a", "null"], &[]),
        ("https*", &["https://a.example"], &["http://a.example"]),
        ("*://a.example", &["http://a.example", "https://a.example"], &["https://b.example"]),
        ("http://a*a.example", &["http://aa.example", "http://a-a.example"], &["http://a.example"]),
    ] {
        let pattern = OriginPattern::parse(pattern).unwrap();
        for (origins, expected) in [(yes, true), (no, false)] {
            for origin in origins {
                assert_eq!(pattern.matches(origin), expected, "{pattern} {origin}");
            }
        }
    }
}

#[test]
fn malformed_origins_are_refused() {
    for (text, fault) in [
        ("", "an origin starts with a scheme, as https://"),
        ("app.example", "an origin starts with a scheme, as https://"),
        ("localhost:3000", "an origin starts with a scheme, as https://"),
        ("https://app.example/", "nothing may follow the host and port, not even a slash"),
        ("https://app.example/page", "nothing may follow the host and port, not even a slash"),
        ("https://*.example/", "nothing may follow the host and port, not even a slash"),
        ("https://*.*.example", "it has more than one '*'"),
        ("**", "it has more than one '*'"),
        ("https://", "its host is no host name"),
        ("https://a b", "its host is no host name"),
        ("https://bücher.example", "its host is no host name"),
        ("https://[::1", "its host is no host name"),
        ("http://a:b", "its port is no number from 1 to 65535"),
        ("http://a:0", "its port is no number from 1 to 65535"),
        ("http://a:70000", "its port is no number from 1 to 65535"),
        ("http://a:80", "browsers leave the scheme's own port out"),
        ("https://*.a.example:443", "browsers leave the scheme's own port out"),
        ("null", "it stands for any file and any sandboxed page"),
    ] {
        assert_eq!(OriginPattern::parse(text).map_err(|bad| bad.to_string()), Err(fault.to_owned()), "{text}");
    }
    for text in [
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "http://[::1]",
        "capacitor://localhost",
        "https://a_b.c",
        "*:3000",
    ] {
        assert!(OriginPattern::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn a_wildcard_in_the_bought_part_of_a_name_lets_strangers_in() {
    for (pattern, stranger) in [
        ("https://*example.com", Some("https://notexample.com")),
        ("https://app-*example.com", Some("https://app-x.notexample.com")),
        ("https://app.example*", Some("https://app.example.example.org")),
        ("https://app.*", Some("https://app.org")),
        ("https://*.example.com", None),
        ("https://preview-*-team.hosting.example", None),
        ("http://localhost:*", None),
        ("http://localhost:3*", None),
        ("*://app.example.com", None),
        ("https://*", None),
        ("https*", None),
        ("*", None),
        ("https://app.example.com", None),
    ] {
        let pattern = OriginPattern::parse(pattern).unwrap();
        let found = pattern.stranger();
        assert_eq!(found.as_deref(), stranger, "{pattern}");
        assert!(found.is_none_or(|origin| pattern.matches(&origin)), "{pattern}");
    }
}

#[test]
fn header_names_match_in_any_case_with_one_wildcard() {
    let rules = rules(&["* | PUT | Content-Type x-amz-* *-id"]);
    for (name, expected) in [
        ("content-type", true),
        ("CONTENT-TYPE", true),
        ("X-Amz-Date", true),
        ("trace-id", true),
        ("x-amz", false),
        ("content-type2", false),
    ] {
        let question = request(&format!("origin=https://a method=PUT headers={name}"));
        assert_eq!(rules.preflight(bucket("media").as_ref(), &question).is_ok(), expected, "{name}");
    }
    for (text, fault) in [
        ("x-*-*", "it has more than one '*'"),
        ("", "names are letters, digits and hyphens"),
        ("a b", "names are letters, digits and hyphens"),
    ] {
        assert_eq!(HeaderPattern::parse(text).map_err(|bad| bad.to_string()), Err(fault.to_owned()), "{text}");
    }
}

#[test]
fn the_rule_for_development_lets_pages_do_what_s3_has() {
    let rule = CorsRule::open_to(vec![OriginPattern::parse("*").unwrap()]);
    let rules = CorsRules::new(vec![BucketRule { buckets: BucketScope::All, rule }]);
    for method in ["GET", "HEAD", "PUT", "POST", "DELETE"] {
        let question =
            request(&format!("origin=http://localhost:3000 method={method} headers=authorization,x-amz-date"));
        assert!(rules.preflight(bucket("media").as_ref(), &question).is_ok(), "{method}");
    }
    let request = request("origin=http://localhost:3000");
    let answer = as_lines(rules.headers(|| bucket("media"), "PUT", &request, StatusCode::OK));
    assert!(answer.last().is_some_and(|line| line.starts_with("expose-headers: etag, ")), "{answer:?}");
}
