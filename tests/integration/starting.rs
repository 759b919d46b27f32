//! Starting the binary: what a start that fails leaves behind, and what it reports.

use crate::support::command::{FREE_PORTS, r2shim};
use crate::support::{Connection, KEY_ID, Request, SECRET};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// A port that is taken for as long as the listener lives.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn a_taken_port_leaves_nothing_behind() {
    let (_listener, address) = taken();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for (listen, admin) in [(address.as_str(), "off"), ("127.0.0.1:0", address.as_str())] {
        let output = r2shim(&["serve", "--listen", listen, "--admin", admin, "--data", data], &[]);
        let expected = format!(
            "r2shim: cannot listen on {address}: another program already does. Stop it, or choose another address (port 0 picks a free one)\n"
        );
        assert_eq!((output.code, output.out.as_str(), output.errors.as_str()), (1, "", expected.as_str()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "neither a data folder nor a key");
    }
}

#[test]
fn a_data_path_that_is_a_file_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let key = [("R2SHIM_ACCESS_KEY_ID", "app"), ("R2SHIM_SECRET_ACCESS_KEY", "secret")];
    for environment in [&[][..], &key] {
        let output = r2shim(&["serve", "--listen", "127.0.0.1:0", "--admin", "off", "--data", file], environment);
        let expected =
            format!("{file}: the data folder cannot be made: {file} is not a folder\n  name another with --data\n");
        assert_eq!((output.code, output.errors), (2, expected));
    }
}

/// Reads until this text has come.
fn read_until(stream: &mut dyn Read, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.push(char::from(byte[0]));
    }
    read
}

/// Start and stop are in the log, and so is the answer to signals at which other servers read their settings again.
#[test]
fn the_log_says_how_a_server_starts_and_stops_and_answers_signals() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin", "off", "--data"]).arg(folder.path().join("data"));
    let mut server = command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&server);
    let (mut out, mut errors) = (server.stdout.take().unwrap(), server.stderr.take().unwrap());
    read_until(&mut out, "--region auto ls");
    read_until(&mut errors, concat!("started version=\"", env!("CARGO_PKG_VERSION"), "\" commit="));
    for (signal, answer) in [
        (Signal::HUP, "SIGHUP: the settings were read again, and nothing has changed"),
        (Signal::USR1, "SIGUSR1: it means nothing here; SIGHUP reads the settings again"),
    ] {
        kill_process(pid, signal).unwrap();
        read_until(&mut errors, answer);
    }
    kill_process(pid, Signal::TERM).unwrap();
    read_until(&mut errors, "SIGTERM: no new connections; requests in flight have 30 s in_flight=0");
    read_until(&mut errors, "stopped");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

/// What the shell reads from a ready file under this name.
fn value_of<'f>(ready: &'f str, name: &str) -> &'f str {
    ready.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap()
}

