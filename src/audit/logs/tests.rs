//! Whole logs: text in, findings out.

use crate::access::{BucketScope, Keyring};
use crate::audit::logs::{Format, Ledger, LeftOut, LogReader, Summary};
use crate::cors::CorsRules;
use crate::filters::{Limits, Mode, Rules};
use crate::policy::Policy;
use crate::routing::TrustedProxies;
use std::sync::{Arc, LazyLock};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    limits: Limits::default(),
    domains: Vec::new(),
    cors: CorsRules::default(),
    keyring: Keyring::default(),
    signing_keys: Arc::default(),
    policy: Arc::new(Policy::builtin("r2-2026").unwrap().unwrap()),
    public: BucketScope::none(),
    trusted_proxies: TrustedProxies::default(),
    mode: Mode::AuditRemote,
});

/// What became of a log that comes in pieces of that size, and each finding: client, operation, rule and how often.
fn audited(log: &[u8], size: usize) -> (Summary, Vec<String>) {
    let mut ledger = Ledger::new(&RULES);
    let mut reader = LogReader::new(Format::of(log).unwrap(), log);
    log.chunks(size).for_each(|chunk| reader.feed(chunk, &mut ledger));
    let summary = reader.finish("a log", &mut ledger);
    let mut found = Vec::new();
    for (client, figures) in &ledger.audit.clients {
        for (key, figures) in &figures.findings {
            let id = client.key_id.as_deref().unwrap_or("-");
            found.push(format!("{id} {}: {} {} x{}", client.product, key.operation, key.rule, figures.count));
        }
    }
    (summary, found)
}

const EXAMPLES: &[(&str, &[u8])] = &[
    ("s3-access.log", include_bytes!("../../../examples/logs/s3-access.log")),
    ("cloudtrail.json", include_bytes!("../../../examples/logs/cloudtrail.json")),
    ("minio-audit.json", include_bytes!("../../../examples/logs/minio-audit.json")),
    ("minio-trace.json", include_bytes!("../../../examples/logs/minio-trace.json")),
    ("browser.har", include_bytes!("../../../examples/logs/browser.har")),
    ("r2shim.json", include_bytes!("../../../examples/logs/r2shim.json")),
];

fn example(name: &str) -> &'static [u8] {
    EXAMPLES.iter().find(|(known, _)| *known == name).unwrap().1
}

/// What a log of the same day shows, by what its format has. The names of clients are the format's.
#[test]
fn one_day_in_every_format() {
    for (name, expected) in [
        (
            "minio-audit.json",
            &[
                "backup Boto3: CompleteMultipartUpload parts/unequal x1",
                "backup Boto3: CompleteMultipartUpload region/InvalidRegionName x1",
                "backup Boto3: CopyObject region/InvalidRegionName x1",
                "backup Boto3: CreateMultipartUpload region/InvalidRegionName x1",
                "backup Boto3: ListObjectVersions policy/ListObjectVersions x1",
                "backup Boto3: ListObjectVersions region/InvalidRegionName x1",
                "backup Boto3: PutBucketVersioning policy/PutBucketVersioning x1",
                "backup Boto3: PutBucketVersioning region/InvalidRegionName x1",
                "backup Boto3: UploadPart region/InvalidRegionName x3",
                "ops MinIO: PutObject policy/streaming-signed x1",
                "web-application Boto3: GetObjectTagging policy/GetObjectTagging x1",
                "web-application Boto3: PutObject policy/x-amz-tagging x1",
                "web-application Boto3: PutObjectTagging policy/PutObjectTagging x1",
                "web-application curl: GetObject authenticate/sigv2 x1",
            ][..],
        ),
        (
            "s3-access.log",
            &[
                "assumed-role/Backup Boto3: CompleteMultipartUpload parts/unequal x1",
                "assumed-role/Backup Boto3: ListObjectVersions policy/ListObjectVersions x1",
                "assumed-role/Backup Boto3: PutBucketVersioning policy/PutBucketVersioning x1",
                "user/web-application Boto3: GetObjectTagging policy/GetObjectTagging x1",
                "user/web-application Boto3: PutObjectTagging policy/PutObjectTagging x1",
                "user/web-application curl: GetObject authenticate/sigv2 x1",
            ],
        ),
        (
            "cloudtrail.json",
            &[
                "AKIAIOSFODNN7EXAMPLE Boto3: GetObjectTagging policy/GetObjectTagging x1",
                "AKIAIOSFODNN7EXAMPLE Boto3: PutObject policy/x-amz-tagging x1",
                "AKIAIOSFODNN7EXAMPLE Boto3: PutObjectTagging policy/PutObjectTagging x1",
                "AKIAIOSFODNN7EXAMPLE curl: GetObject authenticate/sigv2 x1",
                "assumed-role/Backup Boto3: CompleteMultipartUpload parts/unequal x1",
                "assumed-role/Backup Boto3: ListObjectVersions policy/ListObjectVersions x1",
                "assumed-role/Backup Boto3: PutBucketVersioning policy/PutBucketVersioning x1",
            ],
        ),
        (
            "browser.har",
            &[
                "AKIAIOSFODNN7EXAMPLE browser: GetObject region/InvalidRegionName x1",
                "AKIAIOSFODNN7EXAMPLE browser: PutObject policy/x-amz-tagging x1",
                "AKIAIOSFODNN7EXAMPLE browser: PutObject region/InvalidRegionName x2",
            ],
        ),
        (
            "r2shim.json",
            &[
                "- : GetObject authenticate/sigv2 x1",
                "backup : ListObjectVersions policy/ListObjectVersions x1",
                "backup : PutBucketVersioning policy/PutBucketVersioning x1",
                "web-application : GetObjectTagging policy/GetObjectTagging x1",
                "web-application : PutObjectTagging policy/PutObjectTagging x1",
            ],
        ),
    ] {
        for size in [7, 1 << 20] {
            let (summary, found) = audited(example(name), size);
            assert_eq!(found, expected, "{name} by {size}");
            assert_eq!(summary.coverage.not_understood, 0, "{name} by {size}");
        }
    }
}

