//! The examples run: `r2shim check` takes each, and each policy among them is complete.

use crate::support::command::{Output, r2shim};
use std::fs;
use std::path::{Path, PathBuf};

/// The TOML files of a folder of the checkout.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    assert!(!files.is_empty());
    files
}

/// The secrets the examples want from the environment, as their own comments say.
const SECRETS: [(&str, &str); 3] = [("ADMIN_SECRET", "a"), ("APP_SECRET", "b"), ("REPORTS_SECRET", "c")];

#[test]
fn every_example_passes_check() {
    let data = tempfile::tempdir().unwrap();
    for file in files("examples") {
        let words = ["check", "--config", file.to_str().unwrap(), "--data", data.path().to_str().unwrap()];
        let Output { code, out, errors } = r2shim(&words, &SECRETS);
        assert!(code == 0 && out.starts_with("ok: ") && errors.is_empty(), "{}:\n{out}{errors}", file.display());
    }
}

#[test]
fn every_example_policy_is_complete_and_has_nothing_pointless() {
    for file in files("examples/policies") {
        let Output { code, out, errors } = r2shim(&["policy", "lint", file.to_str().unwrap()], &[]);
        assert!(code == 0 && out.starts_with("ok: ") && errors.is_empty(), "{}:\n{out}{errors}", file.display());
    }
}

#[test]
fn canned_acls_are_dropped_and_nothing_else_is_let_through() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies/canned-acl.toml");
    for (method, target, header, expected) in [
        ("PUT", "/media", "x-amz-acl: private", "let through"),
        ("PUT", "/media/k", "x-amz-acl: public-read", "let through"),
        ("POST", "/media/k?uploads", "x-amz-acl: private", "let through"),
        ("PUT", "/media/k", "x-amz-checksum-crc32: AAAAAA==", "let through"),
        ("PUT", "/media/k", "if-none-match: *", "let through"),
        (
            "PUT",
            "/media/k",
            "x-amz-acl: everybody",
            "Header &apos;x-amz-acl&apos; with value &apos;everybody&apos; not",
        ),
        ("PUT", "/media", "x-amz-grant-read: id=x", "501 Not Implemented"),
        ("PUT", "/media/k", "x-amz-tagging: a=b", "501 Not Implemented"),
        ("PUT", "/media/k", "x-amz-storage-class: GLACIER", "501 Not Implemented"),
        ("PUT", "/media/k", "cf-create-bucket-if-missing: true", "501 Not Implemented"),
        ("POST", "/media/k?uploads", "x-amz-storage-class: STANDARD", "501 Not Implemented"),
    ] {
        let words = ["explain", method, target, "-H", header, "--policy", policy.to_str().unwrap()];
        let explained = r2shim(&words, &[]).out;
        assert!(explained.contains(expected), "{method} {target} {header}:\n{explained}");
    }
}

#[test]
fn canned_acls_are_all_that_differs_from_r2() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies/canned-acl.toml");
    let told = r2shim(&["policy", "diff", "r2", policy.to_str().unwrap()], &[]).out;
    let headings: Vec<_> = told.lines().filter(|line| !line.starts_with(' ')).collect();
    let rows = ["CreateBucket", "PutObject", "CopyObject", "CreateMultipartUpload"];
    assert_eq!(headings, rows.map(|operation| format!("{operation} headers x-amz-acl")));
}
