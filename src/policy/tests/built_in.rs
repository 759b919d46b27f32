//! The built-in policies where the page says nothing.

use super::*;

#[test]
fn built_in_policies_compile_without_warnings() {
    for (name, ..) in BUILTIN {
        let policy = builtin(name);
        assert_eq!((policy.name(), policy.warnings()), (*name, &[][..]));
    }
}

#[test]
fn r2_reads_the_silence_of_the_page() {
    let policy = builtin("r2");
    for (request, expected) in [
        ("PutObject | x-amz-storage-class: STANDARD", "PutObject, ignored: x-amz-storage-class"),
        ("CopyObject | x-amz-storage-class: STANDARD", "CopyObject, ignored: x-amz-storage-class"),
        (
            "CreateMultipartUpload | x-amz-storage-class: STANDARD",
            "501 NotImplemented: Header 'x-amz-storage-class' with value 'STANDARD' not implemented",
        ),
        ("PutObject | if-none-match: *", "PutObject"),
        ("DeleteObject | if-match: *", "501 NotImplemented: Header 'if-match' with value '*' not implemented"),
        ("GetObject?response-content-type=text/plain", "GetObject"),
        (
            "HeadObject?response-content-type=text/plain",
            "501 NotImplemented: HeadObject search parameter response-content-type not implemented",
        ),
        (
            "GetObject | x-amz-checksum-crc32: AAAAAA== | x-amz-te: append-md5",
            "GetObject, ignored: x-amz-checksum-crc32",
        ),
        (
            "GetObject | x-amz-checksum-crc32: DUoRhQ==",
            "501 NotImplemented: Header 'x-amz-checksum-crc32' with value 'DUoRhQ==' not implemented",
        ),
        ("GetObject?versionId=1", "501 NotImplemented: GetObject search parameter versionId not implemented"),
        ("ListBuckets?prefix=a", "501 NotImplemented: ListBuckets search parameter prefix not implemented"),
        ("ListObjects?start-after=a", "501 NotImplemented: ListObjectsV1 search parameter start-after not implemented"),
        (
            "DeleteBucket?versions",
            "400 InvalidArgument: Unsupported search param(s) \"versions\" on a DELETE bucket route",
        ),
        ("PutObject | x-amz-meta-colour: red | expect: 100-continue | user-agent: x | cf-ray: 1", "PutObject"),
        (
            "GetObject | x-amz-meta-colour: red",
            "501 NotImplemented: Header 'x-amz-meta-colour' with value 'red' not implemented",
        ),
        (
            "PutObject | cf-create-bucket-if-missing: true",
            "501 NotImplemented: Header 'cf-create-bucket-if-missing' with value 'true' not implemented",
        ),
        ("CopyObject | x-amz-copy-source: /b/k | x-amz-metadata-directive: COPY", "CopyObject"),
        (
            "GetObject | x-amz-date: 1 | x-amz-content-sha256: 1 | x-amz-security-token: 1 | x-amz-user-agent: 1 | x-amz-api-version: 1",
            "GetObject",
        ),
        ("PutObject | x-amz-decoded-content-length: 1 | x-amz-trailer: x-amz-checksum-crc32", "PutObject"),
        ("UploadPart?partNumber=1&uploadId=u&x-id=UploadPart", "UploadPart"),
        ("CreateMultipartUpload?uploads", "CreateMultipartUpload"),
        ("DeleteObjects?delete", "DeleteObjects"),
    ] {
        assert_eq!(answer(&policy, request), expected, "{request}");
    }
}

#[test]
fn the_first_refusal_of_the_policy_answers_not_the_first_of_the_request() {
    let policy = builtin("r2");
    let request = "PutObject?junk | x-amz-zzz: 1 | x-amz-acl: 1 | x-amz-tagging: 1";
    assert_eq!(answer(&policy, request), "501 NotImplemented: PutObject search parameter junk not implemented");
    let request = "PutObject | x-amz-zzz: 1 | x-amz-acl: 1 | x-amz-tagging: 1";
    assert_eq!(answer(&policy, request), "501 NotImplemented: Header 'x-amz-tagging' with value '1' not implemented");
}

