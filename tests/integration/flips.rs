//! A changed bit in any file of a data folder, as clients see it: the answer that was there, or an error. Flips of the
//! index and of bodies in larger numbers: `src/store/tests/flips.rs`.

use crate::support::{Connection, KEY_ID, Process, Request, Response, TestServer};
use r2shim::access::AccessKey;
use r2shim::audit::Audit;
use r2shim::server::audit::Recorder;
use r2shim::settings::{self, Flags};
use r2shim::store::upkeep::{self, Pace};
use std::env::VarError;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The policy that audits judge by.
const POLICY: &str = "r2-2026";
/// Two blocks.
const LARGE: usize = 70_000;
/// A page of the index.
const PAGE: usize = 4096;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

fn body(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|at| ((at * 31 + seed * 7) % 251) as u8).collect()
}

/// What a server has left that ran twice: once to make a pair, and once as an audit, with something of everything.
fn folder() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    Process::serve_without_keys(data.path()).stop();
    let server = Process::serve_with(data.path(), &["--audit"]);
    let send = |request: Request| {
        let answer = server.send(request.clone());
        assert!(answer.status < 300, "{request:?} {}", answer.text());
        answer
    };
    send(Request::put("/media"));
    send(Request::put("/empty"));
    for round in 0..2 {
        for number in 0..12 {
            let request = Request::put(&format!("/media/small/{number}")).body(body(200 + round, number));
            send(request.header("x-amz-meta-number", &number.to_string()).header("content-type", "text/plain"));
        }
        send(Request::put("/media/large").body(body(LARGE, round)).header("x-amz-meta-round", "2"));
    }
    send(Request::new("DELETE", "/media/small/11"));
    let upload = send(Request::new("POST", "/media/parts?uploads")).element("UploadId");
    send(Request::put(&format!("/media/parts?partNumber=1&uploadId={upload}")).body(body(LARGE, 9)));
    let rule = "<CORSRule><AllowedOrigin>https://a.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
    send(Request::put("/media?cors").body(format!("<CORSConfiguration>{rule}</CORSConfiguration>")));
    assert_eq!(server.send(Request::get("/media/large?tagging")).status, 501);
    server.stop();
    data
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// A copy of these files of a folder, in which a bit of one of them is another.
fn flipped(folder: &Path, files: &[PathBuf], file: &Path, at: usize, bit: usize) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("tmp")).unwrap();
    for path in files.iter().map(|file| folder.join(file)) {
        let to = copy.path().join(path.strip_prefix(folder).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&path, to).unwrap();
    }
    let path = copy.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
    copy
}

/// Requests that show everything that a client can see of the folder.
fn questions(upload: &str) -> Vec<Request> {
    let mut asked: Vec<_> =
        ["/", "/media?list-type=2", "/media?list-type=2&delimiter=%2F", "/media?uploads", "/media?cors"]
            .map(Request::get)
            .into();
    asked.push(Request::get(&format!("/media/parts?uploadId={upload}")));
    for key in ["small/0", "small/5", "small/10", "small/11", "large"] {
        asked.push(Request::new("HEAD", &format!("/media/{key}")));
        asked.push(Request::get(&format!("/media/{key}")));
    }
    asked.push(Request::get("/media/large").header("range", "bytes=66000-66100"));
    asked
}

/// The answer as far as it comes, without what is another each time.
fn ask(server: &TestServer, request: &Request) -> Response {
    let request = request.clone().header("connection", "close").signed(server.address);
    let mut connection = Connection::open(server.address);
    connection.write(&request.head_bytes());
    let mut answer = connection.read_head();
    answer.headers.retain(|(name, _)| !["date", "x-amz-request-id"].contains(&name.as_str()));
    answer.body = connection.read_to_end();
    answer
}

/// Whether an answer is what it was. Otherwise it must be an error, or break off before its end.
fn is_as_before(truth: &Response, now: &Response, flip: &str) -> bool {
    if now.status >= 500 {
        return false;
    }
    assert_eq!((truth.status, &truth.headers), (now.status, &now.headers), "{flip}");
    assert!(truth.body.starts_with(&now.body), "{flip}");
    truth.body.len() == now.body.len()
}

/// Whether the check of a folder says that something is wrong.
fn is_found(folder: &Path) -> bool {
    let checked = upkeep::check(folder, Pace::new(None), &mut |_| Ok(()));
    checked.map_or(true, |checked| checked.findings > 0)
}

