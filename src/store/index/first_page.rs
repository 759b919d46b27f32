//! The first page of redb's: its header, what guards it, and what proves that the last commit is complete.
//!
//! ```text
//!    0  redb's header: flags, sizes, and two slots, each of one commit
//!  320  a copy of the flags, a mark, a sum of what never changes, and a sum of the slots
//!  512  the number of a commit that is known to be on the disk, and a sum of it
//! 1008  the same again, of this commit or an earlier one
//! 1024  the pages of the commit in slot 0
//! 2560  the pages of the commit in slot 1
//! ```
//!
//! redb waits for the disk twice in a commit: for its pages, and then for the header that leads to them. With a record of
//! the pages beside the header one wait is enough ([`super::pages`]). After a loss of power the commit is complete if every
//! page of the record is on the disk. If a page is missing, no client had an answer for this commit, and the index goes
//! back to the commit in the other slot. The sum of the slots says that the other slot has the commit before, and that no
//! bit of their numbers has changed.
//!
//! After the wait, the number of the commit is written to the place at 512. From then on the commit is complete without a
//! look at its record: a page that differs is damage, and no reason to go back. A header without the mark is of an earlier
//! version, which waited twice: its commit is complete, and the bytes behind the header mean nothing.
//!
//! Nothing is read or written here.

use super::raw_file::PAGE;
use crate::store::block_sums;
use std::ops::Range;

/// Bytes of redb's header.
pub(super) const HEADER: usize = 320;
/// And of what guards it.
const GUARDED: usize = HEADER + 24;
/// The byte of flags.
const FLAGS: usize = 9;
/// The flag that says which slot has the last commit.
const SLOT: u8 = 1;
/// The flag that says that redb waits twice for a commit, and so does not verify its pages.
const TWO_PHASES: u8 = 4;
/// The sizes of pages and regions.
const FIXED: Range<usize> = 10..24;
/// Where the copy of the flags is, the mark, and both sums.
const COPY_AT: usize = HEADER;
const MARK_AT: usize = HEADER + 1;
const FIXED_SUM: Range<usize> = HEADER + 8..HEADER + 16;
const SLOTS_SUM: Range<usize> = HEADER + 16..GUARDED;
/// The two slots, and where in each the number of its commit is.
const SLOTS: [usize; 2] = [64, 64 + 128];
const SLOT_BYTES: usize = 128;
const BOTH_SLOTS: Range<usize> = SLOTS[0]..HEADER;
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

