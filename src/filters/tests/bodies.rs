//! What can be said of a body before it comes: what is announced of it, and what is known.

use super::*;

/// What is said of the checksum of an empty body, which SDKs presign, depends on what is known of the body.
#[test]
fn an_explained_body_is_judged_by_what_is_known_of_it() {
    let explained = |text: &str, body: Option<&[u8]>| {
        let head = Head::parse(text);
        let rules = rules("r2");
        let explanation = explain(&rules, head.borrow(), now(), Known { keys: KnownKeys::Nothing, body });
        let found = explanation.findings.iter().map(|finding| finding.error.code.to_string());
        let missing =
            explanation.missing().into_iter().filter(|missing| ["body", "document"].contains(&missing.name()));
        found.chain(missing.map(ToString::to_string)).collect::<Vec<_>>()
    };
    const OF_NOTHING: &str = "PUT /media/k | x-amz-checksum-crc32: AAAAAA==";
    const NO_BYTES: &str = "whether the body is empty: x-amz-checksum-crc32 is that of no bytes, and any other body is \
                            refused with 400 BadDigest";
    let with = |length: &str| format!("{OF_NOTHING} | content-length: {length}");
    for (text, body, expected) in [
        ("PUT /media/k", None, &["the length of the body"][..]),
        ("PUT /media/k | content-length: 3", None, &[]),
        ("PUT /media/k", Some(&b""[..]), &["MissingContentLength"]),
        (OF_NOTHING, None, &["the length of the body", NO_BYTES]),
        (&with("0"), None, &[]),
        (&with("3"), None, &["BadDigest"]),
        (&with("3"), Some(b"abc"), &["BadDigest"]),
        (&with("4"), Some(b"abc"), &["IncompleteBody"]),
        ("PUT /media/k | content-length: 3 | x-amz-checksum-crc32: NSRBwg==", None, &["the body: its checksum"]),
        ("PUT /media/k | content-length: 3 | x-amz-checksum-crc32: NSRBwg==", Some(b"abc"), &[]),
        ("PUT /media/k | transfer-encoding: chunked", None, &["MissingContentLength"]),
        ("POST /media?delete | content-length: 3", None, &["what the document in the body says"]),
        ("DELETE /media/k", None, &[]),
    ] {
        assert_eq!(explained(text, body), expected, "{text}");
    }
}

/// What the judge of bodies finds of a signed request.
fn of_the_body(policy: &str, text: &str) -> Vec<String> {
    let (rules, head) = (rules(policy), Head::parse(text).signed(ADMIN, SECRET, "auto"));
    let request =
        request::Request { rules: &rules, head: head.borrow(), now: now(), certificate: request::Shown::Unknown };
    let query = crate::s3::query::Query::parse(request.head.query);
    let facts = Facts::establish(&request, query.clone(), &mut Subject::default());
    let caller = authenticate::identify(&request, &query, &facts).unwrap();
    let faults = payload::plan(&request, &facts.unwrap(), &caller).faults;
    faults.iter().map(S3Error::to_string).collect()
}

#[test]
fn everything_that_cannot_be_true_of_a_body_is_found() {
    const NO_LENGTH: &str = "411 MissingContentLength: You must provide the Content-Length HTTP header.";
    for (text, faults) in [
        ("PUT /media/k | content-length: 3", &[][..]),
        ("PUT /media/k", &[NO_LENGTH]),
        ("PUT /media/k | content-length: +3", &["400 InvalidArgument: content-length is not a length"]),
        ("DELETE /media/k | content-length: +3", &[]),
        ("POST /media?delete", &[]),
        ("POST /media?delete | transfer-encoding: chunked", &[NO_LENGTH]),
        (
            "PUT /media/k | content-length: 3 | x-amz-trailer: x-amz-checksum-crc32",
            &["400 InvalidRequest: x-amz-trailer does not go with a body that is not aws-chunked"],
        ),
        ("GET /media/k | x-amz-trailer: x-amz-checksum-crc32", &[]),
        (
            "PUT /media/k | content-length: 9999999999",
            &["400 EntityTooLarge: Your proposed upload exceeds the maximum allowed object size."],
        ),
        (
            "PUT /media/k | content-length: x | content-md5: x | x-amz-checksum-crc32: x",
            &[
                "400 InvalidArgument: content-length is not a length",
                "400 InvalidDigest: The checksum or Content-MD5 you specified is not valid.",
                "400 InvalidRequest: Value for x-amz-checksum-crc32 header is invalid.",
            ],
        ),
    ] {
        assert_eq!(of_the_body("open", text), faults, "{text}");
    }
}

