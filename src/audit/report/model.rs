//! The content of a report: the figures of an audit, in a useful order.

use crate::audit::report::advice::{Advice, Work};
use crate::audit::tally::{Audit, ClientFigures, FindingFigures, FindingKey, Source};
use crate::audit::{BillingClass, Client};
use crate::page::visible;
use crate::s3::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a report says. Every text that a client or a file chose is [visible] here already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `r2shim-report`.
    pub format: &'static str,
    /// The version of the form.
    pub version: u64,
    /// The policy that judged.
    pub policy: String,
    /// When the first and the last request came, in ISO 8601; `None` without requests.
    pub period: Option<[String; 2]>,
    /// How many clients there are, and how many of them R2 serves as they are.
    pub clients_total: usize,
    /// Those that R2 serves as they are, those with a warning among them.
    pub clients_ready: usize,
    /// The requests.
    pub requests: u64,
    /// Those of them with at least one finding.
    pub refused: u64,
    /// Findings that were not kept, as there were too many.
    pub findings_not_kept: u64,
    /// What R2 would carry out and bill.
    pub billed: Billed,
    /// The clients: first those that must change, those with most findings first.
    pub clients: Vec<ClientReport>,
    /// Where the requests come from.
    pub sources: Vec<SourceReport>,
}

/// The requests that R2 would carry out, by how it bills them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Billed {
    /// Class A: writes and listings.
    pub class_a: u64,
    /// Class B: reads.
    pub class_b: u64,
    /// Free of charge.
    pub free: u64,
    /// Operations whose class R2's page does not name.
    pub not_named: u64,
}

/// Whether R2 serves a client as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readiness {
    /// R2 refuses some of its requests.
    MustChange,
    /// R2 serves it, but sometimes refuses a request.
    ReadyWithCare,
    /// R2 serves it.
    Ready,
}

impl Readiness {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Readiness::MustChange => "must change",
            Readiness::ReadyWithCare => "ready, with care",
            Readiness::Ready => "ready",
        }
    }

    /// How it looks on a page.
    pub const fn style(self) -> &'static str {
        match self {
            Readiness::MustChange => "bad",
            Readiness::ReadyWithCare => "doubt",
            Readiness::Ready => "good",
        }
    }
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientReport {
    /// The id of its key; `None` where it is not known.
    pub key_id: Option<String>,
    /// Its product; empty where it named none.
    pub product: String,
    /// Versions of the product, a few.
    pub versions: Vec<String>,
    /// Whether R2 serves it.
    pub readiness: Readiness,
    /// Its requests.
    pub requests: u64,
    /// Those with at least one finding.
    pub refused: u64,
    /// What must change, what is found most first.
    pub changes: Vec<Change>,
    /// Its requests by operation.
    pub operations: BTreeMap<String, Fine>,
}

/// The requests for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fine {
    /// All.
    pub requests: u64,
    /// Those without a finding.
    pub fine: u64,
}

/// What a client must change: a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The rule.
    pub rule: String,
    /// What is refused, in a few words.
    pub title: &'static str,
    /// Why.
    pub why: &'static str,
    /// The usual fix.
    pub fix: &'static str,
    /// How much work that is.
    pub work: Work,
    /// Whether R2 refuses it only at times.
    pub sometimes: bool,
    /// How often it was found.
    pub count: u64,
    /// Where it was found, by operation.
    pub found: Vec<Found>,
}

/// A rule that was found on an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The operation; `-` where S3 has none such.
    pub operation: String,
    /// R2's answer: status, code and message.
    pub status: u16,
    /// The code.
    pub code: String,
    /// The message.
    pub message: String,
    /// How often.
    pub count: u64,
    /// When first and last, in ISO 8601.
    pub period: [String; 2],
    /// A request.
    pub example: String,
    /// Buckets, a few.
    pub buckets: Vec<String>,
}

/// A source and how much of it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// A path, or the name of a server.
    pub name: String,
    /// Its format.
    pub format: String,
    /// Requests that were judged.
    pub judged: u64,
    /// Records that are no requests of clients.
    pub left_out: u64,
    /// Records that could not be read.
    pub not_understood: u64,
    /// What it cannot show.
    pub not_visible: Vec<String>,
}

impl From<&Audit> for Report {
    fn from(audit: &Audit) -> Report {
        let mut clients: Vec<_> = audit.clients.iter().map(|(client, figures)| of_client(client, figures)).collect();
        clients.sort_by_key(|client| (client.readiness, std::cmp::Reverse(client.refused)));
        let first = audit.clients.values().map(|figures| figures.first).min();
        let last = audit.clients.values().map(|figures| figures.last).max();
        Report {
            format: "r2shim-report",
            version: 1,
            policy: visible(&audit.policy),
            period: first.zip(last).map(|(first, last)| period(first, last)),
            clients_total: clients.len(),
            clients_ready: clients.iter().filter(|client| client.readiness != Readiness::MustChange).count(),
            requests: clients.iter().map(|client| client.requests).sum(),
            refused: clients.iter().map(|client| client.refused).sum(),
            findings_not_kept: audit.findings_not_kept,
            billed: billed(audit),
            clients,
            sources: audit.sources.iter().map(of_source).collect(),
        }
    }
}

impl Report {
    /// The verdict in a sentence.
    pub fn verdict(&self) -> String {
        match (self.clients_ready, self.clients_total) {
            (_, 0) => "No request was judged".to_owned(),
            (1, 1) => "The one client is ready".to_owned(),
            (_, 1) => "The one client is not ready".to_owned(),
            (ready, total) if ready == total => format!("All {total} clients are ready"),
            (1, total) => format!("1 of {total} clients is ready"),
            (ready, total) => format!("{ready} of {total} clients are ready"),
        }
    }

