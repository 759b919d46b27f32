//! Reads one log into an audit: bytes are pushed in, requests are judged as they come.

use crate::audit::logs::entry::{Entry, LeftOut, Unreadable};
use crate::audit::logs::format::Format;
use crate::audit::logs::judge::judge;
use crate::audit::logs::splitter::{Broken, Place, Splitter};
use crate::audit::{Audit, Coverage, Source, Watch};
use crate::filters::Rules;
use std::collections::BTreeMap;

/// How many records that cannot be read are shown of a log.
pub const SHOWN: usize = 5;

/// What an audit of logs is made of.
#[derive(Debug)]
pub struct Ledger<'r> {
    rules: &'r Rules,
    watch: Watch,
    /// The figures so far.
    pub audit: Audit,
}

impl<'r> Ledger<'r> {
    /// An audit of nothing yet, by these rules. Their domains are those below which a HAR has buckets as hosts.
    pub fn new(rules: &'r Rules) -> Ledger<'r> {
        Ledger { rules, watch: Watch::default(), audit: Audit::new(rules.policy.name()) }
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
            not_visible: format.not_visible().iter().map(|what| (*what).to_owned()).collect(),
        });
        self.summary
    }

    /// What became of the log so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }
}

impl Summary {
    fn take(&mut self, format: Format, place: Place, record: Result<&[u8], Broken>, ledger: &mut Ledger<'_>) {
        let read = record.map_err(Unreadable::Broken).and_then(|bytes| format.read(bytes, &ledger.rules.domains));
        match read {
            Ok(Entry::Request(request)) => {
                let seen = judge(&request, ledger.rules, &mut ledger.watch);
                ledger.audit.add(&seen);
                self.coverage.judged += 1;
            }
            Ok(Entry::LeftOut(why)) => {
                *self.left_out.entry(why).or_default() += 1;
                self.coverage.left_out += 1;
            }
            Err(why) => {
                self.coverage.not_understood += 1;
                if self.unreadable.len() < SHOWN {
                    self.unreadable.push((place, why));
                }
            }
        }
    }
}
