//! Reading a blob so that no byte of it is handed out before it is proven.
//!
//! A blob has the sums of its blocks behind its bytes ([`super::block_sums`]): whole blocks are read, held against their
//! sums, and then cut to what is wanted. Blobs of earlier versions have none. Of those a read of the whole is held against
//! the checksum in the blob's row, and its last piece is kept until that agrees; a read of a part is not proven.

use super::block_sums::{self, BLOCK, FOOTER, Footer, SUM};
use super::error::{OpenError, StoreError};
use super::file_reads::{self, too_short};
use super::folder::{BlobId, Folder};
use super::index::{BlobRow, Extent, Index, Snapshot};
use bytes::{Bytes, BytesMut};
use crc_fast::{CrcAlgorithm, Digest};
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// The longest piece, in bytes: whole blocks.
const PIECE: u64 = 4 * BLOCK;
/// How many sums are read at once: those of 32 MiB.
const SUMS: u64 = 512;

/// Where blobs are, and from which on they have block sums.
pub(super) struct BlobFiles {
    folder: Arc<Folder>,
    index: Arc<Index>,
    /// A blob of this number or a later one has block sums, or is damaged.
    proven_from: BlobId,
}

/// A blob that is open for reading a run of it.
pub(super) struct ProvenBlob {
    id: BlobId,
    file: Arc<File>,
    /// Bytes of the blob.
    length: u64,
    proof: Proof,
    /// The last bytes read, used again if they are not in use elsewhere.
    buffer: Bytes,
}

enum Proof {
    /// Sums of blocks from number `first` on, in memory.
    Blocks { first: u64, sums: Vec<u64> },
    /// The checksum of the whole: what it must be, and the digest of the bytes before `next`.
    Whole { expected: u64, digest: Box<Digest>, next: u64 },
}

impl BlobFiles {
    /// # Errors
    /// The index does not say from which blob on there are block sums.
    pub(super) fn new(folder: &Arc<Folder>, index: &Arc<Index>) -> Result<BlobFiles, OpenError> {
        let proven_from = index.read(Snapshot::proven_from);
        let proven_from = proven_from.map_err(|error| OpenError::of_index(folder.index(), error))?;
        Ok(BlobFiles { folder: folder.clone(), index: index.clone(), proven_from })
    }

    /// Opens the blob of a run.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the file is missing, is none, is shorter than the run, or has no block sums and
    /// should; the disk's.
    pub(super) async fn open(&self, run: Extent) -> Result<ProvenBlob, StoreError> {
        let id = run.blob;
        let (file, file_length) = file_reads::open(self.folder.blob(id), id).await?;
        let blob = match ProvenBlob::by_block_sums(id, &file, file_length).await? {
            Some(blob) => blob,
            None if id >= self.proven_from => return Err(unproven(id, file_length)),
            None => {
                let (length, proof) = self.whole(id, file_length)?;
                ProvenBlob { id, file, length, proof, buffer: Bytes::new() }
            }
        };
        if run.offset.saturating_add(run.length) > blob.length {
            return Err(too_short(id));
        }
        Ok(blob)
    }

    /// The proof of a blob of an earlier version. Behind its bytes there may be what is left of block sums that were being
    /// added.
    fn whole(&self, id: BlobId, file: u64) -> Result<(u64, Proof), StoreError> {
        let lost = || StoreError::Damaged(format!("blob {:x} has neither block sums nor a row", id.0));
        let BlobRow { length, crc, .. } = self.index.read(|snapshot| snapshot.blob(id))?.ok_or_else(lost)?;
        if file < length {
            return Err(too_short(id));
        }
        Ok((length, Proof::Whole { expected: crc, digest: Box::new(Digest::new(CrcAlgorithm::Crc64Nvme)), next: 0 }))
    }
}

impl Proof {
    /// The sums that lie in the last bytes of the file.
    fn from_tail(tail: &[u8], length: u64) -> Proof {
        let sums = tail.len().saturating_sub(FOOTER as usize);
        let all = usize::try_from(block_sums::blocks(length) * SUM).unwrap_or(usize::MAX);
        let sums = if all <= sums { tail.get(sums - all..sums).unwrap_or_default() } else { &[] };
        Proof::Blocks { first: 0, sums: block_sums::decode(sums) }
    }
}

