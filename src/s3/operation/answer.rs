//! The answers of operations: the column of the table that a proxy needs to pass them on.

/// The body of a successful answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// Nothing.
    Empty,
    /// The bytes of an object, or what was selected from them. To HEAD only their length.
    Object,
    /// A document about one bucket or object.
    Document(&'static DocumentSpec),
    /// A document about what belongs to the server that answers: its buckets, its region. A proxy writes its own.
    Own,
    /// What a proxy cannot pass on, and why: a clause that continues a sentence.
    NotForwarded(&'static str),
}

/// The answer has no specification here.
pub(super) const UNSPECIFIED: &str = "its answer is not specified";
/// The request or the answer names other buckets than the request's.
pub(super) const NAMES_BUCKETS: &str = "its documents name buckets of the upstream";
/// The request and the answer name queues, topics and functions of an account.
pub(super) const NAMES_RESOURCES: &str = "its documents name resources of the upstream's account";
/// The request is a browser's own, which cannot sign.
pub(super) const UNSIGNED: &str = "it is not signed by a header or a query";

/// The document of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentSpec {
    /// The names that its root may have. The paths below fit no other document.
    pub roots: &'static [&'static str],
    /// The local names of all elements below the root, in groups that recur. What stands inside of an element of
    /// `identities` needs no name.
    pub elements: &'static [&'static [&'static str]],
    /// How other elements are treated.
    pub unknown: UnknownElements,
    /// The elements that name the store or its address, by their path of local names from the root.
    pub identities: &'static [(&'static str, Identity)],
    /// The elements that `encoding-type=url` encodes, by path.
    pub encoded: &'static [&'static str],
}

impl DocumentSpec {
    /// Whether the document may have an element of this local name.
    pub fn has(&self, element: &str) -> bool {
        self.elements.iter().any(|group| group.contains(&element))
    }
}

/// How elements are treated that a document's specification does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownElements {
    /// They are removed: stores add to listings what they know of objects.
    Removed,
    /// The answer is refused: a client that writes a configuration back as it read it would lose them.
    Refused,
}

/// What an element says about the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The name of the bucket.
    Bucket,
    /// The account that owns something, as an element with an ID and a display name.
    Owner,
    /// The account's ID.
    OwnerId,
    /// The account's display name.
    OwnerName,
    /// The address of the object.
    Location,
    /// Why something was refused, in words of the store that may name anything.
    Refusal,
}
