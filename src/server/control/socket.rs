//! The socket at which commands reach a server.
//!
//! A process that can open the socket can command the server, so other users must never be able to open it, not even
//! while it is made. It is made in a folder that only its owner can enter, and moved to its place after its mode is
//! set.

use super::protocol::{Answer, Command, MAX_LINE_BYTES};
use super::sockets;
use async_trait::async_trait;
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdListener;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Interest};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};

/// Connections at a time: a command is typed by a person or sent by a script.
const CONNECTIONS: usize = 8;

/// How long a client may take to send its line, or to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a client may take to read one of many lines, because a person may look at them.
const PATIENCE_BETWEEN_LINES: Duration = Duration::from_secs(600);

/// Carries commands out.
#[async_trait]
pub(in crate::server) trait CarryOut: Send + Sync + 'static {
    /// Carries the command out.
    async fn carry_out(&self, command: Command) -> Reaction;
}

/// The result of a command.
#[derive(Debug)]
pub(in crate::server) enum Reaction {
    /// An answer, and listening sockets to send with it.
    Answered(Answer, Vec<OwnedFd>),
    /// Work that reports its progress line by line. It stops when the receiver is dropped.
    Working(Receiver<Answer>),
}

impl From<Answer> for Reaction {
    fn from(answer: Answer) -> Reaction {
        Reaction::Answered(answer, Vec::new())
    }
}

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub(in crate::server) enum SocketError {
    /// Another server has it.
    #[error("another server has the control socket {0}; name another with --control")]
    InUse(PathBuf),
    /// Something else is there, and is not changed.
    #[error("{0} is there already and is no socket; name another with --control")]
    NoSocket(PathBuf),
    /// It cannot be made.
    #[error("the control socket {path} cannot be made: {error}; name another with --control")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A socket that listens. It is removed when this is dropped.
#[derive(Debug)]
pub(in crate::server) struct ControlSocket {
    path: PathBuf,
    listener: StdListener,
}

impl ControlSocket {
    /// Makes the socket. The socket of a killed server is replaced. If `succeeds`, this server replaces another one,
    /// and the socket of the running server is replaced, too.
    ///
    /// # Errors
    /// Why it cannot be made. Then nothing has changed.
    pub(in crate::server) fn bind(path: &Path, succeeds: bool) -> Result<ControlSocket, SocketError> {
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => return Err(SocketError::NoSocket(path.to_owned())),
            Ok(_) if !succeeds && StdStream::connect(path).is_ok() => return Err(SocketError::InUse(path.to_owned())),
            _ => {}
        }
        ControlSocket::publish(path).map_err(|error| SocketError::Io { path: path.to_owned(), error })
    }

    fn publish(path: &Path) -> io::Result<ControlSocket> {
        let folder = path.with_file_name(format!(".r2shim-{:x}", std::process::id()));
        let draft = folder.join("s");
        // An earlier process with the same id may have left it.
        let _ = fs::remove_file(&draft).and_then(|()| fs::remove_dir(&folder));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let made = ControlSocket::make(&draft, path);
        let _ = fs::remove_file(&draft);
        fs::remove_dir(&folder)?;
        made
    }

    fn make(draft: &Path, path: &Path) -> io::Result<ControlSocket> {
        let listener = StdListener::bind(draft)?;
        listener.set_nonblocking(true)?;
        fs::set_permissions(draft, Permissions::from_mode(0o600))?;
        fs::rename(draft, path)?;
        Ok(ControlSocket { path: path.to_owned(), listener })
    }

    /// Leaves the socket for a successor to replace. Removing it could remove the successor's socket.
    pub(in crate::server) fn leave(mut self) {
        self.path = PathBuf::new();
    }

    /// Answers commands until it is aborted.
    pub(in crate::server) fn serve(&self, server: Arc<dyn CarryOut>) -> impl Future<Output = ()> + Send + use<> {
        let listener = self.listener.try_clone();
        async move {
            match listener.and_then(UnixListener::from_std) {
                Ok(listener) => accept(listener, server).await,
                Err(error) => tracing::error!(%error, "no command will reach this server"),
            }
        }
    }
}

