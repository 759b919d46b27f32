//! Reading an object's bytes in pieces, from the places in its row.
//!
//! Files are opened as the reader comes to them, and what they hold is proven before it is handed out
//! ([`super::proven_blob`]). The first piece is read before anything is answered. The reader's pin keeps the files there
//! after an overwrite or delete.

use super::damage::Subject;
use super::error::StoreError;
use super::folder::BlobId;
use super::index::{Extent, Extents};
use super::model::ObjectInfo;
use super::pins::Pin;
use super::proven_blob::{BlobFiles, ProvenBlob};
use bytes::Bytes;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// An object as of the time of its look-up; later writes do not touch it.
#[derive(Clone)]
pub struct Object {
    /// What is known of it.
    pub info: ObjectInfo,
    pub(super) subject: Subject,
    pub(super) source: Source,
    /// `None` where the bytes are in memory.
    pub(super) pin: Option<Arc<Pin>>,
}

/// Where the bytes come from.
#[derive(Clone)]
pub(super) enum Source {
    Inline(Bytes),
    Blobs(Extents, Arc<BlobFiles>),
}

impl Object {
    /// Reads these bytes as they are at rest; what reaches past the end is cut there. The first piece is read and proven
    /// now, so that damage is reported before the answer has begun.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a file is missing, short, or not what was written; the disk's.
    pub(super) async fn read_stored(self, range: Range<u64>) -> Result<StoredReader, StoreError> {
        match self.source {
            Source::Inline(bytes) => Ok(StoredReader(State::Inline(slice(bytes, &range)))),
            Source::Blobs(extents, files) => {
                let (runs, pin) = (runs(&extents.runs, &range), self.pin);
                let mut blobs = BlobReader { runs, files, open: None, ready: None, _pin: pin };
                blobs.ready = blobs.next().await.transpose()?;
                Ok(StoredReader(State::Blobs(Box::new(blobs))))
            }
        }
    }

    /// The runs of blobs that hold these bytes; `None` if they are not in blobs, or encrypted there.
    pub(super) fn plain_extents(&self, range: &Range<u64>) -> Option<Vec<Extent>> {
        match &self.source {
            Source::Blobs(extents, _) if self.info.encryption.is_none() => Some(runs(&extents.runs, range).into()),
            _ => None,
        }
    }

    /// The blobs it is made of, each once, in the order of their numbers.
    pub(super) fn blobs(&self) -> Vec<BlobId> {
        match &self.source {
            Source::Inline(_) => Vec::new(),
            Source::Blobs(extents, _) => {
                let mut blobs: Vec<_> = extents.runs.iter().map(|extent| extent.blob).collect();
                blobs.sort_unstable();
                blobs.dedup();
                blobs
            }
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
    files: Arc<BlobFiles>,
    open: Option<ProvenBlob>,
    /// A piece that was read ahead.
    ready: Option<Bytes>,
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
        if let Some(piece) = self.ready.take() {
            return Some(Ok(piece));
        }
        let run = self.runs.pop_front()?;
        Some(self.piece(run).await)
    }

    /// Reads the beginning of the run and puts the rest of it back.
    async fn piece(&mut self, mut run: Extent) -> Result<Bytes, StoreError> {
        let mut blob = match self.open.take().filter(|open| open.is(run.blob)) {
            Some(open) => open,
            None => self.files.open(run).await?,
        };
        let piece = blob.piece(&run).await?;
        self.open = Some(blob);
        run.offset += piece.len() as u64;
        run.length -= piece.len() as u64;
        if run.length > 0 {
            self.runs.push_front(run);
        }
        Ok(piece)
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