#[test]
fn every_refusal_is_found_in_the_order_of_the_policy() {
    let refused = |request: &str| -> Vec<String> {
        let decision = decide(&builtin("r2"), request);
        decision.refusals.into_iter().map(|ruling| ruling.rule.feature).collect()
    };
    for (request, features) in [
        ("PutObject", &[][..]),
        (
            "PutObject?junk&acl | x-amz-zzz: 1 | x-amz-acl: 1 | x-amz-tagging: 1 | x-amz-tagging: 1",
            &["unlisted-parameter", "acl", "x-amz-tagging", "x-amz-acl", "unlisted-header"],
        ),
        // Rules for names are an operation's. Where the subset does not have it, only that is found.
        ("PutBucketAcl?acl&junk | x-amz-acl: private", &["PutBucketAcl"]),
    ] {
        assert_eq!(refused(request), features, "{request}");
    }
}

#[test]
fn as_many_parameters_as_a_request_may_have_are_found_each_once() {
    let query: Vec<_> = (0..1000).map(|number| format!("p{number}")).collect();
    let found = |operation: &str| decide(&builtin("r2"), &format!("{operation}?{}", query.join("&"))).refusals;
    let put = found("PutObject");
    assert_eq!(put.len(), 1000);
    assert_eq!(put[999].error.message, "PutObject search parameter p999 not implemented");
    // Their names are in one sentence.
    let [created] = &found("CreateBucket")[..] else { panic!("one sentence") };
    assert!(created.error.message.starts_with("Unsupported search param(s) \"p0\", \"p1\", \"p2\""));
}

#[test]
fn what_is_ignored_is_known_beside_refusals() {
    let decision = decide(&builtin("r2"), "PutObject | x-amz-storage-class: STANDARD | x-amz-acl: private");
    assert_eq!(decision.ignored.headers, ["x-amz-storage-class"]);
    assert_eq!(decision.refusals.len(), 1);
}

#[test]
fn open_accepts_what_the_operation_table_knows() {
    let policy = builtin("open");
    for row in crate::s3::operation::OPERATIONS {
        assert_eq!(answer(&policy, row.operation.name()), row.operation.name());
    }
    for (request, expected) in [
        ("PutObject | x-amz-acl: private | x-amz-nonsense: 1", "PutObject"),
        ("GetObject?junk&prefix=a", "GetObject"),
        ("ListObjectsV2?prefix=a&max-keys=1", "ListObjectsV2"),
        ("PutObject?junk", "501 NotImplemented: PutObject search parameter junk not implemented"),
        ("GetObject?versionId=1&partNumber=1", "GetObject"),
        ("DeleteBucket?versions", "501 NotImplemented: DeleteBucket search parameter versions not implemented"),
        ("PutObject?partNumber=1", "501 NotImplemented: PutObject search parameter partNumber not implemented"),
    ] {
        assert_eq!(answer(&policy, request), expected, "{request}");
    }
}

#[test]
fn a_ruling_names_its_line_and_a_bounded_label() {
    let policy = builtin("r2");
    let line_of = |text: &str| 1 + Source::builtin("r2").unwrap().text.lines().position(|l| l == text).unwrap();
    for (headers, query, feature, rule) in [
        (
            &[("x-amz-website-redirect-location", &b"/"[..])][..],
            "",
            "x-amz-website-redirect-location",
            "refuse = [\"website\", \"sse\", \"sse-c\", \"request-payer\", \"tagging\", \"object-lock\", \"acl\", \"bucket-owner\"]",
        ),
        (&[("x-amz-copy-source-range", b"1")], "", "x-amz-copy-source-range", "unlisted_headers = \"refuse\""),
        (&[("x-amz-\u{7a}\u{7a}", b"\xff")], "", "unlisted-header", "unlisted_headers = \"refuse\""),
        (&[], "junk", "unlisted-parameter", "unlisted_query = \"refuse\""),
        (&[], "acl", "acl", "unlisted_query = \"refuse\""),
    ] {
        let decision = ask(&policy, Operation::PutObject, headers, query, PayloadKind::Signed);
        let [ruling] = &decision.refusals[..] else { panic!("{headers:?} {query}: {decision:?}") };
        assert_eq!(ruling.rule.feature, feature);
        assert_eq!(ruling.rule.location.to_string(), format!("policies/r2.toml:{}", line_of(rule)));
    }
}

