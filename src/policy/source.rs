//! Where a policy's text comes from, and how faults and rulings point back into it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The text of a policy, read by whoever may open files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What the policy is called: a built-in name, or the file's name without `.toml`.
    pub name: String,
    /// The file as faults and rulings name it: `policies/r2.toml`.
    pub file: String,
    /// The file's content.
    pub text: Cow<'static, str>,
}

/// The policies that are compiled in: name, file and text.
pub const BUILTIN: &[(&str, &str, &str)] = &[
    ("r2", "policies/r2.toml", include_str!("../../policies/r2.toml")),
    ("open", "policies/open.toml", include_str!("../../policies/open.toml")),
];

impl Source {
    /// The built-in policy of that name.
    pub fn builtin(name: &str) -> Option<Source> {
        let (name, file, text) = BUILTIN.iter().find(|(builtin, ..)| *builtin == name)?;
        Some(Source { name: (*name).to_owned(), file: (*file).to_owned(), text: Cow::Borrowed(text) })
    }
}

/// A line of a policy's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as its [`Source`] calls it.
    pub file: Arc<str>,
    /// The line, the first is 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Something wrong with a policy, or, among [`crate::policy::Policy::warnings`], something pointless in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.message, self.advice)
    }
}