/// Where the policy has one type for each checksum, another is refused before the store is asked.
#[test]
fn a_checksum_has_the_type_that_the_policy_knows() {
    const CREATE: &str = "POST /media/k?uploads | x-amz-checksum-algorithm: ";
    const COMPLETE: &str = "POST /media/k?uploadId=u | content-length: 3 | x-amz-checksum-type: ";
    let refused = |kind: &str, algorithm: &str| {
        format!("400 InvalidRequest: The {kind} checksum type cannot be used with the {algorithm} checksum algorithm.")
    };
    for (policy, head, fault) in [
        ("r2-2026", format!("{CREATE}CRC32"), None),
        ("r2-2026", format!("{CREATE}CRC32 | x-amz-checksum-type: COMPOSITE"), None),
        ("r2-2026", format!("{CREATE}CRC64NVME | x-amz-checksum-type: FULL_OBJECT"), None),
        ("r2-2026", format!("{CREATE}CRC32 | x-amz-checksum-type: FULL_OBJECT"), Some(refused("FULL_OBJECT", "crc32"))),
        (
            "r2-2026",
            format!("{CREATE}crc32c | x-amz-checksum-type: FULL_OBJECT"),
            Some(refused("FULL_OBJECT", "crc32c")),
        ),
        ("r2-2026", format!("{CREATE}SHA1 | x-amz-checksum-type: FULL_OBJECT"), Some(refused("FULL_OBJECT", "sha1"))),
        (
            "r2-2026",
            format!("{CREATE}SHA256 | x-amz-checksum-type: FULL_OBJECT"),
            Some(refused("FULL_OBJECT", "sha256")),
        ),
        (
            "r2-2026",
            format!("{CREATE}CRC64NVME | x-amz-checksum-type: COMPOSITE"),
            Some(refused("COMPOSITE", "crc64nvme")),
        ),
        ("r2-2026", format!("{COMPLETE}FULL_OBJECT | x-amz-checksum-crc32: x"), Some(refused("FULL_OBJECT", "crc32"))),
        ("r2-2026", format!("{COMPLETE}COMPOSITE | x-amz-checksum-crc32: x"), None),
        (
            "r2-2026",
            format!("{COMPLETE}COMPOSITE | x-amz-checksum-crc64nvme: x"),
            Some(refused("COMPOSITE", "crc64nvme")),
        ),
        // What is no algorithm or no type is the store's to refuse, and an object of one piece has one type.
        ("r2-2026", format!("{CREATE}CRC1 | x-amz-checksum-type: FULL_OBJECT"), None),
        ("r2-2026", format!("{CREATE}CRC32 | x-amz-checksum-type: HALF"), None),
        ("r2-2026", "PUT /media/k | content-length: 3 | x-amz-checksum-type: COMPOSITE".to_owned(), None),
        ("r2", format!("{CREATE}CRC32 | x-amz-checksum-type: FULL_OBJECT"), None),
        ("open", format!("{COMPLETE}FULL_OBJECT | x-amz-checksum-crc32: x"), None),
    ] {
        assert_eq!(of_the_body(policy, &head), Vec::from_iter(fault.clone()), "{policy}: {head}");
        let explained = Head::parse(&head);
        let (rules, known) = (rules(policy), Known { keys: KnownKeys::Nothing, body: None });
        let explained = explain(&rules, explained.borrow(), now(), known);
        let found = explained.findings.iter().find(|finding| finding.filter == Filter::Payload);
        assert_eq!(found.map(|finding| finding.error.to_string()), fault, "{policy}: {head}");
    }
}
