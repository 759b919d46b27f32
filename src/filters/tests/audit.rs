//! Audits: what is carried out, what stays refused, and what is noted.

use super::*;

/// Whether an audit carries the request out, and what it notes.
fn audited(mode: Mode, text: &str, key: &str, region: &str) -> (bool, Vec<String>) {
    let head = Head::parse(text).signed(key, SECRET, region);
    let rules = Rules { mode, ..rules("r2-2026") };
    let mut subject = Subject::default();
    let carried_out = admit(&rules, head.borrow(), now(), &mut subject).is_ok();
    (carried_out, subject.findings.iter().map(|finding| format!("{} {}", finding.filter, finding.error.code)).collect())
}

#[test]
fn an_audit_notes_what_judges_refuse_and_ends_where_guards_do() {
    for (head, key, region, carried_out, noted) in [
        ("GET /media/k", ADMIN, "auto", true, &[][..]),
        ("GET /media/k", ADMIN, "eu-west-3", true, &["region InvalidRegionName"]),
        ("GET /Me.dia/k?tagging", ADMIN, "auto", true, &["policy NotImplemented", "names InvalidBucketName"]),
        ("GET /..%2f/k", ADMIN, "auto", false, &["names InvalidBucketName"]),
        ("PUT /media/k?tagging", READER, "x", false, &["region InvalidRegionName", "authorise AccessDenied"]),
        ("POST /media/k?own | content-length: 0", ADMIN, "auto", true, &["address RouteNotFound"]),
        ("POST /media/k?own | content-length: 0", READER, "auto", false, &["address RouteNotFound"]),
        ("POST / | content-length: 0", ADMIN, "auto", false, &["address RouteNotFound"]),
        ("GET /media?own", READER, "auto", false, &["authorise AccessDenied"]),
    ] {
        let (did, found) = audited(Mode::AuditRemote, head, key, region);
        assert_eq!((did, found), (carried_out, noted.iter().map(|text| (*text).to_owned()).collect()), "{head}");
    }
}

/// What R2 has less of: bytes in a request, digests, names and versions of a copy's source.
#[test]
fn what_another_store_can_do_is_carried_out_in_every_audit() {
    const MOST: u64 = (5 << 30) - (5 << 20);
    let put = |rest: &str| format!("PUT /media/k | {rest}");
    let copy = |source: &str| put(&format!("content-length: 0 | x-amz-copy-source: {source}"));
    let long = "k".repeat(1025);
    let digests = "content-md5: DMF1ucDxtqgxw5niaXcmYQ== | x-amz-checksum-crc32: 6Le+Qw==";
    for (head, carried_out, noted) in [
        (put(&format!("content-length: {MOST}")), true, &[][..]),
        (put(&format!("content-length: {}", MOST + 1)), true, &["payload EntityTooLarge"]),
        (put(&format!("content-length: 1 | {digests}")), true, &["payload InvalidRequest"]),
        (
            put(&format!("content-length: {} | {digests}", MOST + 1)),
            true,
            &["payload InvalidRequest", "payload EntityTooLarge"],
        ),
        (put("content-length: 1 | content-md5: x"), false, &["payload InvalidDigest"]),
        (put("transfer-encoding: chunked"), false, &["payload MissingContentLength"]),
        (copy("/media/a"), true, &[]),
        (copy("/media/a?versionId=7"), true, &["names NotImplemented"]),
        (copy("/My.Media/a"), true, &["names NoSuchBucket"]),
        (copy("/My.Media/a?versionId=7"), true, &["names NotImplemented"]),
        (copy("/../a"), false, &["names NoSuchBucket"]),
        (copy(&format!("/My.Media/{long}")), false, &["names NoSuchBucket"]),
        ("GET /My.Media".to_owned(), true, &["names InvalidBucketName"]),
        (format!("GET /media/{long}"), false, &["names InvalidObjectName"]),
    ] {
        for mode in [Mode::AuditLocal, Mode::AuditRemote] {
            let (did, found) = audited(mode, &head, ADMIN, "auto");
            let noted: Vec<String> = noted.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!((did, found), (carried_out, noted), "{mode:?} {head}");
        }
    }
}

