//! Bodies whose every page says which write it is of, so that a mixture of two is found.

/// The body of a write: its bytes follow from number and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// The write's number; no two have the same.
    pub number: u64,
    /// Bytes.
    pub length: usize,
    /// Parts it is uploaded in; 0 for one that is put whole.
    pub parts: usize,
}

const PAGE: usize = 4096;
/// The least size of a part that is not the last.
pub const PART: usize = 5 << 20;

impl Body {
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = self.number.to_be_bytes().repeat(self.length / 8 + 1);
        bytes.truncate(self.length);
        for (page, bytes) in bytes.chunks_exact_mut(PAGE).enumerate() {
            bytes[..8].copy_from_slice(&(page as u64).to_be_bytes());
        }
        bytes
    }

    /// Files the store keeps it in: small bodies lie in the index, parts never do.
    pub fn files(self) -> usize {
        if self.parts > 0 { self.parts } else { usize::from(self.length > 16 << 10) }
    }
}
