//! Adds up what a running server observes, on a thread of its own: no request waits for it.
//!
//! What is new, a client, an operation of it or a finding, is on the disk within [`NEWS`], and counts within [`COUNTS`];
//! large audits, which take long to write, are written more rarely.

use crate::audit::{Audit, Coverage, Event, Observation, Source, Verdict, Watch};
use crate::s3::Timestamp;
use crate::server::audit::file::{AuditFile, OpenError};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Observations that wait for the thread. What comes when so many wait is counted and not looked at.
const QUEUE: usize = 16 << 10;
/// How soon something new is written.
const NEWS: Duration = Duration::from_millis(20);
/// How soon counts are written.
const COUNTS: Duration = Duration::from_secs(1);
/// How soon a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Writing takes at most one part in so many of the thread's time.
const SHARE: u32 = 20;

/// Keeps an audit.
#[derive(Debug)]
pub struct Recorder {
    audit: Arc<Mutex<Audit>>,
    watch: Mutex<Watch>,
    dropped: Arc<AtomicU64>,
    /// `None` once it ends.
    queue: Option<SyncSender<Observation>>,
    thread: Option<JoinHandle<()>>,
}

/// The thread's side.
struct Keeper {
    file: AuditFile,
    audit: Arc<Mutex<Audit>>,
    dropped: Arc<AtomicU64>,
    /// Judged since the last write.
    judged: u64,
    has_failed: bool,
}