/// One line of CI: buckets and keys on the command line, the rest from the environment, and a file when it is ready.
#[test]
fn a_server_without_a_settings_file_has_buckets_keys_and_a_ready_file() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
    let key = format!("{KEY_ID}:{SECRET}:admin-read-only");
    command.args(["serve", "--bucket", "media", "--bucket", "logs", "--key", &key, "--ready-file"]).arg(&ready);
    command.env_clear().env("R2SHIM_LISTEN", "127.0.0.1:0,[::1]:0").env("R2SHIM_ADMIN", "127.0.0.1:0");
    command.env("R2SHIM_DATA", folder.path().join("data")).env("R2SHIM_BUCKET", "overruled").env("R2SHIM_LOG", "off");
    command.env("R2SHIM_KEY", "overruled:secret").env("R2SHIM_DURABILITY", "none");
    let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
    let banner = read_until(&mut server.stdout.take().unwrap(), "--region auto ls");
    assert!(!banner.contains(SECRET) && banner.contains("secret         in --key"), "{banner}");

    let written = fs::read_to_string(&ready).unwrap();
    let endpoint = value_of(&written, "ENDPOINT").strip_prefix("http://").unwrap().parse().unwrap();
    assert!(value_of(&written, "ENDPOINT_2").starts_with("http://[::1]:"), "{written}");
    assert_eq!(value_of(&written, "PID"), server.id().to_string());
    let listed = Connection::open(endpoint).send(Request::get("/").signed(endpoint));
    assert_eq!((listed.status, listed.elements("Name")), (200, vec!["logs".to_owned(), "media".to_owned()]));
    let refused = Connection::open(endpoint).send(Request::put("/media/k").body("x").signed(endpoint));
    assert_eq!(refused.status, 403);

    let admin = value_of(&written, "ADMIN").strip_prefix("http://").unwrap();
    let checked = r2shim(&["healthcheck"], &[("R2SHIM_ADMIN", admin)]);
    assert_eq!((checked.code, checked.out.as_str(), checked.errors.as_str()), (0, "ready\n", ""));
    let by_file = r2shim(&["healthcheck", "--ready-file", ready.to_str().unwrap()], &[("R2SHIM_ADMIN", "off")]);
    assert_eq!((by_file.code, by_file.out.as_str()), (0, "ready\n"));
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(!ready.exists());
    let by_file = r2shim(&["healthcheck"], &[("R2SHIM_READY_FILE", ready.to_str().unwrap())]);
    assert_eq!((by_file.code, by_file.errors.contains("does not name an admin address")), (1, true));
    let checked = r2shim(&["healthcheck", "--admin", admin], &[]);
    assert_eq!((checked.code, checked.out.as_str()), (1, ""));
    assert!(checked.errors.starts_with(&format!("r2shim: http://{admin}/readyz: ")), "{}", checked.errors);
}

#[test]
fn a_variable_is_read_as_its_flag_and_its_faults_are_its_own() {
    let check = &[&["check"][..], &FREE_PORTS].concat()[..];
    for (words, environment, code, expected) in [
        (&["check"][..], ("R2SHIM_LISTEN", "here"), 2, "R2SHIM_LISTEN: \"here\" is no address to listen at"),
        (&["check", "--listen", "here"], ("R2SHIM_LISTEN", "127.0.0.1:0"), 2, "--listen: \"here\" is no address"),
        (&["serve"], ("R2SHIM_LOG_FORMAT", "xml"), 2, "R2SHIM_LOG_FORMAT: \"xml\" is no value for --log"),
        (&["store", "check"], ("R2SHIM_DATA", ""), 2, "R2SHIM_DATA: is set and empty"),
        (&["check"], ("R2SHIM_KEY", "hush"), 2, "R2SHIM_KEY: a key has no secret"),
        (check, ("R2SHIM_LISTN", "x"), 0, "warning: R2SHIM_LISTN: means nothing to r2shim\n  did you mean R2SHIM_L"),
        (check, ("R2SHIM_PORT", "tcp://10.0.0.1:9000"), 0, ""),
        (&["completions", "nush"], ("R2SHIM_SHELL", "bash"), 2, "error: invalid value 'nush' for '<SHELL>'"),
        (&["healthcheck"], ("R2SHIM_ADMIN", "off"), 2, "R2SHIM_ADMIN: the admin address is off"),
        (&["healthcheck"], ("R2SHIM_URL", "https://x"), 2, "R2SHIM_URL: \"https://x\" is no page to ask for"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let data = data.path().to_str().unwrap();
        let output =
            r2shim(words, &[environment, ("R2SHIM_DATA", data)][..if environment.0 == "R2SHIM_DATA" { 1 } else { 2 }]);
        assert_eq!(output.code, code, "{words:?} {environment:?}: {}", output.errors);
        assert!(output.errors.starts_with(expected), "{words:?} {environment:?}: {}", output.errors);
        assert!(!expected.is_empty() || output.errors.is_empty(), "{}", output.errors);
        assert!(!output.errors.contains("hush"), "{}", output.errors);
    }
}

#[test]
fn a_debug_build_names_no_commit() {
    let expected = concat!("r2shim ", env!("CARGO_PKG_VERSION"), " (debug build)\n");
    let release = |text: &str| text.contains(" built ");
    let version = r2shim(&["--version"], &[]).out;
    assert!(version == expected || (!cfg!(debug_assertions) && release(&version)), "{version}");
}
