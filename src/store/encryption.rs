//! Bytes at rest that only the client's key opens (SSE-C): how a body is sealed, and opened block by block.
//!
//! A sealed body is a random salt and the blocks. A block is 64 KiB of the body, the last one less, and the tag of
//! AES-256-GCM. The key of the cipher is derived from the client's key and the salt, so no two bodies have the same one,
//! and the number of the block can be its nonce. The last block has a nonce of its own kind: a body that ends early or
//! goes on does not open. Any block is opened by itself, so that a range reads no more than its blocks.
//!
//! The client's key is not kept. What is kept is a [`KeyCheck`], which says whether a key is the one.

use super::error::StoreError;
use super::key_fault::KeyMismatch;
use crate::s3::customer_key::CustomerKey;
use crate::s3::etag::ETag;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U12;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use bytes::{Bytes, BytesMut};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::ops::Range;
use subtle::ConstantTimeEq;

/// Bytes of a body in a block.
const BLOCK: u64 = 64 << 10;
/// Bytes that sealing adds to a block.
const TAG: u64 = 16;
/// Bytes of a salt.
pub(super) const SALT: usize = 32;
/// The bit of a nonce that marks the last block.
const LAST: u64 = 1 << 63;

/// A random number that no other body has.
pub(super) type Salt = [u8; SALT];

/// By what a key is recognised: an HMAC of it with a salt. Neither the key nor what it encrypts follows from that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCheck {
    pub(super) salt: Salt,
    pub(super) mac: [u8; 32],
}

impl KeyCheck {
    pub(super) fn new(key: &CustomerKey, salt: Salt) -> KeyCheck {
        KeyCheck { mac: derived(key, b"check", &salt), salt }
    }

    /// Whether this is the key.
    pub(super) fn accepts(&self, key: &CustomerKey) -> bool {
        derived(key, b"check", &self.salt).ct_eq(&self.mac).into()
    }

    /// Whether a key, or none, is what opens something that has this check, or none.
    pub(super) fn judge(check: Option<&KeyCheck>, key: Option<&CustomerKey>) -> Result<(), KeyMismatch> {
        match (check, key) {
            (None, None) => Ok(()),
            (Some(check), Some(key)) if check.accepts(key) => Ok(()),
            (Some(_), Some(_)) => Err(KeyMismatch::Wrong),
            (Some(_), None) => Err(KeyMismatch::Missing),
            (None, Some(_)) => Err(KeyMismatch::NotApplicable),
        }
    }
}

/// A random salt.
///
/// # Errors
/// The system has no randomness.
pub(super) fn new_salt() -> Result<Salt, StoreError> {
    let mut salt = [0; SALT];
    let filled = getrandom::fill(&mut salt);
    filled.map(|()| salt).map_err(|error| StoreError::Io(format!("no randomness: {error}").into()))
}

