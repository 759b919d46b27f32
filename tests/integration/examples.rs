//! The examples run: `r2shim check` takes each, and each policy among them is complete.

use crate::support::command::{Output, r2shim};
use r2shim::server::life::run::DRAIN_LIMIT;
use r2shim::upstream::dialect::DIALECTS;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The text of an example.
fn text(name: &str) -> String {
    fs::read_to_string(examples().join(name)).unwrap()
}

/// What is in a folder of the examples; for `""` in all of them.
fn entries(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(examples().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The TOML files of a folder of the examples.
fn settings(folder: &str) -> Vec<PathBuf> {
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let files: Vec<_> = entries(folder).into_iter().filter(is_toml).collect();
    assert!(!files.is_empty(), "{folder}");
    files
}

/// The secrets the examples want from the environment, as their own comments say.
const SECRETS: [(&str, &str); 4] =
    [("ADMIN_SECRET", "a"), ("APP_SECRET", "b"), ("REPORTS_SECRET", "c"), ("STORE_SECRET", "d")];

/// What the check of a settings file prints if there is no fault.
fn checked(file: &Path) -> String {
    let data = tempfile::tempdir().unwrap();
    let words = ["check", "--config", file.to_str().unwrap(), "--data", data.path().to_str().unwrap()];
    let Output { code, out, errors } = r2shim(&words, &SECRETS);
    assert!(code == 0 && out.starts_with("ok: ") && errors.is_empty(), "{}:\n{out}{errors}", file.display());
    out
}

#[test]
fn every_example_passes_check() {
    for file in ["", "two-nodes", "docker"].into_iter().flat_map(settings) {
        checked(&file);
    }
}

#[test]
fn each_store_has_an_example_in_its_dialect() {
    // The first is only tested with, the second is any store.
    let is_test_store = |name: &str| ["versitygw", "other"].contains(&name);
    for store in DIALECTS.iter().map(|dialect| dialect.name).filter(|name| !is_test_store(name)) {
        let reported = checked(&examples().join(format!("{store}.toml")));
        assert!(reported.contains(&format!("dialect {store},")), "{reported}");
    }
}

#[test]
fn the_readme_names_every_example() {
    let readme = text("README.md");
    for path in entries("") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name == "README.md" || readme.contains(&name), "examples/README.md says nothing of {name}");
    }
}

#[test]
fn the_settings_of_the_unit_pass_check_where_systemd_puts_them() {
    let unit = text("systemd/r2shim.service");
    let folder = tempfile::tempdir().unwrap();
    let given = unit.lines().filter_map(|line| line.strip_prefix("LoadCredential=")?.split(':').next());
    for name in given.filter(|name| name.ends_with(".secret")) {
        fs::write(folder.path().join(name), "hush\n").unwrap();
    }
    let file = folder.path().join("r2shim.toml");
    fs::write(&file, text("systemd/r2shim.toml")).unwrap();
    checked(&file);
}

#[test]
fn the_unit_and_the_image_wait_for_running_requests() {
    let (unit, compose) = (text("systemd/r2shim.service"), text("docker/compose.yaml"));
    let after = |text: &str, name: &str| -> u64 {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        value.trim_end_matches('s').trim().parse().unwrap()
    };
    assert!(after(&unit, "TimeoutStopSec=") > DRAIN_LIMIT.as_secs());
    assert!(after(&compose, "stop_grace_period:") > DRAIN_LIMIT.as_secs());
}

#[test]
fn the_image_is_built_with_the_rust_that_cargo_asks_for() {
    let wanted = concat!("FROM rust:", env!("CARGO_PKG_RUST_VERSION"), "-");
    let dockerfile = text("docker/Dockerfile");
    assert!(dockerfile.contains(wanted), "{wanted}");
}

#[test]
fn two_nodes_are_started_where_the_settings_look_for_them() {
    let script = examples().join("two-nodes/start");
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    let reported = checked(&examples().join("two-nodes/r2shim.toml"));
    let script = text("two-nodes/start");
    let ports = script.split("ports=(").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    let ports: Vec<_> = ports.split(' ').collect();
    let nodes = format!("http://127.0.0.1:{} and http://127.0.0.1:{},", ports[0], ports[1]);
    assert!(reported.contains(&nodes), "{reported}");
}

#[test]
fn every_example_policy_is_complete_and_has_nothing_pointless() {
    for file in settings("policies") {
        let Output { code, out, errors } = r2shim(&["policy", "lint", file.to_str().unwrap()], &[]);
        assert!(code == 0 && out.starts_with("ok: ") && errors.is_empty(), "{}:\n{out}{errors}", file.display());
    }
}

#[test]
fn canned_acls_are_ignored_and_nothing_else_is_accepted() {
    let policy = examples().join("policies/canned-acl.toml");
    for (method, target, header, expected) in [
        ("PUT", "/media", "x-amz-acl: private", "undecided: nothing"),
        ("PUT", "/media/k", "x-amz-acl: public-read", "undecided: nothing"),
        ("POST", "/media/k?uploads", "x-amz-acl: private", "undecided: nothing"),
        ("PUT", "/media/k", "x-amz-checksum-crc32: AAAAAA==", "undecided: nothing"),
        ("PUT", "/media/k", "if-none-match: *", "undecided: nothing"),
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
    let policy = examples().join("policies/canned-acl.toml");
    let reported = r2shim(&["policy", "diff", "r2", policy.to_str().unwrap()], &[]).out;
    let headings: Vec<_> = reported.lines().filter(|line| !line.starts_with(' ')).collect();
    let rows = ["CreateBucket", "PutObject", "CopyObject", "CreateMultipartUpload"];
    assert_eq!(headings, rows.map(|operation| format!("{operation} headers x-amz-acl")));
}
