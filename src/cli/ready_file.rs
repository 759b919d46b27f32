//! `serve --ready-file FILE`: the file exists exactly while the server is ready, for scripts that wait. It has the
//! addresses, as lines that a shell can read with `.`.

use crate::cli::url::url;
use crate::diagnostics::{Diagnostic, Location};
use crate::routing::Scheme;
use rustix::fs::{Access, access};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The names on the lines of a ready file, before a number and the `=`.
const NAMES: [&str; 4] = ["ENDPOINT", "PUBLIC", "ADMIN", "PID"];

/// The most bytes that are read: more than any ready file has.
const MAX_BYTES: u64 = 64 << 10;

/// The file of a server. It is removed when this is dropped.
pub(super) struct ReadyFile {
    path: PathBuf,
    draft: PathBuf,
    written: String,
}

impl ReadyFile {
    /// Removes the file of a killed server, and checks that the file can be written. `place` is where it was named.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn new(path: &Path, place: Location) -> Result<ReadyFile, Diagnostic> {
        check_replaceable(path, &place)?;
        let draft = draft(path);
        // The file is made anew, so that a link of this name is not followed.
        let prepared = remove(path).and_then(|()| remove(&draft)).and_then(|()| fs::File::create_new(&draft));
        prepared.map_err(|error| cannot_be_written(path, place, &error))?;
        Ok(ReadyFile { path: path.to_owned(), draft, written: String::new() })
    }

    /// Whether the file could be written; changes nothing.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn look(path: &Path, place: Location) -> Result<(), Diagnostic> {
        if path.is_dir() {
            return Err(cannot_be_written(path, place, &io::ErrorKind::IsADirectory.into()));
        }
        check_replaceable(path, &place)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let found = access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(io::Error::from);
        found.map_err(|error| cannot_be_written(path, place, &error))
    }

    /// Writes the addresses, those for clients with their scheme. The file appears with all of its text.
    pub(super) fn publish(
        &mut self,
        scheme: Scheme,
        listen: &[SocketAddr],
        public: &[SocketAddr],
        admin: Option<SocketAddr>,
    ) -> io::Result<()> {
        self.written = text(scheme, listen, public, admin, std::process::id());
        fs::write(&self.draft, &self.written)?;
        fs::rename(&self.draft, &self.path)
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.draft);
        // Another server may have written its own meanwhile.
        if fs::read_to_string(&self.path).is_ok_and(|text| text == self.written) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn cannot_be_written(path: &Path, place: Location, error: &io::Error) -> Diagnostic {
    let message = format!("the file {} cannot be written: {error}", path.display());
    Diagnostic::new(place, message, "name a file in a folder that is there and that this user can write to")
}

/// Refuses to replace anything that no server wrote: a file of the user, a device, a link.
fn check_replaceable(path: &Path, place: &Location) -> Result<(), Diagnostic> {
    let replaceable = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => {
            found.len() <= MAX_BYTES && fs::read_to_string(path).is_ok_and(|text| is_ours(&text))
        }
        // A folder has its own message.
        Ok(found) => found.is_dir(),
        Err(_) => true,
    };
    let message = || format!("{} is there already, and no server wrote it as its ready file", path.display());
    let fault = || Diagnostic::new(place.clone(), message(), "name a file that is not there yet");
    if replaceable { Ok(()) } else { Err(fault()) }
}

/// Whether a text is that of a ready file. An empty one is, so that `mktemp` may have made the file.
fn is_ours(text: &str) -> bool {
    text.lines().all(|line| line.split_once('=').is_some_and(|(name, _)| is_name(name)))
}

/// Whether it is one of the names, perhaps with a number as [`lines`] gives it.
fn is_name(text: &str) -> bool {
    let name = match text.rsplit_once('_') {
        Some((name, number)) if number.parse::<usize>().is_ok() => name,
        _ => text,
    };
    NAMES.contains(&name)
}

