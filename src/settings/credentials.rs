//! The pair made at the first start, kept in the data folder as `credentials.toml`, readable by its owner alone.
//!
//! The file has a checksum of the pair, so that a changed byte on the disk does not give the server another key. The
//! checksum is in a comment, so that earlier versions can read the file. A file without that comment was written by a
//! person, and is accepted as it is.

use crate::access::pair::SEED_BYTES;
use crate::access::{AccessKey, KeyPair};
use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::settings::keys::GivenKey;
use crate::settings::secret::SecretPlace;
use crate::settings::written::read_pair;
use crate::sigv4::Secret;
use crate::store::open_regular;
use crc_fast::{CrcAlgorithm, Digest};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The beginning of the line with the checksum.
const CHECKSUM: &str = "# checksum of the pair; remove this line if you change it by hand: ";
/// The name of the file of the pair.
pub const FILE: &str = "credentials.toml";

/// The file of the pair in a data folder.
pub fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// The kept pair, or `None` if none was made yet. Warns if others can read it.
pub(super) fn read(data: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Option<GivenKey>, Vec<Diagnostic>> {
    let path = path(data);
    let text = match text(&path) {
        Ok(text) => text,
        // A data path that is not a folder has no pair; `check_data_folder` refuses it with a better message.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => {
            let message = format!("the kept key cannot be read: {error}");
            return Err(vec![Diagnostic::new(Location::file(&path), message, "give this user the right to read it")]);
        }
    };
    warnings.extend(readable(&path, 0o077));
    parse(&path, &text).map(Some)
}

/// Makes a pair of the random `seed` and keeps it. A pair that another start has kept meanwhile wins.
pub fn make(data: &Path, seed: [u8; SEED_BYTES]) -> Result<GivenKey, Vec<Diagnostic>> {
    let path = path(data);
    let cannot = |error: io::Error| {
        let advice = "give this user the right to write there, or name another folder with --data";
        vec![Diagnostic::new(Location::file(&path), format!("the new key cannot be kept: {error}"), advice)]
    };
    DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(cannot)?;
    let pair = KeyPair::from_random(seed);
    if publish(data, &path, &document(&pair), pair.id()).map_err(cannot)? {
        let key = AccessKey::admin(pair.id(), pair.secret());
        return Ok(GivenKey { key, place: Location::file(&path), secret: SecretPlace::Kept(path) });
    }
    let text = text(&path).map_err(cannot)?;
    parse(&path, &text)
}

/// Opens the file, but not through a link, and not a pipe.
fn text(path: &Path) -> io::Result<String> {
    io::read_to_string(open_regular(path)?)
}

/// `serve` prints a line that takes the secret out of this text with sed: one setting a line, in double quotes.
fn document(pair: &KeyPair) -> String {
    format!(
        "# Made by r2shim at its first start. Anyone who can read this file has full access to the data.\n\
         # Remove the file to get another pair at the next start.\n\
         {CHECKSUM}{}\n\
         access_key_id = \"{}\"\nsecret_access_key = \"{}\"\n",
        checksum(pair.id(), pair.secret_text()),
        pair.id(),
        pair.secret_text()
    )
}

/// The line with the checksum of a pair. It protects against damage, not against people.
fn checksum(id: &str, secret: &str) -> String {
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    [id, "\n", secret].iter().for_each(|text| digest.update(text.as_bytes()));
    format!("{:016x}", digest.finalize())
}

/// Whether the pair matches its checksum. A file without a checksum is accepted.
fn is_intact(text: &str, id: &str, secret: &str) -> bool {
    let mut noted = text.lines().filter_map(|line| line.strip_prefix(CHECKSUM));
    noted.all(|noted| noted == checksum(id, secret))
}

/// Writes the file completely and durably, or not at all; `false` if one exists already.
fn publish(data: &Path, path: &Path, text: &str, unique: &str) -> io::Result<bool> {
    let draft = data.join(format!(".credentials-{unique}"));
    let written = write_draft(&draft, text);
    // A hard link, unlike a rename, never replaces what another start has put there.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
        Ok(()) => File::open(data)?.sync_all().map(|()| true),
    }
}

fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A warning if the file of a secret has one of these bits in its mode.
pub(super) fn readable(path: &Path, bits: u32) -> Option<Diagnostic> {
    let mode = fs::metadata(path).ok()?.mode() & 0o777;
    (mode & bits != 0).then(|| {
        let message = format!("others can read the secret: the file's mode is {mode:04o}");
        Diagnostic::new(Location::file(path), message, format!("chmod 600 {}", path.display()))
    })
}

fn parse(path: &Path, text: &str) -> Result<GivenKey, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let (id, secret) = read_pair(path, text, &mut faults);
    let filled = |text: Option<Spanned<String>>| text.map(|text| text.value).filter(|text| !text.is_empty());
    match (filled(id), filled(secret)) {
        (Some(id), Some(secret)) if faults.is_empty() && !is_intact(text, &id, &secret) => {
            let message = "the kept key is not the one that was made: the file has been damaged, or changed by hand";
            let advice = "restore the file; if the change is meant, remove the line with the checksum; or remove the file \
                          to get another pair at the next start";
            Err(vec![Diagnostic::new(Location::file(path), message, advice)])
        }
        (Some(id), Some(secret)) if faults.is_empty() => {
            let key = AccessKey::admin(id, Secret::new(secret));
            Ok(GivenKey { key, secret: SecretPlace::Kept(path.to_owned()), place: Location::file(path) })
        }
        _ => {
            let advice = "restore the file, or remove it to get another pair at the next start";
            faults.push(Diagnostic::new(Location::file(path), "the kept key is incomplete", advice));
            Err(faults)
        }
    }
}
