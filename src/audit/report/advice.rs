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
    /// The usual fix.
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

/// The file is compiled in, and a test checks that it can be read.
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
    use crate::audit::{ACL_REQUIRED, MANY_DELETES, UNEQUAL_PARTS, UNSIGNED, WRITES_PER_KEY};
    use crate::filters::Filter;
    use crate::policy::{Policy, vocabulary};
    use crate::s3::operation::OPERATIONS;
    use crate::s3::payload::PayloadKind;
    use crate::s3::query::Query;
    use crate::s3::view::RequestView;
    use http::{HeaderMap, HeaderName};
    use std::collections::BTreeSet;

    #[test]
    fn a_pattern_matches_any_text_in_its_place() {
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

    /// The rule ids that a policy can put into a report: every operation, and every header and parameter that S3 has,
    /// alone, with the values that are ruled apart and with another, under every payload kind.
    fn rules_of(policy: &Policy) -> BTreeSet<String> {
        let table = policy.table();
        let rows = table.sections.iter().flat_map(|section| &section.rows).flat_map(|row| &row.features);
        let features: Vec<_> = rows.chain(&table.general).filter(|feature| feature.kind == "header").collect();
        let mut headers: BTreeSet<(&str, &str)> =
            features.iter().flat_map(|feature| &feature.names).map(|name| (name.as_str(), "a")).collect();
        for feature in &features {
            let values = feature.when.iter().flat_map(|when| when.split(", "));
            headers.extend(values.flat_map(|value| feature.names.iter().map(move |name| (name.as_str(), value))));
        }
        headers.extend(vocabulary::headers().into_iter().chain(["x-amz-never-heard-of"]).map(|name| (name, "a")));
        let mut rules = BTreeSet::new();
        let mut decide = |operation, headers: &HeaderMap, query: &str, payload| {
            let view = RequestView::from_signed_headers(headers, Query::parse(query).unwrap());
            rules.extend(policy.decide(operation, &view, payload).refusals.into_iter().map(|found| found.rule.feature));
        };
        let nothing = HeaderMap::new();
        for operation in OPERATIONS.iter().map(|spec| spec.operation) {
            PayloadKind::ALL.iter().for_each(|payload| decide(operation, &nothing, "", *payload));
            for (name, value) in &headers {
                let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) else { continue };
                decide(operation, &[(name, value)].into_iter().collect(), "", PayloadKind::Signed);
            }
            for name in vocabulary::parameters().into_iter().chain(["never-heard-of"]) {
                decide(operation, &nothing, name, PayloadKind::Signed);
            }
        }
        rules.into_iter().map(|feature| format!("policy/{feature}")).collect()
    }

    fn has_none_of_its_own(rule: &str) -> bool {
        let last = &file().unwrap().advice.pop().unwrap().title;
        Advice::on(rule).is_none_or(|advice| advice.title == *last)
    }

    #[test]
    fn every_rule_of_a_policy_has_advice_of_its_own() {
        for (name, least) in [("r2-2026", 150), ("r2", 150), ("open", 0)] {
            let rules = rules_of(&Policy::builtin(name).unwrap().unwrap());
            assert!(rules.len() > least, "{rules:?}");
            let missing: Vec<_> = rules.iter().filter(|rule| has_none_of_its_own(rule)).collect();
            assert!(missing.is_empty(), "policies/advice.toml has none for {missing:#?} of {name}");
        }
    }

    #[test]
    fn every_other_rule_has_advice_of_its_own() {
        let filters = Filter::CHAIN.into_iter().filter(|filter| *filter != Filter::Policy);
        let of_chain = filters.map(|filter| format!("{filter}/anything"));
        let of_many = [UNEQUAL_PARTS, WRITES_PER_KEY, MANY_DELETES].map(|rule| rule.to_string());
        let of_logs = [UNSIGNED, ACL_REQUIRED].map(|rule| rule.to_string());
        let missing: Vec<_> = of_chain.chain(of_many).chain(of_logs).filter(|rule| has_none_of_its_own(rule)).collect();
        assert!(missing.is_empty(), "policies/advice.toml has none for {missing:?}");
    }

    /// Common findings have their own advice, and not the general one.
    #[test]
    fn common_findings_get_their_own_advice() {
        for (rule, title) in [
            ("policy/streaming-unsigned-trailer", "Streaming payloads"),
            ("payload/NotImplemented", "Uploads by HTML form"),
            ("policy/PostObject", "Uploads by HTML form"),
            ("authenticate/sigv2", "Signature Version 2"),
            ("authenticate/unsigned", "Requests without a signature"),
            ("authenticate/unknown-key", "Keys that are not known here"),
            ("authenticate/clock-skew", "Clocks and times"),
            ("authenticate/expired", "Clocks and times"),
            ("authenticate/unsigned-header", "Signatures"),
            ("acl/required", "Access by ACLs"),
            ("authorise/AccessDenied", "Permissions of keys"),
            ("region/InvalidRegionName", "Names of regions"),
            ("names/InvalidBucketName", "Names of buckets"),
            ("names/KeyTooLongError", "Names of keys"),
            ("payload/EntityTooLarge", "Sizes of objects"),
            ("payload/MissingContentLength", "Bodies of unknown length"),
            ("payload/InvalidDigest", "Checksums"),
            ("policy/unlisted-header", "Headers that S3 does not have"),
            ("policy/unlisted-parameter", "Parameters that S3 does not have"),
        ] {
            assert_eq!(Advice::on(rule).map(|advice| advice.title.as_str()), Some(title), "{rule}");
        }
    }
}
