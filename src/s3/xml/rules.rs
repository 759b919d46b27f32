//! Which elements of an answer change, and into what. Elements are named by their local names: whatever prefix a store
//! gives S3's namespace, it is the same element.

use super::answers::Owner;
use super::nesting::Nesting;
use super::writer::fragment;
use std::borrow::Cow;

/// The rules for one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    root: Option<&'static str>,
    /// The whole path of an element and what is to stand in it.
    contents: Vec<(&'static str, String)>,
    /// Names of elements that go, wherever they stand.
    removed: Vec<String>,
    /// The whole paths of elements whose text has `+` for a space.
    plus_for_space: Vec<&'static str>,
}

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action<'r> {
    /// All in it is replaced by this markup.
    Fill(&'r str),
    /// It goes, with all in it.
    Remove,
}

impl Rules {
    /// No rules: any document passes as it is.
    pub fn none() -> Rules {
        Rules::default()
    }

    /// The document must have this root. Where rules give paths, another root means that they would not match and that
    /// what they were to hide would pass.
    pub fn root(mut self, name: &'static str) -> Rules {
        self.root = Some(name);
        self
    }

    /// The element gets this text. `path` has the local names from the root on: `ListPartsResult/Bucket`.
    pub fn text(mut self, path: &'static str, text: &str) -> Rules {
        self.contents.push((path, fragment(|element| element.content(text))));
        self
    }

    /// The element gets the ID and display name of `owner`, whatever it said before.
    pub fn owner(mut self, path: &'static str, owner: Owner<'_>) -> Rules {
        self.contents.push((path, fragment(|element| owner.fill(element))));
        self
    }

    /// Elements of this local name go, wherever they stand below the root.
    pub fn without(mut self, name: impl Into<String>) -> Rules {
        self.removed.push(name.into());
        self
    }

    /// The element's text is percent-encoded with `+` for a space, and gets `%20`.
    pub fn plus_for_space(mut self, path: &'static str) -> Rules {
        self.plus_for_space.push(path);
        self
    }

    pub(super) fn takes_root(&self, name: &str) -> bool {
        self.root.is_none_or(|root| root == name)
    }

    /// What becomes of the innermost open element.
    pub(super) fn action(&self, at: &Nesting) -> Option<Action<'_>> {
        let below_root = at.path().rsplit_once('/').map(|(_, name)| name);
        if below_root.is_some_and(|name| self.removed.iter().any(|removed| removed == name)) {
            return Some(Action::Remove);
        }
        let rule = self.contents.iter().find(|(path, _)| *path == at.path());
        rule.map(|(_, content)| Action::Fill(content))
    }

    /// What a piece of the innermost open element's text becomes.
    pub(super) fn rewritten<'t>(&self, text: &'t str, at: &Nesting) -> Cow<'t, str> {
        let encoded = text.contains('+') && self.plus_for_space.contains(&at.path());
        if encoded { Cow::Owned(text.replace('+', "%20")) } else { Cow::Borrowed(text) }
    }
}
