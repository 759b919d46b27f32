//! The source of a policy's text.

use std::borrow::Cow;

/// The text of a policy, read by a module that may open files.
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
    ("r2-2026", "policies/r2-2026.toml", include_str!("../../policies/r2-2026.toml")),
    ("open", "policies/open.toml", include_str!("../../policies/open.toml")),
];

impl Source {
    /// The built-in policy of that name.
    pub fn builtin(name: &str) -> Option<Source> {
        let (name, file, text) = BUILTIN.iter().find(|(builtin, ..)| *builtin == name)?;
        Some(Source { name: (*name).to_owned(), file: (*file).to_owned(), text: Cow::Borrowed(text) })
    }
}
