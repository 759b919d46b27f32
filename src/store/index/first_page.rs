//! The first page of redb's: its header, what guards it, and what proves that the last commit is complete.
//!
//! ```text
//!    0  redb's header: flags, sizes, and two slots, each of one commit
//!  320  a copy of the flags, and a sum of what never changes
//!  512  the number of a commit that is known to be on the disk, and a sum of it
//! 1008  the same again, of this commit or an earlier one
//! 1024  the pages of the commit in slot 0
//! 2560  the pages of the commit in slot 1
//! ```
//!
//! redb waits for the disk twice in a commit: for its pages, and then for the header that leads to them. With a record of
//! the pages beside the header one wait is enough ([`super::pages`]): after a loss of power the commit is complete if every
//! page of the record is there. If one is not, nobody was answered yet, and the commit before it is the last.
//!
//! Once the wait is over, the number of the commit is written to the place at 512, so that whoever comes later knows
//! without a record. A page that has changed since then is damage, and no reason to go back. A file without such places
//! is of an earlier version, which waited twice.
//!
//! Nothing is read or written here.

use super::raw_file::PAGE;
use crate::store::block_sums;
use std::ops::Range;

/// Bytes of redb's header.
pub(super) const HEADER: usize = 320;
/// And of what guards it: a copy of the flags, and the sum of what never changes.
const GUARDED: usize = HEADER + 16;
/// The byte of flags.
const FLAGS: usize = 9;
/// The flag that says which slot has the last commit.
const SLOT: u8 = 1;
/// The flag that says that redb waits twice for a commit, and so does not verify its pages.
const TWO_PHASES: u8 = 4;
/// The sizes of pages and regions.
const FIXED: Range<usize> = 10..24;
/// The two slots, and where in each the number of its commit is.
const SLOTS: [usize; 2] = [64, 64 + 128];
const SLOT_BYTES: usize = 128;
const COMMIT: usize = 104;

/// Where the number of a commit that is on the disk is, with its sum, and where it is again: of a commit without a record
/// one changed bit takes away only one of both.
const CONFIRMED: Range<usize> = 512..528;
const CONFIRMED_AGAIN: Range<usize> = 1008..1024;
/// Where the records are, and bytes of each.
const RECORDS: [usize; 2] = [1024, 1024 + RECORD_BYTES];
const RECORD_BYTES: usize = 1536;
/// Bytes of a record before its pages: its sum, the commit, the digest of the pages, and how many they are.
const RECORD_HEAD: usize = 4 * 8;
/// The most pages of a record.
pub(super) const RECORDED: usize = (RECORD_BYTES - RECORD_HEAD) / 4;

/// redb's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header(pub(super) [u8; HEADER]);

/// The pages of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) commit: u64,
    /// Their numbers.
    pub(super) pages: Vec<u32>,
    /// [`digest`] of them.
    pub(super) digest: u64,
}

/// What the first page says beside the header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Proof {
    /// A commit that is on the disk, and with it all before it; `None` if what is there does not read.
    pub(super) confirmed: Option<u64>,
    /// Of the commits in both slots, where there is one.
    pub(super) records: [Option<Record>; 2],
}

/// Whether the commit that a header leads to is complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing<'p> {
    Complete,
    /// It is if these pages are there.
    Recorded(&'p Record),
    /// It is not.
    Torn,
}

impl Header {
    /// The slot of the last commit.
    pub(super) fn slot(&self) -> usize {
        usize::from(self.0[FLAGS] & SLOT)
    }

    /// The number of the last commit.
    pub(super) fn commit(&self) -> u64 {
        self.commit_in(self.slot())
    }

    /// The number of the commit before it, or of the one that is being made.
    pub(super) fn other_commit(&self) -> u64 {
        self.commit_in(1 - self.slot())
    }

    fn commit_in(&self, slot: usize) -> u64 {
        let number = self.0.get(SLOTS[slot] + COMMIT..).and_then(|bytes| bytes.first_chunk().copied());
        number.map_or(0, u64::from_le_bytes)
    }

    /// Whether redb trusts the pages of the last commit without a look.
    pub(super) fn is_trusted(&self) -> bool {
        self.0[FLAGS] & TWO_PHASES != 0
    }

    /// Whether this header announces the commit behind the one of `before`: nothing but the slot that is not in use has
    /// changed.
    pub(super) fn announces_after(&self, before: &Header) -> bool {
        let mut expected = *before;
        let other = SLOTS[1 - self.slot()];
        expected.0[other..other + SLOT_BYTES].copy_from_slice(&self.0[other..other + SLOT_BYTES]);
        *self == expected && self.is_trusted() && self.other_commit() > self.commit()
    }

    /// The header that leads to the commit in the other slot.
    pub(super) fn of_other_slot(mut self) -> Header {
        self.0[FLAGS] ^= SLOT;
        self
    }

