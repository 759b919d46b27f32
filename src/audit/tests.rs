//! Audits: text in, figures out.

use crate::audit::{
    Audit, BillingClass, Client, Event, FileError, MAX_CLIENTS, MAX_FINDINGS, Observation, RuleId, Source, Verdict,
    Watch,
};
use crate::s3::operation::Operation;
use crate::s3::{Code, S3Error, Timestamp};

/// A request at that second, for an operation, refused by these rules.
fn seen(second: u64, operation: Operation, rules: &[&str]) -> Observation {
    let error = S3Error::new(Code::NOT_IMPLEMENTED);
    Observation {
        time: Timestamp::from_millis(second * 1000),
        client: Client { key_id: Some("dev".to_owned()), product: "Boto3".to_owned() },
        version: "1.43".to_owned(),
        operation: Some(operation),
        bucket: Some("media".to_owned()),
        verdicts: rules.iter().map(|rule| Verdict::new(RuleId::from_text(*rule), &error)).collect(),
        example: (!rules.is_empty()).then(|| format!("PUT /media/{second}")),
    }
}

fn of_product(mut seen: Observation, product: &str) -> Observation {
    seen.client.product = product.to_owned();
    seen
}

/// The findings of an audit, a line each.
fn findings(audit: &Audit) -> Vec<String> {
    let all =
        audit.clients.iter().flat_map(|(client, figures)| figures.findings.iter().map(move |found| (client, found)));
    all.map(|(client, (key, found))| {
        let (first, last) = (found.first.seconds(), found.last.seconds());
        format!("{} {} {} x{} {first}-{last} {}", client.product, key.operation, key.rule, found.count, found.example)
    })
    .collect()
}

#[test]
fn findings_add_up_by_client_operation_and_rule() {
    let mut audit = Audit::new("r2-2026");
    let news = [
        seen(5, Operation::PutObject, &["policy/acl"]),
        seen(3, Operation::PutObject, &["policy/acl", "policy/x-amz-tagging"]),
        seen(9, Operation::GetObject, &[]),
        seen(9, Operation::GetObject, &[]),
        of_product(seen(7, Operation::PutObject, &["policy/acl"]), "rclone"),
    ]
    .map(|seen| audit.add(&seen));
    assert_eq!(news, [true, true, true, false, true]);
    assert_eq!(
        findings(&audit),
        [
            "Boto3 PutObject policy/acl x2 3-5 PUT /media/5",
            "Boto3 PutObject policy/x-amz-tagging x1 3-3 PUT /media/3",
            "rclone PutObject policy/acl x1 7-7 PUT /media/7",
        ]
    );
    let boto3 = audit.clients.values().next().unwrap();
    assert_eq!((boto3.requests(), boto3.refused()), (4, 2));
    let classes = [Some(BillingClass::A), Some(BillingClass::B), Some(BillingClass::Free), None];
    assert_eq!(classes.map(|class| boto3.billed(class)), [0, 2, 0, 0]);
}

/// An audit with something of everything.
fn full() -> Audit {
    let mut audit = Audit::new("r2-2026");
    audit.add(&seen(1, Operation::PutObject, &["policy/acl"]));
    audit.add(&of_product(seen(2, Operation::GetObject, &[]), "\"<é>\""));
    audit.add(&Observation { operation: None, ..seen(3, Operation::GetObject, &["address/NotImplemented"]) });
    let not_visible = ["headers of requests".to_owned()].into();
    audit.add_source(Source { name: "a.log".to_owned(), format: "minio".to_owned(), not_visible, ..Source::default() });
    audit
}

#[test]
fn an_audit_that_is_written_and_read_is_the_same() {
    assert_eq!(Audit::from_json(&full().to_json()), Ok(full()));
}

#[test]
fn a_changed_byte_makes_no_other_figures() {
    let whole = full().to_json();
    let mut errors = 0;
    for (at, change) in (0..whole.len()).flat_map(|at| [1 << (at % 8), 255].map(|change| (at, change))) {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] ^= change;
        match Audit::from_json(&String::from_utf8_lossy(&bytes)) {
            Ok(found) => assert!(found == full(), "byte {at} ^ {change}"),
            Err(_) => errors += 1,
        }
    }
    assert!(errors > whole.len(), "{errors}");
}

#[test]
fn an_audit_of_the_version_without_a_checksum_is_read() {
    let whole = full().to_json();
    let (before, _) = whole.split_once(",\n  \"checksum\"").unwrap();
    let text = format!("{}\n}}", before.replace("\"version\": 2", "\"version\": 1"));
    assert_eq!(Audit::from_json(&text), Ok(full()));
    assert!(Audit::from_json(&format!("{before}\n}}")).is_err(), "version 2 has one");
}

#[test]
fn an_audit_that_was_laid_out_anew_is_the_same() {
    let value: serde_json::Value = serde_json::from_str(&full().to_json()).unwrap();
    assert_eq!(Audit::from_json(&value.to_string()), Ok(full()));
}

#[test]
fn other_files_and_versions_are_refused() {
    let good = Audit::new("r2").to_json();
    for (text, error) in [
        (good.replace("\"version\": 2", "\"version\": 3"), "has version 3 of the form"),
        (good.replace("\"version\": 2", "\"version\": 3, \"more\": 1"), "has version 3 of the form"),
        (good.replace("\"version\": 2", "\"version\": 1"), "something in it has changed"),
        (good.replace("r2shim-audit", "other"), "its format is \"other\""),
        (good.replace("\"policy\"", "\"politics\""), "unknown field `politics`"),
        (
            good.replace("kept\": 0", "kept\": 18446744073709551615"),
            "more than an audit counts, which is 1099511627776",
        ),
        (good[..good.len() / 2].to_owned(), "EOF"),
        (String::new(), "EOF"),
        ("[]".to_owned(), "no audit"),
    ] {
        let found = Audit::from_json(&text).unwrap_err().to_string();
        assert!(found.contains(error), "{found}");
    }
    assert_eq!(Audit::from_json("{\"format\": \"r2shim-audit\", \"version\": 9}"), Err(FileError::Version(9)));
}

