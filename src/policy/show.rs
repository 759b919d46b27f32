//! A policy as a list of plain lines, to show and to compare.

use crate::diagnostics::Location;
use crate::policy::compiled::{DefaultRow, Judgement, Listed, OperationPolicy, Pattern, Policy, Rule};
use crate::policy::verdict::Verdict;
use crate::s3::operation::{OPERATIONS, Operation};
use crate::s3::payload::PayloadKind;
use std::collections::HashSet;

/// A line of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective<'p> {
    /// The operation; empty for what holds for all of them.
    pub operation: &'static str,
    /// `region`, `limit`, `payload`, `answers`, `operation`, `query`, `headers`, `unlisted_query`, `unlisted_headers`
    /// or `unknown_subresource`.
    pub kind: &'static str,
    /// The name of the header, parameter, payload kind, limit or list, as the policy has it; empty where the kind says
    /// it all.
    pub name: &'p str,
    /// The group through which the policy speaks of the name, if it does.
    pub group: Option<&'p str>,
    /// Whether `[default]` says so and not the operation's own row.
    pub of_default: bool,
    /// The verdict in words.
    pub verdict: String,
    /// Its line in the file.
    pub rule: &'p Location,
}

impl Policy {
    /// All rules of the policy, in the order of the operation table and of the policy's own rules. The rules of
    /// `[default]` are repeated in each row.
    pub fn effective(&self) -> impl Iterator<Item = Effective<'_>> {
        let rows =
            OPERATIONS.iter().flat_map(|row| of_row(row.operation.name(), self.row(row.operation), &self.default));
        self.of_all_operations().chain(rows)
    }

    /// The policy as it is written: `[default]` once, and of each row its own lines.
    pub fn written(&self) -> impl Iterator<Item = Effective<'_>> {
        let rows =
            OPERATIONS.iter().flat_map(|row| of_row(row.operation.name(), self.row(row.operation), &self.default));
        self.of_all_operations().chain(of_default(&self.default)).chain(rows.filter(|line| !line.of_default))
    }

    fn of_all_operations(&self) -> impl Iterator<Item = Effective<'_>> {
        let regions = &self.regions;
        let hints = match regions.hints.as_slice() {
            [] => String::new(),
            hints => format!(", {hints:?}: {}", regions.hint_refusal),
        };
        let locations = match regions.locations.as_slice() {
            [] => String::new(),
            locations => format!(", locations of buckets: {locations:?}"),
        };
        let aliases = &regions.aliases;
        let region = format!("{} (also {aliases:?}){locations}{hints}, else: {}", regions.name, regions.refusal);
        let region = effective("", "region", "", region, &self.region_location);
        let limits =
            self.limit_locations.iter().map(|(name, value, rule)| effective("", "limit", name, value.clone(), rule));
        let payload = PayloadKind::ALL.iter().map(|kind| line("", "payload", kind.name(), self.payload(*kind)));
        let answers = [("headers", &self.answers.headers), ("strip_elements", &self.answers.strip_elements)];
        let answers = answers.into_iter().map(|(name, list)| of_list(name, list));
        std::iter::once(region).chain(limits).chain(payload).chain(answers)
    }

    /// Where requests can be ruled differently: what this policy says and what the other does, in the order of the
    /// operation table. A name that one of them has no rule for is ruled by what it says of unlisted names. Of an
    /// operation that one of them refuses or answers itself, the rest is not compared.
    pub fn differences<'p>(&'p self, other: &'p Policy) -> Vec<[Effective<'p>; 2]> {
        let ours: Vec<_> = self.effective().collect();
        let subjects: HashSet<_> = ours.iter().map(Effective::subject).collect();
        let theirs = other.effective().filter(|row| !subjects.contains(&row.subject()));
        let theirs = theirs.filter_map(|row| Some([self.counterpart(&row)?, row]));
        let ours = ours.iter().filter_map(|row| Some([row.clone(), other.counterpart(row)?]));
        let mut pairs: Vec<_> = ours.chain(theirs).filter(|[ours, theirs]| ours.verdict != theirs.verdict).collect();
        pairs.sort_by_key(|[ours, _]| Operation::parse(ours.operation).map(|operation| operation as usize));
        pairs
    }

    /// What this policy says of what another one speaks of; `None` where its word on the whole operation is all it
    /// says.
    fn counterpart<'p>(&'p self, of: &Effective<'p>) -> Option<Effective<'p>> {
        let Some(operation) = Operation::parse(of.operation) else {
            return self.effective().find(|row| row.subject() == of.subject());
        };
        let row = self.row(operation);
        let (rule, unlisted) = match of.kind {
            "headers" => (row.headers.find(of.name), row.unlisted_header(of.name)),
            "query" => (row.query.find(of.name), row.unlisted_parameter(of.name)),
            _ => return of_row(of.operation, row, &self.default).into_iter().find(|row| row.kind == of.kind),
        };
        if row.verdict.verdict.ends() {
            return None;
        }
        let mut said = match (rule, unlisted) {
            (Some((_, rule)), _) => of_rule(of.operation, of.kind, rule),
            (None, Some(unlisted)) => line(of.operation, of.kind, of.name, unlisted),
            (None, None) => {
                Effective { verdict: Verdict::Accept.to_string(), rule: &row.verdict.location, ..of.clone() }
            }
        };
        said.name = of.name;
        Some(said)
    }
}

