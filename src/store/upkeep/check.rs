//! The check: every row against every byte, and every file against the rows. Changes nothing.
//!
//! Blobs are read first, so that what is wrong with one can be reported under the name of each object that has it. Rows are
//! then held against each other as of one commit. Beside a server that writes, a blob is pinned while it is read, and one
//! that has lost its row is passed over; what came after the check had begun is not read.
//!
//! Where a page of the index is damaged, [`salvage`] says what can still be read.

mod salvage;

use super::examine::{Fault, examine, open_blob};
use super::pace::Pace;
use super::report::{Event, UpkeepError};
use crate::store::block_sums;
use crate::store::configuration::ConfigurationKind;
use crate::store::defects::{Defect, DefectKind, DefectSubject};
use crate::store::disk::Disk;
use crate::store::error::{OpenError, StoreError};
use crate::store::folder::{BlobId, Folder};
use crate::store::guard::guarded;
use crate::store::index::{BlobRow, Body, Extent, Extents, Holder, Index, Snapshot, object_place};
use crate::store::model::{Durability, Options};
use crate::store::pins::Pin;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::path::Path;

/// What a row counts for the pace, in bytes, beside the bytes that are in the index.
const ROW: u64 = 256;
/// After so many rows it is asked whether to go on.
const ROWS: u64 = if cfg!(test) { 4 } else { 1024 };

/// What a check has looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checked {
    /// Objects.
    pub objects: u64,
    /// Parts of open uploads.
    pub parts: u64,
    /// Blobs that have a row.
    pub blobs: u64,
    /// Bytes of objects and parts, as often as these have them.
    pub bytes: u64,
    /// Findings reported.
    pub findings: u64,
}

/// Checks the data folder at `dir` and reports what it finds.
///
/// # Errors
/// The folder is in use or none, the disk fails, or `report` does. A finding is no error.
pub fn check(dir: &Path, pace: Pace, report: &mut dyn FnMut(Event) -> io::Result<()>) -> Result<Checked, UpkeepError> {
    let folder = Folder::existing(dir, Disk::new(Durability::None))?;
    let mut check = Check::new(&folder, None, pace, report);
    match Index::open_for_reading(&folder.index(), Options::default().index_cache) {
        Err(OpenError::Damaged { cause, .. }) => check.index_is_damaged(&cause)?,
        index => check.check_index(index?)?,
    }
    Ok(check.checked)
}

/// A store that is open, as a check sees it.
pub(in crate::store) struct OpenStore<'a> {
    pub(in crate::store) folder: &'a Folder,
    pub(in crate::store) index: &'a Index,
    /// Keeps a blob where it is.
    pub(in crate::store) hold: &'a dyn Fn(BlobId) -> Pin,
}

/// The same beside a server.
///
/// # Errors
/// The disk or the index fails, or `report` does. A finding is no error.
pub(in crate::store) fn check_open(
    store: &OpenStore<'_>,
    pace: Pace,
    report: &mut dyn FnMut(Event) -> io::Result<()>,
) -> Result<Checked, UpkeepError> {
    let mut check = Check::new(store.folder, Some(store.hold), pace, report);
    check.check_rows(store.index)?;
    Ok(check.checked)
}

struct Check<'a> {
    folder: &'a Folder,
    /// Where others change the folder meanwhile: what keeps a blob from being removed.
    hold: Option<&'a dyn Fn(BlobId) -> Pin>,
    pace: Pace,
    report: &'a mut dyn FnMut(Event) -> io::Result<()>,
    /// Bytes of blobs read, and those there are to read.
    progress: (u64, u64),
    /// Rows looked at.
    rows: u64,
    /// What is wrong with the bytes of blobs, as far as they were read.
    examined: BTreeMap<BlobId, Option<Fault>>,
    blobs: BTreeMap<BlobId, Blob>,
    /// The first blob that must have block sums.
    proven_from: BlobId,
    /// Blobs that objects name and that have no row.
    without_row: HashSet<BlobId>,
    /// What something was found about.
    reported: BTreeSet<DefectSubject>,
    /// What was reported of the index as a whole.
    faults_of_index: BTreeSet<String>,
    checked: Checked,
}

/// A blob that has a row.
struct Blob {
    /// `None` if it does not read.
    row: Option<BlobRow>,
    /// How often rows that name it are to be counted.
    named: u64,
    fault: Option<Fault>,
}

