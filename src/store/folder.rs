//! The layout of the data folder.
//!
//! ```text
//! DATA/             mode 0700; files in it 0600
//!   index.redb      the index: buckets, objects, small bodies; locked by the process that has the folder open
//!   tmp/            bodies and indexes being written; emptied at start-up
//!   blobs/AA/BBB/   bodies, under the number of the blob: 4,096 to a folder, 4,096 folders to a folder
//! ```
//!
//! A key never becomes part of a path.

use super::disk::{Disk, Step};
use super::error::OpenError;
use super::model::Durability;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, DirEntry, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The number of a blob. Numbers grow in the order blobs come to be and are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct BlobId(pub(super) u64);

impl BlobId {
    /// The number of the folder the blob is in.
    pub(super) fn home(self) -> u64 {
        self.0 >> 12
    }
}

/// The paths of a data folder.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    disk: Disk,
    /// The home that was last made, with all the folders above it, certain to survive a loss of power.
    certain: Mutex<Option<u64>>,
}

impl Folder {
    /// Makes what is missing of the folder. One that cannot be written to is used as it is: opening the index reports it.
    ///
    /// # Errors
    /// The folder is not there and cannot be made, or it holds bodies and no index: starting with an empty index would
    /// take them for orphans.
    pub(super) fn open(root: &Path, disk: Disk) -> Result<Folder, OpenError> {
        let folder = Folder { root: root.to_owned(), disk, certain: Mutex::new(None) };
        match folder.make() {
            Err(error) if !folder.index().exists() => return Err(OpenError::unusable(root, error)),
            _ => {}
        }
        folder.with_its_index()
    }

    /// A folder to be looked at, which need not exist and is not changed.
    ///
    /// # Errors
    /// It holds bodies and no index.
    pub(super) fn look(root: &Path) -> Result<Folder, OpenError> {
        Folder { root: root.to_owned(), disk: Disk::new(Durability::None), certain: Mutex::new(None) }.with_its_index()
    }

    fn with_its_index(self) -> Result<Folder, OpenError> {
        let has_bodies = fs::read_dir(self.blobs()).is_ok_and(|mut entries| entries.next().is_some());
        if has_bodies && !self.index().exists() {
            return Err(OpenError::IndexMissing(self.root));
        }
        Ok(self)
    }

    /// An existing folder, which is not changed.
    ///
    /// # Errors
    /// It has no index, so it is not a data folder.
    pub(super) fn existing(root: &Path, disk: Disk) -> Result<Folder, OpenError> {
        let folder = Folder { root: root.to_owned(), disk, certain: Mutex::new(None) };
        if folder.index().is_file() { Ok(folder) } else { Err(OpenError::NoIndex(root.to_owned())) }
    }

    fn make(&self) -> io::Result<()> {
        if self.index().exists() && self.tmp().is_dir() && self.blobs().is_dir() {
            return Ok(());
        }
        let mut maker = DirBuilder::new();
        maker.mode(0o700).recursive(true);
        for path in [&self.root, &self.tmp(), &self.blobs()] {
            self.disk.perform(Step::MakeFolder, || maker.create(path))?;
        }
        self.disk.sync_folder(&self.root)?;
        // The folder's own entry, which may be new as well.
        self.root.canonicalize()?.parent().map_or(Ok(()), |above| self.disk.sync_folder(above))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    pub(super) fn index(&self) -> PathBuf {
        self.root.join("index.redb")
    }

    pub(super) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Where a new index is written until it takes the place of the old one. The next start removes one that is left.
    pub(super) fn unfinished_index(&self) -> PathBuf {
        self.tmp().join("index.redb")
    }

    fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    pub(super) fn blob(&self, id: BlobId) -> PathBuf {
        self.home(id.home()).join(format!("{:016x}", id.0))
    }

    fn home(&self, number: u64) -> PathBuf {
        self.blobs().join(format!("{:02x}", number >> 12)).join(format!("{:03x}", number & 0xfff))
    }

    /// Makes a new file that only we may read.
    pub(super) fn create_file(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        self.disk.perform(Step::CreateFile, || options.open(path))
    }

    /// Gives a finished temporary file its place among the blobs, certain to survive a loss of power.
    pub(super) fn settle(&self, temporary: &Path, id: BlobId) -> io::Result<()> {
        self.make_home(id.home())?;
        self.disk.perform(Step::Rename, || fs::rename(temporary, self.blob(id)))?;
        self.disk.sync_folder(&self.home(id.home()))
    }

    /// The place of a blob whose file is made there, in a folder whose own entry is certain. That of the file is with
    /// [`Folder::sync_home`].
    pub(super) fn place(&self, id: BlobId) -> io::Result<PathBuf> {
        self.make_home(id.home())?;
        Ok(self.blob(id))
    }

    /// Waits until the entries beside this blob are on the disk.
    pub(super) fn sync_home(&self, id: BlobId) -> io::Result<()> {
        self.disk.sync_folder(&self.home(id.home()))
    }

    /// Makes the folder and sees to it that its entry, and that of the folder above, are on the disk: a blob is only as
    /// certain as the path to it. Others wait meanwhile, as their blobs may lie in the same folder.
    fn make_home(&self, number: u64) -> io::Result<()> {
        let mut certain = self.certain.lock().unwrap_or_else(PoisonError::into_inner);
        if *certain == Some(number) {
            return Ok(());
        }
        let home = self.home(number);
        let mut maker = DirBuilder::new();
        maker.mode(0o700).recursive(true);
        self.disk.perform(Step::MakeFolder, || maker.create(&home))?;
        for above in home.ancestors().skip(1).take(2) {
            self.disk.sync_folder(above)?;
        }
        *certain = Some(number);
        Ok(())
    }

    /// Removes what uploads of an earlier run left.
    pub(super) fn empty_tmp(&self) -> io::Result<()> {
        self.temporaries()?.iter().try_for_each(fs::remove_file)
    }

    /// What uploads have not finished. Folders are not ours: a file system may keep one of its own in here.
    pub(super) fn temporaries(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in entries(&self.tmp())? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                found.push(entry.path());
            }
        }
        Ok(found)
    }

    /// The blobs on disk whose numbers are `first` or greater. Only folders that can hold such numbers are looked at.
    pub(super) fn blobs_from(&self, first: BlobId) -> io::Result<Vec<BlobId>> {
        let mut found = Vec::new();
        for upper in numbered(&self.blobs(), first.home() >> 12)? {
            let lowest = first.home().saturating_sub(upper << 12);
            for lower in numbered(&self.blobs().join(format!("{upper:02x}")), lowest)? {
                let ids = numbered(&self.home((upper << 12) + lower), first.0)?;
                found.extend(ids.into_iter().map(BlobId));
            }
        }
        Ok(found)
    }
}

