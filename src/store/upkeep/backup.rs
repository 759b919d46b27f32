//! The backup: a copy of a data folder as of one commit, while the folder is in use or not.
//!
//! What is copied is decided at one moment: one view of the index, and the blobs that it has, each kept where it is. The
//! index is written anew, row by row, and the view ends before the blobs are copied, as the index file grows while there
//! is one. A blob that has its place never changes, so it is of that moment whenever it is copied; it is proven as it is
//! read. One that is damaged is copied as it is and reported: the copy is no worse than what it was made from.

use super::draft::Draft;
use super::examine::{Fault, examine, open_blob};
use super::pace::Pace;
use super::report::{Event, UpkeepError};
use crate::store::defects::{Defect, DefectKind, DefectSubject};
use crate::store::disk::{Disk, Step};
use crate::store::error::StoreError;
use crate::store::folder::{BlobId, Folder, open_regular};
use crate::store::guard::guarded;
use crate::store::index::{BlobRow, DuplicateFault, Index, Snapshot};
use crate::store::model::{Durability, Options};
use crate::store::pins::Pin;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Bytes of memory for pages of the new index: it is written in the order of its keys.
const INDEX_CACHE: usize = 16 << 20;
/// How many blobs are pinned together, and let go together.
const PINNED: usize = 1024;

/// Where a backup is to be, and what is in it.
#[derive(Debug, Clone)]
pub struct BackupPlan {
    /// The new folder. Nothing is there, or an empty folder.
    pub target: PathBuf,
    /// Whether blobs are hard links to those of the data folder, where both are on one file system.
    pub link: bool,
    /// Other files of the data folder that are copied, where they are there.
    pub also: Vec<&'static str>,
}

/// What a backup has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BackedUp {
    /// Objects.
    pub objects: u64,
    /// Blobs.
    pub blobs: u64,
    /// Bytes of blobs.
    pub bytes: u64,
    /// Blobs that share their bytes with those of the data folder.
    pub linked: u64,
    /// Findings reported.
    pub findings: u64,
}

/// Copies the data folder at `dir`, which no server has open, and reports what is damaged in it.
///
/// # Errors
/// The folder is in use or none, the target cannot be written or is taken, the index is damaged, the disk fails, or
/// `report` does. Then the target is as it was. A finding is no error.
pub fn backup(
    dir: &Path,
    plan: &BackupPlan,
    pace: Pace,
    report: &mut dyn FnMut(Event) -> io::Result<()>,
) -> Result<BackedUp, UpkeepError> {
    let folder = Folder::existing(dir, Disk::new(Durability::None))?;
    let index = Index::open_for_reading(&folder.index(), Options::default().index_cache)?;
    let moment = Moment::of(&index, None)?;
    backup_of(&folder, moment, plan, pace, report)
}

/// What a backup copies.
pub(in crate::store) struct Moment {
    view: Snapshot,
    proven_from: BlobId,
    objects: u64,
    blobs: Vec<Kept>,
}

/// Blobs that stay where they are.
struct Kept {
    /// `None` if nothing removes any.
    _pin: Option<Pin>,
    blobs: Vec<(BlobId, Option<BlobRow>)>,
}

impl Moment {
    /// The index as it is now, and its blobs. Where others change the folder, `pin` keeps blobs from being removed, and
    /// the caller sees to it that none is until this has returned.
    pub(in crate::store) fn of(index: &Index, pin: Option<&dyn Fn(Vec<BlobId>) -> Pin>) -> Result<Moment, UpkeepError> {
        whole(|| Moment::read(index, pin))
    }

    fn read(index: &Index, pin: Option<&dyn Fn(Vec<BlobId>) -> Pin>) -> Result<Moment, UpkeepError> {
        let view = index.snapshot()?;
        let mut rows = view.blobs()?;
        let mut blobs = Vec::new();
        loop {
            let some = rows.by_ref().take(PINNED).map(|row| row.map(|(id, row)| (id, row.ok())));
            let some = some.collect::<Result<Vec<_>, _>>()?;
            if some.is_empty() {
                break;
            }
            let ids = || some.iter().map(|(id, _)| *id).collect();
            blobs.push(Kept { _pin: pin.map(|pin| pin(ids())), blobs: some });
        }
        Ok(Moment { proven_from: view.proven_from()?, objects: view.objects()?, view, blobs })
    }
}

