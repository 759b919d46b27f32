//! Bytes to send, and their digests as S3 writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

/// The least a part has that is not the last: 5 MiB.
pub const MIN_PART: usize = 5 << 20;

/// So many bytes, which differ by their offset and by the payload.
pub fn bytes(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8 ^ (n >> 16) as u8 ^ seed).collect()
}

/// The ETag of an object written at once.
pub fn etag(body: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Md5::digest(body)))
}

/// The ETag of an object of parts.
pub fn etag_of_parts(parts: &[&[u8]]) -> String {
    let digests: Vec<u8> = parts.iter().flat_map(|part| Md5::digest(part).to_vec()).collect();
    format!("\"{}-{}\"", hex::encode(Md5::digest(digests)), parts.len())
}

/// A Content-MD5.
pub fn md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}

/// A CRC-32.
pub fn crc32(body: &[u8]) -> String {
    STANDARD.encode((crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, body) as u32).to_be_bytes())
}

/// A CRC-64/NVME.
pub fn crc64(body: &[u8]) -> String {
    STANDARD.encode(crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, body).to_be_bytes())
}