/// A key that has some buckets only is held to them, however the request names them.
#[test]
fn a_key_reaches_only_the_buckets_it_has() {
    let some = BucketScope::Matching(vec![BucketPattern::parse("media").unwrap()]);
    let key =
        |permission| AccessKey { permission, buckets: some.clone(), ..AccessKey::admin(ADMIN, Secret::new(SECRET)) };
    let admin = Permission::AdminReadWrite;
    for (head, permission, allowed) in [
        ("PUT /media/k | content-length: 0 | x-amz-copy-source: /media/a?versionId=7", admin, true),
        ("PUT /media/k | content-length: 0 | x-amz-copy-source: /other/a?versionId=7", admin, false),
        ("PUT /media/k | content-length: 0 | x-amz-copy-source: /My.Media/a", admin, false),
        ("PUT /My.Media/k | content-length: 0", admin, false),
        ("PUT /media?versioning | content-length: 0", admin, true),
        ("PUT /media?policy | content-length: 0", admin, true),
        ("PUT /media?intelligent-tiering&id=1 | content-length: 0", admin, true),
        ("PUT /media?metrics&id=1 | content-length: 0", admin, true),
        ("DELETE /media?inventory&id=1", admin, true),
        ("DELETE /media?replication", admin, true),
        ("PUT /media/k?encryption | content-length: 0", admin, true),
        ("PUT /media?versioning | content-length: 0", Permission::ObjectReadWrite, false),
        // Their documents say where the store is to write.
        ("PUT /media?logging | content-length: 0", admin, false),
        ("PUT /media?replication | content-length: 0", admin, false),
        ("PUT /media?inventory&id=1 | content-length: 0", admin, false),
        ("PUT /media?analytics&id=1 | content-length: 0", admin, false),
        ("PUT /media?notification | content-length: 0", admin, false),
        ("POST /media/k?restore | content-length: 0", admin, false),
        ("GET /media?logging", admin, true),
        // No row is for these.
        ("PUT /media?own | content-length: 0", admin, false),
        ("POST /media?own | content-length: 0", admin, false),
    ] {
        let keyring = Keyring::from_iter([key(permission)]);
        let rules = Rules { mode: Mode::AuditRemote, keyring, ..rules("r2-2026") };
        let signed = Head::parse(head).signed(ADMIN, SECRET, "auto");
        let admitted = admit(&rules, signed.borrow(), now(), &mut Subject::default());
        assert_eq!(admitted.is_ok(), allowed, "{head}: {:?}", admitted.err());
    }
}

/// What `explain` says of an audit is what the audit does: what is refused, and all that is noted.
#[test]
fn an_audit_is_explained_as_it_is_carried_out() {
    for mode in [Mode::AuditLocal, Mode::AuditRemote] {
        for (text, refused) in [
            ("GET /media/k", None),
            ("GET /media/k?tagging", None),
            ("GET /My.Media/k", None),
            ("GET /..%2f/k", Some("names")),
            ("PUT /media/k | content-length: 0 | x-amz-copy-source: /../a", Some("names")),
            ("PUT /media/k | content-length: 1 | content-md5: x", Some("payload")),
            ("PUT /media/k | content-length: 5999999999", None),
            ("PATCH /media/k", Some("address")),
            ("POST /media/k?own | content-length: 0", (mode == Mode::AuditLocal).then_some("address")),
        ] {
            let head = Head::parse(text).signed(ADMIN, SECRET, "auto");
            let rules = Rules { mode, ..rules("r2-2026") };
            let known = Known { keys: KnownKeys::OfRules { without_secret: &[] }, body: None };
            let explanation = explain(&rules, head.borrow(), now(), known);
            let said = explanation.refusal.as_ref().map(|finding| finding.filter.name());
            let mut subject = Subject::default();
            let admitted = admit(&rules, head.borrow(), now(), &mut subject);
            assert_eq!((said, admitted.is_err()), (refused, refused.is_some()), "{mode:?} {text}");
            assert!(subject.findings.iter().all(|finding| explanation.findings.contains(finding)), "{mode:?} {text}");
        }
    }
}