    /// How the verdict looks.
    pub fn verdict_style(&self) -> &'static str {
        match (self.clients_ready, self.clients_total) {
            (_, 0) => "doubt",
            (ready, total) if ready == total => "good",
            _ => "bad",
        }
    }

    /// The verdict's figures in a sentence.
    pub fn summary(&self) -> String {
        let (requests, refused) = (grouped(self.requests), grouped(self.refused));
        format!("Policy {} judged {requests} requests, and R2 would refuse {refused} of them.", self.policy)
    }

    /// Whether something of the sources was not read, or not shown by them, or not kept.
    pub fn has_unknowns(&self) -> bool {
        let is_partial = |source: &SourceReport| source.not_understood > 0 || !source.not_visible.is_empty();
        self.clients_total == 0 || self.findings_not_kept > 0 || self.sources.iter().any(is_partial)
    }

    /// The clients that have something to change or to take care of.
    pub fn with_changes(&self) -> impl Iterator<Item = &ClientReport> {
        self.clients.iter().filter(|client| client.readiness != Readiness::Ready)
    }

    /// The requests without findings, by operation.
    pub fn fine(&self) -> BTreeMap<&str, u64> {
        let mut all = BTreeMap::new();
        for (operation, figures) in self.clients.iter().flat_map(|client| &client.operations) {
            *all.entry(operation.as_str()).or_default() += figures.fine;
        }
        all.retain(|_, count| *count > 0);
        all
    }
}

impl ClientReport {
    /// What it is called: product and key.
    pub fn name(&self) -> String {
        let product = if self.product.is_empty() { "a client without a name" } else { &self.product };
        match &self.key_id {
            Some(key) => format!("{product} with key {key}"),
            None => format!("{product} without a known key"),
        }
    }
}

impl SourceReport {
    /// How much of it was understood, of what are requests: `99.9 %`.
    pub fn understood(&self) -> String {
        let all = self.judged + self.not_understood;
        if all == 0 {
            return "nothing".to_owned();
        }
        // Never rounded up to the whole.
        let tenths = u128::from(self.judged) * 1000 / u128::from(all);
        if tenths == 1000 { "100 %".to_owned() } else { format!("{}.{} %", tenths / 10, tenths % 10) }
    }
}

/// A number as people read it: with a space between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// How often, in words.
pub(super) fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", grouped(count)) }
}

fn billed(audit: &Audit) -> Billed {
    let of = |class| audit.clients.values().map(|client| client.billed(class)).sum();
    Billed {
        class_a: of(Some(BillingClass::A)),
        class_b: of(Some(BillingClass::B)),
        free: of(Some(BillingClass::Free)),
        not_named: of(None),
    }
}

fn of_client(client: &Client, figures: &ClientFigures) -> ClientReport {
    let changes = changes(figures);
    let readiness = match changes.as_slice() {
        // Findings that were not kept still count.
        [] if figures.refused() == 0 => Readiness::Ready,
        [] => Readiness::MustChange,
        all if all.iter().all(|change| change.sometimes) => Readiness::ReadyWithCare,
        _ => Readiness::MustChange,
    };
    let fine = |name: &String, figures: &crate::audit::OperationFigures| {
        (visible(name), Fine { requests: figures.requests, fine: figures.requests.saturating_sub(figures.refused) })
    };
    ClientReport {
        key_id: client.key_id.as_deref().map(visible),
        product: visible(&client.product),
        versions: figures.versions.iter().map(|version| visible(version)).collect(),
        readiness,
        requests: figures.requests(),
        refused: figures.refused(),
        changes,
        operations: figures.operations.iter().map(|(name, figures)| fine(name, figures)).collect(),
    }
}

fn changes(figures: &ClientFigures) -> Vec<Change> {
    let mut by_rule: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for (key, found) in &figures.findings {
        by_rule.entry(key.rule.as_str()).or_default().push(of_finding(key, found));
    }
    let mut changes: Vec<_> = by_rule.into_iter().filter_map(|(rule, found)| change(rule, found)).collect();
    changes.sort_by_key(|change| (change.sometimes, std::cmp::Reverse(change.count)));
    changes
}

/// `None` never, as the last advice is on every rule.
fn change(rule: &str, found: Vec<Found>) -> Option<Change> {
    let advice = Advice::on(rule)?;
    Some(Change {
        rule: visible(rule),
        title: &advice.title,
        why: &advice.why,
        fix: &advice.fix,
        work: advice.work,
        sometimes: advice.sometimes,
        count: found.iter().map(|found| found.count).sum(),
        found,
    })
}

fn of_finding(key: &FindingKey, found: &FindingFigures) -> Found {
    Found {
        operation: visible(&key.operation),
        status: found.status,
        code: visible(&found.code),
        message: visible(&found.message),
        count: found.count,
        period: period(found.first, found.last),
        example: visible(&found.example),
        buckets: found.buckets.iter().map(|bucket| visible(bucket)).collect(),
    }
}

fn of_source(source: &Source) -> SourceReport {
    SourceReport {
        name: visible(&source.name),
        format: visible(&source.format),
        judged: source.coverage.judged,
        left_out: source.coverage.left_out,
        not_understood: source.coverage.not_understood,
        not_visible: source.not_visible.iter().map(|what| visible(what)).collect(),
    }
}

fn period(first: Timestamp, last: Timestamp) -> [String; 2] {
    [first.iso_8601(), last.iso_8601()]
}