/// Copies what a folder had at a moment.
///
/// # Errors
/// Those of [`backup`].
pub(in crate::store) fn backup_of(
    folder: &Folder,
    moment: Moment,
    plan: &BackupPlan,
    pace: Pace,
    report: &mut dyn FnMut(Event) -> io::Result<()>,
) -> Result<BackedUp, UpkeepError> {
    // Whatever the store waits for, a backup is on the disk when it has its name.
    let disk = folder.disk().with(Durability::Fsync);
    let draft = Draft::begin(&plan.target, folder.root(), &disk)?;
    let copy = Folder::open(&draft.path, disk).map_err(|error| draft.failed(io::Error::other(error.to_string())))?;
    let Moment { view, proven_from, objects, blobs } = moment;
    let rows = || blobs.iter().flat_map(|kept| &kept.blobs);
    let blob_bytes = rows().filter_map(|(_, row)| *row).fold(0u64, |sum, row| sum.saturating_add(row.length));
    let done = BackedUp { objects, blobs: rows().count() as u64, ..BackedUp::default() };
    let mut backup = Backup {
        folder,
        copy,
        draft: &draft,
        plan,
        pace,
        report,
        proven_from,
        progress: (0, blob_bytes),
        last: None,
        done,
    };
    backup.require_room(blob_bytes)?;
    backup.copy_index(view)?;
    backup.copy_blobs(blobs)?;
    backup.copy_others()?;
    let done = backup.done;
    draft.publish()?;
    Ok(done)
}

struct Backup<'a> {
    folder: &'a Folder,
    copy: Folder,
    draft: &'a Draft,
    plan: &'a BackupPlan,
    pace: Pace,
    report: &'a mut dyn FnMut(Event) -> io::Result<()>,
    proven_from: BlobId,
    /// Bytes of blobs copied, and those there are to copy.
    progress: (u64, u64),
    /// The last blob that has its place.
    last: Option<BlobId>,
    done: BackedUp,
}