/// A value that only the key and the salt give; `purpose` keeps values for different uses apart.
fn derived(key: &CustomerKey, purpose: &[u8], data: &[u8]) -> [u8; 32] {
    // An HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.bytes()) else { return [0; 32] };
    for piece in [b"r2shim sse-c ".as_slice(), purpose, b"\0", data] {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

/// The tag of an encrypted body: no MD5 of it, as in S3, because an MD5 would show a reader of the disk what the bytes are.
pub(super) fn encrypted_etag(key: &CustomerKey, salt: &Salt, plain: &ETag) -> ETag {
    let data = [salt.as_slice(), plain.as_str().as_bytes()].concat();
    let [tag @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = derived(key, b"etag", &data);
    ETag::from_md5(tag)
}

fn blocks(length: u64) -> u64 {
    length.div_ceil(BLOCK).max(1)
}

/// Bytes of a sealed body of `length` bytes.
pub(super) fn sealed_length(length: u64) -> u64 {
    length.saturating_add(blocks(length).saturating_mul(TAG)).saturating_add(SALT as u64)
}

/// The cipher of one body.
struct BodyCipher {
    cipher: Aes256Gcm,
    /// The number of the last block.
    last: u64,
}

impl BodyCipher {
    fn new(key: &CustomerKey, salt: &Salt, length: u64) -> BodyCipher {
        let cipher = Aes256Gcm::new(&derived(key, b"data", salt).into());
        BodyCipher { cipher, last: blocks(length) - 1 }
    }

    fn nonce(&self, number: u64) -> Nonce<U12> {
        let mark = if number == self.last { LAST } else { 0 };
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&(number | mark).to_be_bytes());
        nonce.into()
    }

    fn seal(&self, number: u64, block: &mut [u8]) -> Result<[u8; TAG as usize], StoreError> {
        let sealed = self.cipher.encrypt_inout_detached(&self.nonce(number), &[], block.into());
        sealed.map(Into::into).map_err(|_| StoreError::Io("a block could not be encrypted".into()))
    }

    /// Opens a sealed block.
    fn open(&self, number: u64, mut sealed: BytesMut) -> Result<Bytes, StoreError> {
        let damaged = || StoreError::Damaged("an encrypted block is not as it was written".into());
        let length = sealed.len().checked_sub(TAG as usize).ok_or_else(damaged)?;
        let tag = sealed.split_off(length);
        let tag: [u8; TAG as usize] = tag.as_ref().try_into().map_err(|_| damaged())?;
        let opened = self.cipher.decrypt_inout_detached(&self.nonce(number), &[], sealed.as_mut().into(), &tag.into());
        opened.map(|()| sealed.freeze()).map_err(|_| damaged())
    }
}

/// A body on its way to the disk.
pub(super) struct Sealer {
    cipher: BodyCipher,
    key: CustomerKey,
    salt: Salt,
    /// The number of the block that is being filled, and its bytes so far.
    number: u64,
    block: BytesMut,
    started: bool,
}

impl Sealer {
    /// For a body of `length` bytes.
    pub(super) fn new(key: &CustomerKey, salt: Salt, length: u64) -> Sealer {
        let cipher = BodyCipher::new(key, &salt, length);
        Sealer { cipher, key: key.clone(), salt, number: 0, block: BytesMut::new(), started: false }
    }

    /// Takes the next bytes of the body and returns what is sealed by now.
    pub(super) fn push(&mut self, mut bytes: Bytes) -> Result<Bytes, StoreError> {
        let mut sealed = self.begun();
        while !bytes.is_empty() {
            let room = (BLOCK as usize).saturating_sub(self.block.len());
            self.block.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.block.len() as u64 == BLOCK {
                self.end_block(&mut sealed)?;
            }
        }
        Ok(sealed.freeze())
    }

    /// The rest, once the whole body was pushed.
    pub(super) fn finish(&mut self) -> Result<Bytes, StoreError> {
        let mut sealed = self.begun();
        if self.number <= self.cipher.last {
            self.end_block(&mut sealed)?;
        }
        Ok(sealed.freeze())
    }

    /// The tag of the encrypted body whose own tag is `plain`.
    pub(super) fn etag(&self, plain: &ETag) -> ETag {
        encrypted_etag(&self.key, &self.salt, plain)
    }

    /// By what the body's key is recognised.
    pub(super) fn key_check(&self) -> KeyCheck {
        KeyCheck::new(&self.key, self.salt)
    }

    /// The salt, before anything else.
    fn begun(&mut self) -> BytesMut {
        let salt = if self.started { &[][..] } else { &self.salt };
        self.started = true;
        salt.into()
    }

    fn end_block(&mut self, sealed: &mut BytesMut) -> Result<(), StoreError> {
        let tag = self.cipher.seal(self.number, &mut self.block)?;
        sealed.extend_from_slice(&self.block);
        sealed.extend_from_slice(&tag);
        self.block.clear();
        self.number += 1;
        Ok(())
    }
}

/// What of a sealed body has to be read for a range of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SealedRange {
    /// The blocks, in bytes of the sealed body.
    pub(super) stored: Range<u64>,
    /// The number of the first block.
    pub(super) first: u64,
    /// The range within the bytes that those blocks hold.
    pub(super) within: Range<u64>,
}

/// The blocks that hold a range of a body of `length` bytes; the range is neither empty nor longer than the body.
pub(super) fn sealed_range(range: &Range<u64>, length: u64) -> SealedRange {
    let (first, end) = (range.start / BLOCK, range.end.div_ceil(BLOCK));
    let at = |block: u64| SALT as u64 + block * (BLOCK + TAG);
    let start = first * BLOCK;
    SealedRange {
        stored: at(first)..at(end).min(sealed_length(length)),
        first,
        within: range.start - start..range.end - start,
    }
}

/// A body on its way from the disk.
pub(super) struct Opener {
    cipher: BodyCipher,
    number: u64,
    collected: BytesMut,
}

impl Opener {
    /// For a body of `length` bytes whose sealed form begins with `salt`, from the block with the number `first`.
    pub(super) fn new(key: &CustomerKey, salt: &Salt, length: u64, first: u64) -> Opener {
        Opener { cipher: BodyCipher::new(key, salt, length), number: first, collected: BytesMut::new() }
    }

    /// Takes the next bytes of the sealed body and returns what can be opened by now.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for what was not sealed so, with this key.
    pub(super) fn push(&mut self, sealed: &[u8]) -> Result<Bytes, StoreError> {
        self.collected.extend_from_slice(sealed);
        let mut opened = BytesMut::new();
        while self.collected.len() as u64 >= BLOCK + TAG {
            let block = self.collected.split_to((BLOCK + TAG) as usize);
            opened.extend_from_slice(&self.next(block)?);
        }
        Ok(opened.freeze())
    }

    /// The rest, once all blocks were pushed.
    ///
    /// # Errors
    /// As [`Opener::push`].
    pub(super) fn finish(&mut self) -> Result<Bytes, StoreError> {
        let rest = std::mem::take(&mut self.collected);
        if rest.is_empty() { Ok(Bytes::new()) } else { self.next(rest) }
    }

    fn next(&mut self, block: BytesMut) -> Result<Bytes, StoreError> {
        let number = self.number;
        self.number += 1;
        self.cipher.open(number, block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const B: u64 = BLOCK;

    fn key() -> CustomerKey {
        CustomerKey::new([1; 32])
    }

    fn body(length: u64) -> Bytes {
        (0..length).map(|at| (at % 251) as u8).collect()
    }

    fn sealed(length: u64, pieces: usize) -> Vec<u8> {
        let mut sealer = Sealer::new(&key(), [2; SALT], length);
        let body = body(length);
        let mut sealed: Vec<u8> =
            body.chunks(pieces).flat_map(|piece| sealer.push(Bytes::copy_from_slice(piece)).unwrap()).collect();
        sealed.extend(sealer.finish().unwrap());
        sealed
    }

    /// The range of the body, read as a reader reads it.
    fn opened(key: &CustomerKey, sealed: &[u8], length: u64, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let salt = sealed.first_chunk().unwrap();
        let SealedRange { stored, first, within } = sealed_range(&range, length);
        let mut opener = Opener::new(key, salt, length, first);
        let end = (stored.end as usize).min(sealed.len());
        let mut plain = Vec::new();
        for piece in sealed[stored.start as usize..end].chunks(40_000) {
            plain.extend(opener.push(piece)?);
        }
        plain.extend(opener.finish()?);
        Ok(plain[within.start as usize..within.end as usize].to_vec())
    }

    #[test]
    fn a_body_opens_as_it_was_sealed() {
        for length in [0, 1, B - 1, B, B + 1, 2 * B, 2 * B + 1] {
            for pieces in [1000, B as usize, 3 * B as usize] {
                let sealed = sealed(length, pieces);
                assert_eq!(sealed.len() as u64, sealed_length(length), "{length}");
                if length > 0 {
                    assert!(opened(&key(), &sealed, length, 0..length).unwrap() == body(length), "{length} {pieces}");
                }
            }
        }
    }

    #[test]
    fn any_range_opens_by_itself() {
        let length = 2 * B + 10;
        let (sealed, body) = (sealed(length, 5000), body(length));
        for (start, end) in
            [(0, 1), (0, B), (B - 1, B + 1), (B, 2 * B), (2 * B, length), (length - 1, length), (1, length)]
        {
            let read = opened(&key(), &sealed, length, start..end).unwrap();
            assert!(read == body[start as usize..end as usize], "{start} {end}");
        }
    }

    #[test]
    fn a_range_reads_no_more_than_its_blocks() {
        let step = B + TAG;
        let salt = SALT as u64;
        for (range, stored, first, within) in [
            (0..1, salt..salt + step, 0, 0..1),
            (B..B + 1, salt + step..salt + 2 * step, 1, 0..1),
            (B - 1..B + 1, salt..salt + 2 * step, 0, B - 1..B + 1),
            (2 * B + 3..2 * B + 9, salt + 2 * step..salt + 2 * step + 10 + TAG, 2, 3..9),
        ] {
            assert_eq!(sealed_range(&range, 2 * B + 10), SealedRange { stored, first, within }, "{range:?}");
        }
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let length = 2 * B + 10;
        let sealed = sealed(length, 5000);
        let damaged = |sealed: &[u8], length: u64| {
            matches!(opened(&key(), sealed, length, 0..length), Err(StoreError::Damaged(_)))
        };
        for at in [0, SALT, SALT + 1, SALT + (B + TAG) as usize - 1, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(damaged(&changed, length), "byte {at}");
        }
        let step = (B + TAG) as usize;
        let block = |number: usize| &sealed[SALT + number * step..][..step];
        assert!(damaged(&[&sealed[..SALT], block(1), block(0), &sealed[SALT + 2 * step..]].concat(), length));
        // Cut after whole blocks, and said to be that long.
        assert!(damaged(&sealed[..SALT + step], B));
        assert!(damaged(&sealed[..SALT + 2 * step], 2 * B));
        let other = opened(&CustomerKey::new([3; 32]), &sealed, length, 0..1);
        assert!(matches!(other, Err(StoreError::Damaged(_))));
    }

    #[test]
    fn the_bytes_are_not_to_be_seen_and_no_two_bodies_are_alike() {
        let plain = Bytes::from_static(b"the quick brown fox");
        let whole = |salt: u8| {
            let mut sealer = Sealer::new(&key(), [salt; SALT], 19);
            [sealer.push(plain.clone()).unwrap(), sealer.finish().unwrap()].concat()
        };
        let (one, two) = (whole(1), whole(2));
        assert!(!one.windows(4).any(|window| plain.windows(4).any(|part| part == window)));
        assert_ne!(one[SALT..], two[SALT..]);
        let etag = ETag::from_md5([7; 16]);
        let tag = |salt| encrypted_etag(&key(), &[salt; SALT], &etag);
        assert!(tag(1) != etag && tag(1) != tag(2));
    }

    #[test]
    fn a_key_is_recognised() {
        let (check, other) = (KeyCheck::new(&key(), [5; SALT]), CustomerKey::new([3; 32]));
        for (check, given, expected) in [
            (None, None, Ok(())),
            (Some(&check), Some(&key()), Ok(())),
            (Some(&check), Some(&other), Err(KeyMismatch::Wrong)),
            (Some(&check), None, Err(KeyMismatch::Missing)),
            (None, Some(&key()), Err(KeyMismatch::NotApplicable)),
        ] {
            assert_eq!(KeyCheck::judge(check, given), expected);
        }
        assert_ne!(check.mac, *key().bytes());
    }

    /// Written once, read for ever: another result would make sealed bodies unreadable.
    #[test]
    fn the_format_stays() {
        let mut sealer = Sealer::new(&key(), [2; SALT], 3);
        let sealed = [sealer.push(Bytes::from_static(b"abc")).unwrap(), sealer.finish().unwrap()].concat();
        assert_eq!(hex::encode(&sealed[SALT..]), "27e8639781a7271a9c8bdc27f0397e939f081c");
        assert_eq!(
            hex::encode(KeyCheck::new(&key(), [2; SALT]).mac),
            "57d71bc02d019bb701c6e3fe3631462c2d953f8423acb304a796854824858a4e"
        );
    }
}
