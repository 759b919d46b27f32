//! The figures of an audit: added up request by request, within bounds.

use crate::audit::billing::BillingClass;
use crate::audit::client::Client;
use crate::audit::observation::{Observation, Verdict};
use crate::audit::rule::RuleId;
use crate::s3::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most clients with figures of their own. Those that come later count together, as one client.
pub const MAX_CLIENTS: usize = 1000;
/// The most findings that are kept, of all clients together. Of further ones only the number is kept.
pub const MAX_FINDINGS: usize = 10_000;
/// The most buckets that are named with a finding, and the most versions that are named with a client.
const MAX_NAMED: usize = 10;
/// The most sources that are named.
const MAX_SOURCES: usize = 1000;
/// What clients beyond [`MAX_CLIENTS`] are called.
const OTHERS: &str = "other clients";
/// What requests count under that are for no operation of S3.
const NO_OPERATION: &str = "-";

/// What is known of the requests of many clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The policy that judged.
    pub policy: String,
    /// Where the requests come from, in the order in which they were added.
    pub sources: Vec<Source>,
    /// Every client, with its figures.
    pub clients: BTreeMap<Client, ClientFigures>,
    /// Findings that came when [`MAX_FINDINGS`] were kept: how often.
    pub findings_not_kept: u64,
}

/// Where requests come from: a running server or a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// A path, or the name of a server.
    pub name: String,
    /// `live`, or the format of a log.
    pub format: String,
    /// How much of it was understood.
    pub coverage: Coverage,
    /// What it cannot show, each a few words: `headers of requests`.
    pub not_visible: BTreeSet<String>,
}

/// How much of a source was understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Requests that were judged.
    pub judged: u64,
    /// Records that are no requests of clients.
    pub left_out: u64,
    /// Records that could not be read.
    pub not_understood: u64,
}

/// The figures of a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFigures {
    /// Its requests by operation.
    pub operations: BTreeMap<String, OperationFigures>,
    /// What R2 would refuse.
    pub findings: BTreeMap<FindingKey, FindingFigures>,
    /// Versions of its product, a few.
    pub versions: BTreeSet<String>,
    /// When the first request came.
    pub first: Timestamp,
    /// When the last one came.
    pub last: Timestamp,
}

/// The requests for an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationFigures {
    /// All of them.
    pub requests: u64,
    /// Those of them that R2 would refuse.
    pub refused: u64,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingKey {
    /// The operation; `-` where S3 has none such.
    pub operation: String,
    /// What refuses it.
    pub rule: RuleId,
}

/// A finding of a client: what R2 would answer, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingFigures {
    /// The HTTP status of R2's answer.
    pub status: u16,
    /// Its `<Code>`.
    pub code: String,
    /// Its `<Message>`, of the first request.
    pub message: String,
    /// How many requests.
    pub count: u64,
    /// When the first came.
    pub first: Timestamp,
    /// When the last came.
    pub last: Timestamp,
    /// The first request, without secrets.
    pub example: String,
    /// Buckets that the requests named, a few.
    pub buckets: BTreeSet<String>,
}

/// Audits that were judged by different policies do not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeError {
    /// The policy of the one audit and of the other.
    pub policies: [String; 2],
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.policies;
        write!(f, "one audit was judged by the policy {one:?}, another by {other:?}: they do not add up")
    }
}

impl std::error::Error for MergeError {}

impl Audit {
    /// An audit without requests.
    pub fn new(policy: impl Into<String>) -> Audit {
        Audit { policy: policy.into(), sources: Vec::new(), clients: BTreeMap::new(), findings_not_kept: 0 }
    }

    /// Counts a request. Returns whether it brought something that was not there before: a client, an operation of it,
    /// or a finding. The reader of a source counts coverage.
    pub fn add(&mut self, seen: &Observation) -> bool {
        // Findings are counted only if this request has one: with many clients counting takes a while.
        let room = if seen.verdicts.is_empty() { 0 } else { MAX_FINDINGS.saturating_sub(self.findings()) };
        let is_new = !self.clients.contains_key(&seen.client);
        let figures = self.client(&seen.client, seen.time);
        figures.span(seen.time, seen.time);
        keep_a_few(&mut figures.versions, &seen.version);
        let news = figures.count(seen);
        let (found, not_kept) = figures.find(seen, room);
        self.findings_not_kept += not_kept;
        is_new || news || found
    }

    /// The requests of all clients.
    pub fn requests(&self) -> u64 {
        self.clients.values().map(ClientFigures::requests).sum()
    }

    /// How many findings are kept.
    pub fn findings(&self) -> usize {
        self.clients.values().map(|client| client.findings.len()).sum()
    }

    /// Adds the figures of another audit.
    ///
    /// # Errors
    /// If another policy judged it; this audit then stays as it is.
    pub fn merge(&mut self, other: Audit) -> Result<(), MergeError> {
        if self.policy != other.policy {
            return Err(MergeError { policies: [self.policy.clone(), other.policy] });
        }
        for source in other.sources {
            self.add_source(source);
        }
        self.findings_not_kept += other.findings_not_kept;
        for (client, figures) in other.clients {
            let room = MAX_FINDINGS.saturating_sub(self.findings());
            let not_kept = self.client(&client, figures.first).merge(figures, room);
            self.findings_not_kept += not_kept;
        }
        Ok(())
    }

