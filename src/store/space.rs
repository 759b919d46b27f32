//! The room on the disk that writes may take: what is free, less the reserve, less what writes under way still need.
//!
//! The bytes of a body are reserved as they arrive, and ahead of them at most as much again as has arrived: a client that
//! announces much and sends little takes little from the others. The rows of changes are reserved too, but for deletes
//! and aborts: those need the reserve.

use super::error::StoreError;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// About the bytes that a change takes in the index besides those of its row: pages that are written anew.
const CHANGE: u64 = 16 << 10;
/// The most bytes that are reserved ahead of a body.
const AHEAD: u64 = 64 << 20;

/// Where the number of free bytes comes from.
pub(super) type FreeBytes = Box<dyn Fn() -> io::Result<u64> + Send + Sync>;

/// The bytes that a folder's disk has free for us.
pub(super) fn free_bytes_of(folder: &Path) -> FreeBytes {
    let folder = folder.to_owned();
    Box::new(move || {
        let stats = rustix::fs::statvfs(&folder)?;
        Ok(stats.f_bavail.saturating_mul(stats.f_frsize))
    })
}

/// The space of the disk.
pub(super) struct Space {
    free: FreeBytes,
    reserve: u64,
    promised: AtomicU64,
    /// Whether the log says that writes are refused.
    reported_full: AtomicBool,
}

/// Bytes that are reserved and not yet written; released when dropped.
#[derive(Debug)]
pub(super) struct Promise {
    space: Arc<Space>,
    left: u64,
}

/// The room of a body that is being written.
#[derive(Debug)]
pub(super) struct BodyRoom {
    promise: Promise,
    /// Bytes of the body that were never reserved.
    unreserved: u64,
    written: u64,
}

impl Space {
    pub(super) fn new(free: FreeBytes, reserve: u64) -> Arc<Space> {
        Arc::new(Space { free, reserve, promised: AtomicU64::new(0), reported_full: AtomicBool::new(false) })
    }

    /// Bytes free for us on the disk, the reserve among them.
    pub(super) fn free(&self) -> io::Result<u64> {
        (self.free)()
    }

    /// Whether even the smallest write is refused. A change of that goes to the log.
    pub(super) fn is_full(&self) -> bool {
        self.free().is_ok_and(|free| self.note(free))
    }

    /// Reserves the bytes of a change whose row has `row` bytes.
    ///
    /// # Errors
    /// [`StoreError::Full`] if that would touch the reserve.
    pub(super) fn for_row(self: &Arc<Space>, row: u64) -> Result<Promise, StoreError> {
        self.promise(row.saturating_add(CHANGE))
    }

    /// Room for a body of `length` bytes. Nothing is reserved yet.
    ///
    /// # Errors
    /// [`StoreError::Full`] if it has no room as things are now.
    pub(super) fn for_body(self: &Arc<Space>, length: u64) -> Result<BodyRoom, StoreError> {
        let promise = Promise { space: self.clone(), left: 0 };
        self.require(length.saturating_add(self.promised.load(Ordering::Relaxed)))?;
        Ok(BodyRoom { promise, unreserved: length, written: 0 })
    }

    fn promise(self: &Arc<Space>, bytes: u64) -> Result<Promise, StoreError> {
        let mut promise = Promise { space: self.clone(), left: 0 };
        promise.extend(bytes)?;
        Ok(promise)
    }

    fn require(&self, bytes: u64) -> Result<(), StoreError> {
        let free = self.free()?;
        self.note(free);
        if bytes.saturating_add(self.reserve) > free { Err(StoreError::Full) } else { Ok(()) }
    }

    fn note(&self, free: u64) -> bool {
        let full = free < self.reserve.saturating_add(CHANGE);
        if self.reported_full.swap(full, Ordering::Relaxed) != full {
            let reserve = self.reserve;
            if full {
                tracing::warn!(free, reserve, "the disk is full up to the reserve: writes are refused");
            } else {
                tracing::info!(free, reserve, "the disk has room again: writes are accepted");
            }
        }
        full
    }
}

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Space")
            .field("reserve", &self.reserve)
            .field("promised", &self.promised)
            .finish_non_exhaustive()
    }
}

impl Promise {
    /// Reserves more.
    fn extend(&mut self, bytes: u64) -> Result<(), StoreError> {
        let before = self.space.promised.fetch_add(bytes, Ordering::Relaxed);
        let room = self.space.require(before.saturating_add(bytes));
        match room {
            Ok(()) => self.left += bytes,
            Err(_) => {
                self.space.promised.fetch_sub(bytes, Ordering::Relaxed);
            }
        }
        room
    }

    /// `written` of the reserved bytes are on the disk, where [`Space::free`] sees them.
    fn spend(&mut self, written: u64) {
        let spent = written.min(self.left);
        self.left -= spent;
        self.space.promised.fetch_sub(spent, Ordering::Relaxed);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.spend(self.left);
    }
}

