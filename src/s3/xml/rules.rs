//! Which elements of an answer change, and into what. Elements are identified by their local names, because stores use
//! different prefixes for S3's namespace.

use super::answers::Owner;
use super::malformed::Malformed;
use super::writer::fragment;
use crate::s3::operation::UnknownElements;
use std::borrow::Cow;

/// The rules for one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewriteRules {
    /// The names that the root may have; any if there are none.
    roots: Vec<&'static str>,
    /// The local names that elements below the root may have, and what becomes of others; any if it is `None`.
    known: Option<(&'static [&'static [&'static str]], UnknownElements)>,
    /// The full path of an element and its new content.
    contents: Vec<(&'static str, String)>,
    /// Names of elements that are removed, wherever they are.
    removed: Vec<String>,
    /// The whole paths of elements whose text has `+` for a space.
    plus_for_space: Vec<&'static str>,
}

/// How an element is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action<'r> {
    /// All in it is replaced by this markup.
    Fill(&'r str),
    /// It is removed with its content.
    Remove,
}

impl RewriteRules {
    /// No rules: any document passes as it is.
    pub fn none() -> RewriteRules {
        RewriteRules::default()
    }

    /// The document must have this root, or one that was named before. Where rules give paths, another root means that
    /// they would not match and that what they were to hide would pass.
    pub fn root(mut self, name: &'static str) -> RewriteRules {
        self.roots.push(name);
        self
    }

    /// Only elements of these local names may occur below the root. `others` says what becomes of others.
    pub fn only(mut self, names: &'static [&'static [&'static str]], others: UnknownElements) -> RewriteRules {
        self.known = Some((names, others));
        self
    }

    /// The element gets this text. `path` has the local names from the root on: `ListPartsResult/Bucket`.
    pub fn text(mut self, path: &'static str, text: &str) -> RewriteRules {
        self.contents.push((path, fragment(|element| element.content(text))));
        self
    }

    /// The element gets the ID and display name of `owner`, whatever it said before.
    pub fn owner(mut self, path: &'static str, owner: Owner<'_>) -> RewriteRules {
        self.contents.push((path, fragment(|element| owner.fill(element))));
        self
    }

    /// Elements of this local name are removed, wherever they are below the root.
    pub fn without(mut self, name: impl Into<String>) -> RewriteRules {
        self.removed.push(name.into());
        self
    }

    /// The element's text is percent-encoded with `+` for a space, and gets `%20`.
    pub fn plus_for_space(mut self, path: &'static str) -> RewriteRules {
        self.plus_for_space.push(path);
        self
    }

    pub(super) fn takes_root(&self, name: &str) -> bool {
        self.roots.is_empty() || self.roots.contains(&name)
    }

    /// How the element at this path of local names is changed.
    ///
    /// # Errors
    /// [`Malformed`] for an element that the document must not have.
    pub(super) fn action(&self, path: &str) -> Result<Option<Action<'_>>, Malformed> {
        let Some((_, name)) = path.rsplit_once('/') else { return Ok(self.filled(path)) };
        if self.removed.iter().any(|removed| removed == name) {
            return Ok(Some(Action::Remove));
        }
        let action = self.filled(path);
        match self.known {
            Some((known, others)) if action.is_none() && !known.iter().any(|group| group.contains(&name)) => {
                match others {
                    UnknownElements::Removed => Ok(Some(Action::Remove)),
                    UnknownElements::Refused => Err(Malformed::new(format!("the element <{name:.40}>"))),
                }
            }
            _ => Ok(action),
        }
    }

    fn filled(&self, path: &str) -> Option<Action<'_>> {
        let rule = self.contents.iter().find(|(of, _)| *of == path);
        rule.map(|(_, content)| Action::Fill(content))
    }

    /// The replacement of the text in the element at this path.
    pub(super) fn rewritten<'t>(&self, text: Cow<'t, str>, path: &str) -> Cow<'t, str> {
        let encoded = text.contains('+') && self.plus_for_space.contains(&path);
        if encoded { Cow::Owned(text.replace('+', "%20")) } else { text }
    }
}
