//! What a check says of an index with pages that are not what was written: which pages these are, as far as a walk meets
//! them, and which objects nobody can vouch for any more.
//!
//! A walk ends at a bad page, and the engine must then be opened anew. So the walk goes on in the halves of what is left,
//! until they are small; both what it tries and what it says are bounded.

use super::{Check, Fault};
use crate::store::defects::{DefectKind, DefectSubject};
use crate::store::error::StoreError;
use crate::store::folder::BlobId;
use crate::store::index::{Body, Extents, Holder, Index, Snapshot, object_place};
use crate::store::upkeep::report::UpkeepError;
use std::collections::BTreeSet;

/// How many rows are read at once.
const ROWS: usize = 1024;
/// How often a walk may meet a bad page.
const TRIES: usize = 400;
/// How often what is left of a walk is halved.
const HALVINGS: u32 = 32;
/// How many findings there are of bad pages, and of objects that are lost to them.
const MOST: usize = 100;

/// A walk through the rows of objects.
pub(super) struct Walk {
    /// How often it may still meet a bad page.
    tries: usize,
    /// What bad pages were met, in words.
    pages: BTreeSet<String>,
    /// The row before.
    last: Option<Vec<u8>>,
    /// Whether rows behind that one could not be read.
    gap: bool,
    /// Findings that may still come.
    left: usize,
}

impl Check<'_> {
    /// Goes through the objects that can be read, and names those that cannot. `cause` is known already.
    pub(super) fn salvage(&mut self, index: &Index, cause: String) -> Result<(), UpkeepError> {
        (self.checked.objects, self.checked.bytes) = (0, 0);
        let mut walk = Walk { tries: TRIES, pages: [cause].into(), last: None, gap: false, left: MOST };
        self.walk(index, &mut walk, Vec::new(), None, 0)?;
        if walk.gap {
            self.found_gap(&walk, None)?;
        }
        let objects = self.tried(&mut walk, index.read(Snapshot::objects))?;
        let lost = objects.map_or(0, |objects| objects.saturating_sub(self.checked.objects));
        if lost > 0 {
            let text = format!("{lost} of {} objects cannot be read", lost + self.checked.objects);
            self.found(&index_file(), (DefectKind::Unreadable, text))?;
        }
        if walk.left == 0 {
            let text = format!("there may be more of the kind: the check names {MOST} at most");
            self.found(&index_file(), (DefectKind::Unreadable, text))?;
        }
        Ok(())
    }

    /// The rows from `from` on and before `to`.
    fn walk(
        &mut self,
        index: &Index,
        walk: &mut Walk,
        mut from: Vec<u8>,
        to: Option<&[u8]>,
        halved: u32,
    ) -> Result<(), UpkeepError> {
        loop {
            let mut rows = Vec::new();
            let ended = index.read(|snapshot| {
                rows.clear();
                snapshot.some_objects(&from, to, ROWS, &mut rows)
            });
            let is_last = rows.len() < ROWS;
            for row in rows {
                from = [row.row_key.as_slice(), b"\0"].concat();
                self.look_at(index, walk, row)?;
            }
            match self.tried(walk, ended)? {
                Some(()) if is_last => return Ok(()),
                Some(()) => {}
                None => break,
            }
        }
        match middle(&from, to).filter(|_| halved < HALVINGS && walk.tries > 0) {
            Some(middle) => {
                self.walk(index, walk, from, Some(&middle), halved + 1)?;
                self.walk(index, walk, middle, to, halved + 1)
            }
            None => {
                walk.gap = true;
                Ok(())
            }
        }
    }

    /// What was read; `None` where that met a bad page, which is reported once.
    fn tried<T>(&mut self, walk: &mut Walk, read: Result<T, StoreError>) -> Result<Option<T>, UpkeepError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::Damaged(cause)) => {
                walk.tries = walk.tries.saturating_sub(1);
                if walk.pages.len() < MOST && walk.pages.insert(cause.clone()) {
                    self.index_is_damaged(&cause)?;
                }
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn look_at(&mut self, index: &Index, walk: &mut Walk, row: Holder) -> Result<(), UpkeepError> {
        if std::mem::take(&mut walk.gap) {
            self.found_gap(walk, Some(&row.row_key))?;
        }
        self.checked.objects += 1;
        let fault = match &row.bytes {
            Err(error) => Some((DefectKind::Unreadable, error.to_string())),
            Ok((size, body)) => {
                self.checked.bytes = self.checked.bytes.saturating_add(*size);
                match body {
                    Body::Inline { crc } => self.fault_of_small(index, walk, &row.row_key, *size, *crc)?,
                    Body::Extents(extents) => self.fault_of_blobs(index, walk, extents)?,
                }
            }
        };
        walk.last = Some(row.row_key);
        match fault {
            Some(fault) if walk.left > 0 && !self.reported.contains(&row.place) => {
                walk.left -= 1;
                self.found(&row.place, fault)
            }
            _ => Ok(()),
        }
    }

    fn fault_of_small(
        &mut self,
        index: &Index,
        walk: &mut Walk,
        row_key: &[u8],
        size: u64,
        crc: u64,
    ) -> Result<Option<Fault>, UpkeepError> {
        let read = index.read(|snapshot| snapshot.small_body(row_key));
        Ok(match self.tried(walk, read)? {
            None => Some((DefectKind::Unreadable, "its bytes lie in a page of the index that is damaged".into())),
            Some(bytes) => super::fault_of_small(bytes.as_deref(), size, crc),
        })
    }

    /// What is wrong with the first of the blobs with which something is.
    fn fault_of_blobs(
        &mut self,
        index: &Index,
        walk: &mut Walk,
        extents: &Extents,
    ) -> Result<Option<Fault>, UpkeepError> {
        for id in extents.references().into_keys() {
            let fault = match self.examined.get(&id) {
                Some(fault) => fault.clone(),
                None => self.fault_of_blob(index, walk, id)?,
            };
            self.examined.insert(id, fault.clone());
            if fault.is_some() {
                return Ok(fault);
            }
        }
        Ok(None)
    }

    fn fault_of_blob(&mut self, index: &Index, walk: &mut Walk, id: BlobId) -> Result<Option<Fault>, UpkeepError> {
        let _pin = self.hold.map(|hold| hold(id));
        let read = index.read(|snapshot| snapshot.blob(id));
        let number = id.0;
        match self.tried(walk, read)? {
            None => Ok(Some((DefectKind::Unreadable, format!("the row of blob {number:x} cannot be read")))),
            Some(None) => Ok(Some((DefectKind::Missing, format!("blob {number:x} has no row in the index")))),
            Some(Some(row)) => self.examine(id, &row),
        }
    }

    fn found_gap(&mut self, walk: &Walk, next: Option<&[u8]>) -> Result<(), UpkeepError> {
        let name = |row_key: &[u8]| object_place(row_key).to_string();
        let text = match (walk.last.as_deref().map(name), next.map(name)) {
            (Some(before), Some(behind)) => format!("what is between {before} and {behind} cannot be read"),
            (Some(before), None) => format!("what is behind {before} cannot be read"),
            (None, Some(behind)) => format!("what is before {behind} cannot be read"),
            (None, None) => "no object can be read".to_owned(),
        };
        self.found(&index_file(), (DefectKind::Unreadable, text))
    }
}

