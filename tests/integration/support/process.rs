//! The real binary in a process of its own, for what only a process can undergo: to be killed.

use super::client::{Connection, Request, Response};
use super::server::{KEY_ID, SECRET};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use tempfile::NamedTempFile;

/// A port of the system's choosing.
const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running `r2shim serve`; it is killed when this is dropped. A test that fails prints its log.
pub struct Process {
    /// Where S3 is spoken.
    pub address: SocketAddr,
    child: Mutex<Child>,
    log: NamedTempFile,
}

impl Process {
    /// Serves a data folder with everything else at its default, and returns once it listens.
    pub fn serve(data: &Path) -> Process {
        Process::run(Command::new(env!("CARGO_BIN_EXE_r2shim")), data)
    }

    /// The same with other flags.
    pub fn serve_with(data: &Path, flags: &[&str]) -> Process {
        Process::serve_at(ANY, data, flags)
    }

    /// The same at an address that the test has chosen.
    pub fn serve_at(address: SocketAddr, data: &Path, flags: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
        command.arg("serve").args(flags);
        Process::start(command, address, data)
    }

    /// The same by a command that ends up as the binary.
    pub fn run(mut command: Command, data: &Path) -> Process {
        command.arg("serve");
        Process::start(command, ANY, data)
    }

    /// A first start to which no key is given: it makes a pair.
    pub fn serve_without_keys(data: &Path) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
        command.arg("serve").env_clear();
        Process::wait_for(command, ANY, data)
    }

    fn start(mut command: Command, address: SocketAddr, data: &Path) -> Process {
        command.env_clear().env("R2SHIM_ACCESS_KEY_ID", KEY_ID).env("R2SHIM_SECRET_ACCESS_KEY", SECRET);
        Process::wait_for(command, address, data)
    }

    fn wait_for(mut command: Command, address: SocketAddr, data: &Path) -> Process {
        command.args(["--admin", "off", "--listen", &address.to_string(), "--data"]).arg(data);
        command.env("R2SHIM_LOG", "info,access=off").env("NO_COLOR", "1").stdin(Stdio::null()).stdout(Stdio::piped());
        let log = NamedTempFile::new().unwrap();
        let mut child = command.stderr(log.reopen().unwrap()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.ok()?.split_once("http://")?.1.parse().ok());
        let said = || fs::read_to_string(log.path()).unwrap();
        let address = address.unwrap_or_else(|| panic!("it ended before it listened: {:?}\n{}", child.wait(), said()));
        Process { address, child: Mutex::new(child), log }
    }

    /// Ends it as `kill -9` does, and waits until it is gone. It may be gone already.
    pub fn kill(&self) {
        let mut child = self.child();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// How it has ended; `None` while it runs.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.child().try_wait().unwrap()
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it as a service manager does, and waits until it has written all of its output.
    pub fn stop(&self) {
        let mut child = self.child();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Signs a request, sends it on a connection of its own and reads the answer.
    pub fn send(&self, request: Request) -> Response {
        Connection::open(self.address).send(request.signed(self.address))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the server at {}, which {:?} has ended, said:\n{}", self.address, self.ended(), self.log());
        }
        self.kill();
    }
}
