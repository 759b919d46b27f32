//! Texts with at most one `*`, as S3 has them in origins and header names.

use std::fmt;

/// A text in which one `*` may stand for any run of characters, the empty one included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard {
    start: String,
    /// What follows the `*`; `None` where there is no `*`.
    end: Option<String>,
}

impl Wildcard {
    /// The text; `None` if it has two `*`.
    pub(super) fn parse(text: &str) -> Option<Wildcard> {
        match text.split_once('*') {
            None => Some(Wildcard { start: text.to_owned(), end: None }),
            Some((_, end)) if end.contains('*') => None,
            Some((start, end)) => Some(Wildcard { start: start.to_owned(), end: Some(end.to_owned()) }),
        }
    }

    /// Whether the whole text fits.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(end) = &self.end else { return text == self.start };
        text.strip_prefix(self.start.as_str()).is_some_and(|rest| rest.ends_with(end.as_str()))
    }

    /// Whether it is a lone `*`.
    pub(super) fn is_anything(&self) -> bool {
        self.start.is_empty() && self.end.as_deref() == Some("")
    }

    /// What precedes the `*`, and what follows it; `None` where there is no `*`.
    pub(super) fn sides(&self) -> Option<(&str, &str)> {
        self.end.as_deref().map(|end| (self.start.as_str(), end))
    }
}

impl fmt::Display for Wildcard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            None => f.write_str(&self.start),
            Some(end) => write!(f, "{}*{end}", self.start),
        }
    }
}
