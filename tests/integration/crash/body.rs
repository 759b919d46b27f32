//! Bodies that tell which write they are of, on every page: a mixture of two is none.

/// The body of a write: its bytes follow from number and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// The write's number; no two have the same.
    pub number: u64,
    /// Bytes.
    pub length: usize,
}

const PAGE: usize = 4096;

impl Body {
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = self.number.to_be_bytes().repeat(self.length / 8 + 1);
        bytes.truncate(self.length);
        for (page, bytes) in bytes.chunks_exact_mut(PAGE).enumerate() {
            bytes[..8].copy_from_slice(&(page as u64).to_be_bytes());
        }
        bytes
    }
}
