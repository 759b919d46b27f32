//! What R2 answers to requests that are not well signed, row by row.

use super::*;
use crate::s3::payload::{PayloadKind, Streaming};

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/auto/s3/aws4_request, \
     SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=00";

const QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
     &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fauto%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
     &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00";

/// `status code: message` of a request that fails by its form.
fn refusal(request: &Request) -> String {
    S3Error::from(parse(&request.head()).unwrap_err()).to_string()
}

/// A well-formed request, with one change to its `Authorization`.
fn with_authorization(from: &str, to: &str) -> Request {
    assert!(AUTHORIZATION.contains(from), "{from}");
    let mut request =
        Request::new("GET /b\nhost: h\nx-amz-date: 20130524T000000Z\nx-amz-content-sha256: UNSIGNED-PAYLOAD");
    request.set("authorization", &AUTHORIZATION.replace(from, to));
    request
}

/// A well-formed presigned request, with one change to its query.
fn with_query(from: &str, to: &str) -> Request {
    assert!(QUERY.contains(from), "{from}");
    Request::new(&format!("GET /b?{}\nhost: h", QUERY.replace(from, to)))
}

#[test]
fn the_unchanged_ones_are_claims() {
    let header = parse(&with_authorization("", "").head()).unwrap();
    assert!(!header.is_presigned());
    assert_eq!(header.payload(), &PayloadHash::Unsigned);
    assert_eq!(header.signed_headers.as_str(), "host;x-amz-content-sha256;x-amz-date");
    let query = parse(&with_query("", "").head()).unwrap();
    assert_eq!((query.expires, query.date(), query.access_key_id()), (Some(60), now(), ID));
}

#[test]
fn authorization_headers() {
    const USE_SIGV4: &str = "400 InvalidRequest: Please use AWS4-HMAC-SHA256";
    for (from, to, answer) in [
        (AUTHORIZATION, "", "400 InvalidArgument: Authorization"),
        (AUTHORIZATION, "Basic YTpi", USE_SIGV4),
        (AUTHORIZATION, "AWS4-HMAC-SHA256", USE_SIGV4),
        (
            AUTHORIZATION,
            "AWS ID:c2ln",
            "401 Unauthorized: SigV2 authorization is not supported. Please use SigV4 instead.",
        ),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", USE_SIGV4),
        ("AWS4-HMAC-SHA256", "aws4-hmac-sha256", USE_SIGV4),
        ("Credential=", "Credentials=", USE_SIGV4),
        (", Signature=00", "", USE_SIGV4),
        ("Signature=00", "Signature=00, Signature=11", USE_SIGV4),
        (
            "/auto/s3/aws4_request",
            "",
            "400 InvalidArgument: Credential sigv4 header should have at least 5 slash-separated parts, not 2",
        ),
        ("/s3/", "/sqs/", "400 InvalidArgument: Credential service should be s3, not sqs"),
        ("aws4_request", "wat", "400 InvalidArgument: Credential termination string should be aws4_request, not wat"),
        (
            "/20130524/",
            "/19990101/",
            "400 InvalidArgument: Credential signed date 19990101 does not match 20130524 from 'x-amz-date' header",
        ),
        (
            "/20130524/",
            "//",
            "400 InvalidArgument: Credential signed date  does not match 20130524 from 'x-amz-date' header",
        ),
        ("host;", "", "401 Unauthorized: Unauthorized"),
        ("SignedHeaders=host", "SignedHeaders=host;host", "401 Unauthorized: Unauthorized"),
    ] {
        assert_eq!(refusal(&with_authorization(from, to)), answer, "{from} to {to}");
    }
}

