//! Which elements are open while a document streams by, and whether they are properly closed.

use super::malformed::Malformed;
use super::tag::{Tag, is_blank};
use super::tokens::{Kind, Token};

/// How deep elements may nest. S3's answers need five; its deepest settings of buckets about ten.
pub(super) const MAX_DEPTH: usize = 16;

/// An element that is open.
#[derive(Debug)]
struct Open {
    /// Its name with the prefix.
    name: String,
    /// How long its parent's path is.
    parent: usize,
}

/// The open elements, outermost first.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    open: Vec<Open>,
    /// The local names of the open elements, a slash between them: no name has one.
    path: String,
    /// Whether the root was closed.
    is_complete: bool,
}

impl Nesting {
    /// How many elements are open: the root is at depth 1.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The local names from the root to the innermost open element: `ListBucketResult/Contents/Key`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Whether the root was closed.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether no root was opened yet.
    pub(super) fn is_before_root(&self) -> bool {
        self.open.is_empty() && !self.is_complete
    }

    /// An element starts.
    pub(super) fn open(&mut self, tag: &Tag<'_>) -> Result<(), Malformed> {
        if self.is_complete || self.depth() >= MAX_DEPTH {
            return Err(Malformed::new("a second root, or elements too deep"));
        }
        self.open.push(Open { name: tag.name.to_owned(), parent: self.path.len() });
        if self.depth() > 1 {
            self.path.push('/');
        }
        self.path.push_str(tag.local);
        Ok(())
    }

    /// The innermost element ends, by a tag of this name.
    pub(super) fn close(&mut self, tag: &Tag<'_>) -> Result<(), Malformed> {
        let open = self.open.pop().filter(|open| open.name == tag.name);
        let open = open.ok_or_else(|| Malformed::new("an end without its start"))?;
        self.path.truncate(open.parent);
        self.is_complete = self.open.is_empty();
        Ok(())
    }

    /// Text or a CDATA section stands here: outside the root only blanks may.
    pub(super) fn characters(&self, token: &Token<'_>) -> Result<(), Malformed> {
        let may_stand = !self.open.is_empty() || (token.kind == Kind::Text && token.source.chars().all(is_blank));
        if may_stand { Ok(()) } else { Err(Malformed::new("text outside the root")) }
    }
}