#[test]
fn merged_audits_have_the_figures_of_both() {
    let requests = [
        seen(5, Operation::PutObject, &["policy/acl"]),
        of_product(seen(1, Operation::GetObject, &[]), "rclone"),
        seen(2, Operation::PutObject, &["policy/acl"]),
        seen(8, Operation::DeleteObject, &[]),
    ];
    let mut whole = Audit::new("r2");
    let mut halves = [Audit::new("r2"), Audit::new("r2")];
    for (index, request) in requests.iter().enumerate() {
        whole.add(request);
        halves[index / 2].add(request);
    }
    let [mut merged, second] = halves;
    merged.merge(second).unwrap();
    // The example of a merged finding is that of the earlier request.
    assert_eq!(findings(&merged), ["Boto3 PutObject policy/acl x2 2-5 PUT /media/2"]);
    assert_eq!(merged.requests(), whole.requests());
    let before = merged.clone();
    let error = merged.merge(Audit::new("open")).unwrap_err();
    assert_eq!(error.to_string(), "one audit was judged by the policy \"r2\", another by \"open\": they do not add up");
    assert_eq!(merged, before);
}

#[test]
fn clients_and_findings_have_bounds() {
    let mut audit = Audit::new("r2");
    for index in 0..MAX_CLIENTS + 50 {
        audit.add(&of_product(seen(1, Operation::GetObject, &[]), &format!("client{index}")));
    }
    assert_eq!(audit.clients.len(), MAX_CLIENTS + 1);
    assert_eq!(audit.requests(), MAX_CLIENTS as u64 + 50);
    for index in 0..MAX_FINDINGS + 7 {
        audit.add(&seen(1, Operation::PutObject, &[&format!("rule{index}")]));
    }
    assert_eq!((audit.findings(), audit.findings_not_kept), (MAX_FINDINGS, 7));
    let mut other = Audit::new("r2");
    other.add(&of_product(seen(1, Operation::PutObject, &["more"]), "newcomer"));
    audit.merge(other).unwrap();
    assert_eq!((audit.findings(), audit.findings_not_kept), (MAX_FINDINGS, 8));
}

#[test]
fn what_takes_several_requests_is_found() {
    let write = |key| Event::Write { bucket: "b", key };
    let part = |upload, number, bytes| Event::Part { upload, number, bytes };
    let complete = |upload, parts| Event::Complete { bucket: "b", key: "big", upload, parts };
    let mut watch = Watch::default();
    for (millis, event, rules) in [
        (0, write("a"), &[][..]),
        (999, write("b"), &[]),
        (999, write("a"), &["rate/writes-per-key"]),
        (1999, write("a"), &[]),
        (2500, write("a"), &["rate/writes-per-key"]),
        (3000, part("equal", 1, 5), &[]),
        (3000, part("equal", 2, 5), &[]),
        (3000, part("equal", 3, 1), &[]),
        (4000, complete("equal", None), &[]),
        (5000, part("unequal", 1, 5), &[]),
        (5000, part("unequal", 2, 6), &[]),
        (5000, part("unequal", 3, 5), &[]),
        (5500, complete("unequal", Some(&[1, 3])), &[]),
        (6000, part("last", 1, 5), &[]),
        (6000, part("last", 7, 6), &[]),
        (6600, complete("last", Some(&[1, 7])), &["parts/unequal"]),
        (6700, complete("last", Some(&[1, 7])), &["rate/writes-per-key"]),
        (8000, part("gone", 1, 5), &[]),
        (8000, part("gone", 2, 6), &[]),
        (8000, Event::Abort { upload: "gone" }, &[]),
        (9000, complete("gone", None), &[]),
        (9000, Event::Deletes { keys: 700 }, &[]),
        (9000, Event::Deletes { keys: 701 }, &["delete/over-700-keys"]),
    ] {
        let found = watch.see(Timestamp::from_millis(millis), &event);
        let found: Vec<&str> = found.iter().map(|verdict| verdict.rule.as_str()).collect();
        assert_eq!(found, rules, "{millis} {event:?}");
    }
}

#[test]
fn heads_say_what_counts_together_with_others() {
    let upload = (Some("id"), Some(3));
    for (operation, named, expected) in [
        (Operation::PutObject, (None, None), Some(Event::Write { bucket: "b", key: "k" })),
        (Operation::CopyObject, (None, None), Some(Event::Write { bucket: "b", key: "k" })),
        (Operation::UploadPart, upload, Some(Event::Part { upload: "id", number: 3, bytes: 7 })),
        (Operation::UploadPart, (Some("id"), None), None),
        (
            Operation::CompleteMultipartUpload,
            upload,
            Some(Event::Complete { bucket: "b", key: "k", upload: "id", parts: None }),
        ),
        (Operation::AbortMultipartUpload, upload, Some(Event::Abort { upload: "id" })),
        (Operation::GetObject, upload, None),
        (Operation::DeleteObjects, upload, None),
    ] {
        assert_eq!(Event::of(operation, ["b", "k"], named, 7), expected, "{operation}");
    }
}