impl<'a> Check<'a> {
    fn new(
        folder: &'a Folder,
        hold: Option<&'a dyn Fn(BlobId) -> Pin>,
        pace: Pace,
        report: &'a mut dyn FnMut(Event) -> io::Result<()>,
    ) -> Check<'a> {
        Check {
            folder,
            hold,
            pace,
            report,
            progress: (0, 0),
            rows: 0,
            examined: BTreeMap::new(),
            blobs: BTreeMap::new(),
            proven_from: BlobId(0),
            without_row: HashSet::new(),
            reported: BTreeSet::new(),
            faults_of_index: BTreeSet::new(),
            checked: Checked::default(),
        }
    }

    fn check_index(&mut self, mut index: Index) -> Result<(), UpkeepError> {
        if let Some(cause) = index.fault()? {
            self.index_is_damaged(&cause)?;
        }
        self.check_rows(&index)
    }

    fn check_rows(&mut self, index: &Index) -> Result<(), UpkeepError> {
        let ended = guarded(|| {
            self.read_blobs(index)?;
            if self.hold.is_some() { self.run_beside(index) } else { self.run(&index.snapshot()?) }
        });
        match ended.unwrap_or_else(|panic| Err(StoreError::Damaged(panic).into())) {
            Err(UpkeepError::Store(StoreError::Damaged(cause))) => {
                self.index_is_damaged(&cause)?;
                guarded(|| self.salvage(index)).unwrap_or_else(|panic| self.index_is_damaged(&panic))
            }
            ended => ended,
        }
    }

    /// The server has pages in memory that may no longer be those on the disk.
    fn run_beside(&mut self, index: &Index) -> Result<(), UpkeepError> {
        let view = index.view_from_disk()?;
        let ended = self.run(&view.snapshot);
        if index.has_kept(&view) {
            ended
        } else {
            Err(StoreError::Io("the index was opened anew while it was checked; check it again".into()).into())
        }
    }

    fn run(&mut self, snapshot: &Snapshot) -> Result<(), UpkeepError> {
        self.take_blob_rows(snapshot)?;
        if self.check_holders(snapshot)? {
            self.check_references()?;
        }
        self.check_rows_that_lost_theirs(snapshot)?;
        self.check_uploads(snapshot)?;
        self.check_configurations(snapshot)?;
        self.check_files(snapshot)
    }

    /// Takes long, so no view of the index is kept meanwhile.
    fn read_blobs(&mut self, index: &Index) -> Result<(), UpkeepError> {
        let rows = {
            let snapshot = index.snapshot()?;
            self.proven_from = snapshot.proven_from()?;
            snapshot.blobs()?.collect::<Result<Vec<_>, _>>()?
        };
        let rows: Vec<_> = rows.into_iter().filter_map(|(id, row)| Some((id, row.ok()?))).collect();
        self.progress.1 = rows.iter().fold(0u64, |sum, (_, row)| sum.saturating_add(row.length));
        for (id, row) in rows {
            let done = self.progress.0.saturating_add(row.length);
            let _pin = self.hold.map(|hold| hold(id));
            if !self.is_gone(id, index)? {
                let fault = self.examine(id, &row)?;
                self.examined.insert(id, fault);
            }
            self.progress.0 = done;
        }
        Ok(())
    }

    /// Whether a blob had lost its row before it was pinned. One that had not keeps its file.
    fn is_gone(&self, id: BlobId, index: &Index) -> Result<bool, UpkeepError> {
        Ok(self.hold.is_some() && matches!(index.snapshot()?.blob(id), Ok(None)))
    }

    /// The rows of blobs, and what is wrong with each.
    fn take_blob_rows(&mut self, snapshot: &Snapshot) -> Result<(), UpkeepError> {
        for found in snapshot.blobs()? {
            let (id, row) = found?;
            let unreadable = || (DefectKind::Unreadable, format!("the row of blob {:x} does not read", id.0));
            let fault = if row.is_ok() { self.examined.get(&id).cloned().flatten() } else { Some(unreadable()) };
            self.blobs.insert(id, Blob { row: row.ok(), named: 0, fault });
        }
        self.checked.blobs = self.blobs.len() as u64;
        Ok(())
    }

    /// A row was looked at, and bytes that the index has for it.
    fn looked_at_row(&mut self, bytes: u64) -> Result<(), UpkeepError> {
        self.pace.spend(bytes.saturating_add(ROW));
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS) { self.report_progress() } else { Ok(()) }
    }

    fn report_progress(&mut self) -> Result<(), UpkeepError> {
        let (done, of) = self.progress;
        self.report(Event::Progress { done, of })
    }

    /// Compares a blob's file with its row.
    fn examine(&mut self, id: BlobId, row: &BlobRow) -> Result<Option<Fault>, UpkeepError> {
        let file = match open_blob(self.folder, id) {
            Ok(file) => file,
            Err(fault) => return Ok(Some(fault)),
        };
        let must_have_sums = id >= self.proven_from;
        examine(file, id, row, must_have_sums, &mut |bytes, own| {
            self.progress.0 += own;
            self.pace.spend(bytes.len() as u64);
            self.report_progress()
        })
    }

    /// Whether all rows read, so that all references are known.
    fn check_holders(&mut self, snapshot: &Snapshot) -> Result<bool, UpkeepError> {
        let mut all_read = true;
        let buckets: HashSet<_> = snapshot.buckets()?.into_iter().map(|bucket| bucket.name).collect();
        for holder in snapshot.holders()? {
            let Holder { place, bucket, row_key, bytes } = holder?;
            self.looked_at_row(match &bytes {
                Ok((size, Body::Inline { .. })) => *size,
                _ => 0,
            })?;
            match place {
                DefectSubject::Part { .. } => self.checked.parts += 1,
                _ => self.checked.objects += 1,
            }
            if !bucket.is_some_and(|bucket| buckets.contains(&bucket)) {
                self.found(&place, (DefectKind::Dangling, "the bucket or the upload it is in is not there".into()))?;
            }
            match bytes {
                Ok((size, Body::Inline { crc })) => self.check_small(snapshot, &place, &row_key, size, crc)?,
                Ok((size, Body::Extents(extents))) => self.check_extents(&place, size, &extents)?,
                Err(error) => {
                    all_read = false;
                    self.found(&place, (DefectKind::Unreadable, error.to_string()))?;
                }
            }
        }
        Ok(all_read)
    }

    fn check_small(
        &mut self,
        snapshot: &Snapshot,
        place: &DefectSubject,
        row_key: &[u8],
        size: u64,
        crc: u64,
    ) -> Result<(), UpkeepError> {
        self.checked.bytes = self.checked.bytes.saturating_add(size);
        let fault = fault_of_small(snapshot.small_body(row_key)?.as_deref(), size, crc);
        fault.map_or(Ok(()), |fault| self.found(place, fault))
    }

    /// Every upload must read, open or completed, and be counted for its owner.
    fn check_uploads(&mut self, snapshot: &Snapshot) -> Result<(), UpkeepError> {
        let index = DefectSubject::File("index.redb".into());
        let (mut open, mut all_read) = (BTreeMap::new(), true);
        for upload in snapshot.uploads()? {
            self.looked_at_row(0)?;
            match upload? {
                (_, Ok(None)) => {}
                (_, Ok(Some(owner))) => *open.entry(owner).or_insert(0u64) += 1,
                (id, Err(_)) => {
                    all_read = false;
                    self.found(&index, (DefectKind::Unreadable, format!("the row of upload {id} does not read")))?;
                }
            }
        }
        for id in snapshot.completed_uploads()? {
            self.looked_at_row(0)?;
            if let (id, false) = id? {
                self.found(
                    &index,
                    (DefectKind::Unreadable, format!("the row of completed upload {id} does not read")),
                )?;
            }
        }
        let counted = snapshot.upload_owners()?;
        if all_read && counted != open {
            let text = format!("it counts the open uploads of keys as {counted:?}, and they are {open:?}");
            self.found(&index, (DefectKind::References, text))?;
        }
        Ok(())
    }

    fn check_configurations(&mut self, snapshot: &Snapshot) -> Result<(), UpkeepError> {
        for kind in ConfigurationKind::ALL {
            for (bucket, document) in snapshot.configurations(kind)? {
                if document.is_err() {
                    let text = format!("its {} configuration does not read", kind.name());
                    self.found(&DefectSubject::Bucket(bucket.to_string()), (DefectKind::Unreadable, text))?;
                }
            }
        }
        Ok(())
    }

    /// Each blob is reported once, however often the object references it.
    fn check_extents(&mut self, place: &DefectSubject, size: u64, extents: &Extents) -> Result<(), UpkeepError> {
        self.checked.bytes = self.checked.bytes.saturating_add(size);
        for (id, count) in extents.references() {
            if let Some(blob) = self.blobs.get_mut(&id) {
                blob.named += count;
            }
        }
        let mut reported = HashSet::new();
        for extent in &extents.runs {
            if let Some(fault) = self.fault_of(extent)
                && reported.insert(extent.blob)
            {
                self.found(place, fault)?;
            }
        }
        Ok(())
    }

    fn fault_of(&mut self, extent: &Extent) -> Option<Fault> {
        let number = extent.blob.0;
        let Some(blob) = self.blobs.get(&extent.blob) else {
            self.without_row.insert(extent.blob);
            return Some((DefectKind::Missing, format!("blob {number:x} has no row in the index")));
        };
        let is_outside = blob.row.is_some_and(|row| extent.offset.saturating_add(extent.length) > row.length);
        let outside = || (DefectKind::Length, format!("it reaches beyond the end of blob {number:x}"));
        blob.fault.clone().or_else(|| is_outside.then(outside))
    }

    /// Blobs whose count of references is wrong, and what is wrong with blobs that have no references.
    fn check_references(&mut self) -> Result<(), UpkeepError> {
        let mut faults = Vec::new();
        for (id, blob) in &mut self.blobs {
            faults.extend(blob.fault.take().filter(|_| blob.named == 0).map(|fault| (*id, fault)));
            if let Some(BlobRow { references, .. }) = blob.row
                && blob.named != references
            {
                let text = format!("its row counts {references} uses, and there are {}", blob.named);
                faults.push((*id, (DefectKind::References, text)));
            }
        }
        faults.into_iter().try_for_each(|(id, fault)| self.found(&DefectSubject::Blob(id.0), fault))
    }

    fn check_rows_that_lost_theirs(&mut self, snapshot: &Snapshot) -> Result<(), UpkeepError> {
        for row_key in snapshot.small_bodies()? {
            let row_key = row_key?;
            self.looked_at_row(0)?;
            if !snapshot.has_small_body(&row_key)? {
                let fault = (DefectKind::Dangling, "the index has bytes of it that its row does not name".into());
                self.found(&object_place(&row_key), fault)?;
            }
        }
        for id in snapshot.unreferenced()?.into_iter().filter(|id| self.blobs.contains_key(id)).collect::<Vec<_>>() {
            self.found(
                &DefectSubject::Blob(id.0),
                (DefectKind::Dangling, "it is noted for removal and has a row".into()),
            )?;
        }
        Ok(())
    }

    /// Files of unreferenced blobs are no findings: to remove them is under way. Beside a server uploads are under way, too.
    fn check_files(&mut self, snapshot: &Snapshot) -> Result<(), UpkeepError> {
        let unreferenced: HashSet<_> = snapshot.unreferenced()?.into_iter().collect();
        let in_flight = if self.hold.is_some() { snapshot.watermark()? } else { u64::MAX };
        for id in self.folder.blobs_from(BlobId(0)).map_err(StoreError::from)? {
            let is_named = self.blobs.contains_key(&id) || self.without_row.contains(&id);
            if !is_named && !unreferenced.contains(&id) && id.0 < in_flight {
                self.found_orphan(&self.folder.blob(id), "no row names it")?;
            }
        }
        if self.hold.is_some() {
            return Ok(());
        }
        for path in self.folder.temporaries().map_err(StoreError::from)? {
            self.found_orphan(&path, "an upload that did not end has left it")?;
        }
        Ok(())
    }

    fn found_orphan(&mut self, path: &Path, why: &str) -> Result<(), UpkeepError> {
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        let relative = path.strip_prefix(self.folder.root()).unwrap_or(path);
        let place = DefectSubject::File(relative.display().to_string());
        self.found(&place, (DefectKind::Orphan, format!("{why} ({bytes} bytes)")))
    }

    /// Reports what is wrong with the index, once: several walks may meet the same page.
    fn index_is_damaged(&mut self, cause: &str) -> Result<(), UpkeepError> {
        if !self.faults_of_index.insert(cause.to_owned()) {
            return Ok(());
        }
        self.found(&DefectSubject::File("index.redb".into()), (DefectKind::Checksum, cause.to_owned()))
    }

    fn found(&mut self, place: &DefectSubject, (kind, text): Fault) -> Result<(), UpkeepError> {
        self.checked.findings += 1;
        self.reported.insert(place.clone());
        self.report(Event::Found(Defect { place: place.clone(), kind, text }))
    }

    fn report(&mut self, event: Event) -> Result<(), UpkeepError> {
        (self.report)(event).map_err(UpkeepError::Output)
    }
}

/// What is wrong with the bytes of a small object.
fn fault_of_small(bytes: Option<&[u8]>, size: u64, crc: u64) -> Option<Fault> {
    match bytes {
        None => Some((DefectKind::Missing, "its bytes are missing from the index".into())),
        Some(bytes) if bytes.len() as u64 != size => {
            Some((DefectKind::Length, format!("it has {} bytes in the index, and its row says {size}", bytes.len())))
        }
        Some(bytes) if block_sums::sum(bytes) != crc => {
            Some((DefectKind::Checksum, "its bytes in the index are not those that were written".into()))
        }
        Some(_) => None,
    }
}