#[test]
fn the_trace_of_a_day_shows_what_its_audit_log_shows() {
    assert_eq!(audited(example("minio-trace.json"), 4096).1, audited(example("minio-audit.json"), 4096).1);
}

#[test]
fn nothing_secret_is_copied() {
    for (name, log) in EXAMPLES {
        let mut ledger = Ledger::new(&RULES);
        let text =
            String::from_utf8_lossy(log).replace(&"0".repeat(64), &"5ec2e7".repeat(10)).replace("AAAAAAAA", "5ec2e7");
        let mut reader = LogReader::new(Format::of(text.as_bytes()).unwrap(), text.as_bytes());
        reader.feed(text.as_bytes(), &mut ledger);
        reader.finish(name, &mut ledger);
        let kept = ledger.audit.to_json();
        assert!(text.contains("5ec2e7") || !text.contains("Signature"), "{name}");
        assert!(!kept.contains("5ec2e7"), "{name}: {kept}");
    }
}

/// A log that ends anywhere has the findings of its whole records, and one torn record at most.
#[test]
fn no_cut_of_a_log_is_misread() {
    for (name, log) in EXAMPLES {
        let (whole, _) = audited(log, 1 << 20);
        for end in (100..log.len()).step_by(3989) {
            let Some(_) = Format::of(&log[..end]) else { continue };
            let (summary, _) = audited(&log[..end], 512);
            assert!(summary.coverage.not_understood <= 1, "{name} up to {end}: {:?}", summary.unreadable);
            assert!(summary.coverage.judged <= whole.coverage.judged, "{name} up to {end}");
        }
    }
}

#[test]
fn damage_is_counted_and_shown_with_its_line() {
    let other_day = String::from_utf8_lossy(example("r2shim.json")).replace("3E57427F", "4E57427F");
    let damaged =
        [example("r2shim.json"), b"no line\r\n\xff\xfe\n{\"target\":\"access\"}\n", other_day.as_bytes()].concat();
    let lines = example("r2shim.json").iter().filter(|byte| **byte == b'\n').count() as u64;
    let (summary, _) = audited(&damaged, 77);
    let places: Vec<u64> = summary.unreadable.iter().map(|(place, _)| place.line).collect();
    assert_eq!(places, [lines + 1, lines + 2, lines + 3]);
    assert_eq!(summary.coverage.not_understood, 3);
    assert_eq!(summary.coverage.judged, 2 * audited(example("r2shim.json"), 77).0.coverage.judged);
    let many = [example("s3-access.log"), "x\n".repeat(100).as_bytes()].concat();
    let (summary, _) = audited(&many, 4096);
    assert_eq!((summary.coverage.not_understood, summary.unreadable.len()), (100, crate::audit::logs::SHOWN));
}

