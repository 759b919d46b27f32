//! The real binary with a settings file that a test changes, for what happens to it while it serves.

use super::client::{Connection, Request, Response};
use super::command::{Output, r2shim};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing that a test waits for takes this long; what does has hung.
const HANG: Duration = Duration::from_secs(60);

/// A running `r2shim serve` with its settings, its data and its log in one folder. It is killed when this is dropped.
pub struct Service {
    /// Where S3 is spoken.
    pub address: SocketAddr,
    /// Where metrics and health are.
    pub admin: SocketAddr,
    pub folder: TempDir,
    child: Child,
}

impl Service {
    /// Serves at ports of the system's choosing with these settings besides.
    pub fn start(settings: &str) -> Service {
        let folder = tempfile::tempdir().unwrap();
        write_private(&folder.path().join("r2shim.toml"), &with_addresses(settings));
        Service::start_in(folder, &[])
    }

    /// The same with the settings that are in the folder, and with more flags.
    pub fn start_in(folder: TempDir, flags: &[&str]) -> Service {
        let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
        command.env_clear().stdin(Stdio::null());
        Service::start_by(command, folder, flags)
    }

    /// The same by a command that ends up as the binary, with the standard input and the environment that it has.
    pub fn start_by(mut command: Command, folder: TempDir, flags: &[&str]) -> Service {
        let at = |name: &str| folder.path().join(name);
        command.arg("serve").arg("--config").arg(at("r2shim.toml")).arg("--data").arg(at("data"));
        command.arg("--ready-file").arg(at("ready")).args(flags).env("R2SHIM_LOG", "info,access=off");
        command.env("NO_COLOR", "1").stdout(Stdio::null());
        let log = File::options().create(true).append(true).open(at("log")).unwrap();
        let mut child = command.stderr(log).spawn().unwrap();
        let id = format!("PID={}\n", child.id());
        let text = eventually("it is ready", || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", fs::read_to_string(at("log")).unwrap());
            // The file of a server before may still be there.
            fs::read_to_string(at("ready")).ok().filter(|text| text.contains(&id))
        });
        let address = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}="))?.split_once("://"));
            line.unwrap().1.parse().unwrap()
        };
        Service { address: address("ENDPOINT"), admin: address("ADMIN"), folder, child }
    }

    /// Starts another server in its place, and waits until this one has ended.
    pub fn upgrade(&mut self, flags: &[&str]) {
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        let mut successor = Service::start_in(folder, &[&["--upgrade"], flags].concat());
        assert!(self.wait().success(), "{}", successor.log());
        assert_eq!((successor.address, successor.admin), (self.address, self.admin));
        std::mem::swap(self, &mut successor);
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the settings file.
    pub fn write(&self, settings: &str) {
        write_private(&self.at("draft"), &with_addresses(settings));
        fs::rename(self.at("draft"), self.at("r2shim.toml")).unwrap();
    }

    /// `r2shim reload`, the folder's own name left out of what it says.
    pub fn reload(&self) -> Output {
        let (file, data) = (self.at("r2shim.toml"), self.at("data"));
        let words = ["reload", "--config", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
        let output = r2shim(&words, &[]);
        let folder = format!("{}/", self.folder.path().display());
        Output { errors: output.errors.replace(&folder, ""), ..output }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap()
    }

    /// Waits until the log has this text so often.
    pub fn wait_for_log(&self, text: &str, times: usize) {
        eventually(text, || (self.log().matches(text).count() >= times).then_some(()));
    }

    pub fn admin_page(&self, path: &str) -> Response {
        Connection::open(self.admin).send(Request::get(path).unsigned(self.admin))
    }

    /// Waits until the process has ended.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("it has ended", || self.child.try_wait().unwrap())
    }
}

/// Writes a file that others cannot read.
fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Settings whose addresses are ports of the system's choosing.
pub fn with_addresses(settings: &str) -> String {
    let addresses = [("listen", "listen = [\"127.0.0.1:0\"]\n"), ("admin", "admin = \"127.0.0.1:0\"\n")];
    let missing = addresses.iter().filter(|(name, _)| !settings.contains(&format!("{name} =")));
    missing.map(|(_, line)| *line).chain([settings]).collect()
}

/// Asks again and again until there is an answer.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < HANG, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
