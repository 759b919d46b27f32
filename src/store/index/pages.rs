//! The file of the index as pages that prove what they hold.
//!
//! redb verifies the checksums of its pages when it repairs a file and not when it reads. A changed page could lead to an
//! older page of the same tree, whose rows are sound, or past rows that are there. So each page of 4 KiB has a sum of ours,
//! which is compared whenever the page is read from the disk.
//!
//! ```text
//! a page of sums | 511 pages of redb's | a page of sums | 511 pages of redb's | ...
//! ```
//!
//! A page of sums is a mark and 511 sums of 8 bytes. A sum covers the number of its page, too. A page that was never
//! written is zero, and so is its sum. Sums are written when redb waits for the disk, before the commit that needs them: a
//! page whose sum a crash has lost is one that no commit refers to.
//!
//! **One wait for a commit.** redb announces a commit in its header, writes the pages, waits, writes the header that leads
//! to them, and waits again. The first wait is left out if the pages are few: the header takes a record of them with it
//! ([`super::first_page`]), and one wait is for all. A commit that is found after a crash counts if its pages are those of
//! the record. This needs that no page of the record is written over before the next wait, which redb guarantees for the
//! pages that it writes between the announcement and the wait: they belong to the commit. If it has written any page before
//! the announcement, to have room in its cache, that page may be given up and used again, so then both waits are kept.
//!
//! Not here: whether writes are waited for ([`super::file`]).

use super::first_page::{self, HEADER, Header, Proof, RECORDED, Record, Standing};
use super::page_sums::{Sums, damaged, length_of_pages, place, run_at};
use super::raw_file::{PAGE, RawFile};
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Pages over a file, in redb's view: pages of sums are not there.
#[derive(Debug)]
pub(super) struct Pages<F> {
    file: F,
    may_write: bool,
    known: Mutex<Known>,
}

/// What is known of the file.
#[derive(Debug, Default)]
struct Known {
    sums: Sums,
    /// The header that was last read or written.
    header: Option<Header>,
    /// What is beside it; `None` if there is nothing, as in a new file or in one of an earlier version.
    proof: Option<Proof>,
    stage: Stage,
}

/// How far a commit has come.
#[derive(Debug, Default)]
enum Stage {
    /// Something was written since the last wait, or may have been.
    #[default]
    Written,
    /// Nothing was.
    Waited,
    /// A commit was announced, and these of its pages were written.
    Announced(BTreeSet<u32>),
    /// All its pages were written, and are not waited for: the header will take a record of them.
    Deferred(BTreeSet<u32>),
}

impl<F: RawFile> Pages<F> {
    /// Pages that may be written.
    pub(super) fn new(file: F) -> Pages<F> {
        Pages { file, may_write: true, known: Mutex::default() }
    }

    /// Pages that are only read.
    pub(super) fn for_reading(file: F) -> Pages<F> {
        Pages { file, may_write: false, known: Mutex::default() }
    }

