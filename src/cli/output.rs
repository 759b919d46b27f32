//! The output of commands: to stdout, and into files.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::{fs, io};

/// An output whose reader may close it: `r2shim policy show r2 | head`. Then the rest is discarded, and the command
/// continues, so that its exit code is right.
pub(super) struct Output<W> {
    to: W,
    is_left: bool,
}

impl<W: Write> Output<W> {
    /// Writes there.
    pub(super) fn new(to: W) -> Output<W> {
        Output { to, is_left: false }
    }

    /// The result of a write, or `instead` if the reader has closed the output.
    fn unless_left<T>(&mut self, instead: T, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.is_left {
            return Ok(instead);
        }
        match write(&mut self.to) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_left = true;
                Ok(instead)
            }
            written => written,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_left(bytes.len(), |to| to.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_left((), Write::flush)
    }
}

/// Writes a file beside the target and renames it when it is complete, so that the target is never half written.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, and fails then.
    struct Pipe(usize, ErrorKind);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(self.1.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            if self.0 == 0 { Err(self.1.into()) } else { Ok(()) }
        }
    }

    #[test]
    fn a_closed_output_is_not_a_failure_but_a_full_disk_is() {
        for (room, kind, expected) in [
            (3, ErrorKind::BrokenPipe, None),
            (0, ErrorKind::BrokenPipe, None),
            (100, ErrorKind::StorageFull, None),
            (3, ErrorKind::StorageFull, Some(ErrorKind::StorageFull)),
        ] {
            let mut output = Output::new(Pipe(room, kind));
            let written = output.write_all(b"twelve bytes").and_then(|()| output.flush());
            assert_eq!(written.err().map(|error| error.kind()), expected, "{room} {kind}");
        }
    }
}
