//! Real S3 servers of others, each in a process of its own over a temporary folder.

use super::client::{Connection, Request};
use std::env;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The variable that names the folder of their programs; `tests/run` builds them and sets it.
const FOLDER: &str = "R2SHIM_STORES";
/// The access key id they are started with.
pub const STORE_KEY_ID: &str = "upstream-key-id";
/// Its secret.
pub const STORE_SECRET: &str = "upstream-secret-access-key";
/// The region they are in.
pub const STORE_REGION: &str = "xx-upstream-1";

/// A server that takes longer to answer than this does not come up.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long to wait before asking again whether it is up.
const START_POLL: Duration = Duration::from_millis(20);
/// Ports are picked before the server binds them, so another process may be faster.
const ATTEMPTS: usize = 3;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// MinIO, one node with one drive.
    Minio,
    /// The Versity gateway over a file system.
    Versitygw,
}

impl Kind {
    /// The name of its program.
    pub fn program(self) -> &'static str {
        match self {
            Kind::Minio => "minio",
            Kind::Versitygw => "versitygw",
        }
    }

    fn command(self, folder: &str, address: &str) -> Command {
        let programs = env::var(FOLDER).unwrap_or_else(|_| panic!("{FOLDER} names no folder of stores: use tests/run"));
        let mut command = Command::new(PathBuf::from(programs).join(self.program()));
        command.env_clear().env("HOME", folder);
        match self {
            Kind::Minio => command
                .env("MINIO_ROOT_USER", STORE_KEY_ID)
                .env("MINIO_ROOT_PASSWORD", STORE_SECRET)
                .envs([("MINIO_BROWSER", "off"), ("MINIO_UPDATE", "off"), ("MINIO_REGION", STORE_REGION)])
                .args(["server", "--address", address, folder]),
            Kind::Versitygw => command
                .env("ROOT_ACCESS_KEY_ID", STORE_KEY_ID)
                .env("ROOT_SECRET_ACCESS_KEY", STORE_SECRET)
                .args(["--port", address, "--region", STORE_REGION, "--keep-alive", "--quiet", "posix", folder]),
        };
        command
    }
}

/// A running store; it is killed, and its folder removed, when this is dropped.
pub struct RealStore {
    /// Where it speaks S3.
    pub address: SocketAddr,
    kind: Kind,
    child: Mutex<Child>,
    folder: TempDir,
}

impl RealStore {
    /// Starts one, and returns once it answers.
    pub fn start(kind: Kind) -> RealStore {
        let started = (0..ATTEMPTS).find_map(|_| RealStore::try_start(kind));
        started.unwrap_or_else(|| panic!("{} does not come up", kind.program()))
    }

    fn try_start(kind: Kind) -> Option<RealStore> {
        let (address, folder) = (reserved_address(), tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let child = Mutex::new(spawn(kind, address, folder.path()));
        let store = RealStore { address, kind, child, folder };
        store.wait_until_up().then_some(store)
    }

    /// Ends it as `kill -9` does, and waits until it is gone. It may be gone already.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it again after it was killed, at the same address, and returns once it answers.
    pub fn restart(&mut self) {
        self.child = Mutex::new(spawn(self.kind, self.address, self.folder.path()));
        assert!(self.wait_until_up(), "{} does not come up again", self.kind.program());
    }

    /// Whether it answers at last; not if it ended before.
    fn wait_until_up(&self) -> bool {
        let start = Instant::now();
        while start.elapsed() < START_LIMIT {
            if self.child.lock().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            if self.answers() {
                return true;
            }
            thread::sleep(START_POLL);
        }
        false
    }

    /// A store that is up refuses an unsigned request; one that is starting answers that it is not ready.
    fn answers(&self) -> bool {
        let Ok(mut connection) = Connection::try_open(self.address) else { return false };
        connection.try_send(&Request::get("/").unsigned(self.address)).is_ok_and(|answer| answer.status < 500)
    }
}

impl Drop for RealStore {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A store over a folder with a folder for its data.
fn spawn(kind: Kind, address: SocketAddr, folder: &Path) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = kind.command(folder.join("data").to_str().unwrap(), &address.to_string());
    command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log);
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// An address at which no program listens now, and whose port the system does not pick by itself. So a program that is
/// started there can be restarted there.
pub fn reserved_address() -> SocketAddr {
    // Below the ports that the system picks from.
    let from = RandomState::new().hash_one(0) % 10_000;
    let ports = (0..10_000).map(|n| 20_000 + (from + n) % 10_000);
    let mut bound = ports.filter_map(|port| TcpListener::bind(("127.0.0.1", u16::try_from(port).ok()?)).ok());
    bound.next().unwrap().local_addr().unwrap()
}