fn index_file() -> DefectSubject {
    DefectSubject::File("index.redb".into())
}

/// A key about half way between two, if there is one.
fn middle(from: &[u8], to: Option<&[u8]>) -> Option<Vec<u8>> {
    let end = [0xff; 9];
    let to = to.unwrap_or(&end);
    let same = from.iter().zip(to).take_while(|(one, other)| one == other).count();
    let number = |key: &[u8]| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(key.iter().skip(same)).for_each(|(to, from)| *to = *from);
        u64::from_be_bytes(bytes)
    };
    let (low, high) = (number(from), number(to));
    let between = low + high.checked_sub(low)? / 2;
    let middle = [from.get(..same)?, &between.to_be_bytes()].concat();
    (from < middle.as_slice() && middle.as_slice() < to).then_some(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_middle_lies_between() {
        for (from, to) in [
            (&b""[..], None),
            (b"a", Some(&b"b"[..])),
            (b"bucket\0a", Some(b"bucket\0ab")),
            (b"a\0", Some(b"z")),
            (b"z", None),
        ] {
            let found = middle(from, to).unwrap();
            assert!(from < found.as_slice() && to.is_none_or(|to| found.as_slice() < to), "{from:?} {found:?} {to:?}");
        }
        assert_eq!(middle(b"a", Some(b"a")), None);
        assert_eq!(middle(b"b", Some(b"a")), None);
    }
}
