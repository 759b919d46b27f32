//! `r2shim audit` over the logs of `examples/logs/`, as a user runs it.

use crate::support::command::{Output, r2shim};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/logs")
}

fn audit(words: &[&str]) -> Output {
    r2shim(&[&["audit"], words].concat(), &[])
}

#[test]
fn every_example_is_understood() {
    let entries = fs::read_dir(logs()).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for file in entries {
        let Output { code, out, errors } = audit(&[file.to_str().unwrap()]);
        assert!(code == 0 && out.contains("ready.\n"), "{}: {out}{errors}", file.display());
        assert!(!errors.contains("not understood"), "{}: {errors}", file.display());
        count += 1;
    }
    assert!(count >= 6);
}

#[test]
fn exit_codes_say_what_became_of_it() {
    let log = logs().join("minio-audit.json");
    let log = log.to_str().unwrap();
    for (words, code) in [
        (&[log][..], 0),
        (&[log, "--fail-on", "refused"], 1),
        (&[log, "--policy", "open", "--fail-on", "refused"], 1),
        (&["not-there"], 2),
        (&[log, "--format", "syslog"], 2),
        (&[log, "--format", "s3-access-log"], 2),
        (&["Cargo.toml"], 2),
        (&[], 2),
    ] {
        let output = audit(words);
        assert_eq!(output.code, code, "{words:?}: {}{}", output.out, output.errors);
    }
}

/// `r2shim explain ... | head -1` under `pipefail`: what was found counts, however much of it was read.
#[test]
fn the_exit_code_is_the_same_where_the_reader_leaves() {
    let log = logs().join("minio-audit.json");
    for (words, code) in [
        (&["explain", "PUT", "/media/k?tagging"][..], 1),
        (&["explain", "GET", "/media/k"], 0),
        (&["audit", log.to_str().unwrap(), "--fail-on", "refused"], 1),
        (&["audit", log.to_str().unwrap()], 0),
        (&["policy", "show", "r2", "--format", "html"], 0),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
        command.args(words).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {errors}");
        assert!(!errors.contains("cannot be written"), "{words:?}: {errors}");
    }
}

#[test]
fn a_log_on_stdin_may_be_compressed() {
    let log = fs::read(logs().join("s3-access.log")).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&log).unwrap();
    for input in [log, encoder.finish().unwrap()] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_r2shim"))
            .args(["audit", "-"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("policy/PutObjectTagging"), "{text}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            !errors.contains('\r') && errors.contains("left out"),
            "no progress is shown where there is no terminal"
        );
    }
}