/// A name in the same folder, so that it can be renamed.
fn draft(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn text(
    scheme: Scheme,
    listen: &[SocketAddr],
    public: &[SocketAddr],
    admin: Option<SocketAddr>,
    process: u32,
) -> String {
    let [endpoint, of_public, of_admin, pid] = NAMES;
    let for_clients = [lines(endpoint, scheme, listen), lines(of_public, scheme, public)].concat();
    let addresses = [for_clients, lines(of_admin, Scheme::Http, admin.as_slice())];
    format!("{}{pid}={process}\n", addresses.concat())
}

/// A line for each address: `ENDPOINT`, then `ENDPOINT_2` and so on.
fn lines(name: &str, scheme: Scheme, addresses: &[SocketAddr]) -> String {
    let end = |index| if index == 0 { String::new() } else { format!("_{}", index + 1) };
    let line = |(index, address): (usize, &SocketAddr)| format!("{name}{}={}\n", end(index), url(scheme, *address));
    addresses.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn new(path: &Path) -> Result<ReadyFile, Diagnostic> {
        ReadyFile::new(path, Location::from_name("--ready-file"))
    }

    #[test]
    fn the_text_is_lines_of_shell() {
        let listen = [address("0.0.0.0:9000"), address("[::1]:9000")];
        let expected = "ENDPOINT=http://127.0.0.1:9000\nENDPOINT_2=http://[::1]:9000\nPUBLIC=http://127.0.0.1:9002\n\
                        ADMIN=http://127.0.0.1:9001\nPID=7\n";
        assert_eq!(
            text(Scheme::Http, &listen, &[address("127.0.0.1:9002")], Some(address("127.0.0.1:9001")), 7),
            expected
        );
        assert_eq!(text(Scheme::Http, &listen[1..], &[], None, 7), "ENDPOINT=http://[::1]:9000\nPID=7\n");
    }

    #[test]
    fn the_file_is_there_while_the_server_is_ready() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready");
        fs::write(&path, "ENDPOINT=of a server that was killed\n").unwrap();
        let mut file = new(&path).unwrap();
        assert!(!path.exists());
        file.publish(Scheme::Http, &[address("127.0.0.1:9000")], &[], None).unwrap();
        assert!(fs::read_to_string(&path).unwrap().starts_with("ENDPOINT=http://127.0.0.1:9000\n"));
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_no_server_wrote_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [notes, link, empty] = ["notes", "link", "empty"].map(|name| folder.path().join(name));
        fs::write(&notes, "precious\n").unwrap();
        std::os::unix::fs::symlink(&notes, &link).unwrap();
        for path in [notes.as_path(), &link, Path::new("/dev/null")] {
            let looked = ReadyFile::look(path, Location::from_name("--ready-file"));
            for fault in [looked.err(), new(path).err()] {
                assert!(fault.unwrap().message.contains("is there already"), "{}", path.display());
            }
        }
        assert_eq!(fs::read_to_string(&link).unwrap(), "precious\n");
        fs::write(&empty, "").unwrap();
        assert!(new(&empty).is_ok());
    }

    #[test]
    fn a_file_of_lines_of_shell_is_ours_only_if_all_names_are() {
        let listen = ["127.0.0.1:9000", "[::1]:9000"].map(address);
        for (text, expected) in [
            (text(Scheme::Http, &listen, &listen, Some(listen[0]), 7).as_str(), true),
            ("", true),
            ("PUBLIC_URL=https://example.com\nADMIN_PASSWORD=hush\n", false),
            ("PIDS=7\n", false),
            ("ENDPOINT\n", false),
            ("ENDPOINT_=http://127.0.0.1:9000\n", false),
            ("ENDPOINT=http://127.0.0.1:9000\nTOKEN=hush\n", false),
        ] {
            assert_eq!(is_ours(text), expected, "{text}");
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_draft_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let [path, notes] = ["ready", "notes"].map(|name| folder.path().join(name));
        fs::write(&notes, "precious\n").unwrap();
        std::os::unix::fs::symlink(&notes, draft(&path)).unwrap();
        let _file = new(&path).unwrap();
        assert_eq!(fs::read_to_string(&notes).unwrap(), "precious\n");
    }

    #[test]
    fn the_file_of_another_server_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready");
        let file = new(&path).unwrap();
        fs::write(&path, "ENDPOINT=http://127.0.0.1:1\nPID=1\n").unwrap();
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["no/folder", ".", ""] {
            let fault = new(&folder.path().join(name)).err().unwrap();
            assert_eq!(&*fault.location.file, "--ready-file", "{name}");
        }
    }
}