#[test]
fn hoisted_headers_are_judged_as_headers() {
    let headers = HeaderMap::new();
    let view =
        RequestView::from_presigned(&headers, Query::parse("X-Amz-Acl=private&X-Amz-Signature=0").unwrap()).unwrap();
    let decision = builtin("r2").decide(Operation::PutObject, &view, PayloadKind::Unsigned);
    assert_eq!(words(decision), "501 NotImplemented: Header 'x-amz-acl' with value 'private' not implemented");
    let plain = answer(&builtin("r2"), "PutObject?x-amz-acl=private");
    assert_eq!(plain, "501 NotImplemented: PutObject search parameter x-amz-acl not implemented");
}

#[test]
fn a_policy_compares_line_by_line() {
    let (r2, open) = (builtin("r2"), builtin("open"));
    let says = |policy: &Policy, operation: &str, kind: &str, name: &str| {
        let line = policy.effective().find(|e| (e.operation, e.kind, e.name) == (operation, kind, name));
        line.map(|e| (e.verdict, e.rule.file.to_string()))
    };
    let (own, open_file) = ("policies/r2.toml".to_owned(), "policies/open.toml".to_owned());
    assert_eq!(says(&r2, "ListMultipartUploads", "operation", ""), Some(("accept (experimental)".into(), own.clone())));
    let header = "501 NotImplemented: Header '{name}' with value '{value}' not implemented";
    assert_eq!(
        says(&r2, "PutObject", "headers", "x-amz-storage-class"),
        Some((format!("[\"STANDARD\"]: ignore; {header}"), own.clone()))
    );
    assert_eq!(says(&r2, "", "limit", "equal_parts"), Some(("true".into(), own)));
    assert_eq!(says(&open, "PutObject", "unlisted_headers", ""), Some(("accept".into(), open_file)));
    assert_eq!(r2.effective().count(), r2.effective().collect::<Vec<_>>().len());
}

/// Where a policy of the test's own on top of `r2` rules differently: `operation kind name: verdict -> verdict`.
fn differences(own: &str) -> Vec<String> {
    let (r2, own) = (builtin("r2"), compile(&format!("extends = \"r2\"\n{own}")).unwrap());
    let reported = r2.differences(&own);
    reported
        .iter()
        .map(|[a, b]| format!("{} {} {}: {} -> {}", a.operation, a.kind, a.name, a.verdict, b.verdict))
        .collect()
}

#[test]
fn policies_differ_where_requests_are_ruled_differently() {
    let none: Vec<String> = Vec::new();
    assert_eq!(differences(""), none);
    // A row that replaces another and leaves out a rule, whose name is ruled alike without it.
    assert_eq!(differences("[operation.HeadBucket]\nreplace = true\nverdict = \"accept\"\n"), none);
    // A rule for a prefix takes the place of those for the names it covers.
    let refusal = "501 NotImplemented: Header '{name}' with value '{value}' not implemented";
    assert_eq!(
        differences("[operation.HeadBucket.headers]\n\"x-amz-expected-*\" = \"ignore\""),
        [
            format!("HeadBucket headers x-amz-expected-bucket-owner: {refusal} -> ignore"),
            format!("HeadBucket headers x-amz-expected-*: {refusal} -> ignore"),
        ]
    );
    // Of an operation that one of them refuses, the rest is not compared.
    assert_eq!(
        differences("[operation.GetObject]\nverdict = \"refuse\""),
        ["GetObject operation : accept -> 501 NotImplemented: {operation} not implemented"]
    );
}
