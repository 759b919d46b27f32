//! `store check`, `store backup` and `store gc` as one runs them, and a disk that takes no more.

use crate::support::command::{Output, r2shim};
use crate::support::service::Service;
use crate::support::{Connection, KEY_ID, Process, Request, SECRET};
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Larger than what lies in the index.
const LARGE: usize = 300_000;

fn store(command: &str, data: &Path, more: &[&str]) -> (i32, String, String) {
    let words = [&["store", command, "--data", data.to_str().unwrap()], more].concat();
    let Output { code, out, errors } = r2shim(&words, &[]);
    (code, out, errors)
}

/// A folder with a large object `media/a b`, and a file that no row names.
fn folder(data: &Path) {
    let server = Process::serve(data);
    assert_eq!(server.send(Request::put("/media")).status, 200);
    assert_eq!(server.send(Request::put("/media/a%20b").body(vec![7; LARGE])).status, 200);
    drop(server);
    fs::write(data.join("blobs/00/000/0000000000000fff"), b"torn").unwrap();
}

#[test]
fn a_check_reports_and_gc_frees() {
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

/// Objects come and go while the server checks: what has gone is no finding, and what is damaged is one.
#[test]
fn a_server_checks_its_store_while_it_serves() {
    let data = tempfile::tempdir().unwrap();
    let server = Process::serve(data.path());
    assert_eq!(server.send(Request::put("/media")).status, 200);
    for number in 0..20 {
        assert_eq!(server.send(Request::put(&format!("/media/{number}")).body(vec![number; LARGE])).status, 200);
    }
    let clean = "ok: 20 objects and 0 parts of 6000000 bytes, 20 blobs\n";
    let (code, out, errors) = store("check", data.path(), &[]);
    assert_eq!((code, out.as_str()), (0, clean), "{errors}");
    assert!(errors.contains("a server has the folder and checks it"), "{errors}");

    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..u8::MAX {
                let path = format!("/media/{}", round % 20);
                let answer = match round % 3 {
                    0 => server.send(Request::new("DELETE", &path)),
                    _ => server.send(Request::put(&path).body(vec![round; LARGE])),
                };
                assert!(answer.status < 300);
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        for rate in ["4", "1024"] {
            let (code, out, errors) = store("check", data.path(), &["--rate", rate]);
            assert_eq!(code, 0, "{out}{errors}");
        }
        done.store(true, Ordering::Relaxed);
    });

    assert_eq!(server.send(Request::put("/media/rot").body(vec![1; LARGE])).status, 200);
    let blobs = data.path().join("blobs/00/000");
    let last = fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let mut bytes = fs::read(&last).unwrap();
    bytes[LARGE / 2] ^= 1;
    fs::write(&last, bytes).unwrap();
    let (code, out, _) = store("check", data.path(), &[]);
    assert!(code == 1 && out.starts_with("media/rot: the bytes of blob ") && out.contains("\n1 finding: "), "{out}");
    let (_, same, _) = store("check", data.path(), &["--json"]);
    drop(server);
    assert_eq!(store("check", data.path(), &["--json"]), (1, same, String::new()));
}

/// Objects come and go while the server copies; a server on the copy has what the first one had, open uploads included.
#[test]
fn a_server_copies_its_store_while_it_serves() {
    let (data, shelf) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = shelf.path().join("copy");
    let server = Process::serve(data.path());
    fs::write(data.path().join("credentials.toml"), "access_key_id = \"x\"\n").unwrap();
    assert_eq!(server.send(Request::put("/media")).status, 200);
    for number in 0..20 {
        assert_eq!(server.send(Request::put(&format!("/media/{number}")).body(vec![number; LARGE])).status, 200);
    }
    let upload = server.send(Request::new("POST", "/media/open?uploads")).element("UploadId");
    let part = server.send(Request::put(&format!("/media/open?partNumber=1&uploadId={upload}")).body(vec![9; LARGE]));
    let tag = part.header("etag").to_owned();

    let done = AtomicBool::new(false);
    let (code, out, errors) = thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..u8::MAX {
                assert!(server.send(Request::put("/media/busy").body(vec![round; LARGE])).status < 300);
                assert!(server.send(Request::new("DELETE", "/media/busy")).status < 300);
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let made = store("backup", data.path(), &[target.to_str().unwrap(), "--rate", "16"]);
        done.store(true, Ordering::Relaxed);
        made
    });
    assert_eq!(code, 0, "{out}{errors}");
    assert!(out.starts_with("ok: 2") && out.contains(" blobs of ") && out.contains("/copy\n"), "{out}");
    assert!(errors.contains("a server has the folder and copies it"), "{errors}");
    assert_eq!(fs::read_dir(shelf.path()).unwrap().count(), 1, "no draft is left");

    for number in 0..20 {
        assert!(server.send(Request::new("DELETE", &format!("/media/{number}"))).status < 300);
    }
    drop(server);
    let (code, out, errors) = store("check", &target, &[]);
    assert_eq!(code, 0, "{out}{errors}");
    assert_eq!(fs::read(target.join("credentials.toml")).unwrap(), b"access_key_id = \"x\"\n");
    fs::remove_file(target.join("credentials.toml")).unwrap();
    let copy = Process::serve(&target);
    for number in 0..20 {
        assert!(copy.send(Request::get(&format!("/media/{number}"))).body == vec![number; LARGE]);
    }
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part></CompleteMultipartUpload>"
    );
    let completed = copy.send(Request::new("POST", &format!("/media/open?uploadId={upload}")).body(list));
    assert_eq!(completed.status, 200, "{}", completed.text());
    assert!(copy.send(Request::get("/media/open")).body == vec![9; LARGE]);
}

