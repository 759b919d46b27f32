//! The folder that a backup is written in, beside the one that it becomes: it gets its name when it is whole.
//!
//! A rename puts it in its place, which replaces nothing but an empty folder. A draft that a killed backup has left is
//! removed by the next one of the same name.

use crate::store::disk::{Disk, Step};
use rustix::fs::statvfs;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Bytes that a backup leaves free on its disk, which may be the store's, too.
const RESERVE: u64 = 64 << 20;

/// Why a backup cannot be where it is to be.
#[derive(Debug, Error)]
pub enum TargetFault {
    /// Something is there.
    #[error("{} is there already, and is no empty folder; name another", .0.display())]
    Taken(PathBuf),
    /// The path ends in `..`, or is the root.
    #[error("{} does not say what the new folder is called; name it", .0.display())]
    NoName(PathBuf),
    /// It would be a part of what it is made from.
    #[error("{} is in the data folder; name another beside it, or on another disk", .0.display())]
    Inside(PathBuf),
    /// A file system is mounted there, and a folder cannot be moved to its place.
    #[error("another file system begins at {}; name a folder in it that is not there yet", .0.display())]
    MountPoint(PathBuf),
    /// Another backup of this name is being made.
    #[error("another backup to {} is under way; wait until that has ended", .0.display())]
    UnderWay(PathBuf),
    /// The disk is too small.
    #[error("the backup needs {needed} bytes, and the disk of {} has {free} free; name a folder on another", path.display())]
    NoRoom {
        /// Where it is to be.
        path: PathBuf,
        /// Bytes.
        needed: u64,
        /// Bytes.
        free: u64,
    },
    /// The system says no.
    #[error("the backup {} cannot be written: {error}", path.display())]
    Io {
        /// Where it is to be.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A backup that is being written. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Draft {
    /// Where it is written.
    pub(super) path: PathBuf,
    target: PathBuf,
    parent: PathBuf,
    disk: Disk,
    published: bool,
    /// Locked, so that no other backup takes it for one that was left.
    _folder: File,
}

impl Draft {
    /// Makes an empty folder beside `target`, for a copy of the data folder `data`.
    ///
    /// # Errors
    /// See [`TargetFault`]. Then nothing is left of it.
    pub(super) fn begin(target: &Path, data: &Path, disk: &Disk) -> Result<Draft, TargetFault> {
        let name = target.file_name().ok_or_else(|| TargetFault::NoName(target.to_owned()))?;
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        require_free(target, parent, data)?;
        let path = parent.join(format!(".{}.unfinished", name.to_string_lossy()));
        let failed = |error| TargetFault::Io { path: target.to_owned(), error };
        let under_way = || TargetFault::UnderWay(target.to_owned());
        if !remove_left(&path).map_err(failed)? {
            return Err(under_way());
        }
        make(&path, disk).map_err(failed)?;
        let folder = File::open(&path).map_err(failed)?;
        // Another backup that began at the same time may have taken it for one that was left.
        if folder.try_lock().is_err() || !is_there(&folder, &path) {
            return Err(under_way());
        }
        let (target, parent) = (target.to_owned(), parent.to_owned());
        Ok(Draft { path, target, parent, disk: disk.clone(), published: false, _folder: folder })
    }

    /// Whether the disk has room for so many bytes.
    pub(super) fn require_room(&self, needed: u64) -> Result<(), TargetFault> {
        // A file system that cannot say what is free says so when it is full.
        let free = statvfs(&self.parent).map_or(u64::MAX, |stats| stats.f_bavail.saturating_mul(stats.f_frsize));
        if has_room(needed, free) {
            Ok(())
        } else {
            Err(TargetFault::NoRoom { path: self.target.clone(), needed, free })
        }
    }

    /// What a failure of the disk means.
    pub(super) fn failed(&self, error: io::Error) -> TargetFault {
        TargetFault::Io { path: self.target.clone(), error }
    }

    /// Gives it its name, certain to survive a loss of power.
    ///
    /// # Errors
    /// The disk's. Then nothing has the name.
    pub(super) fn publish(mut self) -> Result<(), TargetFault> {
        let renamed = self.disk.perform(Step::Rename, || fs::rename(&self.path, &self.target));
        if let Err(error) = renamed.and_then(|()| self.disk.sync_folder(&self.parent)) {
            // It may have the name all the same. If something else has it, that stays: the draft is in the way.
            let _ = fs::rename(&self.target, &self.path);
            return Err(self.failed(error));
        }
        self.published = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished backup could not be removed");
        }
    }
}

fn has_room(needed: u64, free: u64) -> bool {
    needed.saturating_add(RESERVE) <= free
}

/// Whether the target can become a folder.
fn require_free(target: &Path, parent: &Path, data: &Path) -> Result<(), TargetFault> {
    let failed = |error| TargetFault::Io { path: target.to_owned(), error };
    let above = parent.canonicalize().map_err(failed)?;
    if above.starts_with(data.canonicalize().map_err(failed)?) {
        return Err(TargetFault::Inside(target.to_owned()));
    }
    let found = match fs::symlink_metadata(target) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(failed)?,
    };
    if !found.is_dir() || fs::read_dir(target).map_err(failed)?.next().is_some() {
        return Err(TargetFault::Taken(target.to_owned()));
    }
    if found.dev() != fs::metadata(parent).map_err(failed)?.dev() {
        return Err(TargetFault::MountPoint(target.to_owned()));
    }
    Ok(())
}

fn make(path: &Path, disk: &Disk) -> io::Result<()> {
    let made = disk.perform(Step::MakeFolder, || DirBuilder::new().mode(0o700).create(path));
    made.inspect_err(|error| {
        // It may be there although the disk says that it could not be made; another backup's is in use.
        if error.kind() != ErrorKind::AlreadyExists {
            let _ = fs::remove_dir(path);
        }
    })
}

/// Removes a draft that a killed backup has left; `false` if one is being written there.
fn remove_left(path: &Path) -> io::Result<bool> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        found => found?,
    };
    if !found.is_dir() {
        // Whatever it is, it is not ours to remove.
        return Err(io::Error::new(ErrorKind::AlreadyExists, format!("{} is in the way", path.display())));
    }
    let folder = File::open(path)?;
    if folder.try_lock().is_err() {
        return Ok(false);
    }
    fs::remove_dir_all(path).map(|()| true)
}

fn is_there(folder: &File, path: &Path) -> bool {
    let own = folder.metadata().map(|own| (own.dev(), own.ino()));
    let found = fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((own, found), (Ok(own), Ok(found)) if own == found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_keeps_its_reserve() {
        for (needed, free, expected) in [(0, RESERVE, true), (1, RESERVE, false), (1, RESERVE + 1, true)] {
            assert_eq!(has_room(needed, free), expected, "{needed} of {free}");
        }
        assert!(!has_room(u64::MAX, u64::MAX - 1));
    }
}
