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
    let request = request::Request { rules: &rules, head: head.borrow(), now: now() };
    let facts = Facts::establish(&request, &mut Subject::default());
    let caller = authenticate::identify(&request, &facts).unwrap();
    let faults = payload::plan(&request, &facts.unwrap(), &caller).err().unwrap_or_default();
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
