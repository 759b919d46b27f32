//! A policy as a list of plain lines, to show and to compare.

use crate::policy::compiled::{Listed, OperationPolicy, Policy};
use crate::policy::rules::{Judgement, Pattern, Rule};
use crate::policy::source::Place;
use crate::policy::verdict::Verdict;
use crate::s3::operation::{OPERATIONS, Operation};
use crate::s3::payload::PayloadKind;
use std::collections::HashSet;

/// One thing a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective<'p> {
    /// The operation; empty for what holds for all of them.
    pub operation: &'static str,
    /// `region`, `limit`, `payload`, `answers`, `operation`, `query`, `headers`, `unlisted_query`, `unlisted_headers` or
    /// `stray`.
    pub kind: &'static str,
    /// The name of the header, parameter, payload kind, limit or list, as the policy has it; empty where the kind says
    /// it all.
    pub name: &'p str,
    /// The verdict in words.
    pub verdict: String,
    /// The line that says so.
    pub rule: &'p Place,
}

impl Policy {
    /// Everything the policy says, in the order of the operation table and of the policy's own rules.
    pub fn effective(&self) -> impl Iterator<Item = Effective<'_>> {
        let regions = &self.regions;
        let region = format!("{} (also {:?}), else: {}", regions.name, regions.aliases, regions.refusal);
        let region = Effective { operation: "", kind: "region", name: "", verdict: region, rule: &self.region_place };
        let limits = self.limit_places.iter().map(|(name, value, rule)| Effective {
            operation: "",
            kind: "limit",
            name,
            verdict: value.clone(),
            rule,
        });
        let payload = PayloadKind::ALL.iter().map(|kind| line("", "payload", kind.name(), self.payload(*kind)));
        let answers = [("headers", &self.answers.headers), ("withheld", &self.answers.withheld)];
        let answers = answers.into_iter().map(|(name, list)| of_list(name, list));
        let rows = OPERATIONS.iter().flat_map(|row| of_row(row.operation.name(), self.row(row.operation)));
        std::iter::once(region).chain(limits).chain(payload).chain(answers).chain(rows)
    }

    /// Where requests can be ruled differently: what this policy says and what the other does, in the order of the
    /// operation table. A name that one of them has no rule for is ruled by what it says of unlisted names; of an operation
    /// that one of them refuses or answers itself, only that is told.
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

    /// What this policy says of what another one speaks of; `None` where its word on the whole operation is all it says.
    fn counterpart<'p>(&'p self, of: &Effective<'p>) -> Option<Effective<'p>> {
        let Some(operation) = Operation::parse(of.operation) else {
            return self.effective().find(|row| row.subject() == of.subject());
        };
        let row = self.row(operation);
        let (rule, unlisted) = match of.kind {
            "headers" => (row.headers.find(of.name), row.unlisted_header(of.name)),
            "query" => (row.query.find(of.name), row.unlisted_parameter(of.name)),
            _ => return of_row(of.operation, row).into_iter().find(|row| row.kind == of.kind),
        };
        if row.verdict.verdict.ends() {
            return None;
        }
        let mut said = match (rule, unlisted) {
            (Some((_, rule)), _) => of_rule(of.operation, of.kind, rule),
            (None, Some(unlisted)) => line(of.operation, of.kind, of.name, unlisted),
            (None, None) => Effective { verdict: Verdict::Accept.to_string(), rule: &row.verdict.place, ..of.clone() },
        };
        said.name = of.name;
        Some(said)
    }
}

impl<'p> Effective<'p> {
    /// What this is about.
    fn subject(&self) -> (&'static str, &'static str, &'p str) {
        (self.operation, self.kind, self.name)
    }
}

fn line<'p>(operation: &'static str, kind: &'static str, name: &'p str, judgement: &'p Judgement) -> Effective<'p> {
    Effective { operation, kind, name, verdict: judgement.verdict.to_string(), rule: &judgement.place }
}

fn of_list<'p>(name: &'static str, list: &'p Listed) -> Effective<'p> {
    let names = if list.names.is_empty() { "none".to_owned() } else { list.names.join(", ") };
    Effective { operation: "", kind: "answers", name, verdict: names, rule: &list.place }
}

fn of_row<'p>(operation: &'static str, row: &'p OperationPolicy) -> Vec<Effective<'p>> {
    let mut head = line(operation, "operation", "", &row.verdict);
    if row.answered_as.name() != operation {
        head.verdict = format!("as {}", row.answered_as);
    }
    if row.verdict.verdict.ends() {
        return vec![head];
    }
    let query = row.query.iter().map(|rule| of_rule(operation, "query", rule));
    let headers = row.headers.iter().map(|rule| of_rule(operation, "headers", rule));
    let rest = [
        line(operation, "unlisted_query", "", &row.unlisted_query),
        line(operation, "unlisted_headers", "", &row.unlisted_headers),
        line(operation, "stray", "", &row.stray),
    ];
    std::iter::once(head).chain(query).chain(headers).chain(rest).collect()
}

fn of_rule<'p>(operation: &'static str, kind: &'static str, rule: &'p Rule) -> Effective<'p> {
    let cases = rule.cases.iter().map(|(pattern, judgement)| match pattern {
        Pattern::Is(values) => format!("{values:?}: {}; ", judgement.verdict),
        Pattern::Starts(starts) => format!("{starts:?}...: {}; ", judgement.verdict),
    });
    let verdict = cases.chain([rule.otherwise.verdict.to_string()]).collect();
    Effective { operation, kind, name: &rule.name, verdict, rule: &rule.place }
}
