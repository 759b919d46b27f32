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
//! redb's header is the only page that is written over while it is in use, and its 320 bytes may be torn. Behind them, in
//! the same sector, are a copy of its flags and a sum of what never changes; its two slots have checksums of redb's.
//!
//! Not here: whether writes are waited for ([`super::file`]).

use crate::store::block_sums;
use crc_fast::{CrcAlgorithm, Digest};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a page.
pub(super) const PAGE: u64 = 4096;
/// Pages of redb's behind a page of sums.
const GROUP: u64 = PAGE / 8 - 1;
/// Bytes of redb's header, which begins the first page.
pub(super) const HEADER: usize = header::BYTES;
/// The first bytes of every page of sums, and so of the file.
pub(super) const MARK: [u8; 8] = *b"r2shimI1";

/// What pages lie on: bytes at places, of a file or of memory.
pub(super) trait RawFile: fmt::Debug + Send + Sync {
    /// Bytes there are.
    fn len(&self) -> io::Result<u64>;
    /// Fills `out` with the bytes from `at` on.
    fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()>;
    /// Writes bytes.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts, or appends zeros.
    fn set_len(&self, length: u64) -> io::Result<()>;
}

/// Pages over a file, in redb's view: pages of sums are not there.
#[derive(Debug)]
pub(super) struct Pages<F> {
    file: F,
    sums: Mutex<Sums>,
}

/// The sums of a group of pages.
type GroupSums = [u64; GROUP as usize];

/// The sums of the pages that were looked at.
#[derive(Debug, Default)]
struct Sums {
    /// By number of the group; `None` where its sums were not read yet.
    groups: Vec<Option<Box<GroupSums>>>,
    /// Groups whose sums have to be written.
    changed: BTreeSet<u64>,
}

/// Where the page lies in the file.
fn place(page: u64) -> u64 {
    (page + page / GROUP + 1) * PAGE
}

/// Where the sums of a group lie in the file.
fn place_of_sums(group: u64) -> u64 {
    group * (GROUP + 1) * PAGE
}

/// Bytes of the file that has so many bytes of pages.
fn file_length(length: u64) -> u64 {
    let pages = length.div_ceil(PAGE);
    (pages + pages.div_ceil(GROUP)) * PAGE
}

/// Bytes of pages in a file of so many bytes.
fn length_of_pages(file: u64) -> u64 {
    let pages = file / PAGE;
    (pages - pages.div_ceil(GROUP + 1)) * PAGE
}

/// What a page must have. Zeros have 0, as a page has that was never written.
fn sum(page: u64, bytes: &[u8]) -> u64 {
    if bytes.iter().all(|byte| *byte == 0) {
        return 0;
    }
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    digest.update(&page.to_le_bytes());
    digest.update(bytes);
    digest.finalize()
}

fn damaged(page: u64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("page {page} of the index is not what was written"))
}

impl<F: RawFile> Pages<F> {
    pub(super) fn new(file: F) -> Pages<F> {
        Pages { file, sums: Mutex::default() }
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
        if at == 0 && out.len() <= header::BYTES {
            return self.read_header(out);
        }
        let mut page = first_page(at, out.len())?;
        let mut rest = out;
        while !rest.is_empty() {
            let (run, behind) = rest.split_at_mut(run_at(page, rest.len()));
            self.file.read(place(page), run)?;
            self.verify(page, run)?;
            page += run.len() as u64 / PAGE;
            rest = behind;
        }
        Ok(())
    }

    /// Pages of one group.
    fn verify(&self, first: u64, bytes: &[u8]) -> io::Result<()> {
        let mut sums = self.lock();
        let group = sums.group(&self.file, first / GROUP)?;
        for (page, bytes) in (first..).zip(bytes.chunks(PAGE as usize)) {
            if group[slot(page)] != sum(page, bytes) {
                return Err(damaged(page));
            }
        }
        Ok(())
    }

