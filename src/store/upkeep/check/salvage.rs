//! What a check says of an index with pages that are not what was written: which pages these are, as far as a walk meets
//! them, and which objects can no longer be verified.
//!
//! A walk ends at a bad page, and the engine must then be opened anew. So a second walk comes from the other end, and more
//! begin in the middle of what is left between them. What is tried and what is reported are both bounded.

use super::{Check, Fault};
use crate::store::defects::{DefectKind, DefectSubject};
use crate::store::error::StoreError;
use crate::store::folder::BlobId;
use crate::store::index::{Body, Extents, Holder, Index, Snapshot, object_place};
use crate::store::upkeep::report::UpkeepError;

/// How many rows are read at once.
const ROWS: usize = 1024;
/// How many walks may meet a bad page.
const TRIES: usize = 200;
/// How often what is left between two bad pages is halved: 63 places in it are tried.
const HALVINGS: u32 = 6;
/// How many findings there are of bad pages, and of objects that are lost to them.
const MOST: usize = 100;

/// A walk through the rows of objects.
pub(super) struct Walk {
    /// How often it may still begin anew behind a bad page.
    tries: usize,
    /// The row before.
    last: Option<Vec<u8>>,
    /// Whether rows behind that one could not be read.
    gap: bool,
    /// How many findings may still come of bodies in the index.
    small: usize,
    /// How many findings may still come of rows and of bodies in files.
    large: usize,
}

impl Walk {
    /// How many findings may still come of rows like this one. What may not be reported is not looked at.
    fn left(&mut self, row: &Holder) -> &mut usize {
        match &row.bytes {
            Ok((_, Body::Inline { .. })) => &mut self.small,
            Ok((_, Body::Extents(_))) | Err(_) => &mut self.large,
        }
    }
}

impl Check<'_> {
    /// Goes through the objects that can be read, and names those that cannot.
    pub(super) fn salvage(&mut self, index: &Index) -> Result<(), UpkeepError> {
        (self.checked.objects, self.checked.bytes) = (0, 0);
        let mut walk = Walk { tries: TRIES, last: None, gap: false, small: MOST, large: MOST };
        self.walk(index, &mut walk, Vec::new(), None, HALVINGS)?;
        if walk.gap {
            self.found_gap(&walk, None)?;
        }
        let objects = self.tried(index.read(Snapshot::objects))?;
        let lost = objects.map_or(0, |objects| objects.saturating_sub(self.checked.objects));
        if lost > 0 {
            let text = format!("{lost} of {} objects cannot be read", lost + self.checked.objects);
            self.found(&index_file(), (DefectKind::Unreadable, text))?;
        }
        if walk.small == 0 || walk.large == 0 {
            let text = format!("there may be more such objects: the check names {MOST} of a kind");
            self.found(&index_file(), (DefectKind::Unreadable, text))?;
        }
        Ok(())
    }

    /// The rows from `from` on and before `to`: up to a bad page from either end, and then what is between in halves.
    fn walk(
        &mut self,
        index: &Index,
        walk: &mut Walk,
        from: Vec<u8>,
        to: Option<&[u8]>,
        halvings: u32,
    ) -> Result<(), UpkeepError> {
        let Some(from) = self.forward(index, walk, from, to)? else { return Ok(()) };
        walk.tries = walk.tries.saturating_sub(1);
        let mut tail = None;
        let back = index.read(|snapshot| snapshot.objects_back(&from, to, &mut tail));
        self.tried(back)?;
        let end = tail.as_deref().or(to);
        match middle(&from, end).filter(|_| halvings > 0 && walk.tries > 0) {
            Some(middle) => {
                self.walk(index, walk, from, Some(&middle), halvings - 1)?;
                self.walk(index, walk, middle, end, halvings - 1)?;
            }
            None => walk.gap = true,
        }
        match tail {
            Some(tail) => self.forward(index, walk, tail, to).map(drop),
            None => Ok(()),
        }
    }

    /// The rows from `from` on and before `to`; returns the place behind the last one where a bad page follows it.
    fn forward(
        &mut self,
        index: &Index,
        walk: &mut Walk,
        mut from: Vec<u8>,
        to: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, UpkeepError> {
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
            match self.tried(ended)? {
                Some(()) if is_last => return Ok(None),
                Some(()) => {}
                None => return Ok(Some(from)),
            }
        }
    }

    /// What was read; `None` where that met a bad page, which is reported once.
    fn tried<T>(&mut self, read: Result<T, StoreError>) -> Result<Option<T>, UpkeepError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::Damaged(cause)) => {
                if self.faults_of_index.len() < MOST {
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
            _ if *walk.left(&row) == 0 => None,
            Err(error) => Some((DefectKind::Unreadable, error.to_string())),
            Ok((size, body)) => {
                self.checked.bytes = self.checked.bytes.saturating_add(*size);
                match body {
                    Body::Inline { crc } => self.fault_of_small(index, &row.row_key, *size, *crc)?,
                    Body::Extents(extents) => self.fault_of_blobs(index, extents)?,
                }
            }
        };
        if let Some(fault) = fault.filter(|_| !self.reported.contains(&row.place)) {
            *walk.left(&row) -= 1;
            self.found(&row.place, fault)?;
        }
        walk.last = Some(row.row_key);
        Ok(())
    }

    fn fault_of_small(
        &mut self,
        index: &Index,
        row_key: &[u8],
        size: u64,
        crc: u64,
    ) -> Result<Option<Fault>, UpkeepError> {
        let read = index.read(|snapshot| snapshot.small_body(row_key));
        Ok(match self.tried(read)? {
            None => Some((DefectKind::Unreadable, "its bytes lie in a page of the index that is damaged".into())),
            Some(bytes) => super::fault_of_small(bytes.as_deref(), size, crc),
        })
    }

    /// What is wrong with the first of the blobs with which something is.
    fn fault_of_blobs(&mut self, index: &Index, extents: &Extents) -> Result<Option<Fault>, UpkeepError> {
        for id in extents.references().into_keys() {
            let fault = match self.examined.get(&id) {
                Some(fault) => fault.clone(),
                None => self.fault_of_blob(index, id)?,
            };
            self.examined.insert(id, fault.clone());
            if fault.is_some() {
                return Ok(fault);
            }
        }
        Ok(None)
    }

    fn fault_of_blob(&mut self, index: &Index, id: BlobId) -> Result<Option<Fault>, UpkeepError> {
        let _pin = self.hold.map(|hold| hold(id));
        let read = index.read(|snapshot| snapshot.blob(id));
        let number = id.0;
        match self.tried(read)? {
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