/// Asks a folder's server everything. Where it does not answer as before, the check has to say so.
fn examine(folder: &Path, asked: &[Request], truth: &[Response], flip: &str) -> bool {
    let is_found = is_found(folder);
    let same = TestServer::over_folder(POLICY, folder).is_some_and(|server| {
        let same = |(request, truth)| is_as_before(truth, &ask(&server, request), &format!("{flip}: {request:?}"));
        // All of them, also after one that is not.
        let answers: Vec<bool> = asked.iter().zip(truth).map(same).collect();
        !answers.contains(&false)
    });
    assert!(same || is_found, "{flip}: the check finds nothing");
    same
}

/// Places for flips: in pages of the index that have something, and in all of other files.
fn places(bytes: &[u8], numbers: &mut Numbers, count: usize) -> Vec<(usize, usize)> {
    let written: Vec<_> =
        bytes.chunks(PAGE).enumerate().filter(|(_, page)| page.iter().any(|byte| *byte != 0)).collect();
    let mut place = || {
        let (page, bytes) = written[numbers.below(written.len())];
        (page * PAGE + numbers.below(bytes.len()), numbers.below(8))
    };
    (0..count).map(|_| place()).collect()
}

/// How many flips a file gets. A file of another name has to be thought of here first.
fn flips_of(file: &Path) -> usize {
    match file.to_str().unwrap() {
        "index.redb" => 20,
        "credentials.toml" | "r2shim-audit.json" => 60,
        "r2shim-audit.json.lock" => 0,
        blob if blob.starts_with("blobs/") => 4,
        other => panic!("{other} is new in the data folder: what does a changed byte of it do?"),
    }
}

/// Whether a file is read without the others.
fn stands_alone(file: &Path) -> bool {
    ["credentials.toml", "r2shim-audit.json"].iter().any(|name| file == Path::new(name))
}

fn kept_pair(folder: &Path) -> Option<AccessKey> {
    let flags = Flags { data: Some(folder.to_owned()), ..Flags::default() };
    let loaded = settings::load(&flags, &|_| Err(VarError::NotPresent)).ok()?;
    Some(loaded.keys.first().unwrap().key.clone())
}

/// The audit that is kept, or `None` where that is an error, or a damaged one was put aside.
fn kept_audit(folder: &Path) -> Option<Audit> {
    let recorder = Recorder::open(&folder.join("r2shim-audit.json"), POLICY).ok()?;
    (!folder.join("r2shim-audit.json.damaged-1").exists()).then(|| recorder.snapshot())
}

#[test]
fn no_changed_bit_of_any_file_is_a_good_answer() {
    let folder = folder();
    let (pair, audit) = (kept_pair(folder.path()).unwrap(), kept_audit(folder.path()).unwrap());
    assert!(pair.id != KEY_ID && audit.requests() > 20);
    assert!(!is_found(folder.path()));
    let files: Vec<_> =
        files_in(folder.path()).iter().map(|path| path.strip_prefix(folder.path()).unwrap().to_owned()).collect();
    let server = TestServer::over_folder(POLICY, folder.path()).unwrap();
    let asked = questions(&server.send(Request::get("/media?uploads")).element("UploadId"));
    let truth: Vec<_> = asked.iter().map(|request| ask(&server, request)).collect();
    assert_eq!(truth.iter().filter(|answer| answer.status >= 300).count(), 2, "the object that was deleted");
    drop(server);
    let (mut numbers, mut errors) = (Numbers(1), 0);
    for file in &files {
        let bytes = fs::read(folder.path().join(file)).unwrap();
        let count = flips_of(file);
        for (at, bit) in if count == 0 { Vec::new() } else { places(&bytes, &mut numbers, count) } {
            let needed = if stands_alone(file) { std::slice::from_ref(file) } else { &files[..] };
            let copy = flipped(folder.path(), needed, file, at, bit);
            let flip = format!("bit {bit} of byte {at} of {}", file.display());
            let same = match file.to_str().unwrap() {
                "credentials.toml" => kept_pair(copy.path()).map(|found| assert!(found == pair, "{flip}")).is_some(),
                "r2shim-audit.json" => kept_audit(copy.path()).map(|found| assert!(found == audit, "{flip}")).is_some(),
                _ => examine(copy.path(), &asked, &truth, &flip),
            };
            errors += usize::from(!same);
        }
    }
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    assert_eq!((files.len(), errors > 40), (6, true), "{names:?} {errors}");
}