    /// With what guards it.
    pub(super) fn guarded(&self) -> [u8; GUARDED] {
        let mut out = [0; GUARDED];
        out[..HEADER].copy_from_slice(&self.0);
        out[HEADER] = self.0[FLAGS];
        out[HEADER + 8..].copy_from_slice(&block_sums::sum(&self.0[FIXED]).to_le_bytes());
        out
    }

    /// The header of a page; `None` if it is not what was written.
    pub(super) fn read(page: &[u8]) -> Option<Header> {
        let guarded: &[u8; GUARDED] = page.first_chunk()?;
        let mut header = Header(*guarded.first_chunk()?);
        let (flags, copy) = (guarded[FLAGS], guarded[HEADER]);
        if guarded[HEADER + 8..] != block_sums::sum(&guarded[FIXED]).to_le_bytes() {
            return None;
        }
        let slot = if (flags ^ copy) & SLOT == 0 { flags & SLOT } else { header.newer() };
        header.0[FLAGS] = (flags | copy) & !SLOT | slot;
        Some(header)
    }

    /// The slot of the later commit. Where flag and copy differ, one of them has changed, or a crash has torn the write
    /// that moved on to the later commit.
    fn newer(&self) -> u8 {
        u8::from(self.commit_in(1) > self.commit_in(0))
    }
}

impl Proof {
    /// What a page says; `None` for one of an earlier version.
    pub(super) fn read(page: &[u8]) -> Option<Proof> {
        if page.get(CONFIRMED.start..)?.iter().all(|byte| *byte == 0) {
            return None;
        }
        let number = |at: Range<usize>| summed(page.get(at)?)?.first_chunk().copied().map(u64::from_le_bytes);
        let records = RECORDS.map(|at| Record::read(page.get(at..at + RECORD_BYTES)?));
        Some(Proof { confirmed: number(CONFIRMED).max(number(CONFIRMED_AGAIN)), records })
    }

    /// Whether the commit of this header is complete; `None` if that cannot be known, because something has changed.
    pub(super) fn standing(&self, header: &Header) -> Option<Standing<'_>> {
        let is_confirmed = |commit| self.confirmed.is_some_and(|confirmed| confirmed >= commit);
        if !header.is_trusted() || is_confirmed(header.commit()) {
            return Some(Standing::Complete);
        }
        let record = self.records[header.slot()].as_ref().filter(|record| record.commit == header.commit());
        match record {
            Some(record) => Some(Standing::Recorded(record)),
            None => self.may_go_back(header).then_some(Standing::Torn),
        }
    }

    /// Whether the commit before that of this header is one that was waited for.
    pub(super) fn may_go_back(&self, header: &Header) -> bool {
        self.confirmed.is_some_and(|confirmed| (confirmed..header.commit()).contains(&header.other_commit()))
    }

    /// The whole page, with this header.
    pub(super) fn page(&self, header: &Header) -> Vec<u8> {
        let mut page = vec![0; PAGE as usize];
        page[..GUARDED].copy_from_slice(&header.guarded());
        for at in [CONFIRMED, CONFIRMED_AGAIN] {
            page[at].copy_from_slice(&self.confirmation());
        }
        for (at, record) in RECORDS.into_iter().zip(&self.records) {
            let bytes = record.as_ref().map(Record::encode).unwrap_or_default();
            page[at..at + bytes.len()].copy_from_slice(&bytes);
        }
        page
    }

    /// Where in the page its number of a commit is, and the bytes there.
    pub(super) fn confirmation_at() -> u64 {
        CONFIRMED.start as u64
    }

    /// See [`Proof::confirmation_at`].
    pub(super) fn confirmation(&self) -> Vec<u8> {
        let bytes = self.confirmed.unwrap_or_default().to_le_bytes();
        [bytes, block_sums::sum(&bytes).to_le_bytes()].concat()
    }
}

impl Record {
    fn read(bytes: &[u8]) -> Option<Record> {
        let count = bytes.get(24..32)?.first_chunk().copied().map(u64::from_le_bytes)?;
        let count = usize::try_from(count).ok().filter(|count| *count <= RECORDED)?;
        let bytes = summed(&[bytes.get(8..RECORD_HEAD + 4 * count)?, bytes.get(..8)?].concat())?.to_vec();
        let number = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes);
        let pages = bytes.get(24..)?.chunks_exact(4).map(|page| page.first_chunk().copied().map(u32::from_le_bytes));
        Some(Record { commit: number(0)?, digest: number(8)?, pages: pages.collect::<Option<_>>()? })
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 8];
        for number in [self.commit, self.digest, self.pages.len() as u64] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        self.pages.iter().for_each(|page| out.extend_from_slice(&page.to_le_bytes()));
        let sum = block_sums::sum(&out[8..]).to_le_bytes();
        out[..8].copy_from_slice(&sum);
        out
    }
}

