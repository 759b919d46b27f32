//! Telling a running server what to do.

use super::protocol::{Answer, Command, MAX_LINE_BYTES};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens.
    #[error("no server listens at {0}: it is not running, has other settings, or has no control socket")]
    NoServer(PathBuf),
    /// The socket cannot be used.
    #[error("the server cannot be told at {path}: {error}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What came is no answer.
    #[error("what answers at {path} is no r2shim of this version: {error}")]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
}

/// Sends a command to the server whose control socket is at `path`, and waits for its answer, for `patience` at most.
///
/// # Errors
/// Why there is no answer.
pub fn ask(path: &Path, command: &Command, patience: Duration) -> Result<Answer, AskError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NoServer(path.to_owned()),
        _ => AskError::Io { path: path.to_owned(), error },
    };
    let no_answer = |error| AskError::NoAnswer { path: path.to_owned(), error };
    let mut stream = UnixStream::connect(path).map_err(failed)?;
    stream.set_read_timeout(Some(patience)).map_err(failed)?;
    stream.set_write_timeout(Some(patience)).map_err(failed)?;
    let line = serde_json::to_string(command).map_err(no_answer)?;
    writeln!(stream, "{line}").map_err(failed)?;
    let mut answer = String::new();
    BufReader::new(stream.take(MAX_LINE_BYTES)).read_line(&mut answer).map_err(failed)?;
    serde_json::from_str(&answer).map_err(no_answer)
}