impl ProvenBlob {
    /// The blob in a file of this length; `None` if it has no block sums, or they are not those of this blob.
    pub(super) async fn by_block_sums(
        id: BlobId,
        file: &Arc<File>,
        file_length: u64,
    ) -> Result<Option<ProvenBlob>, StoreError> {
        let tail_length = file_length.min(FOOTER + SUMS * SUM);
        let tail = file_reads::fill(file, id, zeroed(tail_length), file_length - tail_length).await?;
        let proven = |Footer { length, .. }: Footer| {
            let proof = Proof::from_tail(&tail, length);
            ProvenBlob { id, file: file.clone(), length, proof, buffer: Bytes::new() }
        };
        Ok(Footer::decode(id, &tail, file_length).map(proven))
    }

    pub(super) fn is(&self, id: BlobId) -> bool {
        self.id == id
    }

    /// The first bytes of a run: at least one, and at most 256 KiB.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where they are not those that were written; the disk's.
    pub(super) async fn piece(&mut self, run: &Extent) -> Result<Bytes, StoreError> {
        let end = run.offset.saturating_add(run.length);
        if end > self.length {
            return Err(too_short(self.id));
        }
        match self.proof {
            Proof::Blocks { .. } => self.proven_piece(run.offset..end).await,
            Proof::Whole { .. } => self.piece_of_whole(run.offset..end).await,
        }
    }

    async fn proven_piece(&mut self, wanted: Range<u64>) -> Result<Bytes, StoreError> {
        let from = wanted.start / BLOCK * BLOCK;
        let to = wanted.end.min(from + PIECE);
        let blocks = block_sums::whole_blocks(&(wanted.start..to), self.length);
        let bytes = self.read(blocks.clone()).await?;
        let sums = self.sums(from / BLOCK, block_sums::blocks(blocks.end - blocks.start)).await?;
        block_sums::verify(&bytes, sums).map_err(|block| changed(self.id, from + block * BLOCK))?;
        let at = |place: u64| usize::try_from(place - from).unwrap_or(usize::MAX).min(bytes.len());
        Ok(bytes.slice(at(wanted.start)..at(to)))
    }

    async fn piece_of_whole(&mut self, wanted: Range<u64>) -> Result<Bytes, StoreError> {
        let to = wanted.end.min(wanted.start + PIECE);
        let bytes = self.read(wanted.start..to).await?;
        let Proof::Whole { expected, digest, next } = &mut self.proof else { return Ok(bytes) };
        // Only what is read from the beginning and without a gap comes to the whole.
        if *next == wanted.start {
            digest.update(&bytes);
            *next = to;
            if to == self.length && digest.finalize() != *expected {
                return Err(changed(self.id, 0));
            }
        }
        Ok(bytes)
    }

    /// The sums of these blocks.
    async fn sums(&mut self, block: u64, count: u64) -> Result<&[u64], StoreError> {
        let Proof::Blocks { first, sums } = &mut self.proof else { return Ok(&[]) };
        let has = block >= *first && block + count <= *first + sums.len() as u64;
        if !has {
            let most = SUMS.min(block_sums::blocks(self.length).saturating_sub(block));
            let bytes = file_reads::fill(&self.file, self.id, zeroed(most * SUM), self.length + block * SUM).await?;
            (*first, *sums) = (block, block_sums::decode(&bytes));
        }
        let at = usize::try_from(block - *first).unwrap_or(usize::MAX);
        Ok(sums.get(at..at.saturating_add(count as usize)).unwrap_or_default())
    }

    async fn read(&mut self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let buffer = self.buffer(range.end - range.start);
        self.buffer = file_reads::fill(&self.file, self.id, buffer, range.start).await?.freeze();
        Ok(self.buffer.clone())
    }

    /// A buffer of that many bytes: that of the last piece, if it is long enough and was returned.
    fn buffer(&mut self, length: u64) -> BytesMut {
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        match std::mem::take(&mut self.buffer).try_into_mut() {
            Ok(mut buffer) if buffer.len() >= bytes => {
                buffer.truncate(bytes);
                buffer
            }
            _ => zeroed(length),
        }
    }
}

/// Lengths here are those of pieces.
fn zeroed(length: u64) -> BytesMut {
    BytesMut::zeroed(usize::try_from(length).unwrap_or(usize::MAX))
}

fn changed(blob: BlobId, offset: u64) -> StoreError {
    StoreError::Damaged(format!("the bytes of blob {:x} from {offset} on are not those that were written", blob.0))
}

fn unproven(blob: BlobId, length: u64) -> StoreError {
    StoreError::Damaged(format!("the block sums of blob {:x} do not read; its file has {length} bytes", blob.0))
}