impl BodyRoom {
    /// Reserves the next `bytes` of the body, where they are not reserved yet.
    ///
    /// # Errors
    /// [`StoreError::Full`].
    pub(super) fn reserve(&mut self, bytes: u64) -> Result<(), StoreError> {
        let lacking = bytes.saturating_sub(self.promise.left);
        if lacking == 0 {
            return Ok(());
        }
        let with_more = lacking.saturating_add(self.written.min(AHEAD)).min(self.unreserved.max(lacking));
        let reserved = match self.promise.extend(with_more) {
            Ok(()) => with_more,
            Err(_) => self.promise.extend(lacking).map(|()| lacking)?,
        };
        self.unreserved = self.unreserved.saturating_sub(reserved);
        Ok(())
    }

    /// `bytes` of the reserved ones are on the disk.
    pub(super) fn wrote(&mut self, bytes: u64) {
        self.promise.spend(bytes);
        self.written = self.written.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A disk that has `free` bytes, of which `reserve` are kept.
    fn space(free: u64, reserve: u64) -> Arc<Space> {
        Space::new(Box::new(move || Ok(free)), reserve)
    }

    fn promised(space: &Space) -> u64 {
        space.promised.load(Ordering::Relaxed)
    }

    #[test]
    fn rows_are_reserved_until_they_are_dropped() {
        let space = space(MIB, MIB / 2);
        let row = space.for_row(MIB / 4).unwrap();
        assert_eq!(promised(&space), MIB / 4 + CHANGE);
        assert_eq!(space.for_row(MIB / 4).unwrap_err(), StoreError::Full);
        drop(row);
        assert_eq!(promised(&space), 0);
        space.for_row(MIB / 4).unwrap();
    }

    #[test]
    fn a_body_that_is_larger_than_what_is_free_is_refused_at_once() {
        for (free, reserve, length, has_room) in
            [(100, 0, 100, true), (100, 0, 101, false), (100, 1, 100, false), (100, 50, 50, true), (100, 101, 0, false)]
        {
            let room = space(free, reserve).for_body(length);
            assert_eq!(room.is_ok(), has_room, "{length} bytes, {free} free, {reserve} kept");
        }
    }

    #[test]
    fn bodies_that_are_announced_and_not_sent_take_nothing() {
        let space = space(1024 * MIB, 0);
        let announced: Vec<_> = (0..100).map(|_| space.for_body(1024 * MIB).unwrap()).collect();
        assert_eq!(promised(&space), 0);
        space.for_row(100).unwrap();
        drop(announced);
    }

    #[test]
    fn a_body_reserves_ahead_at_most_as_much_as_has_arrived() {
        let space = space(1024 * MIB, 0);
        let mut body = space.for_body(500 * MIB).unwrap();
        for (arriving, expected) in [(1, 1), (1, 2), (0, 1), (1, 1), (10, 13), (100, 100 + 13)] {
            body.reserve(arriving * MIB).unwrap();
            assert_eq!(promised(&space), expected * MIB, "{arriving} MiB arrive");
            body.wrote(arriving * MIB);
        }
        body.reserve(100 * MIB).unwrap();
        assert_eq!(promised(&space), (100 + 64) * MIB);
        body.wrote(100 * MIB);
        let left = 500 - 213;
        body.reserve(left * MIB).unwrap();
        assert_eq!(promised(&space), left * MIB, "and no more than the body has");
        drop(body);
        assert_eq!(promised(&space), 0);
    }

    #[test]
    fn a_body_goes_on_while_its_own_bytes_have_room() {
        let space = space(10 * MIB, 0);
        let mut body = space.for_body(10 * MIB).unwrap();
        body.reserve(2 * MIB).unwrap();
        body.wrote(2 * MIB);
        let _other = space.promise(5 * MIB).unwrap();
        body.reserve(4 * MIB).unwrap();
        assert_eq!(promised(&space), 9 * MIB, "without the two ahead");
        assert_eq!(body.reserve(8 * MIB), Err(StoreError::Full));
        assert_eq!(promised(&space), 9 * MIB);
    }

    #[test]
    fn a_disk_is_full_when_no_row_has_room() {
        for (free, reserve, full) in [(CHANGE, 0, false), (CHANGE - 1, 0, true), (MIB, MIB, true), (0, u64::MAX, true)]
        {
            let space = space(free, reserve);
            assert_eq!((space.is_full(), space.for_row(0).is_err()), (full, full), "{free} free, {reserve} kept");
        }
        let unknown = Space::new(Box::new(|| Err(io::ErrorKind::PermissionDenied.into())), 0);
        assert!(!unknown.is_full());
    }
}
