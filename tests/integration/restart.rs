//! A server that is replaced by another while clients send requests that they never send again: none fails.

use crate::support::command::r2shim;
use crate::support::load::{Load, Way};
use crate::support::secure::Authority;
use crate::support::service::{Service, eventually, with_addresses};
use crate::support::{Connection, KEY_ID, Request, Response, SECRET};
use r2shim::audit::Audit;
use rustix::process::Signal;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// How often the server is replaced.
const ROUNDS: u64 = 3;

/// Requests between two replacements.
const BETWEEN: u64 = 60;

/// The key of all tests, and settings above it.
fn settings(more: &str) -> String {
    let key =
        format!("access_key_id = \"{KEY_ID}\"\nsecret_access_key = \"{SECRET}\"\npermission = \"admin-read-write\"");
    format!("reload_interval = 0\n{more}\n[[key]]\n{key}\n")
}

fn send(address: SocketAddr, request: Request) -> Response {
    Connection::open(address).send(request.signed(address))
}

/// A folder with these settings.
fn folder_with(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r2shim.toml"), with_addresses(settings)).unwrap();
    folder
}

/// Settings of a server in front of this one.
fn in_front_of(store: &Service) -> String {
    format!(
        "[upstream]\nkind = \"s3\"\nendpoints = [\"http://{}\"]\nregion = \"auto\"\ndialect = \"aws\"\n\
         access_key_id = \"{KEY_ID}\"\nsecret_access_key = \"{SECRET}\"\n",
        store.address
    )
}

/// Replaces the server under load, and returns how many requests were answered.
fn replaced(service: &mut Service, ways: &[Way], replace: impl Fn(&mut Service)) -> u64 {
    let load = Load::by(ways, service.address, "media");
    for _ in 0..ROUNDS {
        load.wait_for(BETWEEN);
        replace(service);
    }
    load.wait_for(BETWEEN);
    let (answered, failures) = load.finish();
    assert!(failures.is_empty(), "{answered} answered, then {failures:?}\n{}", service.log());
    answered
}

#[test]
fn a_local_store_changes_hands_and_no_request_fails() {
    let mut service = Service::start(&settings("mode = \"audit\""));
    assert_eq!(send(service.address, Request::put("/media")).status, 200);
    let answered = replaced(&mut service, &[Way::Plain], |service| service.upgrade(&[]));
    assert!(service.log().contains("another server takes over: no new connections"), "{}", service.log());
    service.signal(Signal::TERM);
    assert!(service.wait().success());
    // What each server had counted, the next went on from.
    let audit = Audit::from_json(&fs::read_to_string(service.at("data/r2shim-audit.json")).unwrap()).unwrap();
    let judged: u64 = audit.sources.iter().map(|source| source.coverage.judged).sum();
    assert!(judged > answered, "{judged} of {answered} and the making of the bucket");
}

#[test]
fn in_front_of_another_store_both_serve_and_no_request_fails() {
    let store = Service::start(&settings(""));
    assert_eq!(send(store.address, Request::put("/media")).status, 200);
    let upstream = in_front_of(&store);
    let mut service = Service::start(&(settings("control = \"control.sock\"") + &upstream));
    replaced(&mut service, &[Way::Plain], |service| service.upgrade(&[]));
    assert!(!service.log().contains("waiting for it"), "{}", service.log());
}

/// As systemd does it: it holds the socket, stops the old server, and starts the new one when that has ended.
#[test]
fn a_server_is_restarted_behind_a_socket_that_stays_and_no_request_fails() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen = [\"{}\"]", socket.local_addr().unwrap());
    let start = |folder| {
        let mut command = Command::new("sh");
        let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"";
        command.args(["-c", script, env!("CARGO_BIN_EXE_r2shim")]).env_clear();
        command.stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())));
        Service::start_by(command, folder, &[])
    };
    let mut service = start(folder_with(&settings(&listen)));
    assert_eq!(send(service.address, Request::put("/media")).status, 200);
    replaced(&mut service, &[Way::Plain], |service| {
        service.signal(Signal::TERM);
        assert!(service.wait().success());
        let folder = std::mem::replace(&mut service.folder, tempfile::tempdir().unwrap());
        let successor = start(folder);
        assert_eq!(successor.address, service.address);
        *service = successor;
    });
}

/// Clients of HTTP/2 have several requests under way, and learn by GOAWAY that a connection takes no more.
#[test]
fn over_tls_no_request_fails_in_either_version_of_http() {
    let authority = Arc::new(Authority::new());
    let identity = authority.issue("server");
    let ways = [Way::Tls(authority.clone()), Way::Http2(authority)];
    let store = Service::start(&settings(""));
    for upstream in [String::new(), in_front_of(&store)] {
        let own = format!("control = \"control.sock\"\n[[bucket]]\nname = \"media\"\n{}", identity.tls());
        let mut service = Service::start(&(settings(&own) + &upstream));
        replaced(&mut service, &ways, |service| service.upgrade(&[]));
    }
}

#[test]
fn before_it_stops_a_server_says_so_for_a_while() {
    let mut service = Service::start(&settings("drain_delay = 600"));
    assert_eq!(service.admin_page("/readyz").status, 200);
    service.signal(Signal::TERM);
    let ready = eventually("it is about to stop", || {
        let ready = service.admin_page("/readyz");
        (ready.status == 503).then_some(ready)
    });
    assert_eq!(ready.text(), "not ready: the server is about to stop\n");
    assert_eq!(
        (service.admin_page("/healthz").status, send(service.address, Request::put("/media")).status),
        (200, 200)
    );
    service.signal(Signal::TERM);
    assert!(service.wait().success());
}

#[test]
fn a_successor_that_cannot_start_changes_nothing() {
    let service = Service::start(&settings(""));
    let start = |more: &str| {
        service.write(&settings(more));
        let (file, data) = (service.at("r2shim.toml"), service.at("data"));
        let flags = ["--config", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
        r2shim(&[&["serve", "--upgrade"][..], &flags].concat(), &[])
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    for (more, code, text) in [
        ("listn = 1".to_owned(), 2, "unknown setting `listn`"),
        (format!("public = [\"media\"]\npublic_listen = [\"{}\"]", taken.local_addr().unwrap()), 1, "cannot listen on"),
        ("control = \"off\"".to_owned(), 2, "--upgrade: the server that runs is found by its control socket"),
    ] {
        let started = start(&more);
        assert!(started.code == code && started.errors.contains(text), "{more}: {}", started.errors);
        assert_eq!(send(service.address, Request::get("/")).status, 200, "{more}");
        assert_eq!(service.admin_page("/readyz").text(), "ready\n");
    }
}

#[test]
fn the_service_manager_is_notified() {
    let folder = folder_with(&settings(""));
    let path = folder.path().join("notify.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
    command.env_clear().env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "20000").stdin(Stdio::null());
    let mut service = Service::start_by(command, folder, &["--upgrade"]);
    let notified = |expected: &str| {
        let mut said = [0; 512];
        eventually(expected, || {
            let length = manager.recv(&mut said).unwrap();
            String::from_utf8_lossy(&said[..length]).contains(expected).then_some(())
        });
    };
    notified("READY=1");
    notified("WATCHDOG=1");
    notified("WATCHDOG=1");
    service.signal(Signal::HUP);
    notified("RELOADING=1\nMONOTONIC_USEC=");
    notified("READY=1");
    service.signal(Signal::TERM);
    notified("STOPPING=1");
    // If notifications were not read any more, the socket would fill up, and the server would wait.
    drop(manager);
    assert!(service.wait().success());
}
