//! What to do about a refusal: `policies/advice.toml`.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Why R2 refuses something, and what to do about it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    /// The rules it is for; `*` at either end, or both, or in the middle, stands for anything.
    pub rules: Vec<String>,
    /// What is refused, in a few words.
    pub title: String,
    /// Why.
    pub why: String,
    /// The usual way out.
    pub fix: String,
    /// How much work that is.
    pub work: Work,
    /// Whether R2 carries such requests out most of the time.
    #[serde(default)]
    pub sometimes: bool,
}

/// How much work a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Minutes.
    Setting,
    /// Hours.
    Code,
    /// Days.
    Design,
}

impl Work {
    /// The amount in words.
    pub const fn words(self) -> &'static str {
        match self {
            Work::Setting => "a setting: minutes",
            Work::Code => "a change in code: hours",
            Work::Design => "another way of doing it: days",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    advice: Vec<Advice>,
}

static ADVICE: LazyLock<Vec<Advice>> = LazyLock::new(|| file().map(|file| file.advice).unwrap_or_default());

/// The file is compiled in, so a test holds that it is read.
fn file() -> Result<File, toml::de::Error> {
    toml::from_str(include_str!("../../../policies/advice.toml"))
}

impl Advice {
    /// The advice on a rule, by its id.
    pub fn on(rule: &str) -> Option<&'static Advice> {
        ADVICE.iter().find(|advice| advice.rules.iter().any(|pattern| fits(pattern, rule)))
    }
}

/// Whether the text fits the pattern, in which every `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|left| (0..=left.len()).any(|at| left.is_char_boundary(at) && fits(rest, &left[at..]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Mark, Policy};

    #[test]
    fn patterns_fit_what_stands_in_their_place() {
        for (pattern, text, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/bc", true),
            ("a/*Tagging", "a/GetObjectTagging", true),
            ("a/*Meta*Table", "a/GetMetadataTable", true),
            ("a/*Meta*Table", "a/GetMetadata", false),
            ("*", "é", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn everything_that_todays_r2_refuses_has_advice_of_its_own() {
        let policy = Policy::builtin("r2-2026").unwrap().unwrap();
        let table = policy.table();
        let last = file().unwrap().advice.pop().unwrap().title;
        let rows = || table.sections.iter().flat_map(|section| &section.rows);
        let operations = rows().filter(|row| row.mark == Mark::Refused).map(|row| row.operation.to_owned());
        let headers = rows().flat_map(|row| &row.features).filter(|f| f.mark == Mark::Refused && f.kind == "header");
        let headers = headers.flat_map(|feature| feature.names.iter().chain(&feature.group).cloned());
        let refused = operations.chain(headers.filter(|name| name != "others"));
        let missing: Vec<_> = refused
            .filter(|name| Advice::on(&format!("policy/{name}")).is_none_or(|advice| advice.title == last))
            .collect();
        assert!(missing.is_empty(), "policies/advice.toml has none for {missing:?}");
    }
}
