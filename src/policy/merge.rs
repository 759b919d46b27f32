//! Merges a policy over the one that it extends: its own lines count, and the other's for all else.
//!
//! Everything merges by name: tables key by key, `[operation.NAME]` and `[default]` rule by rule (their rules are kept
//! in layers and merged when names are known, in [`crate::policy::rows`]). Lists of `[answers]` and groups are values
//! and are replaced as a whole.

use crate::diagnostics::Spanned;
use crate::policy::parse::{AnswersText, Entry, Layer, RegionText, RowText, WrittenPolicy};

impl WrittenPolicy {
    /// This file over the one it extends.
    pub(super) fn over(self, base: WrittenPolicy) -> WrittenPolicy {
        WrittenPolicy {
            extends: self.extends,
            groups: overlay(base.groups, self.groups),
            region: self.region.over(base.region),
            limits: overlay(base.limits, self.limits),
            payload: overlay(base.payload, self.payload),
            answers: self.answers.over(base.answers),
            refusals: overlay(base.refusals, self.refusals),
            fixed: overlay(base.fixed, self.fixed),
            default: match (self.default, base.default) {
                (Some(own), Some(base)) => Some(Spanned { value: own.value.over(base.value), location: own.location }),
                (own, base) => own.or(base),
            },
            operations: merge_rows(base.operations, self.operations),
        }
    }
}

impl RegionText {
    fn over(self, base: RegionText) -> RegionText {
        RegionText {
            name: self.name.or(base.name),
            aliases: self.aliases.or(base.aliases),
            locations: self.locations.or(base.locations),
            hints: self.hints.or(base.hints),
            hint_text: self.hint_text.or(base.hint_text),
            text: self.text.or(base.text),
        }
    }
}

impl AnswersText {
    fn over(self, base: AnswersText) -> AnswersText {
        AnswersText {
            headers: self.headers.or(base.headers),
            strip_elements: self.strip_elements.or(base.strip_elements),
        }
    }
}

impl RowText {
    /// This row over that of the base. One with `as` replaces it, and is replaced by one with a verdict.
    fn over(self, base: RowText) -> RowText {
        if self.stands_for.is_some() || (base.stands_for.is_some() && self.verdict.is_some()) {
            return self;
        }
        let below = base.layers.into_iter().map(|layer| Layer { replaced: layer.replaced || self.replace, ..layer });
        let layers = below.chain(self.layers).collect();
        if self.replace {
            return RowText { layers, ..self };
        }
        RowText {
            replace: base.replace,
            verdict: self.verdict.or(base.verdict),
            stands_for: base.stands_for,
            unlisted_headers: self.unlisted_headers.or(base.unlisted_headers),
            unlisted_query: self.unlisted_query.or(base.unlisted_query),
            unknown_subresource: self.unknown_subresource.or(base.unknown_subresource),
            layers,
        }
    }
}

fn merge_rows(mut base: Vec<Entry<RowText>>, over: Vec<Entry<RowText>>) -> Vec<Entry<RowText>> {
    for own in over {
        match base.iter_mut().find(|entry| entry.key.value == own.key.value) {
            Some(entry) => {
                let below = std::mem::take(&mut entry.value);
                *entry = Entry { key: own.key, value: own.value.over(below) };
            }
            None => base.push(own),
        }
    }
    base
}

/// The entries of both; of two with one name the second.
fn overlay<T>(base: Vec<Entry<T>>, over: Vec<Entry<T>>) -> Vec<Entry<T>> {
    let is_own = |entry: &Entry<T>| over.iter().any(|own| own.key.value == entry.key.value);
    let kept: Vec<_> = base.into_iter().filter(|entry| !is_own(entry)).collect();
    kept.into_iter().chain(over).collect()
}
