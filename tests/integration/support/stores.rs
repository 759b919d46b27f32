//! Real S3 servers of others, each in a process of its own over a temporary folder.

use super::client::{Connection, Request};
use std::env;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
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
    child: Child,
    _folder: TempDir,
}

impl RealStore {
    /// Starts one, and returns once it answers.
    pub fn start(kind: Kind) -> RealStore {
        let started = (0..ATTEMPTS).find_map(|_| RealStore::try_start(kind));
        started.unwrap_or_else(|| panic!("{} does not come up", kind.program()))
    }

    fn try_start(kind: Kind) -> Option<RealStore> {
        let folder = tempfile::tempdir().unwrap();
        let (data, log) = (folder.path().join("data"), File::create(folder.path().join("log")).unwrap());
        std::fs::create_dir(&data).unwrap();
        let address = free_address();
        let mut command = kind.command(data.to_str().unwrap(), &address.to_string());
        command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut store = RealStore { address, child, _folder: folder };
        store.wait_until_up().then_some(store)
    }

    /// Whether it answers at last; not if it ended before.
    fn wait_until_up(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < START_LIMIT {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.answers() {
                return true;
            }
            thread::sleep(START_POLL);
        }
        false
    }

    /// A stranger's request is refused by a store that is up; one that is starting says it is not ready.
    fn answers(&self) -> bool {
        let Ok(mut connection) = Connection::try_open(self.address) else { return false };
        connection.try_send(&Request::get("/").unsigned(self.address)).is_ok_and(|answer| answer.status < 500)
    }
}

impl Drop for RealStore {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
