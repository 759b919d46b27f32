//! Signatures that are good although the client reads its own request in another way than we do, and those that are
//! not because the request is another one.

use super::*;
use crate::sigv4::canonical::{CanonicalRequest, RequestParts};

/// A request signed by a client whose canonical path and query are the ones given.
fn signed_as(target: &str, path: &str, query: &str) -> Request {
    let mut request = signed(&format!("GET {target}\nhost: h"));
    let claim = parse(&request.head()).unwrap();
    let parts = RequestParts {
        method: "GET",
        path,
        query,
        headers: &request.headers,
        signed_headers: claim.signed_headers.as_str(),
        payload: EMPTY_SHA256,
    };
    let string_to_sign = CanonicalRequest::new(&parts).string_to_sign(&now().amz_date(), &claim.scope().text());
    let signature = Secret::new(SECRET).signing_key(claim.scope()).sign(&string_to_sign).hex();
    let (fields, _) = request.head().header("authorization").unwrap().rsplit_once('=').unwrap();
    let authorization = format!("{fields}={signature}");
    request.set("authorization", &authorization);
    request
}

#[test]
fn a_path_may_be_signed_encoded_or_as_sent() {
    for (target, path) in [
        ("/b/a(1)", "/b/a%281%29"),
        ("/b/a(1)", "/b/a(1)"),
        ("/b/a%2Fb", "/b/a/b"),
        ("/b/a%2Fb", "/b/a%2Fb"),
        ("/b/a%2fb", "/b/a%2fb"),
        ("/b/a+b", "/b/a%2Bb"),
        ("/b/a+b", "/b/a+b"),
        ("/b/ü", "/b/%C3%BC"),
        ("/b/ü", "/b/ü"),
        ("/b/%7Ea", "/b/~a"),
        ("/b/%7Ea", "/b/%7Ea"),
        ("/b/%zz", "/b/%25zz"),
        ("/b/%zz", "/b/%zz"),
    ] {
        assert!(answer(&signed_as(target, path, ""), now()).is_ok(), "{target} as {path}");
    }
}

#[test]
fn a_plus_in_the_query_is_a_space() {
    for (target, query) in
        [("/b?prefix=a+b", "prefix=a%20b"), ("/b?prefix=a%2Bb", "prefix=a%2Bb"), ("/b?prefix=a%20b", "prefix=a%20b")]
    {
        assert!(answer(&signed_as(target, "/b", query), now()).is_ok(), "{target} as {query}");
    }
}

#[test]
fn another_request_is_another_signature() {
    for (target, path, query) in [
        ("/b/a%252Fb", "/b/a%2Fb", ""),
        ("/b//a", "/b/a", ""),
        ("/b/a/../c", "/b/c", ""),
        ("/b/./a", "/b/a", ""),
        ("/b/a/", "/b/a", ""),
        ("/b/A", "/b/a", ""),
        ("/b?a=1&a=2", "/b", "a=1"),
        ("/b?a=2&a=1", "/b", "a=2&a=1"),
        ("/b?prefix=a%20b", "/b", "prefix=a+b"),
        ("/b?prefix=a+b", "/b", "prefix=a%2Bb"),
        ("/b(1)?prefix=a+b", "/b(1)", "prefix=a%2Bb"),
        ("/b?acl", "/b", ""),
        ("/b?acl", "/b", "acl"),
    ] {
        let refused = answer(&signed_as(target, path, query), now());
        assert!(matches!(refused, Err(AuthError::Mismatch(_))), "{target} as {path}?{query}");
    }
}

#[test]
fn every_changed_byte_of_a_signed_request_is_noticed() {
    let good = "PUT /b/k?partNumber=1\nhost: h:9000\ncontent-type: text/plain\nx-amz-acl: private";
    assert!(answer(&signed(good), now()).is_ok());
    let changes: [fn(&mut Request); 8] = [
        |request| request.method = "GET".into(),
        |request| request.path = "/b/K".into(),
        |request| request.query = "partNumber=2".into(),
        |request| request.query.clear(),
        |request| request.set("host", "h"),
        |request| request.set("content-type", "text/html"),
        |request| request.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        |request| {
            request.headers.append("x-amz-acl", HeaderValue::from_static("public-read"));
        },
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut request = signed(good);
        change(&mut request);
        assert!(matches!(answer(&request, now()), Err(AuthError::Mismatch(_))), "change {index}");
    }
}

#[test]
fn every_changed_byte_of_a_presigned_request_is_noticed() {
    let good = "GET /b/k?response-content-type=a%2Bb\nhost: h";
    assert!(answer(&presigned(good), now()).is_ok());
    for (from, to) in [
        ("Expires=3600", "Expires=3601"),
        ("response-content-type=a", "response-content-type=b"),
        ("response-content-type=a%2Bb", "response-content-type=a+b"),
        ("response-content-type=a%2Bb&", ""),
        ("SignedHeaders=host", "SignedHeaders=host%3Brange"),
        ("T000000Z", "T000001Z"),
        ("%2Fauto%2F", "%2Fus-east-1%2F"),
    ] {
        let mut request = presigned(good);
        assert!(request.query.contains(from), "{from}");
        request.query = request.query.replace(from, to);
        assert!(matches!(answer(&request, now()), Err(AuthError::Mismatch(_))), "{from} to {to}");
    }
}

#[test]
fn a_malformed_signature_is_a_wrong_one() {
    let right = signed("GET /b\nhost: h");
    let text = right.head().header("authorization").unwrap().to_owned();
    let (fields, signature) = text.rsplit_once('=').unwrap();
    let (upper, longer) = (signature.to_uppercase(), format!("{signature}0"));
    for wrong in ["", "00", "zz", "é", &signature[1..], &upper, &longer] {
        let mut request = signed("GET /b\nhost: h");
        request.set("host", "h");
        request
            .headers
            .insert("authorization", HeaderValue::from_bytes(format!("{fields}={wrong}").as_bytes()).unwrap());
        assert!(matches!(answer(&request, now()), Err(AuthError::Mismatch(_))), "{wrong}");
    }
}
