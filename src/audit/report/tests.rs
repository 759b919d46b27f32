//! Reports: an audit in, text out. The kept forms are `tests/reports/`.

use crate::audit::report::{Report, counters, html, markdown, text};
use crate::audit::{Audit, Client, Coverage, Observation, RuleId, Source, Verdict};
use crate::s3::operation::Operation;
use crate::s3::{Code, S3Error, Timestamp};
use std::path::PathBuf;

/// What must not reach a page as it is.
const HOSTILE: &str = "<script>alert(1)</script>\u{202e}|`\u{1b}[31m";

fn seen(client: [&str; 2], operation: Operation, rules: &[&str]) -> Observation {
    let error = S3Error::new(Code::NOT_IMPLEMENTED).message(format!("{operation} not implemented"));
    Observation {
        time: Timestamp::from_millis(1_795_000_000_000),
        client: Client { key_id: Some(client[0].to_owned()), product: client[1].to_owned() },
        version: "1.43".to_owned(),
        operation: Some(operation),
        bucket: Some("media".to_owned()),
        verdicts: rules.iter().map(|rule| Verdict::new(RuleId::from_text(*rule), &error)).collect(),
        example: (!rules.is_empty()).then(|| "PUT /media/a.txt?tagging".to_owned()),
    }
}

/// One client that must change, one with care, one ready, one hostile.
fn audit() -> Audit {
    let mut audit = Audit::new("r2-2026");
    for (count, client, operation, rules) in [
        (1234, ["app", "Boto3"], Operation::GetObject, &[][..]),
        (3, ["app", "Boto3"], Operation::PutObjectTagging, &["policy/PutObjectTagging"]),
        (2, ["app", "Boto3"], Operation::PutObject, &["policy/streaming-unsigned-trailer", "policy/tagging"]),
        (5, ["backup", "rclone"], Operation::PutObject, &["rate/writes-per-key"]),
        (7, ["backup", "aws-cli"], Operation::ListObjectsV2, &[]),
        (1, ["app", HOSTILE], Operation::PutObject, &["policy/x-amz-acl"]),
    ] {
        (0..count).for_each(|_| {
            audit.add(&seen(client, operation, rules));
        });
    }
    let coverage = Coverage { judged: 1252, left_out: 3, not_understood: 1 };
    let not_visible = ["headers of requests".to_owned()].into();
    audit.add_source(Source { name: "access.log".into(), format: "s3-access-log".into(), coverage, not_visible });
    audit
}

fn forms() -> [(&'static str, String); 5] {
    let report = Report::from(&audit());
    [
        ("report.txt", text(&report)),
        ("report.md", markdown(&report)),
        ("report.html", html(&report)),
        ("report.json", report.to_json()),
        ("report.prom", counters(&report)),
    ]
}

/// `R2SHIM_WRITE_REPORTS=1` writes them anew.
#[test]
fn every_form_is_as_it_is_kept() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    for (name, form) in forms() {
        let file = folder.join(name);
        if std::env::var_os("R2SHIM_WRITE_REPORTS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &form).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(form == kept, "{name} is different: see it with R2SHIM_WRITE_REPORTS=1 and git diff");
    }
}

#[test]
fn the_verdict_counts_clients() {
    let report = Report::from(&audit());
    assert_eq!(report.verdict(), "2 of 4 clients are ready");
    assert_eq!(Report::from(&Audit::new("r2")).verdict(), "No request was judged");
    for (rules, verdict) in
        [(&[][..], "The one client is ready"), (&["policy/PutObjectTagging"], "The one client is not ready")]
    {
        let mut audit = Audit::new("r2");
        audit.add(&seen(["app", "Boto3"], Operation::PutObject, rules));
        assert_eq!(Report::from(&audit).verdict(), verdict);
    }
    let states: Vec<_> = report.clients.iter().map(|client| client.readiness.words()).collect();
    assert_eq!(states, ["must change", "must change", "ready, with care", "ready"]);
    assert!(report.has_unknowns());
}

#[test]
fn all_forms_carry_the_same_figures() {
    // 3 and 2 of Boto3, 5 of rclone, 1 of the hostile one: refused; all but them fine.
    for (name, form) in forms() {
        let form = form.replace('\u{a0}', "");
        let clients = if name == "report.json" { "\"clients_ready\": 2" } else { "2" };
        assert!(form.contains(clients), "{name}");
        for figure in ["1252", "11", "policy/PutObjectTagging", "rate/writes-per-key"] {
            assert!(form.contains(figure), "{name} lacks {figure}");
        }
        if name != "report.prom" {
            for figure in ["1234", "2 of 4 clients"].iter().take(if name == "report.json" { 1 } else { 2 }) {
                assert!(form.contains(figure), "{name} lacks {figure}");
            }
        }
    }
}

#[test]
fn texts_of_clients_are_inert() {
    for (name, form) in forms() {
        assert!(!form.chars().any(|c| c == '\u{202e}' || c == '\u{1b}'), "{name}");
    }
    let [_, (_, markdown), (_, html), ..] = forms();
    assert!(!html.contains("<script") && html.contains("&#60;script&#62;"), "{html}");
    assert!(!markdown.contains(" <script"), "{markdown}");
    // Nothing is fetched.
    assert!(!html.contains("src=") && !html.contains("http:") && !html.contains("https:"), "{html}");
}
