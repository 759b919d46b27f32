//! The checksums S3 knows beside MD5: their names, headers and values.

/// A checksum algorithm a client may choose (S3 user guide, "Checking object integrity").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// CRC-32 (ISO 3309), 4 bytes.
    Crc32,
    /// CRC-32C (Castagnoli), 4 bytes.
    Crc32c,
    /// CRC-64/NVME, 8 bytes.
    Crc64Nvme,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
}

/// What a stored checksum is a checksum of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The object's bytes.
    FullObject,
    /// The checksums of its parts, written one after the other.
    Composite,
}

/// A checksum as clients send and get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// Which algorithm made it.
    pub algorithm: Algorithm,
    /// What it covers.
    pub kind: Kind,
    /// Base64 of the digest; composite ones end in `-N`, N the number of parts.
    pub value: String,
}