#[test]
fn headers_that_authentication_reads() {
    let twice = "400 InvalidArgument: Header 'x-amz-date' must not be sent more than once";
    for (name, value, answer) in [
        ("x-amz-content-sha256", None, "400 InvalidRequest: Missing x-amz-content-sha256"),
        ("x-amz-date", None, "400 InvalidArgument: No date provided in x-amz-date nor date header"),
        (
            "x-amz-date",
            Some("Fri, 24 May 2013 00:00:00 GMT"),
            "400 InvalidArgument: Date provided in 'x-amz-date' header (Fri, 24 May 2013 00:00:00 GMT) \
             didn't parse successfully",
        ),
    ] {
        let mut request = with_authorization("", "");
        request.headers.remove(name);
        value.into_iter().for_each(|value| request.set(name, value));
        assert_eq!(refusal(&request), answer, "{name}: {value:?}");
    }
    let mut request = with_authorization("", "");
    request.headers.append("x-amz-date", HeaderValue::from_static("20130524T000000Z"));
    assert_eq!(refusal(&request), twice);
    request = with_authorization("", "");
    request.set("x-amz-content-sha256", "STREAMING-SOMETHING");
    assert!(refusal(&request).starts_with("400 InvalidArgument: x-amz-content-sha256 must be UNSIGNED-PAYLOAD"));
}

#[test]
fn the_date_header_is_the_second_choice() {
    let mut request = with_authorization("", "");
    request.headers.remove("x-amz-date");
    request.set("date", "20130524T000000Z");
    assert_eq!(parse(&request.head()).unwrap().date(), now());
    request.set("date", "Fri, 24 May 2013 00:00:00 GMT");
    let answer = "400 InvalidArgument: Date provided in 'date' header (Fri, 24 May 2013 00:00:00 GMT) \
        didn't parse successfully";
    assert_eq!(refusal(&request), answer);
}

#[test]
fn presigned_queries() {
    const NOT_A_NUMBER: &str = "400 InvalidArgument: X-Amz-Expires should be a number";
    const TOO_LONG: &str = "400 InvalidArgument: X-Amz-Expires must be less than a week (in seconds); \
        that is, the given X-Amz-Expires must be less than 604800 seconds";
    for (from, to, answer) in [
        ("X-Amz-Date=20130524T000000Z&", "", "400 InvalidArgument: Required search parameter X-Amz-Date missing"),
        (
            "X-Amz-Date=20130524T000000Z&X-Amz-Expires=60&",
            "",
            "400 InvalidArgument: Required search parameters X-Amz-Date,  X-Amz-Expires missing",
        ),
        (
            "X-Amz-Signature",
            "x-amz-signature",
            "400 InvalidArgument: Required search parameter X-Amz-Signature missing",
        ),
        (
            "Expires=60",
            "Expires=60&X-Amz-Expires=61",
            "400 InvalidArgument: Search parameter X-Amz-Expires must not be sent more than once",
        ),
        ("=AWS4-HMAC-SHA256", "=AWS4-HMAC-SHA1", "400 InvalidRequest: Please use AWS4-HMAC-SHA256"),
        (
            "20130524T000000Z",
            "1369353600",
            "400 InvalidArgument: Date provided in X-Amz-Date (1369353600) didn't parse successfully",
        ),
        ("%2Fs3%2F", "%2Fsqs%2F", "400 InvalidArgument: Credential service should be s3, not sqs"),
        (
            "%2F20130524%2F",
            "%2F20130525%2F",
            "400 InvalidArgument: Credential signed date 20130525 does not match 20130524 from 'x-amz-date' header",
        ),
        ("Expires=60", "Expires=", NOT_A_NUMBER),
        ("Expires=60", "Expires=-", NOT_A_NUMBER),
        ("Expires=60", "Expires=1h", NOT_A_NUMBER),
        ("Expires=60", "Expires=604801", TOO_LONG),
        ("Expires=60", "Expires=99999999999999999999999", TOO_LONG),
        ("SignedHeaders=host", "SignedHeaders=range", "401 Unauthorized: Unauthorized"),
        (
            "X-Amz-Expires",
            "X-Amz-Security-Token=t&x-amz-security-token=t&X-Amz-Expires",
            "400 InvalidArgument: X-Amz-Security-Token",
        ),
        ("X-Amz-Expires", "x=%ff&X-Amz-Expires", "400 InvalidURI: Couldn't parse the specified URI."),
    ] {
        assert_eq!(refusal(&with_query(from, to)), answer, "{from} to {to}");
    }
}