impl Recorder {
    /// A recorder of the file at `path`, which goes on from what is there, of what `policy` judges.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub fn open(path: &Path, policy: &str) -> Result<Recorder, OpenError> {
        let (file, audit) = AuditFile::open(path, policy)?;
        let (audit, dropped) = (Arc::new(Mutex::new(audit)), Arc::new(AtomicU64::new(0)));
        let keeper = Keeper { file, audit: audit.clone(), dropped: dropped.clone(), judged: 0, has_failed: false };
        let (queue, waiting) = sync_channel(QUEUE);
        let work = move || keeper.keep(&waiting);
        let thread = Builder::new().name("audit".to_owned()).spawn(work).map_err(OpenError::Thread)?;
        Ok(Recorder { audit, watch: Mutex::default(), dropped, queue: Some(queue), thread: Some(thread) })
    }

    /// Counts a request. Never waits.
    pub fn record(&self, seen: Observation) {
        if self.queue.as_ref().is_none_or(|queue| queue.try_send(seen).is_err()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What an event shows together with those before it.
    pub fn watch(&self, time: Timestamp, event: &Event<'_>) -> Vec<Verdict> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).see(time, event)
    }

    /// The audit so far; a request that has just been answered may be missing.
    pub fn snapshot(&self) -> Audit {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes what is left.
impl Drop for Recorder {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Keeper {
    fn keep(mut self, waiting: &Receiver<Observation>) {
        let mut due = None;
        let mut pause = Duration::ZERO;
        loop {
            match next(waiting, due) {
                Ok(seen) => {
                    let soon = if self.add(&seen) { NEWS } else { COUNTS };
                    let at = Instant::now() + soon.max(pause);
                    due = Some(due.map_or(at, |due: Instant| due.min(at)));
                }
                Err(RecvTimeoutError::Timeout) => (due, pause) = self.write(),
                Err(RecvTimeoutError::Disconnected) => {
                    self.write();
                    return;
                }
            }
        }
    }

    fn add(&mut self, seen: &Observation) -> bool {
        self.judged += 1;
        self.audit.lock().unwrap_or_else(PoisonError::into_inner).add(seen)
    }

    /// Writes the audit. Returns when to try again, if it failed, and how long to pause before the next.
    fn write(&mut self) -> (Option<Instant>, Duration) {
        let begun = Instant::now();
        let audit = self.current();
        match self.file.write(&audit) {
            Ok(()) if self.has_failed => tracing::info!("the audit is written again"),
            Ok(()) => {}
            Err(error) => {
                if !self.has_failed {
                    tracing::error!(%error, "the audit cannot be written; it is kept in memory, and tried again");
                }
                self.has_failed = true;
                return (Some(begun + RETRY), Duration::ZERO);
            }
        }
        self.has_failed = false;
        (None, begun.elapsed() * SHARE)
    }

    /// The audit, with what was judged and dropped since the last time.
    fn current(&mut self) -> Audit {
        let judged = std::mem::take(&mut self.judged);
        let not_understood = self.dropped.swap(0, Ordering::Relaxed);
        let coverage = Coverage { judged, not_understood, ..Coverage::default() };
        let mut audit = self.audit.lock().unwrap_or_else(PoisonError::into_inner);
        audit.add_source(Source {
            name: "r2shim serve".to_owned(),
            format: "live".to_owned(),
            coverage,
            ..Source::default()
        });
        audit.clone()
    }
}

/// The next observation, or that it is time to write.
fn next(waiting: &Receiver<Observation>, due: Option<Instant>) -> Result<Observation, RecvTimeoutError> {
    match due.map(|due| due.saturating_duration_since(Instant::now())) {
        None => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(Duration::ZERO) => Err(RecvTimeoutError::Timeout),
        Some(left) => waiting.recv_timeout(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Client, RuleId};
    use crate::s3::{Code, Operation, S3Error};
    use std::fs;

    fn tagging() -> Observation {
        Observation {
            time: Timestamp::from_millis(1000),
            client: Client { key_id: Some("dev".to_owned()), product: "Boto3".to_owned() },
            version: String::new(),
            operation: Some(Operation::PutObjectTagging),
            bucket: Some("media".to_owned()),
            verdicts: vec![Verdict::new(
                RuleId::named("policy/PutObjectTagging"),
                &S3Error::new(Code::NOT_IMPLEMENTED),
            )],
            example: None,
        }
    }

    fn kept(path: &Path) -> Audit {
        Audit::from_json(&fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn an_audit_goes_on_where_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.json");
        for count in [3, 6] {
            let recorder = Recorder::open(&path, "r2-2026").unwrap();
            (0..3).for_each(|_| recorder.record(tagging()));
            drop(recorder);
            let audit = kept(&path);
            assert_eq!(audit.clients.values().next().unwrap().findings.values().next().unwrap().count, count);
            assert_eq!(audit.sources.iter().map(|source| source.coverage.judged).sum::<u64>(), count);
        }
    }

    #[test]
    fn one_process_keeps_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.json");
        let first = Recorder::open(&path, "r2-2026").unwrap();
        assert!(matches!(Recorder::open(&path, "r2-2026"), Err(OpenError::InUse(_))));
        drop(first);
        assert!(Recorder::open(&path, "r2-2026").is_ok());
    }

    #[test]
    fn what_is_there_is_never_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.json");
        let whole = Audit::new("r2-2026").to_json();
        for (text, error) in [
            ("root:x:0:0".to_owned(), "is there and is no audit"),
            (whole.replace("\"version\": 1", "\"version\": 7"), "has version 7 of the form"),
            (whole.replace("r2-2026", "open"), "was judged by the policy open"),
        ] {
            fs::write(&path, &text).unwrap();
            let found = Recorder::open(&path, "r2-2026").unwrap_err().to_string();
            assert!(found.contains(error), "{found}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let damaged = &whole[..whole.len() - 9];
        fs::write(&path, damaged).unwrap();
        drop(Recorder::open(&path, "r2-2026").unwrap());
        assert_eq!(fs::read_to_string(folder.path().join("audit.json.damaged-1")).unwrap(), damaged);
        assert_eq!(kept(&path).requests(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let error = Recorder::open(Path::new("/nonexistent/audit.json"), "r2").unwrap_err().to_string();
        assert!(error.contains("/nonexistent/audit.json cannot be kept"), "{error}");
    }
}
