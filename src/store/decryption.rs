//! Reading an object: its bytes as they are at rest, opened with the client's key where they are encrypted.

use super::damage::Subject;
use super::encryption::{Opener, SALT, SealedRange, sealed_length, sealed_range};
use super::error::StoreError;
use super::reader::{Object, StoredReader};
use crate::s3::customer_key::CustomerKey;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::ops::Range;

/// The bytes of an object, piece by piece.
pub struct ObjectReader {
    kind: Kind,
    subject: Subject,
}

enum Kind {
    Plain(StoredReader),
    Sealed(Box<SealedReader>),
}

/// Reads bodies that were sealed one by one: those of the parts, or that of an object written whole.
struct SealedReader {
    object: Object,
    key: CustomerKey,
    bodies: VecDeque<SealedBody>,
    /// `None` between two bodies, and for good after an error.
    current: Option<OpenBody>,
}

/// A sealed body within an object, and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SealedBody {
    /// Where it begins in the bytes at rest.
    at: u64,
    /// Bytes it has, opened.
    length: u64,
    /// Which of them are wanted; never empty.
    range: Range<u64>,
}

struct OpenBody {
    stored: StoredReader,
    opener: Opener,
    /// Opened bytes that come before those that are wanted, and how many are wanted.
    skip: u64,
    left: u64,
}

impl Object {
    /// Reads these bytes; what reaches past the end is cut there. The first piece is read and proven now, so that damage
    /// is reported before the answer has begun.
    ///
    /// # Errors
    /// [`StoreError::Key`] where this is not the object's key; [`StoreError::Damaged`] where its bytes are not those that
    /// were written; the disk's.
    pub async fn read(self, range: Range<u64>, key: Option<&CustomerKey>) -> Result<ObjectReader, StoreError> {
        let subject = self.subject.clone();
        let kind = subject.note(self.open(range, key).await)?;
        Ok(ObjectReader { kind, subject })
    }

    async fn open(self, range: Range<u64>, key: Option<&CustomerKey>) -> Result<Kind, StoreError> {
        self.info.require_key(key)?;
        let Some(key) = key else { return Ok(Kind::Plain(self.read_stored(range).await?)) };
        let parts = if self.info.parts.is_empty() { vec![self.info.size] } else { self.info.parts.clone() };
        let bodies = sealed_bodies(&parts, &range);
        let mut reader = SealedReader { object: self, key: key.clone(), bodies, current: None };
        reader.current = reader.open_next().await?;
        Ok(Kind::Sealed(Box::new(reader)))
    }
}

impl ObjectReader {
    /// The next piece, at most 320 KiB and never empty; `None` at the end. After an error there is nothing more, and
    /// what was read must not be taken for the whole.
    pub async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        let piece = match &mut self.kind {
            Kind::Plain(stored) => stored.next().await,
            Kind::Sealed(sealed) => sealed.next().await.transpose(),
        };
        piece.map(|piece| self.subject.note(piece))
    }
}

impl SealedReader {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        loop {
            // Taken out, so that nothing follows an error.
            let body = match self.current.take() {
                Some(body) => Some(body),
                None => self.open_next().await?,
            };
            let Some(mut body) = body else { return Ok(None) };
            let piece = body.next().await.inspect_err(|_| self.bodies.clear())?;
            if body.left > 0 {
                self.current = Some(body);
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    async fn open_next(&mut self) -> Result<Option<OpenBody>, StoreError> {
        let Some(body) = self.bodies.pop_front() else { return Ok(None) };
        let opened = self.open(&body).await.inspect_err(|_| self.bodies.clear())?;
        Ok(Some(opened))
    }

    async fn open(&self, body: &SealedBody) -> Result<OpenBody, StoreError> {
        let salt = self.salt(body.at).await?;
        let SealedRange { stored, first, within } = sealed_range(&body.range, body.length);
        let stored = self.object.clone().read_stored(body.at + stored.start..body.at + stored.end).await?;
        let opener = Opener::new(&self.key, &salt, body.length, first);
        Ok(OpenBody { stored, opener, skip: within.start, left: within.end - within.start })
    }

    async fn salt(&self, at: u64) -> Result<[u8; SALT], StoreError> {
        let mut reader = self.object.clone().read_stored(at..at + SALT as u64).await?;
        let mut salt = BytesMut::new();
        while let Some(piece) = reader.next().await {
            salt.extend_from_slice(&piece?);
        }
        let short = |_| StoreError::Damaged("an encrypted body is shorter than its salt".into());
        salt.as_ref().try_into().map_err(short)
    }
}

impl OpenBody {
    /// The next bytes that are wanted; none where a block is not complete yet.
    async fn next(&mut self) -> Result<Bytes, StoreError> {
        let mut opened = match self.stored.next().await {
            Some(piece) => self.opener.push(&piece?)?,
            None => self.rest()?,
        };
        let skipped = self.skip.min(opened.len() as u64);
        self.skip -= skipped;
        let _ = opened.split_to(skipped as usize);
        opened.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= opened.len() as u64;
        Ok(opened)
    }

    fn rest(&mut self) -> Result<Bytes, StoreError> {
        let rest = self.opener.finish()?;
        let short = || StoreError::Damaged("an encrypted body is shorter than its row says".into());
        if rest.is_empty() { Err(short()) } else { Ok(rest) }
    }
}

/// The bodies that a range reaches into; `lengths` are those of all bodies in their order.
fn sealed_bodies(lengths: &[u64], range: &Range<u64>) -> VecDeque<SealedBody> {
    let (mut at, mut begins) = (0, 0);
    let mut bodies = VecDeque::new();
    for length in lengths {
        let (from, to) = (range.start.max(begins), range.end.min(begins + length));
        if from < to {
            bodies.push_back(SealedBody { at, length: *length, range: from - begins..to - begins });
        }
        at += sealed_length(*length);
        begins += length;
    }
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_reaches_into_bodies() {
        let lengths = [100, 0, 50];
        let third = sealed_length(100) + sealed_length(0);
        let body = |at, length, range| SealedBody { at, length, range };
        for (range, expected) in [
            (0..150, vec![body(0, 100, 0..100), body(third, 50, 0..50)]),
            (0..u64::MAX, vec![body(0, 100, 0..100), body(third, 50, 0..50)]),
            (99..101, vec![body(0, 100, 99..100), body(third, 50, 0..1)]),
            (100..101, vec![body(third, 50, 0..1)]),
            (150..151, vec![]),
            (0..0, vec![]),
        ] {
            assert_eq!(sealed_bodies(&lengths, &range), expected, "{range:?}");
        }
    }
}