    /// Names a source. One of the same name and format adds up.
    pub fn add_source(&mut self, source: Source) {
        let same = |known: &Source| known.name == source.name && known.format == source.format;
        let is_full = self.sources.len() >= MAX_SOURCES;
        match self.sources.iter().position(same).or(is_full.then_some(MAX_SOURCES - 1)) {
            Some(known) => self.sources[known].merge(source),
            None => self.sources.push(source),
        }
    }

    fn client(&mut self, client: &Client, first: Timestamp) -> &mut ClientFigures {
        let has_room = self.clients.len() < MAX_CLIENTS || self.clients.contains_key(client);
        let client = if has_room { client.clone() } else { Client { key_id: None, product: OTHERS.to_owned() } };
        let empty = || ClientFigures { first, last: first, ..ClientFigures::default() };
        self.clients.entry(client).or_insert_with(empty)
    }
}

impl Source {
    fn merge(&mut self, other: Source) {
        self.coverage.judged += other.coverage.judged;
        self.coverage.left_out += other.coverage.left_out;
        self.coverage.not_understood += other.coverage.not_understood;
        self.not_visible.extend(other.not_visible);
    }
}

impl ClientFigures {
    /// Its requests.
    pub fn requests(&self) -> u64 {
        self.operations.values().map(|operation| operation.requests).sum()
    }

    /// Those of them that R2 would refuse.
    pub fn refused(&self) -> u64 {
        self.operations.values().map(|operation| operation.refused).sum()
    }

    /// Those that R2 would carry out and bill in this class; `None` for those whose class its page does not name.
    pub fn billed(&self, class: Option<BillingClass>) -> u64 {
        let of_class = |name: &str| BillingClass::of_name(name) == class;
        let operations = self.operations.iter().filter(|(name, _)| of_class(name));
        operations.map(|(_, operation)| operation.requests - operation.refused).sum()
    }

    fn span(&mut self, first: Timestamp, last: Timestamp) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// Whether the operation is new.
    fn count(&mut self, seen: &Observation) -> bool {
        let name = operation_name(seen);
        let refused = u64::from(!seen.verdicts.is_empty());
        if let Some(operation) = self.operations.get_mut(name) {
            operation.requests += 1;
            operation.refused += refused;
            return false;
        }
        self.operations.insert(name.to_owned(), OperationFigures { requests: 1, refused });
        true
    }

    /// Whether a finding is new, and how many could not be kept.
    fn find(&mut self, seen: &Observation, room: usize) -> (bool, u64) {
        let (mut found, mut not_kept) = (0, 0);
        for verdict in &seen.verdicts {
            let key = FindingKey { operation: operation_name(seen).to_owned(), rule: verdict.rule.clone() };
            if let Some(known) = self.findings.get_mut(&key) {
                known.count += 1;
                known.span(seen.time, seen.time);
                keep_a_few(&mut known.buckets, seen.bucket.as_deref().unwrap_or_default());
            } else if found < room {
                self.findings.insert(key, FindingFigures::first_of(seen, verdict));
                found += 1;
            } else {
                not_kept += 1;
            }
        }
        (found > 0, not_kept)
    }

    fn merge(&mut self, other: ClientFigures, room: usize) -> u64 {
        self.span(other.first, other.last);
        for (name, figures) in other.operations {
            let known = self.operations.entry(name).or_default();
            known.requests += figures.requests;
            known.refused += figures.refused;
        }
        for version in &other.versions {
            keep_a_few(&mut self.versions, version);
        }
        let (mut added, mut not_kept) = (0, 0);
        for (key, figures) in other.findings {
            if let Some(known) = self.findings.get_mut(&key) {
                known.merge(figures);
            } else if added < room {
                self.findings.insert(key, figures);
                added += 1;
            } else {
                not_kept += figures.count;
            }
        }
        not_kept
    }
}

impl FindingFigures {
    fn first_of(seen: &Observation, verdict: &Verdict) -> FindingFigures {
        FindingFigures {
            status: verdict.status,
            code: verdict.code.clone(),
            message: verdict.message.clone(),
            count: 1,
            first: seen.time,
            last: seen.time,
            example: seen.example.clone().unwrap_or_default(),
            buckets: seen.bucket.iter().cloned().collect(),
        }
    }

    fn span(&mut self, first: Timestamp, last: Timestamp) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// Adds the figures of the same finding. The example stays that of the earlier request.
    fn merge(&mut self, other: FindingFigures) {
        self.count += other.count;
        if other.first < self.first {
            (self.message, self.example) = (other.message, other.example);
        }
        self.span(other.first, other.last);
        for bucket in &other.buckets {
            keep_a_few(&mut self.buckets, bucket);
        }
    }
}

fn operation_name(seen: &Observation) -> &'static str {
    seen.operation.map_or(NO_OPERATION, |operation| operation.name())
}

fn keep_a_few(names: &mut BTreeSet<String>, name: &str) {
    if !name.is_empty() && names.len() < MAX_NAMED && !names.contains(name) {
        names.insert(name.to_owned());
    }
}
