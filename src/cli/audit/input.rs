//! Finds, opens and uncompresses the files of an audit.

use crate::audit::logs::BEGINNING;
use crate::diagnostics::{Diagnostic, Location};
use flate2::bufread::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that are read at once.
pub(super) const PIECE: usize = 256 << 10;

/// The first bytes of a file that is compressed with gzip (RFC 1952 section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How deep folders may be in folders.
const MAX_DEPTH: usize = 32;

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    /// Its name in the audit: the argument, so that a folder is one source.
    pub(super) argument: String,
    /// Where it is; `None` is stdin.
    pub(super) path: Option<PathBuf>,
    /// Its size in bytes, if it is known before the file is read.
    pub(super) size: u64,
}

impl Input {
    /// Its name in messages.
    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "stdin".to_owned(), |path| path.display().to_string())
    }

    /// Opens it. `read` counts the bytes as they lie in the file.
    pub(super) fn open(&self, read: &Arc<AtomicU64>) -> io::Result<Opened> {
        let raw: Box<dyn Read> = match &self.path {
            None => Box::new(io::stdin().lock()),
            Some(path) => Box::new(File::open(path)?),
        };
        Opened::read(Counted { inner: raw, read: Arc::clone(read) })
    }
}

/// A file that is open, without compression.
pub(super) struct Opened {
    /// Its first bytes.
    pub(super) beginning: Vec<u8>,
    /// What is behind them.
    pub(super) rest: Box<dyn Read>,
    /// Why only the beginning can be read.
    pub(super) broken: Option<io::Error>,
}

impl Opened {
    /// Begins to read a file, of which these are the bytes as they lie there.
    pub(super) fn read(mut raw: impl Read + 'static) -> io::Result<Opened> {
        let mut start = Vec::new();
        (&mut raw).take(GZIP.len() as u64).read_to_end(&mut start)?;
        let is_compressed = start == GZIP;
        let whole = BufReader::with_capacity(PIECE, Cursor::new(start).chain(raw));
        let mut rest: Box<dyn Read> =
            if is_compressed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        let mut beginning = Vec::new();
        let broken = (&mut rest).take(BEGINNING as u64).read_to_end(&mut beginning).err();
        Ok(Opened { beginning, rest, broken })
    }
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The files that the arguments name, those of a folder by their names.
///
/// # Errors
/// Every argument that does not exist.
pub(super) fn find(arguments: &[PathBuf]) -> Result<Vec<Input>, Vec<Diagnostic>> {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for argument in arguments {
        let name = argument.display().to_string();
        if name == "-" {
            found.push(Input { argument: "stdin".to_owned(), path: None, size: 0 });
        } else if let Err(error) = collect(&name, argument, 0, &mut found) {
            let advice = "name files or folders that are there and that this user can read; - is stdin";
            faults.push(Diagnostic::new(Location::from_name(&name), error.to_string(), advice));
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn collect(argument: &str, path: &Path, depth: usize, found: &mut Vec<Input>) -> io::Result<()> {
    let about = fs::metadata(path)?;
    if !about.is_dir() {
        let size = about.len();
        found.push(Input { argument: argument.to_owned(), path: Some(path.to_owned()), size });
        return Ok(());
    }
    let mut inside: Vec<PathBuf> =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    inside.sort();
    match depth < MAX_DEPTH {
        true => inside.iter().try_for_each(|path| collect(argument, path, depth + 1, found)),
        false => Err(io::Error::other("its folders are too deep")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn compressed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, bytes).unwrap();
        let input = find(&[path]).unwrap().remove(0);
        let mut opened = input.open(&Arc::default())?;
        if let Some(broken) = opened.broken {
            return Err(broken);
        }
        let mut all = opened.beginning;
        opened.rest.read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn files_are_read_compressed_or_not() {
        let long = b"line\n".repeat(BEGINNING);
        for text in [&b""[..], b"a", b"\x1f", b"one line\n", &long] {
            assert_eq!(read(text).unwrap(), text);
            assert_eq!(read(&compressed(text)).unwrap(), text);
            assert_eq!(read(&[compressed(text), compressed(b"more\n")].concat()).unwrap(), [text, b"more\n"].concat());
        }
    }

    #[test]
    fn what_is_damaged_is_an_error() {
        let whole = compressed(&b"line\n".repeat(1000));
        for end in [2, 3, 9, 10, 11, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn folders_are_searched_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        for name in ["b/c/1", "a", "b/2"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let found = find(&[folder.path().to_owned(), "-".into()]).unwrap();
        let names: Vec<_> =
            found.iter().map(|input| input.name().replace(&folder.path().display().to_string(), "")).collect();
        assert_eq!(names, ["/a", "/b/2", "/b/c/1", "stdin"]);
        assert!(found[..3].iter().all(|input| input.argument == folder.path().display().to_string()));
        let faults = find(&["not-there".into(), "nor-this".into()]).unwrap_err();
        assert_eq!(faults.len(), 2);
    }
}
