//! Sends commands to a running server.

use super::protocol::{Answer, Command, MAX_LINE_BYTES};
use super::sockets;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a server may take to take a line.
const PATIENCE_TO_SEND: Duration = Duration::from_secs(10);

/// How long a server may take to hand its sockets over, or to confirm that it stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No server listens.
    #[error("no server listens at {0}: it is not running, has other settings, or has no control socket")]
    NoServer(PathBuf),
    /// The socket cannot be used.
    #[error("the server cannot be reached at {path}: {error}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The answer cannot be read.
    #[error("the server at {path} is not an r2shim of this version: {error}")]
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
    send(path, command, patience).map(|(answer, _)| answer)
}

/// The same, with the sockets that come beside the answer.
fn send(path: &Path, command: &Command, patience: Duration) -> Result<(Answer, Vec<OwnedFd>), AskError> {
    let (failed, no_answer) = (|error| failed(path, error), |error| no_answer(path, error));
    let mut stream = UnixStream::connect(path).map_err(failed)?;
    stream.set_read_timeout(Some(patience)).map_err(failed)?;
    stream.set_write_timeout(Some(patience)).map_err(failed)?;
    let line = serde_json::to_string(command).map_err(no_answer)?;
    writeln!(stream, "{line}").map_err(failed)?;
    // Sockets come with the first bytes.
    let mut first = [0; 4096];
    let (read, handles) = sockets::receive(&stream, &mut first).map_err(failed)?;
    let mut answer = String::new();
    BufReader::new(first[..read].chain(stream).take(MAX_LINE_BYTES)).read_line(&mut answer).map_err(failed)?;
    Ok((serde_json::from_str(&answer).map_err(no_answer)?, handles))
}

/// The answer to a command that takes long, line by line. The server stops the work when this is dropped.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    reader: BufReader<UnixStream>,
}

impl Lines {
    /// Sends a command to the server whose control socket is at `path`.
    ///
    /// # Errors
    /// It cannot be sent.
    pub fn of(path: &Path, command: &Command) -> Result<Lines, AskError> {
        let failed = |error| failed(path, error);
        let mut stream = UnixStream::connect(path).map_err(failed)?;
        stream.set_write_timeout(Some(PATIENCE_TO_SEND)).map_err(failed)?;
        let line = serde_json::to_string(command).map_err(|error| no_answer(path, error))?;
        writeln!(stream, "{line}").map_err(failed)?;
        Ok(Lines { path: path.to_owned(), reader: BufReader::new(stream) })
    }

    /// Waits for the next line.
    ///
    /// # Errors
    /// The server has ended, or a line is not an answer.
    pub fn next_line(&mut self) -> Result<Answer, AskError> {
        let mut line = String::new();
        let read = self.reader.by_ref().take(MAX_LINE_BYTES).read_line(&mut line);
        match read.map_err(|error| failed(&self.path, error))? {
            0 => Err(failed(&self.path, io::Error::other("the server has ended before its answer was complete"))),
            _ => serde_json::from_str(&line).map_err(|error| no_answer(&self.path, error)),
        }
    }
}

fn failed(path: &Path, error: io::Error) -> AskError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NoServer(path.to_owned()),
        _ => AskError::Io { path: path.to_owned(), error },
    }
}

fn no_answer(path: &Path, error: serde_json::Error) -> AskError {
    AskError::NoAnswer { path: path.to_owned(), error }
}

/// A running server that this process replaces.
#[derive(Debug)]
pub struct Predecessor {
    control: PathBuf,
}

impl Predecessor {
    /// The server whose control socket is at `path`, and its listening sockets; `None` if no server runs. It keeps
    /// serving.
    ///
    /// # Errors
    /// It does not hand them over.
    pub fn at(path: &Path) -> Result<Option<(Predecessor, Vec<OwnedFd>)>, AskError> {
        match send(path, &Command::HandOver {}, PATIENCE) {
            Ok((Answer::HandedOver {}, sockets)) => Ok(Some((Predecessor { control: path.to_owned() }, sockets))),
            Ok((answer, _)) => Err(unexpected(path, answer)),
            Err(AskError::NoServer(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks it to stop accepting and to end.
    ///
    /// # Errors
    /// It cannot be reached, or does not confirm.
    pub fn leave(self) -> Result<(), AskError> {
        match ask(&self.control, &Command::Leave {}, PATIENCE)? {
            Answer::Leaving {} => Ok(()),
            answer => Err(unexpected(&self.control, answer)),
        }
    }
}

fn unexpected(path: &Path, answer: Answer) -> AskError {
    let said = match answer {
        Answer::Failed { message } | Answer::NotUnderstood { message } => message,
        answer => format!("its answer does not belong to this command: {answer:?}"),
    };
    AskError::Io { path: path.to_owned(), error: io::Error::other(said) }
}