#[test]
fn a_session_token_is_a_header_or_a_parameter_of_a_presigned_query() {
    let presigned = || with_query("X-Amz-Expires", "X-Amz-Security-Token=a%2B/%3D&X-Amz-Expires");
    let with_header = |mut request: Request| {
        request.set("x-amz-security-token", "h");
        request
    };
    let mut in_query_of_another = with_authorization("", "");
    in_query_of_another.query = "X-Amz-Security-Token=t".to_owned();
    for (what, request, expected) in [
        ("none", with_authorization("", ""), Ok(None)),
        ("a header", with_header(with_authorization("", "")), Ok(Some("h"))),
        ("a parameter", presigned(), Ok(Some("a+/="))),
        ("a header of a presigned request", with_header(with_query("", "")), Ok(Some("h"))),
        ("both", with_header(presigned()), Err("session-token")),
        ("a parameter of a request that is signed in its headers", in_query_of_another, Err("session-token")),
    ] {
        let claim = parse(&request.head());
        let found = claim.as_ref().map(Claim::session_token).map_err(AuthError::label);
        assert_eq!(found, expected, "{what}");
    }
    let twice = with_query("X-Amz-Expires", "x-amz-security-token=a&X-Amz-Expires");
    assert!(!format!("{:?}", parse(&twice.head()).unwrap()).contains("\"a\""));
}

#[test]
fn there_is_one_kind_of_authentication() {
    let nothing = Request::new("GET /b?prefix=a\nhost: h");
    assert_eq!(refusal(&nothing), "400 InvalidArgument: Authorization");
    let sigv2 = Request::new("GET /b?AWSAccessKeyId=ID&Expires=1&Signature=c2ln\nhost: h");
    assert_eq!(refusal(&sigv2), "401 Unauthorized: SigV2 authorization is not supported. Please use SigV4 instead.");
    for (query, authorizations) in [
        (QUERY, &[AUTHORIZATION][..]),
        (QUERY, &["AWS ID:c2ln"]),
        ("X-Amz-Signature=00", &[AUTHORIZATION]),
        ("x-amz-algorithm=AWS4-HMAC-SHA256", &[AUTHORIZATION]),
        ("AWSAccessKeyId=ID&Signature=c2ln", &[AUTHORIZATION]),
        ("", &[AUTHORIZATION, AUTHORIZATION]),
    ] {
        let mut request = Request::new(&format!("GET /b?{query}\nhost: h"));
        for value in authorizations {
            request.headers.append("authorization", HeaderValue::from_static(value));
        }
        assert_eq!(parse(&request.head()), Err(AuthError::SeveralKinds), "{query}");
        assert!(refusal(&request).starts_with("400 InvalidArgument: Only one auth mechanism allowed"));
    }
}

#[test]
fn torn_headers_and_queries_are_refused() {
    for end in 0..AUTHORIZATION.len() - "00".len() {
        assert!(parse(&with_authorization(AUTHORIZATION, &AUTHORIZATION[..end]).head()).is_err(), "{end}");
    }
    for end in 0..QUERY.len() - "=00".len() {
        assert!(parse(&with_query(QUERY, &QUERY[..end]).head()).is_err(), "{end}");
    }
    let mut request = with_authorization("", "");
    request.headers.insert("authorization", HeaderValue::from_bytes(b"AWS4-HMAC-SHA256 Credential=\xff").unwrap());
    assert_eq!(refusal(&request), "400 InvalidRequest: Please use AWS4-HMAC-SHA256");
}

#[test]
fn the_length_of_an_unknown_key_is_judged_where_all_keys_have_r2s() {
    const UNKNOWN: &str = "401 Unauthorized: Unauthorized";
    let r2s = "0123456789abcdef0123456789abcdef";
    for (id, configured, answer) in [
        ("k".repeat(32), &[r2s][..], UNKNOWN),
        ("k".repeat(40), &[r2s], "400 InvalidArgument: Credential access key has length 40, should be 32"),
        (String::new(), &[r2s, r2s], "400 InvalidArgument: Credential access key has length 0, should be 32"),
        ("abcdef".to_owned(), &[r2s, "dev"], UNKNOWN),
        ("abcdef".to_owned(), &["dev"], UNKNOWN),
    ] {
        let error = S3Error::from(unknown_key(&id, configured.iter().copied()));
        assert_eq!(error.to_string(), answer, "{id} beside {configured:?}");
    }
}

