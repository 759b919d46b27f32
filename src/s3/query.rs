//! A query string, parsed and decoded.
//!
//! [`crate::sigv4`] makes the canonical query of a signature from the bytes as sent, not from this.

use crate::s3::uri;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Room for the pairs of a presigned request, so that their list grows in few queries.
const USUAL_PAIRS: usize = 8;

/// The parameters of a query string in the order they were sent, decoded; a name may come more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// A query string with a name or value that is not UTF-8 once decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUtf8;

impl<'a> Query<'a> {
    /// Takes `raw`, the text between `?` and the end of the target, apart. A parameter without `=` has an empty
    /// value; `+` is a space; a `%` that starts no escape stands for itself.
    pub fn parse(raw: &'a str) -> Result<Query<'a>, NotUtf8> {
        let mut pairs = Vec::with_capacity(raw.len().min(USUAL_PAIRS));
        for part in raw.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Query { pairs })
    }

    /// The first value of the parameter; names are compared to the letter, as S3 does.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_ref())
    }

    /// Whether there is a parameter of this name.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All names and values in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The same, owned.
    pub fn into_pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        self.pairs.into_iter()
    }
}

fn decode(text: &str) -> Result<Cow<'_, str>, NotUtf8> {
    // Most names and values are such.
    if text.bytes().all(uri::is_unreserved) {
        return Ok(Cow::Borrowed(text));
    }
    if !text.contains('+') {
        return percent_decode_str(text).decode_utf8().map_err(|_| NotUtf8);
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| NotUtf8)?;
    Ok(Cow::Owned(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(raw: &str) -> Vec<(String, String)> {
        Query::parse(raw).unwrap().iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn names_and_values_are_decoded_in_order() {
        for (raw, expected) in [
            ("", &[][..]),
            ("acl", &[("acl", "")]),
            ("acl=", &[("acl", "")]),
            ("prefix=a%2Fb&delimiter=%2F", &[("prefix", "a/b"), ("delimiter", "/")]),
            ("a=1&a=2", &[("a", "1"), ("a", "2")]),
            ("&&a=b=c&", &[("a", "b=c")]),
            ("prefix=a+b%2B", &[("prefix", "a b+")]),
            ("prefix=%zz%", &[("prefix", "%zz%")]),
            ("prefix=%E2%9C%93", &[("prefix", "✓")]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
            assert_eq!(pairs(raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_query_that_is_not_utf8_is_malformed() {
        assert_eq!(Query::parse("prefix=%ff"), Err(NotUtf8));
    }
}
