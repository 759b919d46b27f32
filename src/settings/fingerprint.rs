//! Whether files have changed, by their contents. Names and times are not enough if a link to a folder is swapped, as
//! Kubernetes does.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most bytes of a file that are read. Settings are far smaller. Of a larger file the beginning and the length
/// count.
const MAX_BYTES: u64 = 16 << 20;

/// The contents of files, as digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint(BTreeMap<PathBuf, Option<[u8; 32]>>);

impl Fingerprint {
    /// Reads these files. A missing file, or one that is not a regular file, has no content: reading a pipe would
    /// remove its content.
    pub fn of(paths: impl IntoIterator<Item = PathBuf>) -> Fingerprint {
        let digested = |path: PathBuf| {
            let digest = digest(&path).ok().flatten();
            (path, digest)
        };
        Fingerprint(paths.into_iter().map(digested).collect())
    }

    /// The same files as they are now.
    pub fn again(&self) -> Fingerprint {
        Fingerprint::of(self.0.keys().cloned())
    }

    /// The files.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.keys()
    }

    /// Whether it has all of these files.
    pub fn has_all<'p>(&self, mut paths: impl Iterator<Item = &'p PathBuf>) -> bool {
        paths.all(|path| self.0.contains_key(path))
    }

    /// Whether the file had another content, if both know it.
    pub fn differs_in(&self, other: &Fingerprint, path: &Path) -> bool {
        matches!((self.0.get(path), other.0.get(path)), (Some(ours), Some(theirs)) if ours != theirs)
    }
}

fn digest(path: &Path) -> io::Result<Option<[u8; 32]>> {
    // Before it is opened: opening a pipe waits for its other end.
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Ok(None);
    }
    let mut hasher = Sha256::new_with_prefix(found.len().to_be_bytes());
    let mut reader = File::open(path)?.take(MAX_BYTES);
    let mut piece = [0; 16 << 10];
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(Some(hasher.finalize().into())),
            read => hasher.update(&piece[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn contents_count_whatever_leads_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (version, text) in [("1", "a"), ("2", "b"), ("3", "b")] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("r2shim.toml"), text).unwrap();
        }
        // As in a ConfigMap: the file is a link into a folder behind a link that is swapped.
        symlink("1", at("..data")).unwrap();
        symlink("..data/r2shim.toml", at("r2shim.toml")).unwrap();
        let first = Fingerprint::of([at("r2shim.toml"), at("not-there")]);
        assert_eq!(first.again(), first);
        let swap = |version: &str| {
            symlink(version, at("..data_tmp")).unwrap();
            std::fs::rename(at("..data_tmp"), at("..data")).unwrap();
        };
        swap("2");
        let second = first.again();
        assert!(second != first && second.differs_in(&first, &at("r2shim.toml")));
        swap("3");
        assert_eq!(second.again(), second, "another file of the same content");
        std::fs::write(at("not-there"), "").unwrap();
        assert!(second.again() != second);
    }

    #[test]
    fn pipes_and_folders_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let found = Fingerprint::of([folder.path().to_owned(), "/dev/zero".into()]);
        assert!(found.0.values().all(Option::is_none));
    }
}