/// How a file is opened: not through a link, and without waiting for the other end of a pipe.
pub(super) const READ_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);

/// Opens a file of the data folder to read it.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] where a link, a folder or a device is in its place; the system's.
pub fn open_regular(path: &Path) -> io::Result<File> {
    open_with(path, READ_FLAGS)
}

/// The same, to write to it, too.
///
/// # Errors
/// Those of [`open_regular`].
pub(super) fn open_regular_to_write(path: &Path) -> io::Result<File> {
    open_with(path, READ_FLAGS.difference(OFlags::RDONLY).union(OFlags::RDWR))
}

/// Opens a file to read it and to write to it, and makes it where there is none; only we may read it then.
///
/// # Errors
/// Those of [`open_regular`].
pub fn open_or_make_regular(path: &Path) -> io::Result<File> {
    open_with(path, READ_FLAGS.difference(OFlags::RDONLY).union(OFlags::RDWR).union(OFlags::CREATE))
}

fn open_with(path: &Path, flags: OFlags) -> io::Result<File> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    let file = match rustix::fs::open(path, flags, Mode::RUSR.union(Mode::WUSR)) {
        Err(Errno::LOOP) => return Err(not_regular()),
        opened => File::from(opened?),
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

/// What is in a folder: nothing if there is none.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        entries => Ok(Some(entries?).into_iter().flatten()),
    }
}

/// The entries of a folder that are hexadecimal numbers, `first` or greater.
fn numbered(folder: &Path, first: u64) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in entries(folder)? {
        let number = entry?.file_name().to_str().and_then(|name| u64::from_str_radix(name, 16).ok());
        numbers.extend(number.filter(|number| *number >= first));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::model::Durability;

    #[test]
    fn blobs_are_found_from_a_number_on() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path(), Disk::new(Durability::None)).unwrap();
        let ids = [0, 1, 4095, 4096, (1 << 24) - 1, 1 << 24, (1 << 24) + 5000, 1 << 40].map(BlobId);
        for id in ids {
            let temporary = folder.tmp().join("t");
            folder.create_file(&temporary).unwrap();
            folder.settle(&temporary, id).unwrap();
        }
        for first in [0, 1, 2, 4096, 4097, 1 << 24, (1 << 24) + 1, (1 << 40) + 1] {
            let mut found = folder.blobs_from(BlobId(first)).unwrap();
            found.sort();
            assert_eq!(found, ids.into_iter().filter(|id| id.0 >= first).collect::<Vec<_>>(), "{first}");
        }
    }

    #[test]
    fn only_the_owner_may_look() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        let folder = Folder::open(&data, Disk::new(Durability::Fsync)).unwrap();
        folder.create_file(&folder.tmp().join("t")).unwrap();
        for (path, mode) in [(data.clone(), 0o700), (folder.tmp(), 0o700), (folder.tmp().join("t"), 0o600)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[test]
    fn bodies_without_an_index_are_not_taken_for_orphans() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("blobs/00")).unwrap();
        let error = Folder::open(root.path(), Disk::new(Durability::None)).unwrap_err();
        assert_eq!(error, OpenError::IndexMissing(root.path().to_owned()));
    }
}