    /// Writes whole pages, or the header.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if at == 0 && bytes.len() == header::BYTES {
            return self.file.write(place(0), &header::guarded(bytes));
        }
        let mut page = first_page(at, bytes.len())?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(run_at(page, rest.len()));
            self.file.write(place(page), run)?;
            self.note(page, run)?;
            page += run.len() as u64 / PAGE;
            rest = behind;
        }
        Ok(())
    }

    /// Pages of one group.
    fn note(&self, first: u64, bytes: &[u8]) -> io::Result<()> {
        let mut sums = self.lock();
        let group = sums.group(&self.file, first / GROUP)?;
        for (page, bytes) in (first..).zip(bytes.chunks(PAGE as usize)) {
            group[slot(page)] = sum(page, bytes);
        }
        sums.changed.insert(first / GROUP);
        Ok(())
    }

    pub(super) fn set_len(&self, length: u64) -> io::Result<()> {
        let mut sums = self.lock();
        let (old, new) = (self.len()? / PAGE, length.div_ceil(PAGE));
        // What lies behind the end has no sums.
        if let Some(last) = old.min(new).checked_sub(1) {
            let group = sums.group(&self.file, last / GROUP)?;
            group.iter_mut().skip(slot(last) + 1).for_each(|sum| *sum = 0);
            sums.changed.insert(last / GROUP);
        }
        sums.groups.truncate(usize::try_from(new.div_ceil(GROUP)).unwrap_or(usize::MAX));
        sums.changed.retain(|group| *group < new.div_ceil(GROUP));
        self.file.set_len(file_length(length))?;
        for group in old.div_ceil(GROUP)..new.div_ceil(GROUP) {
            sums.add_empty(group);
        }
        Ok(())
    }

    /// Writes the sums of what was written.
    pub(super) fn write_sums(&self) -> io::Result<()> {
        let mut sums = self.lock();
        while let Some(group) = sums.changed.first().copied() {
            self.file.write(place_of_sums(group), &sums.encode(group))?;
            sums.changed.remove(&group);
        }
        Ok(())
    }

    fn read_header(&self, out: &mut [u8]) -> io::Result<()> {
        let mut bytes = [0; header::GUARDED];
        self.file.read(place(0), &mut bytes)?;
        let header = header::checked(&bytes).ok_or_else(|| damaged(0))?;
        out.copy_from_slice(&header[..out.len()]);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The page that whole pages begin with.
fn first_page(at: u64, length: usize) -> io::Result<u64> {
    if at.is_multiple_of(PAGE) && (length as u64).is_multiple_of(PAGE) {
        Ok(at / PAGE)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the index is read and written in whole pages"))
    }
}

/// How many of these bytes lie one behind the other in the file, from this page on.
fn run_at(page: u64, bytes: usize) -> usize {
    usize::try_from((GROUP - page % GROUP) * PAGE).unwrap_or(usize::MAX).min(bytes)
}

/// Where in its group a page is.
fn slot(page: u64) -> usize {
    (page % GROUP) as usize
}

impl Sums {
    /// The sums of a group.
    fn group<F: RawFile>(&mut self, file: &F, group: u64) -> io::Result<&mut GroupSums> {
        let index = usize::try_from(group).unwrap_or(usize::MAX);
        if self.groups.len() <= index {
            self.groups.resize_with(index + 1, || None);
        }
        if self.groups[index].is_none() {
            self.groups[index] = Some(read_sums(file, group)?);
        }
        self.groups[index].as_deref_mut().ok_or_else(|| damaged(group * GROUP))
    }

    fn add_empty(&mut self, group: u64) {
        self.groups.push(Some(Box::new([0; GROUP as usize])));
        self.changed.insert(group);
    }

    fn encode(&self, group: u64) -> Vec<u8> {
        let mut out = MARK.to_vec();
        let sums = usize::try_from(group).ok().and_then(|group| self.groups.get(group)?.as_deref());
        sums.into_iter().flatten().for_each(|sum| out.extend_from_slice(&sum.to_le_bytes()));
        out
    }
}

/// Reads the sums of a group. What lies behind the end of the file has none, whatever a crash has left of them.
fn read_sums<F: RawFile>(file: &F, group: u64) -> io::Result<Box<GroupSums>> {
    let mut bytes = vec![0; PAGE as usize];
    file.read(place_of_sums(group), &mut bytes)?;
    let (mark, read) = bytes.split_at(MARK.len());
    if mark != MARK && mark != [0; MARK.len()] {
        return Err(damaged(group * GROUP));
    }
    let end = length_of_pages(file.len()?) / PAGE;
    let there = usize::try_from(end.saturating_sub(group * GROUP)).unwrap_or(usize::MAX);
    let mut sums = Box::new([0; GROUP as usize]);
    sums.iter_mut().zip(block_sums::decode(read)).take(there).for_each(|(sum, read)| *sum = read);
    Ok(sums)
}

/// redb's header with what guards it behind it.
mod header {
    use crate::store::block_sums;

    /// Bytes of redb's header.
    pub(super) const BYTES: usize = 320;
    /// And of what guards it: a copy of the flags, and the sum of what never changes.
    pub(super) const GUARDED: usize = BYTES + 16;
    /// The byte of flags.
    const FLAGS: usize = 9;
    /// The flag that says which slot holds the last commit.
    const SLOT: u8 = 1;
    /// The sizes of pages and regions.
    const FIXED: std::ops::Range<usize> = 10..24;
    /// The two slots, and where in each the number of its commit is.
    const SLOTS: [usize; 2] = [64, 64 + 128];
    const COMMIT: usize = 104;

    pub(super) fn guarded(header: &[u8]) -> Vec<u8> {
        let mut out = header.to_vec();
        out.extend_from_slice(&[header[FLAGS], 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&block_sums::sum(&header[FIXED]).to_le_bytes());
        out
    }

    /// The header as redb is to see it; `None` if it is not what was written.
    pub(super) fn checked(bytes: &[u8; GUARDED]) -> Option<[u8; BYTES]> {
        let mut header: [u8; BYTES] = *bytes.first_chunk()?;
        let (flags, copy) = (bytes[FLAGS], bytes[BYTES]);
        if bytes[BYTES + 8..] != block_sums::sum(&bytes[FIXED]).to_le_bytes() {
            return None;
        }
        header[FLAGS] = (flags | copy) & !SLOT | if (flags ^ copy) & SLOT == 0 { flags & SLOT } else { newer(bytes) };
        Some(header)
    }

    /// The slot of the later commit. Where flag and copy differ, one of them has changed, or a crash has torn the write
    /// that moved on to the later commit, which is complete then.
    fn newer(bytes: &[u8]) -> u8 {
        let commit = |slot: usize| bytes.get(slot + COMMIT..).and_then(|bytes| bytes.first_chunk().copied());
        let [first, second] = SLOTS.map(|slot| commit(slot).map(u64::from_le_bytes));
        u8::from(second > first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::RwLock;

    /// A file in memory.
    #[derive(Debug, Default)]
    struct Memory(RwLock<Vec<u8>>);

    impl RawFile for Memory {
        fn len(&self) -> io::Result<u64> {
            Ok(self.0.read().unwrap().len() as u64)
        }

        fn read(&self, at: u64, out: &mut [u8]) -> io::Result<()> {
            let bytes = self.0.read().unwrap();
            let from = bytes.get(at as usize..at as usize + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(from);
            Ok(())
        }

        fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
            self.0.write().unwrap()[at as usize..][..bytes.len()].copy_from_slice(bytes);
            Ok(())
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            self.0.write().unwrap().resize(length as usize, 0);
            Ok(())
        }
    }

    fn page(seed: u64) -> Vec<u8> {
        (0..PAGE).map(|i| (i * 7 + seed) as u8).collect()
    }

    fn header(flags: u8, commits: [u64; 2]) -> Vec<u8> {
        let mut header: Vec<u8> = (0..320u32).map(|i| i as u8).collect();
        header[9] = flags;
        header[64 + 104..][..8].copy_from_slice(&commits[0].to_le_bytes());
        header[64 + 128 + 104..][..8].copy_from_slice(&commits[1].to_le_bytes());
        header
    }

    fn read(pages: &Pages<Memory>, first: u64, count: u64) -> io::Result<Vec<u8>> {
        let mut out = vec![0; (count * PAGE) as usize];
        pages.read(first * PAGE, &mut out).map(|()| out)
    }

    /// What is on the disk after the sums were written.
    fn reopened(pages: Pages<Memory>) -> Pages<Memory> {
        pages.write_sums().unwrap();
        Pages::new(pages.file)
    }

    #[test]
    fn pages_read_as_they_were_written_across_groups() {
        let pages = Pages::new(Memory::default());
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
        let pages = Pages::new(Memory::default());
        pages.set_len(20 * PAGE).unwrap();
        for number in 1..10 {
            pages.write(number * PAGE, &page(number)).unwrap();
        }
        let pages = reopened(pages);
        let is_damaged =
            |pages: &Pages<Memory>, page| read(pages, page, 1).is_err_and(|e| e.kind() == io::ErrorKind::InvalidData);
        // Page 3 and its sum stand where those of page 4 were.
        let mut bytes = pages.file.0.read().unwrap().clone();
        bytes.copy_within(4 * PAGE as usize..5 * PAGE as usize, 5 * PAGE as usize);
        bytes.copy_within(4 * 8..5 * 8, 5 * 8);
        // A flipped bit in page 7, and one in an empty page.
        bytes[8 * PAGE as usize + 77] ^= 4;
        bytes[16 * PAGE as usize + 1] ^= 1;
        // A flipped bit in the sum of page 9.
        bytes[10 * 8] ^= 1;
        let pages = Pages::new(Memory(RwLock::new(bytes)));
        for (number, damaged) in [(3, false), (4, true), (7, true), (8, false), (9, true), (14, false), (15, true)] {
            assert_eq!(is_damaged(&pages, number), damaged, "page {number}");
        }
    }

    #[test]
    fn a_file_that_shrinks_and_grows_has_zeros_again() {
        let pages = Pages::new(Memory::default());
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
        let pages = Pages::new(Memory::default());
        pages.set_len(20 * PAGE).unwrap();
        for (flags, commits) in [(6, [9, 8]), (7, [8, 9]), (4, [9, 8])] {
            let header = header(flags, commits);
            pages.write(0, &header).unwrap();
            let good = pages.file.0.read().unwrap().clone();
            let read = |pages: &Pages<Memory>| {
                let mut out = [0; 320];
                pages.read(0, &mut out).map(|()| out.to_vec())
            };
            assert_eq!(read(&pages).unwrap(), header);
            for bit in 9 * 8..24 * 8 {
                let mut bytes = good.clone();
                bytes[PAGE as usize + bit / 8] ^= 1 << (bit % 8);
                let Ok(seen) = read(&Pages::new(Memory(RwLock::new(bytes)))) else { continue };
                assert_eq!(seen[9] & 1, flags & 1, "bit {bit}");
                assert_eq!(seen[9] & flags, flags, "bit {bit}: no flag is lost");
                assert_eq!(seen[10..24], header[10..24], "bit {bit}");
            }
        }
    }
}