/// Whether a commit is complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing<'p> {
    Complete,
    /// It is if these pages are there.
    Recorded(&'p Record),
    /// Nothing says so.
    Unproven,
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

    fn commit_in(&self, slot: usize) -> u64 {
        let number = self.0.get(SLOTS[slot] + COMMIT..).and_then(|bytes| bytes.first_chunk().copied());
        number.map_or(0, u64::from_le_bytes)
    }

    /// Whether redb trusts the pages of the last commit without a look.
    pub(super) fn is_trusted(&self) -> bool {
        self.0[FLAGS] & TWO_PHASES != 0
    }

    /// Whether this header announces the commit behind the one of `before`: the slot that is not in use has changed, and
    /// nothing else.
    pub(super) fn announces_after(&self, before: &Header) -> bool {
        let mut expected = *before;
        let other = SLOTS[1 - self.slot()];
        expected.0[other..other + SLOT_BYTES].copy_from_slice(&self.0[other..other + SLOT_BYTES]);
        *self == expected && self != before && self.is_trusted() && self.of_other_slot().commit() > self.commit()
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
        (out[COPY_AT], out[MARK_AT]) = (self.0[FLAGS], 1);
        for (sum, summed) in [(FIXED_SUM, FIXED), (SLOTS_SUM, BOTH_SLOTS)] {
            out[sum].copy_from_slice(&block_sums::sum(&self.0[summed]).to_le_bytes());
        }
        out
    }

    /// The header of a page; `None` if it is not what was written.
    pub(super) fn read(page: &[u8]) -> Option<Header> {
        let mut header = Header(*page.first_chunk()?);
        let (flags, copy) = (header.0[FLAGS], *page.get(COPY_AT)?);
        if page.get(FIXED_SUM)? != block_sums::sum(&header.0[FIXED]).to_le_bytes() {
            return None;
        }
        let slot = if (flags ^ copy) & SLOT == 0 { flags & SLOT } else { header.newer() };
        header.0[FLAGS] = (flags | copy) & !SLOT | slot;
        Some(header)
    }

    /// Whether the slots of a page are those that were written with each other.
    pub(super) fn has_its_slots(page: &[u8]) -> bool {
        let sum = page.get(BOTH_SLOTS).map(|slots| block_sums::sum(slots).to_le_bytes());
        sum.is_some_and(|sum| page.get(SLOTS_SUM) == Some(&sum[..]))
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
        if page.get(MARK_AT) != Some(&1) {
            return None;
        }
        let number = |at: Range<usize>| summed(page.get(at)?)?.first_chunk().copied().map(u64::from_le_bytes);
        let records = RECORDS.map(|at| Record::read(page.get(at..at + RECORD_BYTES)?));
        Some(Proof { confirmed: number(CONFIRMED).max(number(CONFIRMED_AGAIN)), records })
    }

    /// Of the commit that a header leads to.
    pub(super) fn standing(&self, header: &Header) -> Standing<'_> {
        let is_confirmed = self.confirmed.is_some_and(|confirmed| confirmed >= header.commit());
        if is_confirmed || !header.is_trusted() { Standing::Complete } else { self.recorded(header) }
    }

    /// Whether the commit in the other slot is one to go back to, which was waited for before that of this header. The
    /// slots must be those that were written.
    pub(super) fn may_go_back(&self, header: &Header) -> bool {
        let before = header.of_other_slot().commit();
        self.confirmed.is_some_and(|confirmed| (confirmed..header.commit()).contains(&before))
    }

    fn recorded(&self, header: &Header) -> Standing<'_> {
        let record = self.records[header.slot()].as_ref().filter(|record| record.commit == header.commit());
        record.map_or(Standing::Unproven, Standing::Recorded)
    }

    /// What is left of it where this header leads to a complete commit. What was written for a later one that did not come
    /// to be is gone, because its number may be given again.
    pub(super) fn behind(&self, header: &Header) -> Proof {
        let commit = header.commit();
        let confirmed = if header.is_trusted() { commit } else { self.confirmed.unwrap_or_default().min(commit) };
        let kept = |record: &Option<Record>| record.clone().filter(|record| record.commit <= commit);
        Proof { confirmed: Some(confirmed), records: self.records.each_ref().map(kept) }
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
pub(super) mod tests {
    use super::*;

    /// A header of redb's, with these commits in its slots.
    pub(in crate::store::index) fn header(flags: u8, commits: [u64; 2]) -> Header {
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
        let mut of_earlier_version = header.guarded()[..SLOTS_SUM.start].to_vec();
        of_earlier_version.resize(PAGE as usize, 0);
        of_earlier_version[MARK_AT] = 0;
        assert_eq!((Header::read(&of_earlier_version), Proof::read(&of_earlier_version)), (Some(header), None));
    }

    fn name(standing: Standing<'_>) -> &'static str {
        match standing {
            Standing::Complete => "complete",
            Standing::Recorded(_) => "recorded",
            Standing::Unproven => "unproven",
        }
    }

    #[test]
    fn a_commit_counts_if_it_is_confirmed_or_recorded() {
        let standing = |flags, commits, confirmed, records: [Option<Record>; 2]| {
            let (proof, header) = (Proof { confirmed, records }, header(flags, commits));
            (name(proof.standing(&header)), proof.may_go_back(&header))
        };
        let of = |commit| [Some(record(commit, 1)), None];
        let none = || [None, None];
        assert_eq!(standing(6, [9, 8], Some(9), none()), ("complete", false));
        assert_eq!(standing(6, [9, 10], Some(10), none()), ("complete", false), "a later one is confirmed");
        assert_eq!(standing(6, [9, 8], Some(8), of(9)), ("recorded", true));
        assert_eq!(standing(6, [9, 8], None, of(9)), ("recorded", false), "the number has changed");
        assert_eq!(standing(6, [9, 8], Some(7), of(7)), ("unproven", true), "the record is of an earlier one");
        assert_eq!(standing(6, [9, 10], Some(8), of(7)), ("unproven", false), "the other one is announced");
        assert_eq!(standing(6, [9, 3], Some(8), of(7)), ("unproven", false), "there is nothing to go back to");
        assert_eq!(standing(2, [9, 8], Some(8), of(7)), ("complete", true), "redb verifies it");
    }

    #[test]
    fn what_was_written_for_a_later_commit_is_gone() {
        let proof = Proof { confirmed: Some(10), records: [Some(record(9, 2)), Some(record(10, 3))] };
        let kept = Proof { confirmed: Some(9), records: [Some(record(9, 2)), None] };
        assert_eq!(proof.behind(&header(6, [9, 10])), kept);
        assert_eq!(proof.behind(&header(2, [9, 10])), kept);
        assert_eq!(kept.behind(&header(2, [12, 10])), kept, "redb has yet to verify it");
    }

    /// Also while the next one is announced, and behind one that was confirmed on the way.
    #[test]
    fn no_flipped_bit_leads_from_a_confirmed_commit_to_another() {
        for (commits, confirmed, with_record) in
            [([8, 9], [9, 9], false), ([8, 9], [9, 8], true), ([10, 9], [9, 9], false), ([10, 9], [9, 8], true)]
        {
            let record = |is_there: bool, commit| is_there.then(|| record(commit, 20));
            let proof = Proof { confirmed: None, records: [record(true, 8), record(with_record, 9)] };
            let mut page = proof.page(&header(7, commits));
            for (at, commit) in [CONFIRMED, CONFIRMED_AGAIN].into_iter().zip(confirmed) {
                page[at].copy_from_slice(&Proof { confirmed: Some(commit), ..Proof::default() }.confirmation());
            }
            for bit in 0..page.len() * 8 {
                page[bit / 8] ^= 1 << (bit % 8);
                if let Some(seen) = Header::read(&page) {
                    let proof = Proof::read(&page).unwrap_or(Proof { confirmed: Some(u64::MAX), ..Proof::default() });
                    let is_taken = proof.standing(&seen) != Standing::Unproven;
                    let goes_back = !is_taken && Header::has_its_slots(&page) && proof.may_go_back(&seen);
                    let led_to = if goes_back { seen.of_other_slot() } else { seen };
                    // redb compares the sum of a slot, so another number in the slot fails.
                    assert!(led_to.slot() == 1 || !(is_taken || goes_back), "{commits:?} {confirmed:?}: bit {bit}");
                }
                page[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn a_commit_is_announced_in_the_slot_that_is_not_in_use() {
        let before = header(6, [9, 8]);
        assert!(header(6, [9, 10]).announces_after(&before));
        assert!(!before.announces_after(&before) && !header(6, [9, 10]).announces_after(&header(6, [9, 10])));
        for (flags, commits) in [(7, [9, 10]), (2, [9, 10]), (6, [9, 8]), (6, [10, 8])] {
            assert!(!header(flags, commits).announces_after(&before), "{flags} {commits:?}");
        }
    }
}
