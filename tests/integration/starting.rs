//! Starting the binary: what a start that fails leaves behind, and what it reports.

use crate::support::command::r2shim;
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

/// Start and stop are in the log, and so is the answer to signals at which other servers read their settings again.
#[test]
fn the_log_says_how_a_server_starts_and_stops_and_answers_signals() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin", "off", "--data"]).arg(folder.path().join("data"));
    let mut server = command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&server);
    let lines = |stream: &mut dyn Read, text: &str| {
        let mut read = String::new();
        while !read.contains(text) {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            read.push(char::from(byte[0]));
        }
    };
    let (mut out, mut errors) = (server.stdout.take().unwrap(), server.stderr.take().unwrap());
    lines(&mut out, "--region auto ls");
    lines(&mut errors, concat!("started version=\"", env!("CARGO_PKG_VERSION"), "\" commit="));
    for (signal, name) in [(Signal::HUP, "SIGHUP"), (Signal::USR1, "SIGUSR1")] {
        kill_process(pid, signal).unwrap();
        lines(&mut errors, &format!("{name}: nothing is reloaded; restart r2shim to read its settings again"));
    }
    kill_process(pid, Signal::TERM).unwrap();
    lines(&mut errors, "SIGTERM: no new connections; requests in flight have 30 s in_flight=0");
    lines(&mut errors, "stopped");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
