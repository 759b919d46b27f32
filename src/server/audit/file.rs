//! The file of a live audit. Only one process writes it. It is always complete, even if the process is killed.
//!
//! This file and those beside it must be regular files, and are not opened through links.

use crate::audit::{Audit, FileError};
use crate::store::{open_or_make_regular, open_regular};
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The largest audit that is read, in bytes. It is many times what the bounds of an audit allow.
const MAX_BYTES: u64 = 64 << 20;

/// A text near the beginning of every audit, by which a damaged audit is recognised.
const MARK: &str = "r2shim-audit";

/// Why a file cannot keep an audit.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read or written.
    #[error("the audit {path} cannot be kept: {error}; name another file with --audit-file")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process has it open.
    #[error("another server keeps the audit {0}; name another file with --audit-file")]
    InUse(PathBuf),
    /// It is something else, and is not changed.
    #[error("{0} is there and is no audit, so it is left alone; name another file with --audit-file")]
    NoAudit(PathBuf),
    /// Another version of the program wrote it.
    #[error("{path}: {error}; or move it away, and a new one is begun")]
    Version {
        /// The file.
        path: PathBuf,
        /// Which version.
        error: FileError,
    },
    /// Another policy judged it.
    #[error(
        "{path} was judged by the policy {kept}, and this server judges by {now}: they do not add up; name another file \
         with --audit-file, or move this one away"
    )]
    Policy {
        /// The file.
        path: PathBuf,
        /// The policy of the file.
        kept: String,
        /// The policy in force.
        now: String,
    },
    /// No thread can be started.
    #[error("the audit cannot be kept: {0}")]
    Thread(io::Error),
}

/// The file of the audit, which this process has locked as long as this lives.
#[derive(Debug)]
pub(super) struct AuditFile {
    path: PathBuf,
    draft: PathBuf,
    /// The lock. The kernel releases it when the process ends.
    _lock: File,
}

impl AuditFile {
    /// The file, and the audit in it, which is empty if there is no file. A damaged file is renamed.
    ///
    /// # Errors
    /// Why the file cannot be used. Then nothing has changed.
    pub(super) fn open(path: &Path, policy: &str) -> Result<(AuditFile, Audit), OpenError> {
        let failed = |error| OpenError::Io { path: path.to_owned(), error };
        let lock = open_or_make_regular(&beside(path, "lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let file = AuditFile { path: path.to_owned(), draft: beside(path, "draft"), _lock: lock };
        let audit = file.read(policy)?;
        // A folder in which no file can be made is found at the start.
        file.write(&audit).map_err(failed)?;
        Ok((file, audit))
    }

    /// Replaces the file. It always has the old text or the new one, never a part.
    pub(super) fn write(&self, audit: &Audit) -> io::Result<()> {
        let mut draft = self.new_draft()?;
        draft.write_all(audit.to_json().as_bytes())?;
        draft.sync_all()?;
        fs::rename(&self.draft, &self.path)
    }

    /// An empty file. Anything else at its path is removed: the rest of an interrupted start, or a file of someone
    /// else.
    fn new_draft(&self) -> io::Result<File> {
        match fs::remove_file(&self.draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::options().write(true).create_new(true).open(&self.draft)
    }

    fn read(&self, policy: &str) -> Result<Audit, OpenError> {
        let path = || self.path.clone();
        let text = match self.text() {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Audit::new(policy)),
            Err(error) => return Err(OpenError::Io { path: path(), error }),
        };
        match Audit::from_json(&text) {
            _ if text.is_empty() => Ok(Audit::new(policy)),
            Ok(audit) if audit.policy == policy => Ok(audit),
            Ok(audit) => Err(OpenError::Policy { path: path(), kept: audit.policy, now: policy.to_owned() }),
            Err(error @ FileError::Version(_)) => Err(OpenError::Version { path: path(), error }),
            Err(error) if text.contains(MARK) => self.put_aside(&error).map(|()| Audit::new(policy)),
            Err(_) => Err(OpenError::NoAudit(path())),
        }
    }

    fn text(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        open_regular(&self.path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::other("it is far larger than an audit"));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Renames a damaged audit.
    fn put_aside(&self, error: &FileError) -> Result<(), OpenError> {
        let free = (1..).map(|number| beside(&self.path, &format!("damaged-{number}"))).find(|path| !path.exists());
        let Some(aside) = free else { return Ok(()) };
        fs::rename(&self.path, &aside).map_err(|error| OpenError::Io { path: self.path.clone(), error })?;
        tracing::warn!(kept_as = %aside.display(), %error, "the audit is damaged: it is put aside, and a new one begun");
        Ok(())
    }
}

/// The name of a file that belongs to another.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or(OsStr::new("audit")).to_owned();
    name.push(format!(".{ending}"));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A folder with a file of somebody else's beside the place of an audit.
    fn folder() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (audit, other) = (folder.path().join("audit.json"), folder.path().join("other"));
        fs::write(&other, "not ours").unwrap();
        (folder, audit, other)
    }

    #[test]
    fn links_in_the_place_of_the_audit_and_of_its_lock_are_refused() {
        for ending in ["", ".lock"] {
            let (folder, audit, other) = folder();
            let link = folder.path().join(format!("audit.json{ending}"));
            for target in [other.clone(), folder.path().join("none"), folder.path().to_owned()] {
                symlink(&target, &link).unwrap();
                let error = AuditFile::open(&audit, "r2").unwrap_err().to_string();
                assert!(error.contains("cannot be kept: not a regular file"), "{ending} {target:?}: {error}");
                assert!(link.is_symlink() && !folder.path().join("none").exists());
                fs::remove_file(&link).unwrap();
            }
            assert_eq!(fs::read_to_string(&other).unwrap(), "not ours");
            assert!(AuditFile::open(&audit, "r2").is_ok());
        }
    }

    #[test]
    fn a_file_in_the_place_of_the_draft_is_replaced_and_not_written_to() {
        let (folder, audit, other) = folder();
        let draft = folder.path().join("audit.json.draft");
        let plant: [&dyn Fn(); 4] = [
            &|| symlink(&other, &draft).unwrap(),
            &|| symlink(folder.path().join("none"), &draft).unwrap(),
            &|| fs::hard_link(&other, &draft).unwrap(),
            &|| fs::write(&draft, "of a start that broke off").unwrap(),
        ];
        let (file, kept) = AuditFile::open(&audit, "r2").unwrap();
        for plant in plant {
            plant();
            file.write(&kept).unwrap();
            assert!(fs::symlink_metadata(&audit).unwrap().is_file() && !draft.exists());
            assert_eq!(Audit::from_json(&fs::read_to_string(&audit).unwrap()).as_ref(), Ok(&kept));
            assert_eq!(fs::read_to_string(&other).unwrap(), "not ours");
            assert!(!folder.path().join("none").exists());
        }
    }
}
