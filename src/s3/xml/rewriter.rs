//! Rewrites an answer while it streams by: the elements that rules name are changed, all else passes byte for byte.
//!
//! Nothing is decoded on the way: references, blanks, CDATA, prefixes and attributes go on as they came, and text never
//! changes a rule's mind, whatever it looks like. Text itself changes in one way only, where a rule says that `+` is a
//! space in it. Held are at most one token, and an error document. The caller brings
//! the bytes and takes the bytes; nothing here waits.

use super::error_document::{ErrorDocument, MAX_ERROR_BYTES};
use super::malformed::Malformed;
use super::nesting::Nesting;
use super::rules::{Action, Rules};
use super::tag::{Tag, TagKind, is_blank};
use super::tokens::{Kind, Token, Tokens};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesStart};

/// The name of the root that S3 gives an error, also behind a status of 200 (S3 API reference, CompleteMultipartUpload
/// and CopyObject).
const ERROR: &str = "Error";

/// A document on its way through.
#[derive(Debug)]
pub struct Rewriter {
    tokens: Tokens,
    document: Document,
    /// Whether `update` has given anything yet.
    begun: bool,
    broken: bool,
}

/// How a document ended that was complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All of it was given.
    Document,
    /// It was an error, of which nothing was given. `begun` says whether blanks or a declaration have gone before, so
    /// that the caller's own `<Error>` must come without a declaration: one stands at the very start or nowhere.
    Error {
        /// What the error said.
        error: ErrorDocument,
        /// Whether something was given already.
        begun: bool,
    },
}

/// What is done with tokens at the moment.
#[derive(Debug, PartialEq, Eq)]
enum Mode {
    /// They go on.
    Copying,
    /// They are dropped until the element at `depth` ends, whose end tag is kept or not.
    Skipping { depth: usize, keeps_end: bool },
    /// They are an error document.
    Collecting(Vec<u8>),
}

/// The document as far as it has come.
#[derive(Debug)]
struct Document {
    rules: Rules,
    nesting: Nesting,
    mode: Mode,
    /// Whether any token has come.
    started: bool,
}

impl Rewriter {
    /// A rewriter for one document.
    pub fn new(rules: Rules) -> Rewriter {
        let document = Document { rules, nesting: Nesting::default(), mode: Mode::Copying, started: false };
        Rewriter { tokens: Tokens::default(), document, begun: false, broken: false }
    }

    /// Takes the next piece of the document, cut anywhere, and gives what can go on. After an error nothing more is
    /// given: what went on before is then the beginning of a document without an end.
    pub fn update(&mut self, piece: &[u8]) -> Result<Vec<u8>, Malformed> {
        if self.broken {
            return Err(Malformed::new("it was malformed before"));
        }
        let given = self.rewrite(piece).inspect_err(|_| self.broken = true)?;
        self.begun |= !given.is_empty();
        Ok(given)
    }

    /// The document has ended; that it was complete, and what it was.
    pub fn finish(self) -> Result<Ending, Malformed> {
        if self.broken || !self.tokens.is_between() || !self.document.nesting.is_complete() {
            return Err(Malformed::new("the document ends early"));
        }
        let Mode::Collecting(error) = self.document.mode else { return Ok(Ending::Document) };
        let error = ErrorDocument::parse(&error).ok_or_else(|| Malformed::new("an error without a code"))?;
        Ok(Ending::Error { error, begun: self.begun })
    }

    fn rewrite(&mut self, mut piece: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut given = Vec::with_capacity(piece.len());
        while let Some(token) = self.tokens.next(&mut piece)? {
            self.document.token(&token, &mut given)?;
        }
        Ok(given)
    }
}

impl Document {
    fn token(&mut self, token: &Token<'_>, given: &mut Vec<u8>) -> Result<(), Malformed> {
        match token.kind {
            Kind::Tag => self.tag(token.source, given)?,
            Kind::Instruction => self.declaration(token.source, given)?,
            Kind::Comment => self.copy(token.source, given)?,
            Kind::CData | Kind::Text => {
                self.nesting.characters(token)?;
                if token.kind == Kind::Text {
                    check_references(token.source)?;
                }
                let text = self.rules.rewritten(token.source, &self.nesting);
                self.mode.copy(&text, given)?;
            }
        }
        self.started = true;
        Ok(())
    }

    /// Behind blanks, which S3 sends while the client waits, a declaration may not stand any more: it is dropped.
    fn declaration(&mut self, source: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        if !self.nesting.is_before_root() || !is_declaration(source) {
            return Err(Malformed::new("an instruction"));
        }
        if self.started { Ok(()) } else { self.copy(source, given) }
    }

