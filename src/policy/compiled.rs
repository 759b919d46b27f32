//! A policy ready to be asked: for every operation a row, everything looked up by number or by name.

use crate::policy::rules::{Judgement, Rules};
use crate::policy::source::{Fault, Place};
use crate::region::Regions;
use crate::s3::headers::ABOUT_THE_ANSWERER;
use crate::s3::operation::Operation;
use crate::s3::payload::PayloadKind;
use std::collections::HashMap;

/// A compiled policy.
#[derive(Debug)]
pub struct Policy {
    pub(super) name: String,
    pub(super) regions: Regions,
    pub(super) limits: Limits,
    /// The places of `[region]` and of each limit, for `policy show`.
    pub(super) region_place: Place,
    pub(super) limit_places: Vec<(&'static str, String, Place)>,
    /// By `PayloadKind as usize`.
    pub(super) payload: HashMap<PayloadKind, Judgement>,
    /// By `Operation as usize`.
    pub(super) rows: Vec<OperationPolicy>,
    pub(super) answers: Answers,
    pub(super) warnings: Vec<Fault>,
}

/// What the policy says of one operation.
#[derive(Debug)]
pub(super) struct OperationPolicy {
    /// The operation as which it is answered: itself, but for `as`.
    pub(super) answered_as: Operation,
    pub(super) verdict: Judgement,
    pub(super) query: Rules,
    pub(super) headers: Rules,
    pub(super) unlisted_query: Judgement,
    pub(super) unlisted_headers: Judgement,
    /// For sub-resources that are not the operation's; always a refusal.
    pub(super) stray: Judgement,
}

/// Rulings that need stored facts: the store and the upstream read them, the policy's rows cannot express them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In which order CompleteMultipartUpload takes parts.
    pub part_order: PartOrder,
    /// Whether all parts but the last must have one size (R2 docs, "Multipart objects").
    pub equal_parts: bool,
}

/// In which order CompleteMultipartUpload takes parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartOrder {
    /// Ascending part numbers; anything else is `InvalidPartOrder`, as on AWS.
    Ascending,
    /// Any order; the parts are sorted by number (R2 since 2024-01-26).
    Any,
}

/// What of an upstream's answer reaches the client. What the local disk answers is in the subset to begin with.
#[derive(Debug)]
pub struct Answers {
    /// `x-amz-*` headers in lower case; prefixes end in `*`.
    pub(super) headers: Listed,
    /// Local names of elements.
    pub(super) withheld: Listed,
}

/// A list of the policy and the line of its key.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) names: Vec<String>,
    pub(super) place: Place,
}

impl Answers {
    /// Whether an `x-amz-*` header of an upstream's answer reaches the client; `name` in lower case. What an upstream
    /// says of itself ([`ABOUT_THE_ANSWERER`]) never does, whatever the policy.
    pub fn header_reaches_client(&self, name: &str) -> bool {
        !ABOUT_THE_ANSWERER.contains(&name) && self.headers.names.iter().any(|listed| covers(listed, name))
    }

    /// The elements of XML answers, by local name, that never reach the client, with everything in them.
    pub fn withheld(&self) -> &[String] {
        &self.withheld.names
    }
}

/// Whether what is listed, a name or a prefix ending in `*`, is for the name, or for all names of the other prefix.
pub(super) fn covers(listed: &str, name: &str) -> bool {
    listed.strip_suffix('*').map_or(listed == name, |prefix| name.starts_with(prefix))
}

impl Policy {
    /// What the policy is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The limits that body, store and upstream keep.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What of an upstream's answer reaches the client.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// What the one region is called.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// What is pointless in the policy, though not wrong: rules that no request reaches, verdicts nothing uses.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    pub(super) fn row(&self, operation: Operation) -> &OperationPolicy {
        // The compiler makes a row for every operation, in the table's order.
        &self.rows[operation as usize]
    }

    pub(super) fn payload(&self, kind: PayloadKind) -> &Judgement {
        // The compiler has a judgement for every kind.
        &self.payload[&kind]
    }
}
