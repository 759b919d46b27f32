//! A compiled policy: a row of rules for every operation. Everything is looked up by number or by name.

use crate::diagnostics::{Diagnostic, Location};
use crate::policy::verdict::Verdict;
use crate::region::Regions;
use crate::s3::headers::SERVER_IDENTITY_HEADERS;
use crate::s3::operation::Operation;
use crate::s3::payload::PayloadKind;
use std::collections::HashMap;
use std::sync::Arc;

/// A compiled policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) name: String,
    pub(super) regions: Regions,
    pub(super) limits: PartLimits,
    /// The locations of `[region]` and of each limit, for `policy show`.
    pub(super) region_location: Location,
    pub(super) limit_locations: Vec<(&'static str, String, Location)>,
    pub(super) payload: HashMap<PayloadKind, Judgement>,
    /// Names ruled together: a group and its members.
    pub(super) groups: Vec<(String, Vec<String>)>,
    pub(super) default: DefaultRow,
    /// By `Operation as usize`.
    pub(super) rows: Vec<OperationPolicy>,
    pub(super) answers: Answers,
    pub(super) warnings: Vec<Diagnostic>,
}

/// `[default]`, to be shown. Its rules are in the rows, too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DefaultRow {
    pub(super) verdict: Judgement,
    pub(super) query: RuleIndex,
    pub(super) headers: RuleIndex,
    pub(super) unlisted_query: Judgement,
    pub(super) unlisted_headers: Judgement,
    pub(super) unknown_subresource: Judgement,
}

/// The policy's rules for an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OperationPolicy {
    /// The operation as which it is answered: itself, unless the row has `as`.
    pub(super) answered_as: Operation,
    pub(super) verdict: Judgement,
    pub(super) query: RuleIndex,
    pub(super) headers: RuleIndex,
    pub(super) unlisted_query: Judgement,
    pub(super) unlisted_headers: Judgement,
    /// For sub-resources that the operation does not know; always a refusal.
    pub(super) unknown_subresource: Judgement,
}

/// Rulings on stored facts or on several headers together, which the rows of the policy cannot express.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartLimits {
    /// In which order CompleteMultipartUpload takes parts.
    pub part_order: PartOrder,
    /// Whether all parts but the last must have one size (R2 docs, "Multipart objects").
    pub equal_parts: bool,
    /// CompleteMultipartUpload whose condition fails aborts the upload.
    pub aborts_failed_completion: bool,
    /// Content-MD5 beside another checksum of an object or part is one too many.
    pub one_digest: bool,
    /// The checksum of an upload has the type of its algorithm, and no other (R2 docs, "Checksum types").
    pub one_checksum_type: bool,
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
#[derive(Debug, PartialEq, Eq)]
pub struct Answers {
    /// `x-amz-*` headers in lower case; prefixes end in `*`.
    pub(super) headers: Listed,
    /// Local names of elements.
    pub(super) strip_elements: Listed,
}

/// A list of the policy and the line of its key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) names: Vec<String>,
    pub(super) location: Location,
}

impl Answers {
    /// Whether an `x-amz-*` header of an upstream's answer reaches the client; `name` in lower case. What an upstream
    /// says of itself ([`SERVER_IDENTITY_HEADERS`]) never does, whatever the policy.
    pub fn header_reaches_client(&self, name: &str) -> bool {
        !SERVER_IDENTITY_HEADERS.contains(&name) && self.headers.names.iter().any(|listed| covers(listed, name))
    }

    /// The elements of XML answers, by local name, that never reach the client, with everything in them.
    pub fn strip_elements(&self) -> &[String] {
        &self.strip_elements.names
    }
}

/// Whether what is listed, a name or a prefix ending in `*`, is for the name, or for all names of the other prefix.
pub(super) fn covers(listed: &str, name: &str) -> bool {
    listed.strip_suffix('*').map_or(listed == name, |prefix| name.starts_with(prefix))
}

impl Policy {
    /// The policy's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The limits that body, store and upstream keep.
    pub fn limits(&self) -> &PartLimits {
        &self.limits
    }

    /// What of an upstream's answer reaches the client.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The group that the header is listed in, if it is in one.
    pub fn group_of(&self, header: &str) -> Option<&str> {
        let is_member = |(_, members): &&(String, Vec<String>)| members.iter().any(|member| covers(member, header));
        self.groups.iter().find(is_member).map(|(group, _)| group.as_str())
    }

    /// What the one region is called.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// Lines without effect that are not faults: rules that no request reaches, verdicts that no rule uses.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Whether the policy has the operation: requests for it are not all refused.
    pub fn has(&self, operation: Operation) -> bool {
        !self.row(operation).verdict.verdict.is_refusal()
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

/// A verdict and the line of the policy that gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    /// What is said.
    pub(super) verdict: Arc<Verdict>,
    /// The line that says it.
    pub(super) location: Location,
}

/// Which values a case of a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One of these, to the letter.
    Is(Vec<String>),
    /// Those that start with one of these.
    Starts(Vec<String>),
}

impl Pattern {
    /// Whether the value is one the case is for.
    pub(super) fn matches(&self, value: &[u8]) -> bool {
        match self {
            Pattern::Is(values) => values.iter().any(|v| v.as_bytes() == value),
            Pattern::Starts(starts) => starts.iter().any(|s| value.starts_with(s.as_bytes())),
        }
    }
}

/// What the policy says of one header or parameter, or of all whose names start alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// As written: lower case for headers, ending in `*` for a prefix.
    pub(super) name: String,
    /// The line of the name.
    pub(super) location: Location,
    /// The group through which the name was listed, if it was.
    pub(super) group: Option<String>,
    /// Whether it is one of `[default]`.
    pub(super) of_default: bool,
    /// The cases in the policy's order; the first that matches decides.
    pub(super) cases: Vec<(Pattern, Judgement)>,
    /// What is said of all other values.
    pub(super) otherwise: Judgement,
}

impl Rule {
    /// The judgement of a value.
    pub(super) fn judge(&self, value: &[u8]) -> &Judgement {
        let case = self.cases.iter().find(|(pattern, _)| pattern.matches(value));
        case.map_or(&self.otherwise, |(_, judgement)| judgement)
    }

    /// What the names must start with, where the rule is for a prefix.
    pub(super) fn prefix(&self) -> Option<&str> {
        self.name.strip_suffix('*')
    }
}

/// Rules in the policy's order, with an index by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RuleIndex {
    rules: Vec<Rule>,
    // Positions of the rules for one name, ordered by that name; positions of those for prefixes, in order.
    exact: Vec<usize>,
    prefixes: Vec<usize>,
}

impl RuleIndex {
    /// The index over rules with distinct names.
    pub(super) fn new(rules: Vec<Rule>) -> RuleIndex {
        let (prefixes, mut exact): (Vec<_>, Vec<_>) = (0..rules.len()).partition(|&i| rules[i].prefix().is_some());
        exact.sort_by(|&a, &b| rules[a].name.cmp(&rules[b].name));
        RuleIndex { rules, exact, prefixes }
    }

    /// The rule for a name and its position: an exact one before prefixes, of these the first written.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Rule)> {
        let exact = self.exact.binary_search_by(|&i| self.rules[i].name.as_str().cmp(name)).map(|at| self.exact[at]);
        let starts = |rule: &Rule| rule.prefix().is_some_and(|prefix| name.starts_with(prefix));
        let at = exact.ok().or_else(|| self.prefixes.iter().copied().find(|&i| starts(&self.rules[i])))?;
        Some((at, &self.rules[at]))
    }

    /// All rules in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }
}