/// The client gets R2's words; the operator gets these.
#[test]
fn the_log_has_the_claimed_key_and_the_cause() {
    let long = "k".repeat(500);
    let claim = parse(&signed("GET /b\nhost: h").head()).unwrap();
    let claimed = "access key id \"AKIAIOSFODNN7EXAMPLE\", region \"auto\", date 20130524T000000Z";
    assert_eq!(claim.summary(), claimed);
    let mismatch = answer(&with_authorization("", ""), now()).unwrap_err();
    for (error, label, cause) in [
        (AuthError::UnknownKey, "unknown-key", "no key of this id is configured"),
        (AuthError::KeyLength(20), "unknown-key", "no key of this id is configured"),
        (mismatch, "wrong-signature", "the signature is not that of the configured secret"),
        (AuthError::Skewed(3600), "clock-skew", "the request's date is 3600 s ahead of the clock"),
        (AuthError::Skewed(-901), "clock-skew", "the request's date is 901 s behind the clock"),
        (AuthError::Expired(7), "expired", "the presigned request expired 7 s ago"),
        (AuthError::UnsignedHeaders(vec!["x-amz-acl".into()]), "unsigned-header", "unsigned headers: x-amz-acl"),
    ] {
        assert_eq!(error.label(), label);
        assert_eq!(error.cause(), cause);
    }
    let cause = AuthError::BadDate { place: "X-Amz-Date", text: long }.cause();
    assert!(cause.starts_with("Date provided in X-Amz-Date (kkk") && cause.len() < 140, "{cause}");
}

#[test]
fn a_wrong_signature_is_shown_what_was_signed() {
    let request = with_authorization("", "");
    let error = S3Error::from(answer(&request, now()).unwrap_err());
    assert_eq!(error.status.as_u16(), 403);
    assert_eq!(error.code, "SignatureDoesNotMatch");
    let canonical = "GET\n/b\n\nhost:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20130524T000000Z\n\n\
        host;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD";
    let [string_to_sign, string_bytes, canonical_request, canonical_bytes, provided] = &error.details[..] else {
        panic!("{:?}", error.details);
    };
    assert_eq!(string_to_sign.0, "StringToSign");
    assert!(string_to_sign.1.starts_with("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/auto/s3/aws4_request\n"));
    assert_eq!(string_bytes.0, "StringToSignBytes");
    assert!(string_bytes.1.starts_with("41 57 53 34 2d 48"), "{}", string_bytes.1);
    assert_eq!(canonical_request, &("CanonicalRequest", canonical.to_owned()));
    assert_eq!(canonical_bytes.0, "CanonicalRequestBytes");
    assert!(canonical_bytes.1.starts_with("47 45 54 0a 2f 62 0a") && canonical_bytes.1.ends_with("41 44"));
    assert_eq!(provided, &("SignatureProvided", "00".to_owned()));
}

#[test]
fn a_wrong_signature_of_a_large_request_is_not_shown_all_of_it() {
    let mut request = with_authorization("", "");
    request.set("host", &"h".repeat(50_000));
    let error = S3Error::from(answer(&request, now()).unwrap_err());
    let names: Vec<_> = error.details.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["StringToSign", "StringToSignBytes", "SignatureProvided"]);
    request.set("authorization", &AUTHORIZATION.replace("Signature=00", &format!("Signature={}", "0".repeat(50_000))));
    let error = S3Error::from(answer(&request, now()).unwrap_err());
    assert!(error.details.iter().map(|(_, text)| text.len()).sum::<usize>() < 4096, "{:?}", error.details);
}