    fn tag(&mut self, source: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        let tag = Tag::parse(source)?;
        if tag.kind == TagKind::End {
            self.end(source, given)?;
            return self.nesting.close(&tag);
        }
        self.nesting.open(&tag)?;
        if self.nesting.depth() == 1 {
            self.root(tag.local, given)?;
        }
        match tag.kind {
            TagKind::Empty => {
                self.empty(source, tag.name, given)?;
                self.nesting.close(&tag)
            }
            _ => self.start(source, given),
        }
    }

    /// An error is kept, and what this very piece has given before it is taken back.
    fn root(&mut self, name: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        if name == ERROR {
            given.clear();
            self.mode = Mode::Collecting(Vec::new());
        } else if !self.rules.takes_root(name) {
            return Err(Malformed::new(format!("the root is <{name:.40}>")));
        }
        Ok(())
    }

    fn start(&mut self, source: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        match self.action()? {
            None => self.copy(source, given),
            Some(action) => {
                let keeps_end = begin(action, source, given);
                self.mode = Mode::Skipping { depth: self.nesting.depth(), keeps_end };
                Ok(())
            }
        }
    }

    /// An element without content can get some: then it needs two tags.
    fn empty(&mut self, source: &str, name: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        let Some(action) = self.action()? else { return self.copy(source, given) };
        let start = format!("{}>", source.strip_suffix("/>").unwrap_or(source));
        if begin(action, &start, given) {
            given.extend(["</", name, ">"].iter().flat_map(|part| part.bytes()));
        }
        Ok(())
    }

    fn end(&mut self, source: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        match self.mode {
            Mode::Skipping { depth, keeps_end } if depth == self.nesting.depth() => {
                self.mode = Mode::Copying;
                if keeps_end { self.copy(source, given) } else { Ok(()) }
            }
            _ => self.copy(source, given),
        }
    }

    /// What is to be done with the innermost element: nothing inside one that a rule has named already.
    fn action(&self) -> Result<Option<Action<'_>>, Malformed> {
        if self.mode == Mode::Copying { self.rules.action(&self.nesting) } else { Ok(None) }
    }

    fn copy(&mut self, source: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        self.mode.copy(source, given)
    }
}

impl Mode {
    fn copy(&mut self, source: &str, given: &mut Vec<u8>) -> Result<(), Malformed> {
        match self {
            Mode::Copying => given.extend_from_slice(source.as_bytes()),
            Mode::Skipping { .. } => {}
            Mode::Collecting(error) if error.len() + source.len() > MAX_ERROR_BYTES => {
                return Err(Malformed::new("an error document is too long"));
            }
            Mode::Collecting(error) => error.extend_from_slice(source.as_bytes()),
        }
        Ok(())
    }
}

/// Writes what stands in an element's place up to its end tag, and says whether that is to follow.
fn begin(action: Action<'_>, start: &str, given: &mut Vec<u8>) -> bool {
    match action {
        Action::Remove => false,
        Action::Fill(content) => {
            given.extend_from_slice(start.as_bytes());
            given.extend_from_slice(content.as_bytes());
            true
        }
    }
}

/// References must be XML's own: without a document type there are no others, and who reads the answer would fail.
/// Which characters may be referred to is left to the reader: one key that XML cannot carry must not cost a listing.
fn check_references(text: &str) -> Result<(), Malformed> {
    for part in text.split('&').skip(1) {
        let name = part.split_once(';').map_or("", |(name, _)| name);
        if !is_character_reference(name) && resolve_xml_entity(name).is_none() {
            return Err(Malformed::new(format!("the reference '{name:.40}'")));
        }
    }
    Ok(())
}

/// `#10` or `#xA`.
fn is_character_reference(name: &str) -> bool {
    let Some(number) = name.strip_prefix('#') else { return false };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))
}

/// A declaration, of a document in UTF-8: another encoding could hide names from the rules.
fn is_declaration(source: &str) -> bool {
    let inside = source.strip_prefix("<?").and_then(|rest| rest.strip_suffix("?>")).unwrap_or_default();
    if !inside.strip_prefix("xml").is_some_and(|rest| rest.starts_with(is_blank)) {
        return false;
    }
    let declaration = BytesDecl::from_start(BytesStart::from_content(inside, "xml".len()));
    match declaration.encoding() {
        None => true,
        Some(encoding) => encoding.is_ok_and(|name| ["utf-8", "us-ascii"].contains(&&*name.to_ascii_lowercase())),
    }
}

#[cfg(test)]
mod tests;
