//! The real binary in a process of its own, for what only a process can undergo: to be killed.

use super::client::{Connection, Request, Response};
use super::server::{KEY_ID, SECRET};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A running `r2shim serve`; it is killed when this is dropped.
pub struct Process {
    /// Where S3 is spoken.
    pub address: SocketAddr,
    child: Mutex<Child>,
}

impl Process {
    /// Serves a data folder with everything else at its default, and returns once it listens.
    pub fn serve(data: &Path) -> Process {
        Process::run(Command::new(env!("CARGO_BIN_EXE_r2shim")), data)
    }

    /// The same with other flags.
    pub fn serve_with(data: &Path, flags: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
        command.arg("serve").args(flags);
        Process::start(command, data)
    }

    /// The same by a command that ends up as the binary.
    pub fn run(mut command: Command, data: &Path) -> Process {
        command.arg("serve");
        Process::start(command, data)
    }

    /// A first start to which no key is given: it makes a pair.
    pub fn serve_without_keys(data: &Path) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
        command.arg("serve").env_clear();
        Process::wait_for(command, data)
    }

    fn start(mut command: Command, data: &Path) -> Process {
        command.env_clear().env("R2SHIM_ACCESS_KEY_ID", KEY_ID).env("R2SHIM_SECRET_ACCESS_KEY", SECRET);
        Process::wait_for(command, data)
    }

    fn wait_for(mut command: Command, data: &Path) -> Process {
        command.args(["--listen", "127.0.0.1:0", "--admin", "off", "--data"]).arg(data);
        command.env("R2SHIM_LOG", "off").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.ok()?.split_once("http://")?.1.parse().ok());
        let address = address.unwrap_or_else(|| panic!("it ended before it listened: {:?}", child.wait()));
        Process { address, child: Mutex::new(child) }
    }

    /// Ends it as `kill -9` does, and waits until it is gone. It may be gone already.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends it as a service manager does, and waits until it has written what is left.
    pub fn stop(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
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
        self.kill();
    }
}