impl Backup<'_> {
    fn require_room(&self, blobs: u64) -> Result<(), UpkeepError> {
        let index = fs::metadata(self.folder.index()).map_or(0, |found| found.len());
        // Links take next to nothing; where they turn out to be impossible, the disk says when it is full.
        let needed = if self.plan.link { index } else { index.saturating_add(blobs) };
        Ok(self.draft.require_room(needed)?)
    }

    fn copy_index(&mut self, view: Snapshot) -> Result<(), UpkeepError> {
        let path = self.copy.index();
        let disk = self.copy.disk();
        let copied = {
            // It is waited for once, when it is whole.
            let index =
                Index::open(&path, INDEX_CACHE, disk.with(Durability::None)).map_err(|error| self.failed(error))?;
            let (pace, report, progress) = (&mut self.pace, &mut *self.report, self.progress);
            let mut on_progress = |bytes| {
                pace.spend(bytes);
                report(Event::Progress { done: progress.0, of: progress.1 })
            };
            guarded(|| view.copy_to(&index, &mut on_progress))
        };
        match copied.unwrap_or_else(|panic| Err(DuplicateFault::Source(StoreError::Damaged(panic).into()))) {
            Ok(()) => {}
            Err(DuplicateFault::Source(error)) => return Err(unsound(error.into())),
            Err(DuplicateFault::Copy(error)) => return Err(self.failed(StoreError::from(error))),
            Err(DuplicateFault::Stopped(error)) => return Err(UpkeepError::Output(error)),
        }
        File::open(&path).and_then(|file| disk.sync(&file)).map_err(|error| self.draft.failed(error).into())
    }

    fn copy_blobs(&mut self, blobs: Vec<Kept>) -> Result<(), UpkeepError> {
        for kept in blobs {
            for (id, row) in &kept.blobs {
                self.copy_blob(*id, row.as_ref())?;
            }
        }
        self.sync_home()
    }

    /// The place of a blob in the copy. Blobs come in the order of their numbers, so those before it lie in the same
    /// folder, or theirs is complete.
    fn place(&mut self, id: BlobId) -> Result<PathBuf, UpkeepError> {
        if self.last.is_some_and(|last| last.home() != id.home()) {
            self.sync_home()?;
        }
        let place = self.written(self.copy.place(id))?;
        self.last = Some(id);
        Ok(place)
    }

    fn sync_home(&self) -> Result<(), UpkeepError> {
        self.last.map_or(Ok(()), |last| self.written(self.copy.sync_home(last)))
    }

    fn copy_blob(&mut self, id: BlobId, row: Option<&BlobRow>) -> Result<(), UpkeepError> {
        let file = match open_blob(self.folder, id) {
            Ok(file) => file,
            Err(fault) => return self.found(id, fault),
        };
        let done = self.progress.0.saturating_add(row.map_or(0, |row| row.length));
        let place = self.place(id)?;
        let is_linked = self.plan.link && self.link(id, &file, &place)?;
        if is_linked {
            self.done.linked += 1;
        } else {
            self.copy_bytes(id, row, file, &place)?;
        }
        self.done.bytes = self.done.bytes.saturating_add(row.map_or(0, |row| row.length));
        self.progress.0 = done;
        self.report_progress()
    }

    /// Whether it could be linked.
    fn link(&mut self, id: BlobId, file: &File, place: &Path) -> Result<bool, UpkeepError> {
        let disk = self.copy.disk();
        match disk.perform(Step::CreateFile, || fs::hard_link(self.folder.blob(id), place)) {
            // What a store does not wait for, a backup does.
            Ok(()) => self.written(disk.sync(file)).map(|()| true),
            Err(error) if cannot_be_linked(&error) => Ok(false),
            Err(error) => Err(self.draft.failed(error).into()),
        }
    }

    fn copy_bytes(&mut self, id: BlobId, row: Option<&BlobRow>, file: File, place: &Path) -> Result<(), UpkeepError> {
        let mut copied = self.written(self.copy.create_file(place))?;
        // Where no row says how long it is, all of the file is copied.
        let lost = BlobRow { references: 0, length: u64::MAX, crc: 0 };
        let fault = examine(file, id, row.unwrap_or(&lost), id >= self.proven_from, &mut |bytes, own| {
            let written = self.copy.disk().write(Step::Write, bytes, |bytes| copied.write_all(bytes));
            self.written(written)?;
            self.progress.0 = self.progress.0.saturating_add(if row.is_some() { own } else { 0 });
            self.pace.spend(bytes.len() as u64);
            self.report_progress()
        })?;
        let unreadable = || (DefectKind::Unreadable, format!("the row of blob {:x} does not read", id.0));
        let fault = if row.is_some() { fault } else { Some(unreadable()) };
        fault.map_or(Ok(()), |fault| self.found(id, fault))?;
        self.written(self.copy.disk().sync(&copied))
    }

    fn copy_others(&mut self) -> Result<(), UpkeepError> {
        for name in &self.plan.also {
            let mut file = match open_regular(&self.folder.root().join(name)) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                file => file.map_err(StoreError::from)?,
            };
            let mut copied = self.written(self.copy.create_file(&self.copy.root().join(name)))?;
            let disk = self.copy.disk();
            let written = disk.perform(Step::Write, || io::copy(&mut file, &mut copied));
            self.written(written.and_then(|_| disk.sync(&copied)))?;
        }
        self.written(self.copy.disk().sync_folder(self.copy.root()))
    }

    fn found(&mut self, id: BlobId, (kind, text): Fault) -> Result<(), UpkeepError> {
        self.done.findings += 1;
        let place = DefectSubject::Blob(id.0);
        (self.report)(Event::Found(Defect { place, kind, text })).map_err(UpkeepError::Output)
    }

    fn report_progress(&mut self) -> Result<(), UpkeepError> {
        let (done, of) = self.progress;
        (self.report)(Event::Progress { done, of }).map_err(UpkeepError::Output)
    }

    /// What was done to the copy.
    fn written<T>(&self, done: io::Result<T>) -> Result<T, UpkeepError> {
        done.map_err(|error| self.draft.failed(error).into())
    }

    fn failed(&self, error: impl std::error::Error) -> UpkeepError {
        self.draft.failed(io::Error::other(error.to_string())).into()
    }
}

/// Between file systems, on one that has no links, and where a file has as many as it may.
fn cannot_be_linked(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::CrossesDevices | ErrorKind::Unsupported | ErrorKind::PermissionDenied | ErrorKind::TooManyLinks
    )
}

/// Reads the index; a panic of the engine over a damaged page becomes an error.
fn whole<T>(read: impl FnOnce() -> Result<T, UpkeepError>) -> Result<T, UpkeepError> {
    match guarded(read).unwrap_or_else(|panic| Err(StoreError::Damaged(panic).into())) {
        Err(UpkeepError::Store(error)) => Err(unsound(error)),
        read => read,
    }
}

/// A backup without all of the index would lack objects without saying so.
fn unsound(error: StoreError) -> UpkeepError {
    match error {
        StoreError::Damaged(cause) => UpkeepError::Unsound(cause),
        error => error.into(),
    }
}
