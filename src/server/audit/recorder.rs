//! Adds up the observations of a running server. A separate thread writes them to a file.
//!
//! A new client, operation or finding is on the disk within [`NEWS`], and counts within [`COUNTS`]. Large audits, which
//! take long to write, are written less often. A request adds its figures itself. It wakes the thread only if a write
//! is due earlier than the thread expects, because waking it costs more than the addition.

use crate::audit::{Audit, Coverage, Event, Observation, Source, Verdict, Watch};
use crate::s3::Timestamp;
use crate::server::audit::file::{AuditFile, OpenError};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

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
    kept: Arc<Kept>,
    watch: Mutex<Watch>,
    thread: Option<JoinHandle<()>>,
}

/// What requests and the thread share.
#[derive(Debug)]
struct Kept {
    figures: Mutex<Figures>,
    /// Notifies the thread that a write is due earlier than it expects, or that the recorder ends.
    changed: Condvar,
}

#[derive(Debug)]
struct Figures {
    audit: Audit,
    /// Requests since the last write.
    judged: u64,
    /// When to write; `None` while the file has everything.
    due: Option<Instant>,
    /// The least time between a request and the write that it causes.
    pause: Duration,
    has_ended: bool,
}

/// The thread's side.
struct Keeper {
    file: AuditFile,
    kept: Arc<Kept>,
    has_failed: bool,
}

impl Recorder {
    /// A recorder for the file at `path`, which adds to the audit that is there. `policy` judges the requests.
    ///
    /// # Errors
    /// Why the file cannot be used.
    pub fn open(path: &Path, policy: &str) -> Result<Recorder, OpenError> {
        let (file, audit) = AuditFile::open(path, policy)?;
        let figures = Figures { audit, judged: 0, due: None, pause: Duration::ZERO, has_ended: false };
        let kept = Arc::new(Kept { figures: Mutex::new(figures), changed: Condvar::new() });
        let keeper = Keeper { file, kept: kept.clone(), has_failed: false };
        let thread = Builder::new().name("audit".to_owned()).spawn(move || keeper.keep()).map_err(OpenError::Thread)?;
        Ok(Recorder { kept, watch: Mutex::default(), thread: Some(thread) })
    }

    /// Counts a request. It waits at most for another request, or for a copy of the figures.
    pub fn record(&self, seen: &Observation) {
        let is_earlier = self.kept.figures().add(seen, Instant::now());
        if is_earlier {
            self.kept.changed.notify_one();
        }
    }

    /// The findings of an event together with earlier events.
    pub fn watch(&self, time: Timestamp, event: &Event<'_>) -> Vec<Verdict> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).see(time, event)
    }

    /// The audit so far.
    pub fn snapshot(&self) -> Audit {
        self.kept.figures().audit.clone()
    }
}

/// Writes the figures that are not on the disk yet.
impl Drop for Recorder {
    fn drop(&mut self) {
        self.kept.figures().has_ended = true;
        self.kept.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Kept {
    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures {
    /// Adds a request. Returns whether a write is due earlier than before.
    fn add(&mut self, seen: &Observation, now: Instant) -> bool {
        self.judged += 1;
        let soon = if self.audit.add(seen) { NEWS } else { COUNTS };
        let at = now + soon.max(self.pause);
        let is_earlier = self.due.is_none_or(|due| at < due);
        if is_earlier {
            self.due = Some(at);
        }
        is_earlier
    }

    /// A copy for the file, with the requests since the last write in its sources.
    fn take(&mut self) -> Audit {
        let coverage = Coverage { judged: std::mem::take(&mut self.judged), ..Coverage::default() };
        self.audit.add_source(Source {
            name: "r2shim serve".to_owned(),
            format: "live".to_owned(),
            coverage,
            ..Source::default()
        });
        self.due = None;
        self.audit.clone()
    }
}

impl Keeper {
    fn keep(mut self) {
        loop {
            let (audit, has_ended) = self.next();
            self.write(&audit);
            if has_ended {
                return;
            }
        }
    }

    /// The next text to write, once it is due, and whether it is the last.
    fn next(&self) -> (Audit, bool) {
        let mut figures = self.kept.figures();
        while !figures.has_ended {
            let left = figures.due.map(|due| due.saturating_duration_since(Instant::now()));
            figures = match left {
                Some(Duration::ZERO) => break,
                Some(left) => {
                    let woken = self.kept.changed.wait_timeout(figures, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.kept.changed.wait(figures).unwrap_or_else(PoisonError::into_inner),
            };
        }
        (figures.take(), figures.has_ended)
    }

    /// Writes the audit. Sets when to try again if that fails, and else how long to pause before the next write.
    fn write(&mut self, audit: &Audit) {
        let begun = Instant::now();
        match self.file.write(audit) {
            Ok(()) => {
                if std::mem::take(&mut self.has_failed) {
                    tracing::info!("the audit is written again");
                }
                self.kept.figures().pause = begun.elapsed() * SHARE;
            }
            Err(error) => {
                if !std::mem::replace(&mut self.has_failed, true) {
                    tracing::error!(%error, "the audit cannot be written; it is kept in memory, and tried again");
                }
                let mut figures = self.kept.figures();
                (figures.pause, figures.due) = (RETRY, Some(begun + RETRY));
            }
        }
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
    fn an_audit_continues_where_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.json");
        for count in [3, 6] {
            let recorder = Recorder::open(&path, "r2-2026").unwrap();
            (0..3).for_each(|_| recorder.record(&tagging()));
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
            (whole.replace("\"version\": 2", "\"version\": 7"), "has version 7 of the form"),
            (Audit::new("open").to_json(), "was judged by the policy open"),
        ] {
            fs::write(&path, &text).unwrap();
            let found = Recorder::open(&path, "r2-2026").unwrap_err().to_string();
            assert!(found.contains(error), "{found}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        for (damaged, aside) in
            [(whole[..whole.len() - 9].to_owned(), 1), (whole.replace("not_kept\": 0", "not_kept\": 1"), 2)]
        {
            fs::write(&path, &damaged).unwrap();
            drop(Recorder::open(&path, "r2-2026").unwrap());
            let aside = folder.path().join(format!("audit.json.damaged-{aside}"));
            assert_eq!(fs::read_to_string(aside).unwrap(), damaged);
            assert_eq!(kept(&path).requests(), 0);
        }
    }

    #[test]
    fn a_missing_folder_is_reported() {
        let error = Recorder::open(Path::new("/nonexistent/audit.json"), "r2").unwrap_err().to_string();
        assert!(error.contains("/nonexistent/audit.json cannot be kept"), "{error}");
    }
}
