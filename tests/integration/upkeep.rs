//! `store check` and `store gc` as one runs them, and a disk that takes no more.

use crate::support::command::{Output, r2shim};
use crate::support::{Process, Request};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Larger than what lies in the index.
const LARGE: usize = 300_000;

fn store(command: &str, data: &Path, more: &[&str]) -> (i32, String, String) {
    let words = [&["store", command, "--data", data.to_str().unwrap()], more].concat();
    let Output { code, out, errors } = r2shim(&words, &[]);
    (code, out, errors)
}

/// A folder with a large object `media/a b`, and a file nobody names.
fn folder(data: &Path) {
    let server = Process::serve(data);
    assert_eq!(server.send(Request::put("/media")).status, 200);
    assert_eq!(server.send(Request::put("/media/a%20b").body(vec![7; LARGE])).status, 200);
    drop(server);
    fs::write(data.join("blobs/00/000/0000000000000fff"), b"torn").unwrap();
}

#[test]
fn a_check_tells_and_gc_frees() {
    let data = tempfile::tempdir().unwrap();
    folder(data.path());
    let found = "blobs/00/000/0000000000000fff: no row names it (4 bytes)\n1 finding: 1 object and 0 parts of 300000 bytes, 1 blob\n";
    assert_eq!(store("check", data.path(), &[]), (1, found.into(), String::new()));
    let (code, freed, _) = store("gc", data.path(), &["--json"]);
    let freed: serde_json::Value = serde_json::from_str(&freed).unwrap();
    assert_eq!((code, &freed["orphans"]["bytes"]), (0, &4.into()));
    let clean = "ok: 1 object and 0 parts of 300000 bytes, 1 blob\n";
    assert_eq!(store("check", data.path(), &[]), (0, clean.into(), String::new()));
    fs::write(data.path().join("blobs/00/000/0000000000000000"), b"rot").unwrap();
    let (code, lines, _) = store("check", data.path(), &["--json"]);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, lines.len()), (1, 2));
    assert_eq!((&lines[0]["bucket"], &lines[0]["key"]), (&"media".into(), &"a b".into()));
    assert_eq!(lines[0]["kind"], "length");
    assert_eq!(lines[1]["findings"], 1);
}

#[test]
fn what_cannot_be_looked_after_is_usage() {
    let data = tempfile::tempdir().unwrap();
    let server = Process::serve(data.path());
    for command in ["check", "gc"] {
        let (code, out, error) = store(command, data.path(), &[]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(error.contains("is in use by another process; stop it"), "{error}");
        let (code, out, error) = store(command, &data.path().join("none"), &[]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(error.contains("is no data folder"), "{error}");
    }
    assert_eq!(server.send(Request::get("/")).status, 200);
}

/// A file may have at most a few mebibytes here, the index included: writes fail in the middle, as on a full disk.
#[test]
fn a_disk_that_takes_no_more_ends_the_upload_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap '' XFSZ; ulimit -f 4096; exec "$0" "$@""#, env!("CARGO_BIN_EXE_r2shim")]);
    let server = Process::run(limited, data.path());
    assert_eq!(server.send(Request::put("/media")).status, 200);
    for round in 0..3 {
        let refused = server.send(Request::put("/media/large").body(vec![round; 8 << 20]));
        assert_eq!(refused.error().1, "InternalError");
        assert_eq!(server.send(Request::get("/media/large")).status, 404);
        let kept = vec![round; LARGE];
        assert_eq!(server.send(Request::put("/media/kept").body(kept.clone())).status, 200);
        assert!(server.send(Request::get("/media/kept")).body == kept);
    }
    drop(server);
    drop(Process::serve(data.path()));
    assert_eq!(store("check", data.path(), &[]).0, 0);
}