    pub(super) fn file(&self) -> &F {
        &self.file
    }

    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(length_of_pages(self.file.len()?))
    }

    /// Reads whole pages, or the header.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] where a page is not what was written; the file's.
    pub(super) fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
        if at == 0 && out.len() <= HEADER {
            let header = self.read_header(&mut self.lock())?;
            out.copy_from_slice(&header.0[..out.len()]);
            return Ok(());
        }
        let mut page = starting_page(at, out.len())?;
        let mut rest = out;
        while !rest.is_empty() {
            let (run, behind) = rest.split_at_mut(run_at(page, rest.len()));
            self.file.read(place(page), run)?;
            self.lock().sums.verify(&self.file, page, run)?;
            page += run.len() as u64 / PAGE;
            rest = behind;
        }
        Ok(())
    }

    /// Writes whole pages, or the header.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if let (0, Ok(header)) = (at, bytes.try_into()) {
            return self.write_header(Header(header));
        }
        let mut page = starting_page(at, bytes.len())?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(run_at(page, rest.len()));
            self.file.write(place(page), run)?;
            let mut known = self.lock();
            known.sums.note(&self.file, page, run)?;
            let next = page + run.len() as u64 / PAGE;
            self.note_written(&mut known, page..next)?;
            (page, rest) = (next, behind);
        }
        Ok(())
    }

    fn note_written(&self, known: &mut Known, pages: Range<u64>) -> io::Result<()> {
        let Stage::Announced(written) = &mut known.stage else { return self.leave(known) };
        written.extend(pages.map(|page| u32::try_from(page).unwrap_or(u32::MAX)));
        // A page of that number is not recorded.
        if written.len() > RECORDED || written.contains(&u32::MAX) {
            known.stage = Stage::Written;
        }
        Ok(())
    }

    pub(super) fn set_len(&self, length: u64) -> io::Result<()> {
        let mut known = self.lock();
        self.leave(&mut known)?;
        let old = self.len()? / PAGE;
        known.sums.resize(&self.file, old, length.div_ceil(PAGE))
    }

    /// Something else is written than what belongs to a commit. A wait that was left out is made up for.
    fn leave(&self, known: &mut Known) -> io::Result<()> {
        match std::mem::take(&mut known.stage) {
            Stage::Deferred(_) => self.wait(known),
            _ => Ok(()),
        }
    }

    /// Writes the sums of what was written.
    pub(super) fn write_sums(&self) -> io::Result<()> {
        self.lock().sums.write(&self.file)
    }

    fn wait(&self, known: &mut Known) -> io::Result<()> {
        known.sums.write(&self.file)?;
        self.file.sync()
    }

    /// Waits until all that was written is on the disk. For an announced commit it does not wait: the header that leads to
    /// the commit takes a record of its pages, and the wait for that header is for all of it.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut known = self.lock();
        known.sums.write(&self.file)?;
        if let Stage::Announced(pages) = &mut known.stage {
            known.stage = Stage::Deferred(std::mem::take(pages));
            return Ok(());
        }
        // What others write while this waits is not waited for.
        known.stage = Stage::Waited;
        drop(known);
        let waited = self.file.sync();
        let mut known = self.lock();
        if waited.is_err() {
            known.stage = Stage::Written;
            return waited;
        }
        self.confirm(&mut known)
    }

    /// Notes in the file that the last commit is on the disk. This is not waited for: a record says the same.
    fn confirm(&self, known: &mut Known) -> io::Result<()> {
        let (Some(header), Some(proof)) = (&known.header, &mut known.proof) else { return Ok(()) };
        let commit = Some(header.commit());
        if proof.confirmed == commit {
            return Ok(());
        }
        proof.confirmed = commit;
        self.file.write(place(0) + Proof::confirmation_at(), &proof.confirmation())
    }

    /// Nothing is noted before it is written: where a write fails, redb may write the same header again.
    fn write_header(&self, header: Header) -> io::Result<()> {
        let mut known = self.lock();
        let known = &mut *known;
        let moves_on = header.is_trusted() && known.header.is_some_and(|before| before.slot() != header.slot());
        let announces = known.proof.is_some() && known.header.is_some_and(|before| header.announces_after(&before));
        if announces && matches!(known.stage, Stage::Waited) {
            self.file.write(place(0), &header.guarded())?;
            (known.header, known.stage) = (Some(header), Stage::Announced(BTreeSet::new()));
            return Ok(());
        }
        let record = match (&known.stage, moves_on) {
            (Stage::Deferred(pages), true) => Some(self.record(&mut known.sums, header.commit(), pages)?),
            (Stage::Waited, true) | (Stage::Waited | Stage::Written | Stage::Announced(_), false) => None,
            // What is not known to be on the disk is waited for, so that the header leads to nothing else.
            _ => self.wait(known).map(|()| None)?,
        };
        if moves_on || known.proof.is_none() {
            let mut proof = known.proof.clone().unwrap_or_default();
            match record {
                Some(record) => proof.records[header.slot()] = Some(record),
                None => proof.confirmed = Some(header.commit()),
            }
            self.file.write(place(0), &proof.page(&header))?;
            known.proof = Some(proof);
        } else {
            self.file.write(place(0), &header.guarded())?;
        }
        (known.header, known.stage) = (Some(header), Stage::Written);
        Ok(())
    }

    /// A record of pages that were written.
    fn record(&self, sums: &mut Sums, commit: u64, pages: &BTreeSet<u32>) -> io::Result<Record> {
        let pages = Vec::from_iter(pages.iter().copied());
        Ok(Record { commit, digest: self.digest(sums, &pages)?, pages })
    }

    fn digest(&self, sums: &mut Sums, pages: &[u32]) -> io::Result<u64> {
        let sums = pages.iter().map(|page| Ok((*page, sums.of(&self.file, u64::from(*page))?)));
        Ok(first_page::digest(sums.collect::<io::Result<Vec<_>>>()?.into_iter()))
    }

    /// The header of the last commit that is complete.
    fn read_header(&self, known: &mut Known) -> io::Result<Header> {
        // A file that is only read may have a header that leads to a commit which is not complete, and others may write it.
        if let (Some(before), false) = (known.header, self.may_write) {
            return Ok(before);
        }
        let mut page = vec![0; PAGE as usize];
        self.file.read(place(0), &mut page)?;
        let header = Header::read(&page).ok_or_else(|| damaged(0))?;
        let Some(before) = known.header else { return self.first_header(known, header, &page) };
        if before == header { Ok(before) } else { Err(damaged(0)) }
    }

    /// The same of a file that is new to us. What is left of a commit that did not come to be is removed.
    fn first_header(&self, known: &mut Known, header: Header, page: &[u8]) -> io::Result<Header> {
        let Some(proof) = Proof::read(page) else { return Ok(*known.header.insert(header)) };
        let standing = proof.standing(&header);
        let (last, left) = if self.is_complete(&mut known.sums, &standing)? {
            if let (Standing::Recorded(record), true) = (&standing, self.may_write) {
                self.write_again(&mut known.sums, record)?;
            }
            (header, proof.behind(&header))
        } else if Header::has_its_slots(page) && proof.may_go_back(&header) {
            tracing::warn!(
                "the last commit of the index is not complete on the disk, and no client was answered: the one before it \
                 counts"
            );
            let before = header.of_other_slot();
            (before, proof.behind(&before))
        } else {
            return Err(damaged(0));
        };
        if self.may_write && (last, &left) != (header, &proof) {
            // First the number, so that no loss of power leaves the commit without one.
            self.file.write(place(0) + Proof::confirmation_at(), &left.confirmation())?;
            self.file.sync()?;
            self.file.write(place(0), &left.page(&last))?;
            self.file.sync()?;
        }
        known.proof = Some(left);
        Ok(*known.header.insert(last))
    }

    fn is_complete(&self, sums: &mut Sums, standing: &Standing<'_>) -> io::Result<bool> {
        match standing {
            Standing::Complete => Ok(true),
            Standing::Recorded(record) => self.has(sums, record),
            Standing::Unproven => Ok(false),
        }
    }

    /// Whether all pages of a record are there, with their sums.
    fn has(&self, sums: &mut Sums, record: &Record) -> io::Result<bool> {
        let end = self.len()? / PAGE;
        if record.pages.iter().any(|page| u64::from(*page) >= end) || self.digest(sums, &record.pages)? != record.digest
        {
            return Ok(false);
        }
        for page in record.pages.iter().copied().map(u64::from) {
            match sums.verify(&self.file, page, &self.raw(page)?) {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(false),
                verified => verified?,
            }
        }
        Ok(true)
    }

    fn raw(&self, page: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; PAGE as usize];
        self.file.read(place(page), &mut bytes).map(|()| bytes)
    }

    /// Makes sure that pages which are there are on the disk, too: a wait that failed may have left them in memory alone.
    fn write_again(&self, sums: &mut Sums, record: &Record) -> io::Result<()> {
        for page in record.pages.iter().copied().map(u64::from) {
            self.file.write(place(page), &self.raw(page)?)?;
            sums.mark_changed(page);
        }
        sums.write(&self.file)?;
        self.file.sync()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The page that whole pages begin with.
fn starting_page(at: u64, length: usize) -> io::Result<u64> {
    if at.is_multiple_of(PAGE) && (length as u64).is_multiple_of(PAGE) {
        Ok(at / PAGE)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the index is read and written in whole pages"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::index::first_page::tests::header;
    use crate::store::index::unsteady_disk::UnsteadyDisk;

    /// Pages over a file of these bytes.
    fn pages_of(bytes: Vec<u8>) -> Pages<UnsteadyDisk> {
        Pages::new(UnsteadyDisk::steady(bytes))
    }

    fn page(seed: u64) -> Vec<u8> {
        (0..PAGE).map(|i| (i * 7 + seed) as u8).collect()
    }

    fn read(pages: &Pages<UnsteadyDisk>, first: u64, count: u64) -> io::Result<Vec<u8>> {
        let mut out = vec![0; (count * PAGE) as usize];
        pages.read(first * PAGE, &mut out).map(|()| out)
    }

    /// What is on the disk after the sums were written.
    fn reopened(pages: Pages<UnsteadyDisk>) -> Pages<UnsteadyDisk> {
        pages.sync().unwrap();
        Pages::new(pages.file)
    }

    #[test]
    fn pages_read_as_they_were_written_across_groups() {
        let pages = pages_of(Vec::new());
        assert_eq!(pages.len().unwrap(), 0);
        pages.set_len(1200 * PAGE).unwrap();
        assert_eq!(pages.len().unwrap(), 1200 * PAGE);
        let run: Vec<u8> = (509..514).flat_map(page).collect();
        pages.write(509 * PAGE, &run).unwrap();
        for first in [1, 1023, 1199] {
            pages.write(first * PAGE, &page(first)).unwrap();
        }
        let pages = reopened(pages);
        assert_eq!(pages.len().unwrap(), 1200 * PAGE);
        assert!(read(&pages, 509, 5).unwrap() == run);
        assert!(read(&pages, 1022, 2).unwrap() == [vec![0; PAGE as usize], page(1023)].concat());
        assert!(read(&pages, 1199, 1).unwrap() == page(1199));
        assert!(read(&pages, 1199, 2).is_err(), "behind the end");
    }

    #[test]
    fn a_page_that_has_changed_or_stands_in_the_wrong_place_does_not_read() {
        let pages = pages_of(Vec::new());
        pages.set_len(20 * PAGE).unwrap();
        for number in 1..10 {
            pages.write(number * PAGE, &page(number)).unwrap();
        }
        let pages = reopened(pages);
        let is_damaged = |pages: &Pages<UnsteadyDisk>, page| {
            read(pages, page, 1).is_err_and(|e| e.kind() == io::ErrorKind::InvalidData)
        };
        // Page 3 and its sum stand where those of page 4 were.
        let mut bytes = pages.file.bytes();
        bytes.copy_within(4 * PAGE as usize..5 * PAGE as usize, 5 * PAGE as usize);
        bytes.copy_within(4 * 8..5 * 8, 5 * 8);
        // A flipped bit in page 7, and one in an empty page.
        bytes[8 * PAGE as usize + 77] ^= 4;
        bytes[16 * PAGE as usize + 1] ^= 1;
        // A flipped bit in the sum of page 9.
        bytes[10 * 8] ^= 1;
        let pages = pages_of(bytes);
        for (number, damaged) in [(3, false), (4, true), (7, true), (8, false), (9, true), (14, false), (15, true)] {
            assert_eq!(is_damaged(&pages, number), damaged, "page {number}");
        }
    }

    #[test]
    fn a_file_that_shrinks_and_grows_has_zeros_again() {
        let pages = pages_of(Vec::new());
        pages.set_len(600 * PAGE).unwrap();
        for number in [100, 512, 599] {
            pages.write(number * PAGE, &page(number)).unwrap();
        }
        let pages = reopened(pages);
        pages.set_len(101 * PAGE).unwrap();
        // As after a crash: the sums were not written.
        let pages = Pages::new(pages.file);
        pages.set_len(600 * PAGE).unwrap();
        assert!(read(&pages, 100, 1).unwrap() == page(100));
        for number in [512, 599] {
            assert!(read(&pages, number, 1).unwrap() == [0; PAGE as usize], "page {number}");
        }
    }

    #[test]
    fn no_flipped_bit_of_the_header_leads_to_an_earlier_commit() {
        let pages = pages_of(Vec::new());
        pages.set_len(20 * PAGE).unwrap();
        for (flags, commits) in [(6, [9, 8]), (7, [8, 9]), (4, [9, 8])] {
            let header = header(flags, commits).0.to_vec();
            pages.write(0, &header).unwrap();
            let good = pages.file.bytes();
            let read = |pages: &Pages<UnsteadyDisk>| {
                let mut out = [0; 320];
                pages.read(0, &mut out).map(|()| out.to_vec())
            };
            assert_eq!(read(&pages).unwrap(), header);
            for bit in 9 * 8..24 * 8 {
                let mut bytes = good.clone();
                bytes[PAGE as usize + bit / 8] ^= 1 << (bit % 8);
                let Ok(seen) = read(&pages_of(bytes)) else { continue };
                assert_eq!(seen[9] & 1, flags & 1, "bit {bit}");
                assert_eq!(seen[9] & flags, flags, "bit {bit}: no flag is lost");
                assert_eq!(seen[10..24], header[10..24], "bit {bit}");
            }
        }
    }
}
