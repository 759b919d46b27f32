//! What the pages of the index lie on.

use std::fmt;
use std::io;

/// Bytes of a page.
pub(super) const PAGE: u64 = 4096;

/// Bytes at places, of a file or of memory.
pub(super) trait RawFile: fmt::Debug + Send + Sync {
    /// Bytes there are.
    fn len(&self) -> io::Result<u64>;
    /// Fills `out` with the bytes from `at` on.
    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()>;
    /// Writes bytes.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts, or appends zeros.
    fn set_len(&self, length: u64) -> io::Result<()>;
    /// Waits until all that was written is on the disk.
    fn sync(&self) -> io::Result<()>;
}
