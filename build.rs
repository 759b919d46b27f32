//! What `r2shim --version` says of the build: the commit and the date, in release builds only, so that a debug build is
//! not built again after each commit.
//!
//! The commit is from git, or from R2SHIM_COMMIT where there is no checkout. The date is today's, or that of
//! SOURCE_DATE_EPOCH, so that a build can be reproduced: https://reproducible-builds.org/specs/source-date-epoch/

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=R2SHIM_COMMIT");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        println!("cargo::rustc-env=R2SHIM_BUILD=debug build");
        return;
    }
    let commit = given("R2SHIM_COMMIT").or_else(commit);
    if let Some(commit) = &commit {
        println!("cargo::rustc-env=R2SHIM_COMMIT={commit}");
    }
    let commit = commit.map(|commit| format!("{commit}, ")).unwrap_or_default();
    println!("cargo::rustc-env=R2SHIM_BUILD={commit}built {}", date());
}

fn given(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|text| !text.is_empty())
}

/// The commit that is checked out here, and not in a folder around an unpacked archive.
fn commit() -> Option<String> {
    let here = env::var("CARGO_MANIFEST_DIR").ok()?;
    if Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?
        != Path::new(&here).canonicalize().ok()?
    {
        return None;
    }
    // A line is added to this file at each commit and checkout.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).is_file() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}

/// The day, in UTC: `26 Nov 2026`.
fn date() -> String {
    let epoch = given("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let time = epoch.map_or_else(SystemTime::now, |epoch| SystemTime::UNIX_EPOCH + epoch);
    // `Thu, 26 Nov 2026 06:17:06 GMT`
    httpdate::fmt_http_date(time).chars().skip(5).take(11).collect()
}
