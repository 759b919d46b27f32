//! A policy as a table like the one on R2's page: operations in sections, each with its headers and parameters.
//!
//! It is data. Its callers write it as text, Markdown or HTML.

use crate::diagnostics::Location;
use crate::policy::compiled::{Judgement, OperationPolicy, Pattern, Policy, Rule};
use crate::policy::verdict::Verdict;
use crate::s3::operation::{OPERATIONS, Operation, Target};
use crate::s3::payload::PayloadKind;
use std::collections::BTreeMap;

/// How something is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It has its effect.
    Served,
    /// The same, and the policy's source calls it experimental.
    Experimental,
    /// It is accepted, and has no effect.
    Ignored,
    /// It has an answer that is always the same.
    Fixed,
    /// It is refused.
    Refused,
}

impl Mark {
    /// All of them.
    pub const ALL: [Mark; 5] = [Mark::Served, Mark::Experimental, Mark::Ignored, Mark::Fixed, Mark::Refused];

    /// Its sign, as on R2's page if there is one.
    pub const fn sign(self) -> &'static str {
        match self {
            Mark::Served => "✅",
            Mark::Experimental => "🚧",
            Mark::Ignored => "➖",
            Mark::Fixed => "📌",
            Mark::Refused => "❌",
        }
    }

    /// The sign in words.
    pub const fn words(self) -> &'static str {
        match self {
            Mark::Served => "served",
            Mark::Experimental => "served, experimental",
            Mark::Ignored => "accepted, without effect",
            Mark::Fixed => "always the same answer",
            Mark::Refused => "refused",
        }
    }

    fn of(verdict: &Verdict) -> Mark {
        match verdict {
            Verdict::Accept => Mark::Served,
            Verdict::Experimental => Mark::Experimental,
            Verdict::Ignore => Mark::Ignored,
            Verdict::Answer(_) => Mark::Fixed,
            Verdict::Refuse(_) => Mark::Refused,
        }
    }
}

/// A policy as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The policy's name.
    pub policy: String,
    /// Its rules for all operations.
    pub general: Vec<Feature>,
    /// Operations of buckets and of objects, each in two sections: those that the policy has, and the others.
    pub sections: Vec<Section>,
    /// The answer that refuses most things of a kind. A [`Feature`] or [`Row`] has words of its own only where they are
    /// others.
    pub usual: BTreeMap<&'static str, String>,
}

/// Some operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The title for them.
    pub title: &'static str,
    /// Them; at least one.
    pub rows: Vec<Row>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub operation: &'static str,
    /// How it is treated.
    pub mark: Mark,
    /// The answer, where it is always the same, or another than is usual; `as NAME` where it is answered as another.
    pub words: Option<String>,
    /// The line that says so.
    pub rule: Location,
    /// The policy's rules for its headers and parameters; empty if the operation is not served.
    pub features: Vec<Feature>,
}

/// Headers or parameters that are ruled together, or something else that a policy rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// `header`, `parameter`, `payload`, `region` or `limit`.
    pub kind: &'static str,
    /// Their group in the policy, if they are in one.
    pub group: Option<String>,
    /// Their names.
    pub names: Vec<String>,
    /// For which values, where the value counts.
    pub when: Option<String>,
    /// How they are treated.
    pub mark: Mark,
    /// The answer, where it is another than is usual; the value of a limit.
    pub words: Option<String>,
    /// The line that says so, of the first of them.
    pub rule: Location,
}

impl Policy {
    /// The policy as a table.
    pub fn table(&self) -> Table {
        let mut table =
            Table { policy: self.name.clone(), general: self.general(), sections: Vec::new(), usual: BTreeMap::new() };
        for (title, of_buckets, is_had) in [
            ("Bucket operations", true, true),
            ("Bucket operations that are not implemented", true, false),
            ("Object operations", false, true),
            ("Object operations that are not implemented", false, false),
        ] {
            let is_here = |row: &Row, target| (target != Target::Object) == of_buckets && row.is_had() == is_had;
            let rows =
                OPERATIONS.iter().map(|spec| (self.table_row(spec.operation.name(), spec.operation), spec.target));
            let rows: Vec<_> = rows.filter(|(row, target)| is_here(row, *target)).map(|(row, _)| row).collect();
            if !rows.is_empty() {
                table.sections.push(Section { title, rows });
            }
        }
        table.leave_out_what_is_usual();
        table
    }

    fn table_row(&self, name: &'static str, operation: Operation) -> Row {
        let row = self.row(operation);
        let judgement = &row.verdict;
        let words =
            if row.answered_as == operation { words_of(judgement) } else { Some(format!("as {}", row.answered_as)) };
        let features = if judgement.verdict.ends() { Vec::new() } else { self.features_of(row) };
        Row { operation: name, mark: Mark::of(&judgement.verdict), words, rule: judgement.location.clone(), features }
    }

    /// What the row says itself; what `[default]` says of every operation is said once.
    fn features_of(&self, row: &OperationPolicy) -> Vec<Feature> {
        let own = |rule: &&Rule| !rule.of_default;
        let query = row.query.iter().filter(own).flat_map(|rule| of_rule("parameter", rule));
        let headers = row.headers.iter().filter(own).flat_map(|rule| of_rule("header", rule));
        let others = [
            ("parameter", "others", &row.unlisted_query, &self.default.unlisted_query),
            ("header", "others", &row.unlisted_headers, &self.default.unlisted_headers),
        ];
        let others = others.into_iter().filter(|(_, _, own, default)| own.location != default.location);
        together(query.chain(headers).chain(others.map(|(kind, name, own, _)| feature(kind, name, own))).collect())
    }