#[test]
fn headers_that_act_must_be_signed() {
    for (name, good) in [
        ("x-amz-copy-source", false),
        ("x-amz-acl", false),
        ("x-amz-meta-a", false),
        ("x-amz-trailer", false),
        ("cf-copy-destination-if-match", false),
        ("x-amz-content-sha256", true),
        ("x-amz-user-agent", true),
        ("x-amz-api-version", true),
        ("x-amzn-trace-id", true),
        ("range", true),
        ("content-type", true),
    ] {
        let mut header = signed("PUT /b/k\nhost: h");
        let mut query = presigned("PUT /b/k\nhost: h");
        let value = if name == "x-amz-content-sha256" { EMPTY_SHA256 } else { "v" };
        header.set(name, value);
        query.set(name, value);
        let expected = if good { Ok(()) } else { Err(AuthError::UnsignedHeaders(vec![name.to_owned()])) };
        assert_eq!(answer(&header, now()).map(drop), expected, "{name} beside an Authorization header");
        assert_eq!(answer(&query, now()).map(drop), expected, "{name} beside a presigned query");
    }
    let error = S3Error::from(AuthError::UnsignedHeaders(vec!["x-amz-acl".into(), "x-amz-tagging".into()]));
    assert_eq!(error.to_string(), "403 AccessDenied: There were headers present in the request which were not signed");
    assert_eq!(error.details, [("HeadersNotSigned", "x-amz-acl, x-amz-tagging".to_owned())]);
}

#[test]
fn the_payload_of_a_presigned_request_is_what_was_signed() {
    let streaming = Streaming::UnsignedTrailer;
    let mut unsigned = presigned("PUT /b/k\nhost: h");
    unsigned.set("x-amz-content-sha256", streaming.sentinel());
    assert_eq!(answer(&unsigned, now()).unwrap().payload(), &PayloadHash::Unsigned);

    let mut header = with_query("SignedHeaders=host", "SignedHeaders=host%3Bx-amz-content-sha256");
    assert_eq!(parse(&header.head()).unwrap().payload(), &PayloadHash::Unsigned);
    header.set("x-amz-content-sha256", streaming.sentinel());
    assert_eq!(parse(&header.head()).unwrap().payload(), &PayloadHash::Streaming(streaming));

    let word = format!("X-Amz-Content-Sha256={EMPTY_SHA256}&X-Amz-Date");
    let query = with_query("X-Amz-Date", &word);
    assert_eq!(parse(&query.head()).unwrap().payload().text(), EMPTY_SHA256);
    header.query = format!("{}&X-Amz-Content-Sha256={EMPTY_SHA256}", header.query);
    assert_eq!(parse(&header.head()), Err(AuthError::TwoPayloadHashes));
}

#[test]
fn a_request_announces_its_payload_without_a_signature_too() {
    const CHUNKED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    let chunked = PayloadKind::Streaming(Streaming::UnsignedTrailer);
    for (request, kind) in [
        ("PUT /b/k\nhost: h".to_owned(), PayloadKind::Signed),
        (format!("PUT /b/k\nhost: h\nx-amz-content-sha256: {CHUNKED}"), chunked),
        (format!("PUT /b/k\nhost: h\nx-amz-content-sha256: {EMPTY_SHA256}"), PayloadKind::Signed),
        ("PUT /b/k\nhost: h\nx-amz-content-sha256: junk".to_owned(), PayloadKind::Signed),
        (format!("PUT /b/k?{QUERY}\nhost: h"), PayloadKind::Unsigned),
        (format!("PUT /b/k?{QUERY}\nhost: h\nx-amz-content-sha256: {CHUNKED}"), PayloadKind::Unsigned),
        (format!("PUT /b/k?{QUERY}&X-Amz-Content-Sha256={CHUNKED}\nhost: h"), chunked),
        (format!("PUT /b/k?X-Amz-Signature=00&X-Amz-Content-Sha256={CHUNKED}\nhost: h"), chunked),
        (format!("PUT /b/k?{QUERY}&X-Amz-Content-Sha256={EMPTY_SHA256}\nhost: h"), PayloadKind::Signed),
    ] {
        assert_eq!(announced_payload(&Request::new(&request).head()), kind, "{request}");
    }
}

