//! Reading an object's bytes in pieces, from the places in its row.
//!
//! Pages that the kernel has in memory are read on the calling thread. Where it would have to wait for the disk, the
//! blocking pool reads. Files are opened as the reader comes to them, the first before anything is read. The reader's pin keeps them there
//! after an overwrite or delete.

use super::blocking::on_disk;
use super::error::StoreError;
use super::folder::{BlobId, Folder, open_blob};
use super::index::Extent;
use super::model::ObjectInfo;
use super::pins::Pin;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// The longest piece, in bytes.
const PIECE: u64 = 256 << 10;

/// An object as of the time of its look-up; later writes do not touch it.
#[derive(Clone)]
pub struct Object {
    /// What is known of it.
    pub info: ObjectInfo,
    pub(super) source: Source,
    /// `None` where the bytes are in memory.
    pub(super) pin: Option<Arc<Pin>>,
}

/// Where the bytes come from.
#[derive(Clone)]
pub(super) enum Source {
    Inline(Bytes),
    Blobs(Vec<Extent>, Arc<Folder>),
}

impl Object {
    /// Reads these bytes as they are at rest; what reaches past the end is cut there. The file of the first is looked at
    /// now, so that one that is missing or short is reported before the answer has begun.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for such a file; the disk's.
    pub(super) async fn read_stored(self, range: Range<u64>) -> Result<StoredReader, StoreError> {
        match self.source {
            Source::Inline(bytes) => Ok(StoredReader(State::Inline(slice(bytes, &range)))),
            Source::Blobs(extents, folder) => {
                let (runs, pin) = (runs(&extents, &range), self.pin);
                let mut blobs = BlobReader { runs, folder, file: None, buffer: Bytes::new(), _pin: pin };
                if let Some(first) = blobs.runs.front().copied() {
                    blobs.open(first).await?;
                }
                Ok(StoredReader(State::Blobs(Box::new(blobs))))
            }
        }
    }

    /// The runs of blobs that hold these bytes; `None` if they are not in blobs, or encrypted there.
    pub(super) fn plain_extents(&self, range: &Range<u64>) -> Option<Vec<Extent>> {
        match &self.source {
            Source::Blobs(extents, _) if self.info.encryption.is_none() => Some(runs(extents, range).into()),
            _ => None,
        }
    }

    /// The blobs it is made of.
    pub(super) fn blobs(&self) -> Vec<BlobId> {
        match &self.source {
            Source::Inline(_) => Vec::new(),
            Source::Blobs(extents, _) => extents.iter().map(|extent| extent.blob).collect(),
        }
    }
}

/// The bytes of an object as they are at rest, piece by piece.
pub(super) struct StoredReader(State);

enum State {
    Inline(Bytes),
    Blobs(Box<BlobReader>),
    Ended,
}

struct BlobReader {
    runs: VecDeque<Extent>,
    folder: Arc<Folder>,
    file: Option<(BlobId, Arc<File>)>,
    /// The last piece, used again if it is not in use elsewhere.
    buffer: Bytes,
    _pin: Option<Arc<Pin>>,
}

impl StoredReader {
    /// The next piece, at most 256 KiB and never empty; `None` at the end. After an error there is nothing more, and
    /// what was read must not be taken for the whole.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        let piece = match &mut self.0 {
            State::Inline(bytes) if bytes.is_empty() => None,
            State::Inline(bytes) => Some(Ok(std::mem::take(bytes))),
            State::Blobs(blobs) => blobs.next().await,
            State::Ended => None,
        };
        if !matches!(piece, Some(Ok(_))) {
            self.0 = State::Ended;
        }
        piece
    }
}

impl BlobReader {
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        let run = self.runs.pop_front()?;
        Some(self.piece(run).await)
    }

    /// Reads the beginning of the run and puts the rest of it back.
    async fn piece(&mut self, mut run: Extent) -> Result<Bytes, StoreError> {
        let file = self.open(run).await?;
        let buffer = self.buffer(run.length.min(PIECE));
        let (piece, length) = match read_cached(&file, buffer, run.offset) {
            Ok(read) => read,
            Err(buffer) => read_waiting(file, buffer, run.offset).await?,
        };
        if length == 0 {
            return Err(too_short(run.blob));
        }
        run.offset += length as u64;
        run.length -= length as u64;
        if run.length > 0 {
            self.runs.push_front(run);
        }
        self.buffer = piece.freeze();
        Ok(self.buffer.slice(..length))
    }

    /// The file of the run; one that is not open yet must be long enough for it.
    async fn open(&mut self, run: Extent) -> Result<Arc<File>, StoreError> {
        let blob = run.blob;
        if let Some((_, file)) = self.file.as_ref().filter(|(open, _)| *open == blob) {
            return Ok(file.clone());
        }
        let path = self.folder.blob(blob);
        let file = match open_cached(&path) {
            Some(file) => file,
            None => on_disk(move || open_waiting(&path, blob)).await?,
        };
        // This waits for nothing: the kernel has the length of an open file in memory.
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(not_regular(blob));
        }
        if metadata.len() < run.offset.saturating_add(run.length) {
            return Err(too_short(blob));
        }
        let file = Arc::new(file);
        self.file = Some((blob, file.clone()));
        Ok(file)
    }

    /// A buffer of that many bytes: that of the last piece, if it is long enough and was returned.
    fn buffer(&mut self, length: u64) -> BytesMut {
        // A piece is at most 256 KiB.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        match std::mem::take(&mut self.buffer).try_into_mut() {
            Ok(mut buffer) if buffer.len() >= length => {
                buffer.truncate(length);
                buffer
            }
            _ => BytesMut::zeroed(length),
        }
    }
}