    fn general(&self) -> Vec<Feature> {
        let regions = std::iter::once(self.regions.name.clone())
            .chain(self.regions.aliases.iter().map(|alias| format!("{alias:?}")));
        let region = value("region", regions.collect(), None, &self.region_location);
        let limits = self
            .limit_locations
            .iter()
            .map(|(name, text, at)| value("limit", vec![(*name).to_owned()], Some(text), at));
        let payload = PayloadKind::ALL.iter().map(|kind| feature("payload", kind.name(), self.payload(*kind)));
        let default = &self.default;
        let query = default.query.iter().flat_map(|rule| of_rule("parameter", rule));
        let headers = default.headers.iter().flat_map(|rule| of_rule("header", rule));
        let others = [
            feature("parameter", "others", &default.unlisted_query),
            feature("header", "others", &default.unlisted_headers),
            feature("parameter", "sub-resources that the operation does not have", &default.unknown_subresource),
        ];
        let ruled = payload.chain(query).chain(headers).chain(others);
        together(std::iter::once(region).chain(limits).chain(ruled).collect())
    }
}

impl Table {
    fn leave_out_what_is_usual(&mut self) {
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        let features = rows.clone().flat_map(|row| &row.features).chain(&self.general);
        let said = rows.map(|row| ("operation", row.mark, &row.words));
        let mut counts: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
        for (kind, mark, words) in said.chain(features.map(|feature| (feature.kind, feature.mark, &feature.words))) {
            if let (Mark::Refused, Some(words)) = (mark, words) {
                *counts.entry((kind, words.clone())).or_default() += 1;
            }
        }
        let mut by_count: Vec<_> = counts.into_iter().collect();
        by_count.sort_by_key(|(_, count)| *count);
        self.usual = by_count.into_iter().map(|(said, _)| said).collect();
        let usual = &self.usual;
        let leave_out = |kind: &str, words: &mut Option<String>| {
            *words = words.take().filter(|words| usual.get(kind) != Some(words));
        };
        for row in self.sections.iter_mut().flat_map(|section| &mut section.rows) {
            leave_out("operation", &mut row.words);
            row.features.iter_mut().for_each(|feature| leave_out(feature.kind, &mut feature.words));
        }
        self.general.iter_mut().for_each(|feature| leave_out(feature.kind, &mut feature.words));
    }
}

impl Row {
    /// Whether the policy has the operation.
    fn is_had(&self) -> bool {
        self.mark != Mark::Refused
    }
}

impl Feature {
    /// What it is, in a word or two: its group, or its kind.
    pub fn subject(&self) -> &str {
        self.group.as_deref().unwrap_or(self.kind)
    }

    fn is_with(&self, other: &Feature) -> bool {
        (self.kind, &self.group, &self.when, self.mark, &self.words)
            == (other.kind, &other.group, &other.when, other.mark, &other.words)
            && self.names != ["others"]
            && other.names != ["others"]
            && self.kind != "limit"
    }
}

/// Puts names together that follow each other and are ruled alike.
fn together(features: Vec<Feature>) -> Vec<Feature> {
    let mut all: Vec<Feature> = Vec::new();
    for feature in features {
        match all.last_mut().filter(|last| last.is_with(&feature)) {
            Some(last) => last.names.extend(feature.names),
            None => all.push(feature),
        }
    }
    all
}

fn of_rule(kind: &'static str, rule: &Rule) -> Vec<Feature> {
    let cases = rule.cases.iter().map(|(pattern, judgement)| (Some(pattern), judgement));
    let all = cases.chain([(None, &rule.otherwise)]);
    all.map(|(pattern, judgement)| Feature {
        group: rule.group.clone(),
        when: pattern.map(values).or_else(|| (!rule.cases.is_empty()).then(|| "other values".to_owned())),
        rule: rule.location.clone(),
        ..feature(kind, &rule.name, judgement)
    })
    .collect()
}

fn values(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Is(values) => values.join(", "),
        Pattern::Starts(starts) => format!("values that start with {}", starts.join(", ")),
    }
}

fn feature(kind: &'static str, name: &str, judgement: &Judgement) -> Feature {
    Feature {
        kind,
        group: None,
        names: vec![name.to_owned()],
        when: None,
        mark: Mark::of(&judgement.verdict),
        words: words_of(judgement),
        rule: judgement.location.clone(),
    }
}

fn value(kind: &'static str, names: Vec<String>, words: Option<&String>, rule: &Location) -> Feature {
    Feature { kind, group: None, names, when: None, mark: Mark::Served, words: words.cloned(), rule: rule.clone() }
}

/// The answer; `None` where there is none but the operation's.
fn words_of(judgement: &Judgement) -> Option<String> {
    match &*judgement.verdict {
        Verdict::Answer(answer) => Some(answer.to_string()),
        verdict => verdict.is_refusal().then(|| verdict.to_string()),
    }
}