#[test]
fn what_is_left_out_is_counted_by_its_reason() {
    for (name, expected) in [
        ("s3-access.log", &[(LeftOut::StoreItself, 2), (LeftOut::NotLetIn, 1)][..]),
        ("cloudtrail.json", &[(LeftOut::StoreItself, 1), (LeftOut::NotLetIn, 1)]),
        ("minio-audit.json", &[(LeftOut::OtherInterface, 1), (LeftOut::NotLetIn, 1)]),
        ("browser.har", &[(LeftOut::NotS3, 2), (LeftOut::Preflight, 1)]),
        ("r2shim.json", &[(LeftOut::StoreItself, 1), (LeftOut::NotLetIn, 1)]),
    ] {
        let (summary, _) = audited(example(name), 1000);
        assert_eq!(summary.left_out.into_iter().collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn a_record_that_is_there_twice_counts_once() {
    for (name, log) in EXAMPLES.iter().filter(|(name, _)| *name != "browser.har") {
        let (once, found) = audited(log, 1000);
        let (twice, found_again) = audited(&[*log, *log].concat(), 1000);
        assert_eq!((once.coverage.judged, found), (twice.coverage.judged, found_again), "{name}");
        assert_eq!(twice.left_out.get(&LeftOut::Again), Some(&once.coverage.judged), "{name}");
    }
}

/// Line ends of Windows, and a byte order mark.
#[test]
fn how_lines_end_makes_no_difference() {
    for (name, log) in EXAMPLES {
        let text = format!("\u{feff}{}", String::from_utf8_lossy(log).replace('\n', "\r\n"));
        assert_eq!(Format::of(text.as_bytes()), Format::of(log), "{name}");
        let (plain, windows) = (audited(log, 1000), audited(text.as_bytes(), 1000));
        assert_eq!(plain.1, windows.1, "{name}");
    }
}

/// Any byte may be any other: nothing panics, and every record is counted in one way.
#[test]
fn no_damage_panics() {
    for (name, log) in EXAMPLES {
        let part = &log[..log.len().min(2500)];
        let format = Format::of(log).unwrap();
        for at in (0..part.len()).step_by(97) {
            for byte in [0, b'"', b'\\', b'{', b'}', b' ', b'\n', 0xff] {
                let mut damaged = part.to_vec();
                damaged[at] = byte;
                let mut ledger = Ledger::new(&RULES);
                let mut reader = LogReader::new(format, &damaged);
                reader.feed(&damaged, &mut ledger);
                let summary = reader.finish(name, &mut ledger);
                assert_eq!(ledger.audit.requests(), summary.coverage.judged, "{name} {at} {byte}");
            }
        }
    }
}

/// Without `--verbose` a trace has no headers and no clients, and the audit says so.
#[test]
fn a_short_trace_is_reported_as_short() {
    let record = r#"{"type":"S3","api":"s3.PutBucketTagging","time":"2026-11-26T11:46:34Z","path":"/media",
        "query":"tagging=","statusCode":200,"callStats":{}}"#;
    for (log, is_short) in [(record.as_bytes(), true), (example("minio-trace.json"), false)] {
        let mut ledger = Ledger::new(&RULES);
        let mut reader = LogReader::new(Format::of(log).unwrap(), log);
        reader.feed(log, &mut ledger);
        reader.finish("a log", &mut ledger);
        let says = &ledger.audit.sources[0].not_visible;
        assert_eq!(says.iter().any(|what| what.contains("not verbose")), is_short, "{says:?}");
    }
}

/// As in a live audit: what the store said with R2's status and code, the client has heard already.
#[test]
fn what_the_store_answers_too_is_not_a_finding() {
    for (error, findings) in [("ObjectLockConfigurationNotFoundError", 0), ("-", 0), ("NoSuchBucket", 1)] {
        let line = super::access_log::tests::line("REST.GET.OBJECT_LOCK", "GET /?object-lock HTTP/1.1", "404");
        let log = line.replace("404 -", &format!("404 {error}"));
        let (summary, found) = audited(log.as_bytes(), 1000);
        assert_eq!((summary.coverage.judged, found.len()), (1, findings), "{error}: {found:?}");
    }
}