/// Opens a file whose path the kernel has in memory; `None` if it would have to look, or fails.
#[cfg(target_os = "linux")]
fn open_cached(path: &Path) -> Option<File> {
    use crate::store::folder::BLOB_FLAGS;
    use rustix::fs::{CWD, Mode, ResolveFlags, openat2};
    openat2(CWD, path, BLOB_FLAGS, Mode::empty(), ResolveFlags::CACHED).ok().map(File::from)
}

/// Other kernels cannot be asked.
#[cfg(not(target_os = "linux"))]
fn open_cached(_: &Path) -> Option<File> {
    None
}

fn too_short(blob: BlobId) -> StoreError {
    StoreError::Damaged(format!("blob {:x} is shorter than its row says", blob.0))
}

fn not_regular(blob: BlobId) -> StoreError {
    StoreError::Damaged(format!("blob {:x} is not a regular file", blob.0))
}

fn open_waiting(path: &Path, blob: BlobId) -> Result<File, StoreError> {
    open_blob(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => not_regular(blob),
        ErrorKind::NotFound => StoreError::Damaged(format!("blob {:x} is missing", blob.0)),
        _ => error.into(),
    })
}

/// Reads what the kernel has in memory; returns the buffer if that is nothing.
#[cfg(target_os = "linux")]
fn read_cached(file: &File, mut buffer: BytesMut, offset: u64) -> Result<(BytesMut, usize), BytesMut> {
    use rustix::io::{ReadWriteFlags, preadv2};
    let mut slices = [std::io::IoSliceMut::new(&mut buffer)];
    match preadv2(file, &mut slices, offset, ReadWriteFlags::NOWAIT) {
        Ok(length) => Ok((buffer, length)),
        // Not in memory, or a file system that cannot say: whatever it is, the blocking pool will find out.
        Err(_) => Err(buffer),
    }
}

/// Other kernels cannot be asked.
#[cfg(not(target_os = "linux"))]
fn read_cached(_: &File, buffer: BytesMut, _: u64) -> Result<(BytesMut, usize), BytesMut> {
    Err(buffer)
}

async fn read_waiting(file: Arc<File>, mut buffer: BytesMut, offset: u64) -> Result<(BytesMut, usize), StoreError> {
    on_disk(move || {
        let length = read_uninterrupted(&file, &mut buffer, offset)?;
        Ok((buffer, length))
    })
    .await
}

/// A signal is no reason to break a body off.
fn read_uninterrupted(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn slice(bytes: Bytes, range: &Range<u64>) -> Bytes {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
    let (start, end) = (at(range.start), at(range.end));
    if start < end { bytes.slice(start..end) } else { Bytes::new() }
}

/// The parts of the extents that lie in the range, which counts from the beginning of the object.
fn runs(extents: &[Extent], range: &Range<u64>) -> VecDeque<Extent> {
    let mut runs = VecDeque::new();
    let mut begins = 0;
    for extent in extents {
        let ends = begins + extent.length;
        let (from, to) = (range.start.max(begins), range.end.min(ends));
        if from < to {
            runs.push_back(Extent { blob: extent.blob, offset: extent.offset + from - begins, length: to - from });
        }
        begins = ends;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_out_of_the_extents() {
        let extent = |blob, offset, length| Extent { blob: BlobId(blob), offset, length };
        let extents = [extent(1, 100, 10), extent(2, 0, 10), extent(1, 0, 5)];
        for (range, expected) in [
            (0..25, &extents[..]),
            (0..u64::MAX, &extents),
            (0..1, &[extent(1, 100, 1)]),
            (9..11, &[extent(1, 109, 1), extent(2, 0, 1)]),
            (10..20, &[extent(2, 0, 10)]),
            (5..21, &[extent(1, 105, 5), extent(2, 0, 10), extent(1, 0, 1)]),
            (25..30, &[]),
            (3..3, &[]),
        ] {
            assert_eq!(runs(&extents, &range), expected, "{range:?}");
        }
    }

    #[test]
    fn a_range_is_cut_out_of_inline_bytes() {
        let all = || Bytes::from_static(b"0123");
        for (range, expected) in [(0..4, "0123"), (1..3, "12"), (2..9, "23"), (4..9, ""), (0..0, "")] {
            assert_eq!(slice(all(), &range), expected, "{range:?}");
        }
    }
}
