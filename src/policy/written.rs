//! A policy as it is written: the file's tables, each entry with its line, nothing looked up yet.

use crate::policy::rules::Pattern;
use crate::policy::source::Place;
use crate::policy::verdict::Verdict;
use std::sync::Arc;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) it: T,
    pub(super) place: Place,
}

/// An entry of a table whose keys are names.
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    pub(super) key: At<String>,
    pub(super) value: T,
}

/// One file.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// `extends`
    pub(super) extends: Option<At<String>>,
    /// `[region]`
    pub(super) region: Option<At<RegionText>>,
    /// `[limits]`: values as text
    pub(super) limits: Vec<Entry<String>>,
    /// `[payload]`: kind to verdict
    pub(super) payload: Vec<Entry<At<String>>>,
    /// `[answers]`
    pub(super) answers: AnswersText,
    /// `[verdict.NAME]`
    pub(super) verdicts: Vec<Entry<Arc<Verdict>>>,
    /// `[default]`
    pub(super) default: Option<At<RowText>>,
    /// `[operation.NAME]`
    pub(super) operations: Vec<Entry<RowText>>,
}

/// `[region]`
#[derive(Debug, Clone)]
pub(super) struct RegionText {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) refusal: String,
}

/// `[answers]`: lists of names, each with its line.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswersText {
    pub(super) headers: Option<At<Vec<At<String>>>>,
    pub(super) withheld: Option<At<Vec<At<String>>>>,
}

/// `[operation.NAME]` or `[default]`
#[derive(Debug, Clone, Default)]
pub(super) struct RowText {
    pub(super) verdict: Option<At<String>>,
    /// `as`: the operation this one is answered as.
    pub(super) stands_for: Option<At<String>>,
    pub(super) unlisted_headers: Option<At<String>>,
    pub(super) unlisted_query: Option<At<String>>,
    pub(super) stray: Option<At<String>>,
    pub(super) headers: Vec<RuleText>,
    pub(super) query: Vec<RuleText>,
}

/// An entry of `headers` or `query`.
#[derive(Debug, Clone)]
pub(super) struct RuleText {
    pub(super) name: At<String>,
    pub(super) cases: Vec<(Pattern, At<String>)>,
    pub(super) otherwise: At<String>,
}

impl Written {
    /// This file over the one it extends: whole entries are replaced, never merged.
    pub(super) fn over(mut self, base: Written) -> Written {
        self.region = self.region.or(base.region);
        self.default = self.default.or(base.default);
        self.answers.headers = self.answers.headers.or(base.answers.headers);
        self.answers.withheld = self.answers.withheld.or(base.answers.withheld);
        self.limits = overlay(base.limits, self.limits);
        self.payload = overlay(base.payload, self.payload);
        self.verdicts = overlay(base.verdicts, self.verdicts);
        self.operations = overlay(base.operations, self.operations);
        self
    }
}

fn overlay<T>(base: Vec<Entry<T>>, over: Vec<Entry<T>>) -> Vec<Entry<T>> {
    let kept = base.into_iter().filter(|entry| over.iter().all(|own| own.key.it != entry.key.it)).collect::<Vec<_>>();
    kept.into_iter().chain(over).collect()
}
