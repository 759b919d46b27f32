//! The sums of the pages of the index, and where sums and pages lie in its file ([`super::pages`]).

use super::raw_file::{PAGE, RawFile};
use crate::store::block_sums;
use crc_fast::{CrcAlgorithm, Digest};
use std::collections::BTreeSet;
use std::io;

/// Pages of redb's behind a page of sums.
const GROUP: u64 = PAGE / 8 - 1;

/// The first bytes of every page of sums, and so of the file.
pub(super) const MARK: [u8; 8] = *b"r2shimI1";

/// The sums of a group of pages.
type GroupSums = [u64; GROUP as usize];

/// The sums of the pages that were looked at.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By number of the group; `None` where its sums were not read yet.
    groups: Vec<Option<Box<GroupSums>>>,
    /// Groups whose sums have to be written.
    changed: BTreeSet<u64>,
}

/// Where the page lies in the file.
pub(super) fn place(page: u64) -> u64 {
    (page + page / GROUP + 1) * PAGE
}

/// Where the sums of a group lie in the file.
fn place_of_sums(group: u64) -> u64 {
    group * (GROUP + 1) * PAGE
}

/// Bytes of the file that has so many bytes of pages.
pub(super) fn file_length(length: u64) -> u64 {
    let pages = length.div_ceil(PAGE);
    (pages + pages.div_ceil(GROUP)) * PAGE
}

/// Bytes of pages in a file of so many bytes.
pub(super) fn length_of_pages(file: u64) -> u64 {
    let pages = file / PAGE;
    (pages - pages.div_ceil(GROUP + 1)) * PAGE
}

/// How many of these bytes lie one behind the other in the file, from this page on.
pub(super) fn run_at(page: u64, bytes: usize) -> usize {
    usize::try_from((GROUP - page % GROUP) * PAGE).unwrap_or(usize::MAX).min(bytes)
}

/// Where in its group a page is.
fn slot(page: u64) -> usize {
    (page % GROUP) as usize
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

pub(super) fn damaged(page: u64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("page {page} of the index is not what was written"))
}

impl Sums {
    /// The sum of a page.
    pub(super) fn of<F: RawFile>(&mut self, file: &F, page: u64) -> io::Result<u64> {
        Ok(self.group(file, page / GROUP)?[slot(page)])
    }

    /// Verifies pages of one group.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for the first that is not what was written; the file's.
    pub(super) fn verify<F: RawFile>(&mut self, file: &F, first: u64, bytes: &[u8]) -> io::Result<()> {
        let group = self.group(file, first / GROUP)?;
        let mut pages = (first..).zip(bytes.chunks(PAGE as usize));
        match pages.find(|(page, bytes)| group[slot(*page)] != sum(*page, bytes)) {
            None => Ok(()),
            Some((page, _)) => Err(damaged(page)),
        }
    }

    /// Notes what pages of one group have been given.
    pub(super) fn note<F: RawFile>(&mut self, file: &F, first: u64, bytes: &[u8]) -> io::Result<()> {
        let group = self.group(file, first / GROUP)?;
        for (page, bytes) in (first..).zip(bytes.chunks(PAGE as usize)) {
            group[slot(page)] = sum(page, bytes);
        }
        self.changed.insert(first / GROUP);
        Ok(())
    }

    /// Notes that the sums of this page's group must be written once more.
    pub(super) fn mark_changed(&mut self, page: u64) {
        self.changed.insert(page / GROUP);
    }

    /// Follows the file as it gets another length, from so many pages to so many.
    pub(super) fn resize<F: RawFile>(&mut self, file: &F, old: u64, new: u64) -> io::Result<()> {
        // What lies behind the end has no sums.
        if let Some(last) = old.min(new).checked_sub(1) {
            let group = self.group(file, last / GROUP)?;
            group.iter_mut().skip(slot(last) + 1).for_each(|sum| *sum = 0);
            self.changed.insert(last / GROUP);
        }
        self.groups.truncate(usize::try_from(new.div_ceil(GROUP)).unwrap_or(usize::MAX));
        self.changed.retain(|group| *group < new.div_ceil(GROUP));
        file.set_len(file_length(new * PAGE))?;
        for group in old.div_ceil(GROUP)..new.div_ceil(GROUP) {
            self.groups.push(Some(Box::new([0; GROUP as usize])));
            self.changed.insert(group);
        }
        Ok(())
    }

    /// Writes the sums of what was written.
    pub(super) fn write<F: RawFile>(&mut self, file: &F) -> io::Result<()> {
        while let Some(group) = self.changed.first().copied() {
            file.write(place_of_sums(group), &self.encode(group))?;
            self.changed.remove(&group);
        }
        Ok(())
    }

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

    fn encode(&self, group: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(PAGE as usize);
        out.extend_from_slice(&MARK);
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