/// The bytes before a sum of 8 bytes, if it is theirs.
fn summed(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_last_chunk::<8>()?;
    (block_sums::sum(bytes).to_le_bytes() == *sum).then_some(bytes)
}

/// What distinguishes pages with these sums from others.
pub(super) fn digest(pages: impl Iterator<Item = (u32, u64)>) -> u64 {
    let mut bytes = Vec::new();
    for (page, sum) in pages {
        bytes.extend_from_slice(&page.to_le_bytes());
        bytes.extend_from_slice(&sum.to_le_bytes());
    }
    block_sums::sum(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of redb's, with these commits in its slots.
    fn header(flags: u8, commits: [u64; 2]) -> Header {
        let mut header = Header(std::array::from_fn(|i| i as u8));
        header.0[FLAGS] = flags;
        for (slot, commit) in SLOTS.into_iter().zip(commits) {
            header.0[slot + COMMIT..][..8].copy_from_slice(&commit.to_le_bytes());
        }
        header
    }

    fn record(commit: u64, pages: u32) -> Record {
        Record { commit, pages: (0..pages).map(|page| page * 3).collect(), digest: 7 }
    }

    #[test]
    fn a_page_reads_as_it_was_written() {
        let header = header(6, [9, 8]);
        for records in
            [[None, None], [Some(record(9, RECORDED as u32)), None], [Some(record(9, 0)), Some(record(8, 5))]]
        {
            let proof = Proof { confirmed: Some(8), records };
            let page = proof.page(&header);
            assert_eq!((Header::read(&page), Proof::read(&page)), (Some(header), Some(proof)));
        }
        let mut of_earlier_version = header.guarded().to_vec();
        of_earlier_version.resize(PAGE as usize, 0);
        assert_eq!((Header::read(&of_earlier_version), Proof::read(&of_earlier_version)), (Some(header), None));
    }

    #[test]
    fn a_commit_counts_if_it_is_confirmed_or_recorded() {
        let standing = |flags, commits, confirmed, records: [Option<Record>; 2]| {
            let proof = Proof { confirmed, records };
            proof.standing(&header(flags, commits)).map(|standing| match standing {
                Standing::Complete => "complete",
                Standing::Recorded(_) => "recorded",
                Standing::Torn => "torn",
            })
        };
        let of = |commit| [Some(record(commit, 1)), None];
        assert_eq!(standing(6, [9, 8], Some(9), [None, None]), Some("complete"));
        assert_eq!(standing(6, [9, 10], Some(10), [None, None]), Some("complete"), "a later one is");
        assert_eq!(standing(6, [9, 8], Some(8), of(9)), Some("recorded"));
        assert_eq!(standing(6, [9, 8], None, of(9)), Some("recorded"));
        assert_eq!(standing(6, [9, 8], Some(8), of(7)), Some("torn"), "the record is of the commit before");
        assert_eq!(standing(6, [9, 8], None, of(7)), None, "the number has changed");
        assert_eq!(standing(6, [9, 3], Some(8), of(7)), None, "there is nothing to go back to");
        assert_eq!(standing(2, [9, 8], Some(8), of(7)), Some("complete"), "redb verifies it");
    }

    #[test]
    fn no_flipped_bit_takes_a_confirmed_commit_away() {
        let header = header(7, [8, 9]);
        for record in [None, Some(record(9, 20))] {
            let mut proof = Proof { confirmed: Some(9), records: [None, record] };
            let mut page = proof.page(&header);
            // As it is written after the wait for a commit with a record.
            if proof.records[1].is_some() {
                proof.confirmed = Some(8);
                page[CONFIRMED_AGAIN].copy_from_slice(&proof.confirmation());
            }
            for bit in 0..page.len() * 8 {
                page[bit / 8] ^= 1 << (bit % 8);
                let seen = Header::read(&page).filter(|seen| seen.slot() == 1 && seen.commit() == 9);
                let standing = seen.map(|seen| Proof::read(&page).unwrap().standing(&seen) == Some(Standing::Complete));
                let is_recorded = proof.records[1].is_some() && CONFIRMED.contains(&(bit / 8));
                assert!(standing != Some(false) || is_recorded, "bit {bit}");
                page[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn a_commit_is_announced_in_the_slot_that_is_not_in_use() {
        let before = header(6, [9, 8]);
        assert!(header(6, [9, 10]).announces_after(&before));
        for (flags, commits) in [(7, [9, 10]), (2, [9, 10]), (6, [9, 8]), (6, [10, 8])] {
            assert!(!header(flags, commits).announces_after(&before), "{flags} {commits:?}");
        }
    }
}