/// Answers commands, a few at a time.
async fn accept(listener: UnixListener, server: Arc<dyn CarryOut>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No descriptor is free; the client waits.
            sleep(PATIENCE).await;
            continue;
        };
        // Beyond them the connection is closed.
        if let Ok(place) = places.clone().try_acquire_owned() {
            let server = server.clone();
            tokio::spawn(async move {
                let _ = answer(stream, &*server).await;
                drop(place);
            });
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Answers one command.
async fn answer(mut stream: UnixStream, server: &dyn CarryOut) -> io::Result<()> {
    // The mode of the socket keeps other users out, but not all systems check it.
    let user = stream.peer_cred()?.uid();
    if user != 0 && user != geteuid().as_raw() {
        return Ok(());
    }
    let mut line = String::new();
    let mut reader = BufReader::new((&mut stream).take(MAX_LINE_BYTES));
    timeout(PATIENCE, reader.read_line(&mut line)).await??;
    let reaction = match serde_json::from_str(&line) {
        Ok(command) => server.carry_out(command).await,
        Err(error) => Answer::NotUnderstood { message: error.to_string() }.into(),
    };
    match reaction {
        Reaction::Answered(answer, sockets) => {
            let text = serde_json::to_string(&answer)? + "\n";
            timeout(PATIENCE, send(&mut stream, text.as_bytes(), &sockets)).await?
        }
        Reaction::Working(lines) => send_lines(stream, lines).await,
    }
}

/// Sends lines until there are no more, or the client has left.
async fn send_lines(mut stream: UnixStream, mut lines: Receiver<Answer>) -> io::Result<()> {
    let (mut input, mut output) = stream.split();
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            // A client sends nothing more after its command, so this is the end of the connection.
            _ = input.read_u8() => None,
        };
        let Some(line) = line else { return Ok(()) };
        let text = serde_json::to_string(&line)? + "\n";
        timeout(PATIENCE_BETWEEN_LINES, output.write_all(text.as_bytes())).await??;
    }
}

