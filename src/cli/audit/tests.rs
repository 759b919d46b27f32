//! The command over files: output, exit codes, and what is kept.

use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    audit: Audit,
}

/// What the command writes, and whether it fails.
fn audit(words: &[&str]) -> (String, Result<(), Failure>) {
    let arguments = Line::try_parse_from(["audit"].iter().chain(words)).unwrap().audit;
    let mut out = Vec::new();
    let result = run(&arguments, &mut out);
    (anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string(), result)
}

const LINE: &str = "79a5 media [06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:aws:iam::1:user/alice 3E57 REST.PUT.OBJECT_TAGGING k \
                    \"PUT /media/k?tagging HTTP/1.1\" 200 - - - 7 - \"-\" \"Boto3/1.43\" -\n";

#[test]
fn findings_are_shown_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (log, kept) = (folder.path().join("access.log"), folder.path().join("audit.json"));
    fs::write(&log, format!("{LINE}not a line\n{}", LINE.replace("3E57", "3E58"))).unwrap();
    let (log, kept) = (log.to_str().unwrap(), kept.to_str().unwrap());
    let (text, result) = audit(&[log, "--out", kept]);
    assert!(result.is_ok() && text.starts_with("The one client is not ready"), "{text}");
    assert!(text.contains("(policy/PutObjectTagging), 2 times"), "{text}");
    let audit_of_file = crate::audit::Audit::from_json(&fs::read_to_string(kept).unwrap()).unwrap();
    let coverage = audit_of_file.sources[0].coverage;
    assert_eq!((coverage.judged, coverage.not_understood, audit_of_file.findings()), (2, 1, 1));
    // Once more over the kept one, and then not over a log.
    assert!(audit(&[log, "--out", kept]).1.is_ok());
    let binary = folder.path().join("binary");
    fs::write(&binary, [0xff, 0xfe]).unwrap();
    for other in [log, binary.to_str().unwrap()] {
        let Err(Failure::Faults(faults)) = audit(&[log, "--out", other]).1 else { panic!("{other} was written over") };
        assert!(faults[0].message.contains("no audit"), "{faults:?}");
    }
    assert!(matches!(audit(&[log, "--fail-on", "refused"]).1, Err(Failure::Found)));
}

#[test]
fn what_cannot_be_read_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, other) = (folder.path().join("empty"), folder.path().join("other"));
    fs::write(&empty, "").unwrap();
    fs::write(&other, "neither this\nnor that\n").unwrap();
    for words in [&["not-there"][..], &[empty.to_str().unwrap()], &[other.to_str().unwrap()], &["x", "--policy", "r3"]]
    {
        assert!(matches!(audit(words).1, Err(Failure::Faults(_))), "{words:?}");
    }
    let (_, forced) = audit(&[other.to_str().unwrap(), "--format", "s3-access-log"]);
    assert!(matches!(forced, Err(Failure::Faults(_))));
}

#[test]
fn the_bytes_before_damage_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    for number in 0..100 {
        encoder.write_all(LINE.replace("3E57", &format!("3E57{number}")).as_bytes()).unwrap();
    }
    let whole = encoder.finish().unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let kept = folder.path().join("audit.json");
    assert!(audit(&[path.to_str().unwrap(), "--out", kept.to_str().unwrap()]).1.is_ok());
    let coverage = crate::audit::Audit::from_json(&fs::read_to_string(kept).unwrap()).unwrap().sources[0].coverage;
    assert!(coverage.judged > 0 && coverage.judged <= 50 && coverage.not_understood >= 1, "{coverage:?}");
}
