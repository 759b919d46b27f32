//! Which buckets something is for, such as a key or a CORS rule: all of them, or names and patterns such as `logs-*`.
//!
//! No regular expressions: a `*` stands for any run of characters, the empty one included, and nothing else is special.

use crate::s3::names::BucketName;
use std::fmt;

/// The buckets that something is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BucketScope {
    /// Every bucket.
    All,
    /// The buckets that match at least one of these.
    Matching(Vec<BucketPattern>),
}

impl BucketScope {
    /// No bucket.
    pub const fn none() -> BucketScope {
        BucketScope::Matching(Vec::new())
    }

    /// Whether there can be no bucket among them.
    pub fn is_none(&self) -> bool {
        matches!(self, BucketScope::Matching(patterns) if patterns.is_empty())
    }

    /// Whether every bucket is among them, whatever its name.
    pub fn is_all(&self) -> bool {
        matches!(self, BucketScope::All)
    }

    /// Whether the bucket is among them.
    pub fn covers(&self, bucket: &BucketName) -> bool {
        match self {
            BucketScope::All => true,
            BucketScope::Matching(patterns) => patterns.iter().any(|pattern| pattern.matches(bucket)),
        }
    }
}

/// The name of a bucket, or such a name with `*` inside or at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPattern(String);

/// A text that can match no bucket, or hides that it matches them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// It has no `*` and no bucket can be called so.
    #[error("no bucket can have this name")]
    Name,
    /// It starts with `*`.
    #[error("a pattern cannot start with '*'")]
    LeadingStar,
    /// It has a character that no bucket's name has, or is longer than any name.
    #[error("no bucket's name can match this pattern")]
    Characters,
}

impl BucketPattern {
    /// The pattern, checked.
    pub fn parse(text: &str) -> Result<BucketPattern, BadPattern> {
        if !text.contains('*') {
            return BucketName::parse(text).map(|_| BucketPattern(text.to_owned())).map_err(|_| BadPattern::Name);
        }
        if text.starts_with('*') {
            return Err(BadPattern::LeadingStar);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'*');
        let good = text.len() <= 63 && !text.starts_with('-') && text.bytes().all(allowed);
        good.then(|| BucketPattern(text.to_owned())).ok_or(BadPattern::Characters)
    }

    /// Whether the bucket's whole name fits the pattern.
    pub fn matches(&self, bucket: &BucketName) -> bool {
        let name = bucket.as_str();
        let Some((start, rest)) = self.0.split_once('*') else { return name == self.0 };
        let Some(name) = name.strip_prefix(start) else { return false };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(name) = name.strip_suffix(end) else { return false };
        has_in_order(name, middle)
    }
}

/// Whether the pieces between the stars of `middle` come one after the other in `name`. Taking the first place of each
/// leaves the most room for the next, so no way back is needed.
fn has_in_order(name: &str, middle: &str) -> bool {
    let mut rest = name;
    middle.split('*').all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

impl fmt::Display for BucketScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BucketScope::All => f.write_str("all buckets"),
            BucketScope::Matching(patterns) => {
                let names: Vec<_> = patterns.iter().map(BucketPattern::to_string).collect();
                f.write_str(&names.join(", "))
            }
        }
    }
}

impl fmt::Display for BucketPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, yes, no) in [
            ("media", &["media"][..], &["media2", "med", "xmedia"][..]),
            ("logs-*", &["logs-a", "logs-2026-01", "logs-a-b"], &["logs", "xlogs-a", "log-s"]),
            ("logs*", &["logs", "logs1"], &["log"]),
            ("a*z", &["abz", "azz", "a-z"], &["abc", "zza"]),
            ("a*b*c", &["abc", "axbxc", "abbcc", "acbc"], &["acb", "abcd"]),
            ("ab*ba", &["abba", "abxba"], &["aba"]),
            ("a**b", &["a-b", "axxb"], &["abx"]),
            ("a*b*b", &["abb", "axbb"], &["axb"]),
        ] {
            let pattern = BucketPattern::parse(pattern).unwrap();
            for (names, expected) in [(yes, true), (no, false)] {
                for name in names {
                    let bucket = BucketName::parse(name).unwrap();
                    assert_eq!(pattern.matches(&bucket), expected, "{pattern} {name}");
                }
            }
        }
    }

    #[test]
    fn what_can_match_nothing_is_no_pattern() {
        let long = format!("{}*", "a".repeat(63));
        for (text, fault) in [
            ("", BadPattern::Name),
            ("ab", BadPattern::Name),
            ("Media", BadPattern::Name),
            ("*", BadPattern::LeadingStar),
            ("*-logs", BadPattern::LeadingStar),
            ("Logs-*", BadPattern::Characters),
            ("-a*", BadPattern::Characters),
            ("a.*", BadPattern::Characters),
            ("logs-[0-9]*", BadPattern::Characters),
            (long.as_str(), BadPattern::Characters),
        ] {
            assert_eq!(BucketPattern::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_scope_covers_what_one_of_its_patterns_matches() {
        let scope = BucketScope::Matching(vec![
            BucketPattern::parse("media").unwrap(),
            BucketPattern::parse("logs-*").unwrap(),
        ]);
        for (bucket, expected) in [("media", true), ("logs-1", true), ("other", false)] {
            assert_eq!(scope.covers(&BucketName::parse(bucket).unwrap()), expected, "{bucket}");
        }
        assert!(BucketScope::All.covers(&BucketName::parse("other").unwrap()));
        assert!(!BucketScope::none().covers(&BucketName::parse("other").unwrap()));
        assert!(BucketScope::none().is_none() && !scope.is_none() && !BucketScope::All.is_none());
    }
}