/// No request fails while the server compacts its index, and none is lost.
#[test]
fn a_server_compacts_its_index_while_it_serves() {
    let data = tempfile::tempdir().unwrap();
    let server = Process::serve(data.path());
    assert_eq!(server.send(Request::put("/media")).status, 200);
    for number in 0..200u8 {
        assert_eq!(server.send(Request::put(&format!("/media/{number}")).body(vec![number; 3000])).status, 200);
    }
    let done = AtomicBool::new(false);
    let rounds: Vec<u8> = thread::scope(|scope| {
        let writer = |name: usize| {
            let (done, server) = (&done, &server);
            move || {
                let mut round = 0u8;
                while !done.load(Ordering::Relaxed) || round == 0 {
                    round = round.wrapping_add(1).max(1);
                    let path = format!("/media/written-{name}");
                    let length = if round.is_multiple_of(8) { LARGE } else { 100 };
                    assert_eq!(server.send(Request::put(&path).body(vec![round; length])).status, 200);
                    assert!(server.send(Request::get(&path)).body == vec![round; length]);
                    let gone = format!("/media/{}", round as usize % 100);
                    assert_eq!(server.send(Request::new("DELETE", &gone)).status, 204);
                    assert_eq!(server.send(Request::get("/media?list-type=2")).status, 200);
                }
                round
            }
        };
        let writers: Vec<_> = (0..3).map(|name| scope.spawn(writer(name))).collect();
        for rate in ["1", "64", "1024"] {
            let (code, out, errors) = store("compact", data.path(), &["--rate", rate, "--json"]);
            assert_eq!(code, 0, "{out}{errors}");
            let line: serde_json::Value = serde_json::from_str(&out).unwrap();
            assert!(line["after"].as_u64() > Some(0) && line["held_us"].as_u64() > Some(0), "{line}");
            assert!(errors.contains("a server has the folder and compacts its index"), "{errors}");
        }
        done.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let check = |server: &Process| {
        for number in 100..200u8 {
            assert!(server.send(Request::get(&format!("/media/{number}"))).body == vec![number; 3000]);
        }
        for (name, round) in rounds.iter().enumerate() {
            assert_eq!(server.send(Request::get(&format!("/media/written-{name}"))).body[..100], [*round; 100]);
        }
    };
    check(&server);
    assert_eq!(store("check", data.path(), &[]).0, 0);
    drop(server);
    assert_eq!(store("check", data.path(), &[]).0, 0);
    let (code, out, errors) = store("compact", data.path(), &[]);
    assert!(code == 0 && out.starts_with("ok: the index takes "), "{out}{errors}");
    assert_eq!(store("check", data.path(), &[]).0, 0);
    check(&Process::serve(data.path()));
}

#[test]
fn a_backup_without_a_server_and_what_makes_none() {
    let (data, shelf) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    folder(data.path());
    let at = |name: &str| shelf.path().join(name).to_str().unwrap().to_owned();
    let (code, out, errors) = store("backup", data.path(), &[&at("copy"), "--json"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{out}");
    let line: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&line["objects"], &line["bytes"], &line["backup"]), (&1.into(), &LARGE.into(), &at("copy").into()));
    assert_eq!(store("check", Path::new(&at("copy")), &[]).0, 0, "what no row names is not copied");
    for (target, reason) in [
        (at("copy"), "is there already, and is no empty folder; name another"),
        (data.path().join("copy").to_str().unwrap().to_owned(), "is in the data folder"),
        (at("none/copy"), "cannot be written: No such file or directory"),
    ] {
        let (code, out, error) = store("backup", data.path(), &[&target]);
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(error.contains(reason) && error.contains("no backup was made"), "{error}");
    }
    let server = Process::serve(data.path());
    let (code, out, error) = store("backup", data.path(), &[&at("copy")]);
    assert_eq!((code, out.as_str()), (2, ""), "{error}");
    assert!(error.contains("is there already, and is no empty folder"), "{error}");
    drop(server);
    fs::write(data.path().join("blobs/00/000/0000000000000000"), b"rot").unwrap();
    let (code, out, _) = store("backup", data.path(), &[&at("rotten")]);
    assert_eq!(code, 1);
    assert!(out.contains("blob 0: the file of blob 0 has 3 bytes") && out.contains("\n1 finding: 1 object"), "{out}");
    assert_eq!(store("check", Path::new(&at("rotten")), &[]).0, 1);
}

/// The value of a metric.
fn metric(service: &Service, name: &str) -> u64 {
    let page = service.admin_page("/metrics").text();
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.unwrap_or_else(|| panic!("{name} is not in\n{page}")).parse().unwrap()
}

/// Stops a server and starts it again, with these settings and a new log.
fn restarted(mut service: Service, settings: &str) -> Service {
    service.write(settings);
    service.signal(Signal::TERM);
    assert!(service.wait().success(), "{}", service.log());
    fs::remove_file(service.at("log")).unwrap();
    let folder = std::mem::replace(&mut service.folder, tempfile::tempdir().unwrap());
    Service::start_in(folder, &[])
}

#[test]
fn a_server_scrubs_its_store_when_settings_say_so() {
    let key =
        format!("access_key_id = \"{KEY_ID}\"\nsecret_access_key = \"{SECRET}\"\npermission = \"admin-read-write\"");
    let with_scrub = |scrub: &str| format!("[[key]]\n{key}\n[store]\n{scrub}\n");
    let service = Service::start(&with_scrub(""));
    let send = |request: Request| Connection::open(service.address).send(request.signed(service.address));
    assert_eq!(send(Request::put("/media")).status, 200);
    assert_eq!(send(Request::put("/media/k").body(vec![7; LARGE])).status, 200);
    assert_eq!(metric(&service, "r2shim_store_scrub_timestamp_seconds"), 0);
    let blob = service.at("data/blobs/00/000/0000000000000000");
    let mut bytes = fs::read(&blob).unwrap();
    bytes[LARGE / 2] ^= 1;
    fs::write(&blob, bytes).unwrap();

    let service = restarted(service, &with_scrub("scrub = 3600"));
    service.wait_for_log("the store is scrubbed", 1);
    let log = service.log();
    assert!(log.contains("the scrub of the store has found damage") && log.contains("media/k: the bytes of"), "{log}");
    assert_eq!(metric(&service, "r2shim_store_scrub_findings"), 1);
    assert_eq!(metric(&service, "r2shim_store_scrub_bytes"), LARGE as u64);
    let ended = metric(&service, "r2shim_store_scrub_timestamp_seconds");
    assert!(ended > 1_700_000_000, "{ended}");

    // The next one is due in an hour, whenever the server is started.
    let service = restarted(service, &with_scrub("scrub = 7200"));
    assert_eq!(metric(&service, "r2shim_store_scrub_timestamp_seconds"), ended);
    assert_eq!(metric(&service, "r2shim_store_scrub_findings"), 1);
    assert!(!service.log().contains("scrub"), "{}", service.log());
    service.write(&with_scrub(""));
    let reloaded = service.reload();
    assert!(reloaded.out.contains("store") || reloaded.errors.contains("store"), "{}{}", reloaded.out, reloaded.errors);
}

#[test]
fn commands_that_cannot_run_are_usage_errors() {
    let data = tempfile::tempdir().unwrap();
    let server = Process::serve(data.path());
    for (command, more) in [("check", &["--control", "none"][..]), ("gc", &[])] {
        let (code, out, error) = store(command, data.path(), more);
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
