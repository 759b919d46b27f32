//! `check` says of a start what `serve` does: one table of bad starts goes to both.

use crate::support::command::r2shim;
use crate::support::scripted::{Received, Refusing, Reply, Scripted};
use r2shim::server;
use r2shim::sigv4::Secret;
use r2shim::store::{Options, Store};
use r2shim::upstream::{BucketMap, CredentialSource, Endpoint, Remote};
use std::fs;
use std::net::TcpListener;
use std::path::Path;

/// What is there before the start.
enum Prepared {
    Nothing,
    /// The data path is a file.
    File,
    /// The data folder is open in a process.
    Open,
    /// The data folder has bodies and no index.
    NoIndex,
    /// The index is something else.
    Junk,
}

fn prepare(data: &Path, prepared: &Prepared) -> Option<Store> {
    match prepared {
        Prepared::Nothing => None,
        Prepared::Open => Some(Store::open(data, Options::default()).unwrap()),
        Prepared::File => {
            fs::write(data, "").unwrap();
            None
        }
        Prepared::NoIndex => {
            fs::create_dir_all(data.join("blobs/00")).unwrap();
            None
        }
        Prepared::Junk => {
            fs::create_dir_all(data).unwrap();
            fs::write(data.join("index.redb"), "junk".repeat(1000)).unwrap();
            None
        }
    }
}

/// Settings, flags, variables, what is there before, the exit code, and what is said; `TAKEN` is an address in use.
type BadStart =
    (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)], Prepared, i32, &'static str);

const BAD_STARTS: &[BadStart] = &[
    ("listen = [\"TAKEN\"]", &[], &[], Prepared::Nothing, 1, "cannot listen on TAKEN: another program already does"),
    ("admin = \"TAKEN\"", &[], &[], Prepared::Nothing, 1, "cannot listen on TAKEN: another program already does"),
    ("", &["--listen", "TAKEN"], &[], Prepared::Nothing, 1, "cannot listen on TAKEN: another program already does"),
    ("", &[], &[], Prepared::Open, 1, "is in use by another process"),
    ("listen = []", &[], &[], Prepared::Nothing, 2, "`listen` names none"),
    ("admin = \"TAKEN\"", &["--listen", "TAKEN"], &[], Prepared::Nothing, 2, "TAKEN serves clients already"),
    ("listen = [\"192.0.2.1:9000\"]", &[], &[], Prepared::Nothing, 2, "cannot listen on 192.0.2.1:9000"),
    ("listne = []", &[], &[], Prepared::Nothing, 2, "unknown setting `listne`"),
    ("policy = \"r3\"", &[], &[], Prepared::Nothing, 2, "r3"),
    ("", &["--ready-file", "/none/ready"], &[], Prepared::Nothing, 2, "the file /none/ready cannot be written"),
    ("", &[], &[("R2SHIM_LOG", "r2shim=loud")], Prepared::Nothing, 2, "R2SHIM_LOG: not a log level"),
    ("", &[], &[], Prepared::File, 2, "is not a folder"),
    ("", &[], &[], Prepared::NoIndex, 2, "holds bodies but no index.redb"),
    ("", &[], &[], Prepared::Junk, 2, "index.redb cannot be used"),
];

#[test]
fn check_and_serve_agree_on_bad_starts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    for (settings, flags, variables, prepared, code, said) in BAD_STARTS {
        let folder = tempfile::tempdir().unwrap();
        let (data, config) = (folder.path().join("data"), folder.path().join("r2shim.toml"));
        let _open = prepare(&data, prepared);
        fs::write(&config, format!("{}\n", settings.replace("TAKEN", &taken))).unwrap();
        let free = |name: &str, flag, value| if settings.contains(name) { vec![] } else { vec![flag, value] };
        let mut words = vec!["--config", config.to_str().unwrap(), "--data", data.to_str().unwrap()];
        words.extend(flags.iter().map(|word| if *word == "TAKEN" { taken.as_str() } else { word }));
        words.extend(if flags.contains(&"--listen") { vec![] } else { free("listen", "--listen", "127.0.0.1:0") });
        words.extend(free("admin", "--admin", "off"));
        let run = |command| r2shim(&[&[command], &words[..]].concat(), variables);
        let (serve, check) = (run("serve"), run("check"));
        let said = said.replace("TAKEN", &taken);
        assert!(serve.errors.contains(&said), "{settings} {flags:?}: {}", serve.errors);
        assert_eq!((serve.code, check.code), (*code, *code), "{settings} {flags:?}: {}{}", serve.errors, check.errors);
        let hint = "  nothing is wrong if that is r2shim, serving with these settings\n";
        let expected = if *code == 1 { format!("{}{hint}", serve.errors) } else { serve.errors };
        assert_eq!((check.out, check.errors), (String::new(), expected), "{settings} {flags:?}");
    }
}

/// What is checked stays as it was, and can be served afterwards.
#[test]
fn a_check_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let check = |data: &Path| {
        r2shim(&["check", "--listen", "127.0.0.1:0", "--admin", "off", "--data", data.to_str().unwrap()], &[])
    };
    assert_eq!(check(&data).code, 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    drop(Store::open(&data, Options::default()).unwrap());
    let index = || fs::read(data.join("index.redb")).unwrap();
    let before = index();
    assert_eq!(check(&data).code, 0);
    assert!(before == index(), "the index has changed");
}

/// What `check --online` finds out about a store, a line for each part.
fn tried(endpoints: &[String]) -> Vec<String> {
    let credentials = CredentialSource::Static { access_key_id: "key".to_owned(), secret: Secret::new("hush") };
    let mut buckets = BucketMap::new(false);
    for name in ["media", "logs"] {
        buckets.map(r2shim::s3::names::BucketName::parse(name).unwrap(), format!("acme-{name}")).unwrap();
    }
    let nodes = endpoints.iter().map(|endpoint| Endpoint::parse(endpoint).unwrap()).collect();
    let found = server::probe(Remote { buckets, ..Remote::new(nodes, credentials) }).unwrap();
    let line = |part: server::remote::TriedPart| match part.fault {
        None => format!("{}: ok", part.what.split(' ').next().unwrap()),
        Some(fault) => format!("{}: {}", part.what.split(' ').next().unwrap(), fault.split(';').next().unwrap()),
    };
    found.into_iter().map(line).collect()
}

#[test]
fn only_the_first_cause_is_named() {
    // The check of a node's health is not signed.
    let is_signed = |request: &Received| !request.header("authorization").is_empty();
    let good = Scripted::answering(|_| Reply::new(200));
    let denying = Scripted::answering(move |request: &Received| match is_signed(request) {
        false => Reply::new(200),
        true => Reply::error(403, "SignatureDoesNotMatch"),
    });
    let gone = Refusing::new();
    assert_eq!(tried(&[good.endpoint()]), ["node: ok", "credentials: ok", "signed: ok", "bucket: ok", "bucket: ok"]);
    let denied = tried(&[denying.endpoint()]);
    assert_eq!(denied[..2], ["node: ok", "credentials: ok"]);
    assert!(denied[2].starts_with("signed: ") && denied[2].contains("SignatureDoesNotMatch"), "{}", denied[2]);
    assert_eq!(denied.len(), 3, "{denied:?}");
    assert_eq!(tried(&[gone.endpoint()]).len(), 1, "of a node that is down, nothing else is asked");
}
