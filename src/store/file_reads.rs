//! Opening and reading blob files without keeping a thread of the runtime waiting for the disk.
//!
//! What the kernel has in memory is opened and read on the calling thread. Where it would have to wait for the disk, the
//! blocking pool does it.

use super::blocking::on_disk;
use super::error::StoreError;
use super::folder::{BlobId, open_regular};
use bytes::BytesMut;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens the file of a blob, and says how long it is.
///
/// # Errors
/// [`StoreError::Damaged`] where it is missing, or something else is in its place; the disk's.
pub(super) async fn open(path: PathBuf, blob: BlobId) -> Result<(Arc<File>, u64), StoreError> {
    let file = match open_cached(&path) {
        Some(file) => file,
        None => on_disk(move || open_waiting(&path, blob)).await?,
    };
    // This waits for nothing: the kernel has the length of an open file in memory.
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((Arc::new(file), metadata.len())) } else { Err(not_regular(blob)) }
}

/// Fills the buffer with the bytes of the file from `offset` on.
///
/// # Errors
/// [`StoreError::Damaged`] where the file ends before; the disk's.
pub(super) async fn fill(
    file: &Arc<File>,
    blob: BlobId,
    mut buffer: BytesMut,
    offset: u64,
) -> Result<BytesMut, StoreError> {
    let read = read_cached(file, &mut buffer, offset);
    if read == buffer.len() {
        return Ok(buffer);
    }
    let file = file.clone();
    on_disk(move || {
        let rest = buffer.get_mut(read..).unwrap_or_default();
        file.read_exact_at(rest, offset + read as u64).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => too_short(blob),
            _ => error.into(),
        })?;
        Ok(buffer)
    })
    .await
}

pub(super) fn too_short(blob: BlobId) -> StoreError {
    StoreError::Damaged(format!("blob {:x} is shorter than its row says", blob.0))
}

fn not_regular(blob: BlobId) -> StoreError {
    StoreError::Damaged(format!("blob {:x} is not a regular file", blob.0))
}

/// Opens a file whose path the kernel has in memory; `None` if it would have to look, or fails.
#[cfg(target_os = "linux")]
fn open_cached(path: &Path) -> Option<File> {
    use super::folder::READ_FLAGS;
    use rustix::fs::{CWD, Mode, ResolveFlags, openat2};
    openat2(CWD, path, READ_FLAGS, Mode::empty(), ResolveFlags::CACHED).ok().map(File::from)
}

/// Other kernels cannot be asked.
#[cfg(not(target_os = "linux"))]
fn open_cached(_: &Path) -> Option<File> {
    None
}

fn open_waiting(path: &Path, blob: BlobId) -> Result<File, StoreError> {
    open_regular(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => not_regular(blob),
        ErrorKind::NotFound => StoreError::Damaged(format!("blob {:x} is missing", blob.0)),
        _ => error.into(),
    })
}

/// Reads what the kernel has in memory, and says how much that is.
#[cfg(target_os = "linux")]
fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> usize {
    use rustix::io::{ReadWriteFlags, preadv2};
    let mut slices = [std::io::IoSliceMut::new(buffer)];
    // Not in memory, or a file system that cannot say: whatever it is, the blocking pool will find out.
    preadv2(file, &mut slices, offset, ReadWriteFlags::NOWAIT).unwrap_or(0)
}

/// Other kernels cannot be asked.
#[cfg(not(target_os = "linux"))]
fn read_cached(_: &File, _: &mut [u8], _: u64) -> usize {
    0
}