impl<'p> Effective<'p> {
    /// The subject of the line.
    fn subject(&self) -> (&'static str, &'static str, &'p str) {
        (self.operation, self.kind, self.name)
    }
}

fn effective<'p>(
    operation: &'static str,
    kind: &'static str,
    name: &'p str,
    verdict: String,
    rule: &'p Location,
) -> Effective<'p> {
    Effective { operation, kind, name, group: None, of_default: false, verdict, rule }
}

fn line<'p>(operation: &'static str, kind: &'static str, name: &'p str, judgement: &'p Judgement) -> Effective<'p> {
    effective(operation, kind, name, judgement.verdict.to_string(), &judgement.location)
}

fn of_list<'p>(name: &'static str, list: &'p Listed) -> Effective<'p> {
    let names = if list.names.is_empty() { "none".to_owned() } else { list.names.join(", ") };
    effective("", "answers", name, names, &list.location)
}

fn of_default(default: &DefaultRow) -> impl Iterator<Item = Effective<'_>> {
    let head = line("", "operation", "", &default.verdict);
    let query = default.query.iter().map(|rule| of_rule("", "query", rule));
    let headers = default.headers.iter().map(|rule| of_rule("", "headers", rule));
    let rest = [
        line("", "unlisted_query", "", &default.unlisted_query),
        line("", "unlisted_headers", "", &default.unlisted_headers),
        line("", "unknown_subresource", "", &default.unknown_subresource),
    ];
    std::iter::once(head).chain(query).chain(headers).chain(rest)
}

fn of_row<'p>(operation: &'static str, row: &'p OperationPolicy, default: &'p DefaultRow) -> Vec<Effective<'p>> {
    let own = |kind, judgement: &'p Judgement, default: &Judgement| Effective {
        of_default: judgement.location == default.location,
        ..line(operation, kind, "", judgement)
    };
    let mut head = own("operation", &row.verdict, &default.verdict);
    if row.answered_as.name() != operation {
        head = Effective { verdict: format!("as {}", row.answered_as), of_default: false, ..head };
    }
    if row.verdict.verdict.ends() {
        return vec![head];
    }
    let query = row.query.iter().map(|rule| of_rule(operation, "query", rule));
    let headers = row.headers.iter().map(|rule| of_rule(operation, "headers", rule));
    let rest = [
        own("unlisted_query", &row.unlisted_query, &default.unlisted_query),
        own("unlisted_headers", &row.unlisted_headers, &default.unlisted_headers),
        own("unknown_subresource", &row.unknown_subresource, &default.unknown_subresource),
    ];
    std::iter::once(head).chain(query).chain(headers).chain(rest).collect()
}

fn of_rule<'p>(operation: &'static str, kind: &'static str, rule: &'p Rule) -> Effective<'p> {
    let cases = rule.cases.iter().map(|(pattern, judgement)| match pattern {
        Pattern::Is(values) => format!("{values:?}: {}; ", judgement.verdict),
        Pattern::Starts(starts) => format!("{starts:?}...: {}; ", judgement.verdict),
    });
    let verdict = cases.chain([rule.otherwise.verdict.to_string()]).collect();
    Effective {
        group: rule.group.as_deref(),
        of_default: rule.of_default,
        ..effective(operation, kind, &rule.name, verdict, &rule.location)
    }
}