#[test]
fn signatures_hold_for_their_time() {
    let at = |seconds: i64| Timestamp::from_millis(now().millis().saturating_add_signed(seconds * 1000));
    for (seconds, header, query) in [
        (-901, Err(AuthError::Skewed(901)), Err(AuthError::Skewed(901))),
        (-900, Ok(()), Ok(())),
        (0, Ok(()), Ok(())),
        (900, Ok(()), Ok(())),
        (901, Err(AuthError::Skewed(-901)), Ok(())),
        (3600, Err(AuthError::Skewed(-3600)), Ok(())),
        (3601, Err(AuthError::Skewed(-3601)), Err(AuthError::Expired(1))),
    ] {
        assert_eq!(answer(&signed("GET /b\nhost: h"), at(seconds)).map(drop), header, "{seconds} s");
        assert_eq!(answer(&presigned("GET /b\nhost: h"), at(seconds)).map(drop), query, "{seconds} s, presigned");
    }
    for expires in ["0", "-1", "-99999999999999999999999"] {
        let claim = parse(&with_query("Expires=60", &format!("Expires={expires}")).head()).unwrap();
        assert_eq!(check_clock(&claim, now()), Err(AuthError::Expired(0)), "{expires}");
    }
    let week = parse(&with_query("Expires=60", "Expires=604800").head()).unwrap();
    assert_eq!(check_clock(&week, at(604_800)), Ok(()));
    assert_eq!(S3Error::from(AuthError::Expired(0)).to_string(), "403 ExpiredRequest: Request has expired");
    assert_eq!(
        S3Error::from(AuthError::Skewed(901)).to_string(),
        "403 RequestTimeTooSkewed: The difference between the request time and the server's time is too large."
    );
}

/// A signature joins the lines of a header with commas and folds its spaces. What is signed must still be one request.
#[test]
fn a_signed_value_cannot_be_sent_as_another() {
    for (signed_lines, sent_lines, refused) in [
        ("x-amz-copy-source: /private/a,2024", "x-amz-copy-source: /private/a\nx-amz-copy-source: 2024", "Repeated"),
        ("x-amz-copy-source: /private/a b", "x-amz-copy-source: /private/a  b", "TwoSpaces"),
        ("x-amz-copy-source: /private/a  b", "x-amz-copy-source: /private/a b", ""),
        ("x-amz-acl: private\nx-amz-acl: private", "x-amz-acl: private,private", ""),
        ("x-amz-acl: private,private", "x-amz-acl: private\nx-amz-acl: private", "Repeated"),
        ("cf-prefix: a,b", "cf-prefix: a\ncf-prefix: b", "Repeated"),
        ("content-type: a/b, c/d", "content-type: a/b, c/d", ""),
        ("content-type: a/b,c/d", "content-type: a/b\ncontent-type: c/d", "Repeated"),
        ("content-md5: a,b", "content-md5: a\ncontent-md5: b", "Repeated"),
        ("x-amz-meta-a: 1,2", "x-amz-meta-a: 1\nx-amz-meta-a: 2", ""),
        ("x-amz-meta-a: 1  2", "x-amz-meta-a: 1  2", ""),
        ("cache-control: a,b", "cache-control: a\ncache-control: b", ""),
    ] {
        let names = signed_lines.split(':').next().unwrap();
        let request = |lines: &str| format!("PUT /media/k\nhost: h\n{lines}");
        let mut sent = Request::new(&request(sent_lines));
        let signed = signed(&request(signed_lines));
        for name in ["authorization", "x-amz-date", "x-amz-content-sha256"] {
            sent.headers.insert(name, signed.headers[name].clone());
        }
        let refusal = match answer(&sent, now()) {
            Ok(_) => "",
            Err(AuthError::Repeated(_)) => "Repeated",
            Err(AuthError::TwoSpaces(_)) => "TwoSpaces",
            Err(other) => panic!("{names}: {other:?}"),
        };
        assert_eq!(refusal, refused, "{signed_lines} sent as {sent_lines}");
    }
}