async fn send(stream: &mut UnixStream, text: &[u8], handles: &[OwnedFd]) -> io::Result<()> {
    let begin = || sockets::send(&*stream, text, handles);
    let sent = stream.async_io(Interest::WRITABLE, begin).await?;
    stream.write_all(text.get(sent..).unwrap_or_default()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::control::client::{AskError, Lines, Predecessor, ask};
    use crate::store::upkeep::Checked;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::os::unix::fs::MetadataExt;
    use std::sync::mpsc::{self, Sender};
    use std::thread;
    use tokio::sync::mpsc::channel;

    /// Says how many lines it could send before its client left.
    struct Scripted(Sender<u64>);

    impl Scripted {
        /// Sends so many lines and a last one.
        fn work(&self, count: u64) -> Receiver<Answer> {
            let (lines, receiver) = channel(1);
            let sent = self.0.clone();
            tokio::spawn(async move {
                for done in 0..count {
                    if lines.send(Answer::Progress { done, of: count }).await.is_err() {
                        return sent.send(done).unwrap();
                    }
                }
                let _ = lines.send(Answer::Checked(Checked::default())).await;
            });
            receiver
        }
    }

    #[async_trait]
    impl CarryOut for Scripted {
        async fn carry_out(&self, command: Command) -> Reaction {
            if command == (Command::HandOver {}) {
                let sockets = [OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap())];
                return Reaction::Answered(Answer::HandedOver {}, sockets.into());
            }
            if let Command::StoreCheck { bytes_a_second } = command {
                return Reaction::Working(self.work(bytes_a_second));
            }
            let swapped = vec![format!("{command:?}")];
            Answer::Reloaded { swapped, needs_restart: Vec::new(), warnings: Vec::new() }.into()
        }
    }

    /// A socket that is served by threads of its own until the runtime is dropped.
    fn served(path: &Path) -> (tokio::runtime::Runtime, mpsc::Receiver<u64>) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let socket = ControlSocket::bind(path, false).unwrap();
        let (sent, received) = mpsc::channel();
        runtime.spawn(socket.serve(Arc::new(Scripted(sent))));
        socket.leave();
        (runtime, received)
    }

    #[test]
    fn a_command_is_a_line_and_so_is_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let _server = served(&path);
        let answer = ask(&path, &Command::Reload {}, PATIENCE).unwrap();
        assert!(matches!(answer, Answer::Reloaded { swapped, .. } if swapped == ["Reload"]));
        let mut stream = StdStream::connect(&path).unwrap();
        stream.write_all(b"{\"command\":\"dance\"}\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("{\"answer\":\"not-understood\",\"message\":\"unknown variant `dance`"), "{text}");
    }

    #[test]
    fn work_answers_with_lines_and_stops_when_its_client_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let (_server, stopped_after) = served(&path);
        let mut lines = Lines::of(&path, &Command::StoreCheck { bytes_a_second: 2 }).unwrap();
        for done in 0..2 {
            assert_eq!(lines.next_line().unwrap(), Answer::Progress { done, of: 2 });
        }
        assert_eq!(lines.next_line().unwrap(), Answer::Checked(Checked::default()));
        assert!(lines.next_line().unwrap_err().to_string().contains("has ended before its answer was complete"));
        let mut lines = Lines::of(&path, &Command::StoreCheck { bytes_a_second: u64::MAX }).unwrap();
        lines.next_line().unwrap();
        drop(lines);
        assert!(stopped_after.recv().unwrap() > 0);
    }

    #[test]
    fn sockets_go_beside_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        assert!(Predecessor::at(&path).unwrap().is_none());
        let _server = served(&path);
        let (predecessor, sockets) = Predecessor::at(&path).unwrap().unwrap();
        let address = TcpListener::from(sockets.into_iter().next().unwrap()).local_addr().unwrap();
        assert!(address.ip().is_loopback() && address.port() > 0);
        assert!(predecessor.leave().unwrap_err().to_string().contains("does not belong to this command"));
    }

    #[test]
    fn only_the_owner_can_open_it_from_the_first_moment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        // Watched while it is made again and again: its mode is never another.
        let watched = path.clone();
        let watcher = thread::spawn(move || {
            let mut seen = 0;
            while !watched.with_file_name("done").exists() {
                if let Ok(found) = fs::symlink_metadata(&watched) {
                    assert_eq!(found.mode() & 0o777, 0o600);
                    seen += 1;
                }
            }
            seen
        });
        (0..200).for_each(|_| drop(ControlSocket::bind(&path, false).unwrap()));
        let _socket = ControlSocket::bind(&path, false).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::write(folder.path().join("done"), "").unwrap();
        watcher.join().unwrap();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn only_a_stale_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        assert!(matches!(ask(&path, &Command::Reload {}, PATIENCE), Err(AskError::NoServer(_))));
        drop(StdListener::bind(&path).unwrap());
        assert!(matches!(ask(&path, &Command::Reload {}, PATIENCE), Err(AskError::NoServer(_))));
        let first = ControlSocket::bind(&path, false).unwrap();
        assert!(matches!(ControlSocket::bind(&path, false), Err(SocketError::InUse(_))));
        drop(first);
        assert!(!path.exists());
        fs::write(&path, "precious").unwrap();
        assert!(matches!(ControlSocket::bind(&path, false), Err(SocketError::NoSocket(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        let long = folder.path().join("x".repeat(120)).join("control.sock");
        assert!(ControlSocket::bind(&long, false).unwrap_err().to_string().contains("cannot be made"));
    }

    #[test]
    fn the_socket_of_a_successor_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let first = ControlSocket::bind(&path, false).unwrap();
        let second = ControlSocket::bind(&path, true).unwrap();
        first.leave();
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }
}
