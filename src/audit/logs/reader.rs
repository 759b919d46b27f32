//! Reads one log into an audit: bytes are pushed in, requests are judged as they come.

use crate::audit::logs::entry::{Entry, LeftOut, Unreadable};
use crate::audit::logs::format::Format;
use crate::audit::logs::judge::judge;
use crate::audit::logs::splitter::{Broken, Place, Splitter};
use crate::audit::{Audit, Coverage, Source, Watch};
use crate::filters::Rules;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash, Hasher};

/// How many records that cannot be read are shown of a log.
pub const SHOWN: usize = 5;

/// What an audit of logs is made of.
#[derive(Debug)]
pub struct Ledger<'r> {
    rules: &'r Rules,
    watch: Watch,
    recent: Recent,
    /// The figures so far.
    pub audit: Audit,
}

impl<'r> Ledger<'r> {
    /// An audit of nothing yet, by these rules. Their domains are those below which a HAR has buckets as hosts.
    pub fn new(rules: &'r Rules) -> Ledger<'r> {
        Ledger { rules, watch: Watch::default(), recent: Recent::default(), audit: Audit::new(rules.policy.name()) }
    }
}

/// The requests of late, to know those that come again: stores deliver a record twice at times, and people name a file
/// twice. Each half has at most [`MAX_RECENT`]; the older is forgotten first.
#[derive(Debug, Default)]
struct Recent {
    newer: HashSet<u64>,
    older: HashSet<u64>,
}

/// Requests in a half: 4 MiB in all.
const MAX_RECENT: usize = 128 << 10;

impl Recent {
    /// Whether the request of that id was there already. One format may show what another does not, so that each counts.
    fn has(&mut self, format: Format, id: &str) -> bool {
        if id.is_empty() {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        (format.name(), id).hash(&mut hasher);
        let hash = hasher.finish();
        if self.newer.len() >= MAX_RECENT {
            self.older = std::mem::take(&mut self.newer);
        }
        self.older.contains(&hash) || !self.newer.insert(hash)
    }
}

/// Reads one log.
#[derive(Debug)]
pub struct LogReader {
    format: Format,
    splitter: Splitter,
    summary: Summary,
}

/// What became of a log.
#[derive(Debug, Default)]
pub struct Summary {
    /// How much of it was understood.
    pub coverage: Coverage,
    /// What was left out.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// Whether there were requests without headers and client, where the format can have them.
    pub is_half_shown: bool,
    /// The first records that cannot be read.
    pub unreadable: Vec<(Place, Unreadable)>,
}

impl LogReader {
    /// A reader of a log of this format that begins with these bytes.
    pub fn new(format: Format, beginning: &[u8]) -> LogReader {
        LogReader { format, splitter: format.splitter(beginning), summary: Summary::default() }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) {
        let (format, summary) = (self.format, &mut self.summary);
        self.splitter.feed(bytes, &mut |place, record| summary.take(format, place, record, ledger));
    }

    /// Ends the log. `name` is what the audit calls it.
    pub fn finish(mut self, name: &str, ledger: &mut Ledger<'_>) -> Summary {
        let (format, summary) = (self.format, &mut self.summary);
        self.splitter.finish(&mut |place, record| summary.take(format, place, record, ledger));
        ledger.audit.add_source(Source {
            name: name.to_owned(),
            format: format.name().to_owned(),
            coverage: self.summary.coverage,
            not_visible: self.summary.not_visible(format),
        });
        self.summary
    }

    /// What is behind the bytes so far cannot be read, and counts as one record.
    pub fn note_cut(&mut self) {
        self.summary.coverage.not_understood += 1;
    }

    /// What became of the log so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// What a format that has headers does not show in its short form.
const HALF_SHOWN: &str = "headers and clients of requests: the trace is not verbose";

impl Summary {
    fn not_visible(&self, format: Format) -> BTreeSet<String> {
        let half = self.is_half_shown.then_some(HALF_SHOWN);
        format.not_visible().iter().copied().chain(half).map(str::to_owned).collect()
    }

    fn take(&mut self, format: Format, place: Place, record: Result<&[u8], Broken>, ledger: &mut Ledger<'_>) {
        let read = record.map_err(Unreadable::Broken).and_then(|bytes| format.read(bytes, &ledger.rules.domains));
        match read {
            Ok(Entry::Request(request)) if ledger.recent.has(format, &request.id) => self.leave_out(LeftOut::Again),
            Ok(Entry::Request(request)) => {
                self.is_half_shown |= request.is_half_shown;
                let seen = judge(&request, ledger.rules, &mut ledger.watch);
                ledger.audit.add(&seen);
                self.coverage.judged += 1;
            }
            Ok(Entry::LeftOut(why)) => self.leave_out(why),
            Err(why) => {
                self.coverage.not_understood += 1;
                if self.unreadable.len() < SHOWN {
                    self.unreadable.push((place, why));
                }
            }
        }
    }

    fn leave_out(&mut self, why: LeftOut) {
        *self.left_out.entry(why).or_default() += 1;
        self.coverage.left_out += 1;
    }
}
