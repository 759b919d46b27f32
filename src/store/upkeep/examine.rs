//! Reading a blob's file and comparing it with its row.

use super::report::UpkeepError;
use crate::store::block_sums::{self, BlockSums};
use crate::store::defects::DefectKind;
use crate::store::folder::{BlobId, Folder, open_regular};
use crate::store::index::BlobRow;
use std::fs::File;
use std::io::{ErrorKind, Read};

/// How many bytes of a blob are read at once.
const PIECE: usize = 1 << 20;

/// What is wrong, before it is known which object has it.
pub(super) type Fault = (DefectKind, String);

/// What is done with each piece of a file: its bytes, and how many of them are the blob's.
pub(super) type Take<'a> = &'a mut dyn FnMut(&[u8], u64) -> Result<(), UpkeepError>;

/// Opens the file of a blob.
pub(super) fn open_blob(folder: &Folder, id: BlobId) -> Result<File, Fault> {
    open_regular(&folder.blob(id)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => (DefectKind::Missing, format!("blob {:x} is missing", id.0)),
        _ => unreadable(id, &error),
    })
}

fn unreadable(id: BlobId, error: &std::io::Error) -> Fault {
    (DefectKind::Unreadable, format!("blob {:x} cannot be read: {error}", id.0))
}

/// Reads the file of a blob to its end, and says what is wrong with it. Each piece goes to `take`.
///
/// # Errors
/// Those of `take`. What is wrong with the file is none.
pub(super) fn examine(
    mut file: File,
    id: BlobId,
    row: &BlobRow,
    must_have_sums: bool,
    take: Take<'_>,
) -> Result<Option<Fault>, UpkeepError> {
    let (mut buffer, mut found) = (vec![0; PIECE], FoundBytes::of(row));
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(found.compare(id, row, must_have_sums)),
            Ok(read) => {
                let bytes = buffer.get(..read).unwrap_or_default();
                take(bytes, found.take(bytes))?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Ok(Some(unreadable(id, &error))),
        }
    }
}

/// What the file of a blob holds, as it is read.
struct FoundBytes {
    /// Bytes of the blob that are still to come, by its row.
    left: u64,
    sums: BlockSums,
    /// What comes behind them, as far as it can belong to the blob.
    behind: Vec<u8>,
    file: u64,
}

impl FoundBytes {
    fn of(row: &BlobRow) -> FoundBytes {
        FoundBytes { left: row.length, sums: BlockSums::default(), behind: Vec::new(), file: 0 }
    }

    /// Takes the next bytes of the file, and says how many of them are the blob's.
    fn take(&mut self, bytes: &[u8]) -> u64 {
        self.file += bytes.len() as u64;
        let own = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let (own, behind) = bytes.split_at(own);
        self.sums.update(own);
        self.left -= own.len() as u64;
        let room = block_sums::trailer_length(self.sums.length()).saturating_sub(self.behind.len() as u64);
        self.behind.extend(behind.iter().take(usize::try_from(room).unwrap_or(usize::MAX)));
        own.len() as u64
    }

    /// What is wrong with the file. Of a blob that an earlier version has written block sums may be missing.
    fn compare(self, id: BlobId, row: &BlobRow, must_have_sums: bool) -> Option<Fault> {
        let (number, file, expected) = (id.0, self.file, block_sums::file_length(row.length));
        let (crc, trailer) = self.sums.finish(id);
        let has_sums = must_have_sums || file > row.length;
        let length = if has_sums { expected } else { row.length };
        if file != length {
            let text = format!("the file of blob {number:x} has {file} bytes, and not {length}");
            return Some((DefectKind::Length, text));
        }
        let fault =
            |what| Some((DefectKind::Checksum, format!("{what} of blob {number:x} are not those that were written")));
        match (crc == row.crc, !has_sums || self.behind == trailer) {
            (false, _) => fault("the bytes"),
            (true, false) => fault("the block sums"),
            (true, true) => None,
        }
    }
}
