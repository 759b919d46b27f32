//! The room on the disk that writes may take: what is free, less the reserve, less what writes under way still need.
//!
//! The bytes of a body are reserved as they arrive, and ahead of them at most as much again as has arrived: a client that
//! announces much and sends little takes little from the others. The rows of changes are reserved too, but for deletes
//! and aborts: those need the reserve.

use super::error::StoreError;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// About the bytes that a change takes in the index besides those of its row: pages that are written anew.
const CHANGE: u64 = 16 << 10;
/// The most bytes that are reserved ahead of a body.
const AHEAD: u64 = 64 << 20;

/// What an owner may always have reserved: a row, and a piece of a body on its way to the disk.
const LEAST_SHARE: u64 = 1 << 20;

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
    /// What each owner has of that, where it has any.
    by_owner: Mutex<HashMap<Arc<str>, u64>>,
    /// Whether the log says that writes are refused.
    reported_full: AtomicBool,
}

/// How much of what is free one owner may have reserved at the same time, so that it does not stop the writes of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Whose it is; to the store a name like any other.
    pub owner: Arc<str>,
    /// Percent of what is free beyond the reserve.
    pub percent: u64,
}

/// Bytes that are reserved and not yet written; released when dropped.
#[derive(Debug)]
pub(super) struct Promise {
    space: Arc<Space>,
    share: Option<Share>,
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
        let promised = AtomicU64::new(0);
        Arc::new(Space { free, reserve, promised, by_owner: Mutex::default(), reported_full: AtomicBool::new(false) })
    }

    /// Bytes free for us on the disk, the reserve among them.
    pub(super) fn free(&self) -> io::Result<u64> {
        (self.free)()
    }

    /// Whether even the smallest write is refused. A change of that goes to the log.
    pub(super) fn is_full(&self) -> bool {
        self.free().is_ok_and(|free| self.note(free))
    }

    /// Reserves the bytes of a change whose row has `row` bytes, from a share if there is one.
    ///
    /// # Errors
    /// [`StoreError::Full`] if that would touch the reserve, [`StoreError::ShareUsed`].
    pub(super) fn for_row(self: &Arc<Space>, row: u64, share: Option<&Share>) -> Result<Promise, StoreError> {
        self.promise(row.saturating_add(CHANGE), share)
    }

    /// Room for a body of `length` bytes. Nothing is reserved yet.
    ///
    /// # Errors
    /// [`StoreError::Full`] if it has no room as things are now.
    pub(super) fn for_body(self: &Arc<Space>, length: u64, share: Option<&Share>) -> Result<BodyRoom, StoreError> {
        let promise = Promise { space: self.clone(), share: share.cloned(), left: 0 };
        self.require(length.saturating_add(self.promised.load(Ordering::Relaxed)))?;
        Ok(BodyRoom { promise, unreserved: length, written: 0 })
    }

    /// Bytes that are reserved and not yet written.
    #[cfg(test)]
    pub(super) fn promised(&self) -> u64 {
        self.promised.load(Ordering::Relaxed)
    }

    fn promise(self: &Arc<Space>, bytes: u64, share: Option<&Share>) -> Result<Promise, StoreError> {
        let mut promise = Promise { space: self.clone(), share: share.cloned(), left: 0 };
        promise.extend(bytes)?;
        Ok(promise)
    }

    fn require(&self, bytes: u64) -> Result<(), StoreError> {
        let free = self.free()?;
        self.note(free);
        if bytes.saturating_add(self.reserve) > free { Err(StoreError::Full) } else { Ok(()) }
    }

    /// Counts bytes for the owner of a share.
    fn take_of(&self, share: &Share, bytes: u64) -> Result<(), StoreError> {
        let room = self.free()?.saturating_sub(self.reserve);
        let most = u128::from(room) * u128::from(share.percent) / 100;
        let mut owners = self.owners();
        let taken = owners.get(&share.owner).copied().unwrap_or(0).saturating_add(bytes);
        if u128::from(taken) > most.max(LEAST_SHARE.into()) {
            return Err(StoreError::ShareUsed);
        }
        owners.insert(share.owner.clone(), taken);
        Ok(())
    }

    /// Ends what [`Space::take_of`] began.
    fn give_back(&self, share: &Share, bytes: u64) {
        let mut owners = self.owners();
        let left = owners.get(&share.owner).map_or(0, |taken| taken.saturating_sub(bytes));
        if left == 0 {
            owners.remove(&share.owner);
        } else {
            owners.insert(share.owner.clone(), left);
        }
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<Arc<str>, u64>> {
        self.by_owner.lock().unwrap_or_else(PoisonError::into_inner)
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
        let fits = self.space.require(before.saturating_add(bytes));
        let room = fits.and_then(|()| self.share.iter().try_for_each(|share| self.space.take_of(share, bytes)));
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
        if let Some(share) = &self.share {
            self.space.give_back(share, spent);
        }
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
        let row = space.for_row(MIB / 4, None).unwrap();
        assert_eq!(promised(&space), MIB / 4 + CHANGE);
        assert_eq!(space.for_row(MIB / 4, None).unwrap_err(), StoreError::Full);
        drop(row);
        assert_eq!(promised(&space), 0);
        space.for_row(MIB / 4, None).unwrap();
    }

    #[test]
    fn a_body_that_is_larger_than_what_is_free_is_refused_at_once() {
        for (free, reserve, length, has_room) in
            [(100, 0, 100, true), (100, 0, 101, false), (100, 1, 100, false), (100, 50, 50, true), (100, 101, 0, false)]
        {
            let room = space(free, reserve).for_body(length, None);
            assert_eq!(room.is_ok(), has_room, "{length} bytes, {free} free, {reserve} kept");
        }
    }

    #[test]
    fn bodies_that_are_announced_and_not_sent_take_nothing() {
        let space = space(1024 * MIB, 0);
        let announced: Vec<_> = (0..100).map(|_| space.for_body(1024 * MIB, None).unwrap()).collect();
        assert_eq!(promised(&space), 0);
        space.for_row(100, None).unwrap();
        drop(announced);
    }

    #[test]
    fn a_body_reserves_ahead_at_most_as_much_as_has_arrived() {
        let space = space(1024 * MIB, 0);
        let mut body = space.for_body(500 * MIB, None).unwrap();
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
        let mut body = space.for_body(10 * MIB, None).unwrap();
        body.reserve(2 * MIB).unwrap();
        body.wrote(2 * MIB);
        let _other = space.promise(5 * MIB, None).unwrap();
        body.reserve(4 * MIB).unwrap();
        assert_eq!(promised(&space), 9 * MIB, "without the two ahead");
        assert_eq!(body.reserve(8 * MIB), Err(StoreError::Full));
        assert_eq!(promised(&space), 9 * MIB);
    }

    #[test]
    fn one_owner_reserves_no_more_than_its_share() {
        let space = space(110 * MIB, 10 * MIB);
        let share = |owner: &str| Share { owner: owner.into(), percent: 50 };
        let of_a = |bytes| space.promise(bytes, Some(&share("a")));
        let first = of_a(30 * MIB).unwrap();
        assert_eq!(of_a(21 * MIB).unwrap_err(), StoreError::ShareUsed);
        assert_eq!(promised(&space), 30 * MIB, "what is refused is not reserved");
        let second = of_a(20 * MIB).unwrap();
        let others = [space.promise(30 * MIB, Some(&share("b"))).unwrap(), space.promise(20 * MIB, None).unwrap()];
        assert_eq!(space.promise(MIB, Some(&share("c"))).unwrap_err(), StoreError::Full);
        drop((first, second));
        of_a(50 * MIB).unwrap();
        drop(others);
        assert_eq!((promised(&space), space.owners().len()), (0, 0));
    }

    #[test]
    fn a_body_larger_than_a_share_is_written_in_steps() {
        let space = space(100 * MIB, 0);
        let share = Share { owner: "a".into(), percent: 10 };
        let mut body = space.for_body(90 * MIB, Some(&share)).unwrap();
        for _ in 0..90 {
            body.reserve(MIB).unwrap();
            body.wrote(MIB);
        }
        assert_eq!(body.reserve(11 * MIB), Err(StoreError::ShareUsed));
        drop(body);
        assert_eq!((promised(&space), space.owners().len()), (0, 0));
    }

    #[test]
    fn a_disk_is_full_when_no_row_has_room() {
        for (free, reserve, full) in [(CHANGE, 0, false), (CHANGE - 1, 0, true), (MIB, MIB, true), (0, u64::MAX, true)]
        {
            let space = space(free, reserve);
            assert_eq!((space.is_full(), space.for_row(0, None).is_err()), (full, full), "{free} free, {reserve} kept");
        }
        let unknown = Space::new(Box::new(|| Err(io::ErrorKind::PermissionDenied.into())), 0);
        assert!(!unknown.is_full());
    }
}
