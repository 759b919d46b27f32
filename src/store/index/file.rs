//! The index's file as redb sees it: pages that prove what they hold, whose writes pass through [`Disk`].
//!
//! Without durability it is only the waiting that is left out. redb's own non-durable commits would be lost with the
//! process.
//!
//! Earlier versions kept a file of redb's own. It becomes one of pages with sums when it is opened for writing: a copy is
//! made, waited for, and renamed.

use super::first_page::HEADER;
use super::page_sums::MARK;
use super::pages::Pages;
use super::raw_file::{PAGE, RawFile};
use crate::store::disk::{Disk, Step};
use crate::store::folder::{open_or_make_regular, open_regular};
use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend, StorageError};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// How redb's own files begin.
const REDB: &[u8] = b"redb";
/// How many pages are copied at once.
const COPIED: u64 = 64;

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FilePlace {
    device: u64,
    inode: u64,
}

impl FilePlace {
    fn of(found: &fs::Metadata) -> FilePlace {
        FilePlace { device: found.dev(), inode: found.ino() }
    }

    /// The file that has this name.
    pub(super) fn at(path: &Path) -> io::Result<FilePlace> {
        fs::symlink_metadata(path).map(|found| FilePlace::of(&found))
    }
}

/// The file and how it is written.
#[derive(Debug)]
pub(super) struct IndexFile {
    pages: Pages<Written>,
    place: FilePlace,
}

/// The file that is written to, below the sums: a write that fails half way tears pages as a disk does.
#[derive(Debug)]
struct Written {
    file: FileBackend,
    disk: Disk,
}

impl RawFile for Written {
    fn len(&self) -> io::Result<u64> {
        StorageBackend::len(&self.file)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        StorageBackend::read(&self.file, at, out)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.write(Step::WriteIndex, bytes, |bytes| StorageBackend::write(&self.file, at, bytes))
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.disk.perform(Step::ResizeIndex, || StorageBackend::set_len(&self.file, length))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.perform(Step::SyncIndex, || if self.disk.is_durable() { self.file.sync_data() } else { Ok(()) })
    }
}

/// A file that is only read.
#[derive(Debug)]
pub(super) enum ReadFile {
    /// One of an earlier version.
    Plain(FileBackend),
    Proven(Box<Pages<FileBackend>>),
}

impl RawFile for FileBackend {
    fn len(&self) -> io::Result<u64> {
        StorageBackend::len(self)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        StorageBackend::read(self, at, out)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        StorageBackend::write(self, at, bytes)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        StorageBackend::set_len(self, length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Whether the file is one of redb's own, and not of pages with sums.
fn is_plain(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut begin = [0; 8];
    let read = file.read_at(&mut begin, 0)?;
    // A start that broke off has left zeros, or nothing.
    let is_proven = length == 0 || length >= 2 * PAGE && (begin == MARK || begin == [0; 8]);
    match is_proven {
        true => Ok(false),
        false if begin.get(..read.min(REDB.len())) == Some(REDB) => Ok(true),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no index")),
    }
}

impl ReadFile {
    /// Opens an existing index.
    pub(super) fn open(path: &Path) -> Result<(ReadFile, FilePlace), DatabaseError> {
        let file = open_regular(path).map_err(StorageError::Io)?;
        let place = FilePlace::of(&file.metadata().map_err(StorageError::Io)?);
        let is_plain = is_plain(&file).map_err(StorageError::Io)?;
        let file = FileBackend::new(file)?;
        let file = if is_plain { ReadFile::Plain(file) } else { ReadFile::Proven(Box::new(Pages::for_reading(file))) };
        Ok((file, place))
    }

    pub(super) fn len(&self) -> io::Result<u64> {
        match self {
            ReadFile::Plain(file) => StorageBackend::len(file),
            ReadFile::Proven(pages) => pages.len(),
        }
    }

    pub(super) fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        match self {
            ReadFile::Plain(file) => StorageBackend::read(file, at, out),
            ReadFile::Proven(pages) => pages.read(at, out),
        }
    }

    /// The file with its locks.
    pub(super) fn file(&self) -> &FileBackend {
        match self {
            ReadFile::Plain(file) => file,
            ReadFile::Proven(pages) => pages.file(),
        }
    }
}

impl IndexFile {
    /// Opens for reading and writing, and makes a file that only we may read if there is none.
    pub(super) fn open(path: &Path, disk: &Disk) -> Result<IndexFile, DatabaseError> {
        let file = disk.perform(Step::OpenIndex, || open_or_make_regular(path)).map_err(StorageError::Io)?;
        // It is new, or a process that was killed gave it the name: what is written to it must be found after a loss of
        // power.
        path.parent().map_or(Ok(()), |folder| disk.sync_folder(folder)).map_err(StorageError::Io)?;
        let file = if is_plain(&file).map_err(StorageError::Io)? { prove(path, &file, disk)? } else { file };
        let place = FilePlace::of(&file.metadata().map_err(StorageError::Io)?);
        Ok(IndexFile { pages: Pages::new(Written { file: FileBackend::new(file)?, disk: disk.clone() }), place })
    }

    pub(super) fn place(&self) -> FilePlace {
        self.place
    }
}

/// Puts a copy with sums in the place of a plain file.
fn prove(path: &Path, plain: &File, disk: &Disk) -> Result<File, DatabaseError> {
    // An earlier program that has it open holds this lock, and another start that is doing the same.
    let is_free = plain.try_lock().is_ok();
    let is_there = |at: FilePlace| plain.metadata().is_ok_and(|own| FilePlace::of(&own) == at);
    if !is_free || !FilePlace::at(path).is_ok_and(is_there) {
        return Err(DatabaseError::DatabaseAlreadyOpen);
    }
    tracing::info!(path = %path.display(), "the index gets sums for its pages");
    copy_with_sums(path, plain, disk).map_err(|error| StorageError::Io(error).into())
}

fn copy_with_sums(path: &Path, plain: &File, disk: &Disk) -> io::Result<File> {
    let copy = path.with_extension("redb.new");
    if let Err(error) = fs::remove_file(&copy)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    let file = disk.perform(Step::CreateFile, || options.open(&copy))?;
    let pages = Pages::new(file.try_clone()?);
    copy_pages(plain, &pages, disk)?;
    pages.write_sums()?;
    disk.sync(&file)?;
    disk.perform(Step::Rename, || fs::rename(&copy, path))?;
    path.parent().map_or(Ok(()), |folder| disk.sync_folder(folder))?;
    Ok(file)
}

fn copy_pages(plain: &File, pages: &Pages<File>, disk: &Disk) -> io::Result<()> {
    let length = plain.metadata()?.len();
    pages.set_len(length)?;
    let mut header = [0; HEADER];
    plain.read_exact_at(&mut header, 0)?;
    pages.write(0, &header)?;
    let mut at = PAGE;
    while at < length {
        let bytes = (length - at).min(COPIED * PAGE);
        let mut buffer = vec![0; usize::try_from(bytes).unwrap_or_default()];
        plain.read_exact_at(&mut buffer, at)?;
        disk.perform(Step::WriteIndex, || pages.write(at, &buffer))?;
        at += bytes;
    }
    Ok(())
}

impl RawFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(out, at)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        File::set_len(self, length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

impl StorageBackend for IndexFile {
    fn len(&self) -> io::Result<u64> {
        self.pages.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.pages.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.pages.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.pages.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.pages.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.pages.file().file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.pages.file().file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.pages.file().file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.pages.file().file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.pages.file().file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.pages.file().file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.pages.file().file.query_lock_range(start, end)
    }
}
