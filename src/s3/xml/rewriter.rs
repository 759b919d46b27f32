//! Rewrites the document that another store answers with: the elements that rules name change, everything else stays.
//!
//! The document is held until it is complete, so that a malformed one is an error with a status, and never half an
//! answer. Two things go to the client earlier, because S3 sends them to keep connections open while it works: the XML
//! declaration and white space in front of the root. Ceph reports progress inside the root instead; the client gets a
//! blank for each report.
//!
//! quick-xml reads and writes. Text, references, CDATA, comments, attributes and prefixes are written as they were
//! read. Only `</a >` is written as `</a>`. There is no I/O: the caller passes bytes in and takes bytes out.

use super::error_document::ErrorDocument;
use super::malformed::Malformed;
use super::rules::{Action, RewriteRules};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesCData, BytesDecl, BytesRef, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};

/// The most bytes of a document. A page of 1,000 keys of 1,024 bytes, all of them percent-encoded, has about 4 MiB.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// The most bytes in which a declaration, white space and the root's tag are looked for before the document is
/// complete.
const MAX_PROLOG_BYTES: usize = 4096;

/// The most bytes of one tag. S3's longest tags have about 100 bytes.
const MAX_TAG_BYTES: usize = 64 * 1024;

/// How deep elements may nest. S3's answers need five levels, its deepest bucket settings about ten.
const MAX_DEPTH: usize = 16;

/// The root of an error, which can also follow a status of 200 (S3 API reference, CompleteMultipartUpload and
/// CopyObject).
const ERROR: &str = "Error";

/// The roots of answers that a store may begin before its work is done.
const SLOW_ROOTS: [&str; 3] = ["CompleteMultipartUploadResult", "CopyObjectResult", "CopyPartResult"];

/// The reader would skip it. No store sends one.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One document, from its first byte to its last.
#[derive(Debug)]
pub struct Rewriter {
    rules: RewriteRules,
    /// The bytes that have arrived and have not been passed on.
    held: Vec<u8>,
    /// Whether `update` has returned any bytes.
    begun: bool,
    /// Whether the root has arrived in an earlier piece, and is one of [`SLOW_ROOTS`].
    is_slow: bool,
}

/// What a complete document was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The document that was asked for: the part that `update` has not returned, rewritten.
    Document(String),
    /// An error. If `update` has returned bytes, the caller's own `<Error>` must come without a declaration, which may
    /// only be at the very start.
    Error(ErrorDocument),
}

impl Rewriter {
    /// A rewriter for one document.
    pub fn new(rules: RewriteRules) -> Rewriter {
        Rewriter { rules, held: Vec::new(), begun: false, is_slow: false }
    }

    /// Takes the next piece of the document, cut anywhere, and returns what the client can have at once: often nothing.
    ///
    /// # Errors
    /// [`Malformed`] for a document of more than 16 MiB or with a NUL; `finish` then fails, too.
    pub fn update(&mut self, piece: &[u8]) -> Result<Vec<u8>, Malformed> {
        self.held.extend_from_slice(piece);
        check_length(&self.held)?;
        check_characters(piece)?;
        let given = self.early();
        self.begun |= !given.is_empty();
        Ok(given)
    }

    /// The document has ended.
    ///
    /// # Errors
    /// [`Malformed`] for a document that is incomplete, is not the expected one or exceeds a limit.
    pub fn finish(self) -> Result<Ending, Malformed> {
        check_length(&self.held)?;
        check_characters(&self.held)?;
        let text = std::str::from_utf8(&self.held).map_err(malformed)?;
        if text.starts_with(BYTE_ORDER_MARK) {
            return Err(Malformed::new("a byte order mark"));
        }
        Document::new(&self.rules, self.begun).read(text)
    }

    /// What the client can have of the pieces so far. Of a document that no store begins before its work is done it
    /// gets nothing: then a malformed one is an error with a status. A slow document that comes in one piece does not
    /// need a blank.
    fn early(&mut self) -> Vec<u8> {
        if !SLOW_ROOTS.iter().any(|root| self.rules.takes_root(root)) {
            return Vec::new();
        }
        if self.is_slow {
            return b" ".to_vec();
        }
        match Front::read(&self.held, self.begun) {
            Front::Prolog(prolog) => {
                self.held.clear();
                return prolog;
            }
            Front::Root { is_slow } => self.is_slow = is_slow,
            Front::Unknown => {}
        }
        Vec::new()
    }
}

/// What a document begins with, as far as it has arrived.
enum Front {
    /// A declaration and white space, and nothing else yet: how the client gets it.
    Prolog(Vec<u8>),
    /// The root.
    Root { is_slow: bool },
    /// Too little, too much, or what `finish` will refuse.
    Unknown,
}

impl Front {
    fn read(held: &[u8], begun: bool) -> Front {
        let text = if held.len() > MAX_PROLOG_BYTES { "" } else { std::str::from_utf8(held).unwrap_or_default() };
        if text.is_empty() || text.starts_with(BYTE_ORDER_MARK) {
            return Front::Unknown;
        }
        let (mut reader, mut prolog) = (Reader::from_str(text), Vec::new());
        loop {
            match reader.read_event() {
                Ok(Event::Text(text)) if is_blank(&text) => prolog.extend_from_slice(text.as_bytes()),
                Ok(Event::Decl(declaration)) if check_declaration(&declaration).is_ok() => {
                    if !begun && prolog.is_empty() {
                        prolog.extend(["<?", &declaration, "?>"].concat().into_bytes());
                    }
                }
                Ok(Event::Eof) => return Front::Prolog(prolog),
                Ok(Event::Start(tag) | Event::Empty(tag)) => {
                    return Front::Root { is_slow: SLOW_ROOTS.contains(&tag.local_name().into_inner()) };
                }
                _ => return Front::Unknown,
            }
        }
    }
}

/// The elements that are open.
#[derive(Debug, Default)]
struct Path {
    /// Their local names from the root on, a slash between them: `ListBucketResult/Contents/Key`. No name has a slash.
    names: String,
    depth: usize,
    /// Whether the root was closed.
    is_complete: bool,
}

impl Path {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), Malformed> {
        if self.is_complete || self.depth >= MAX_DEPTH {
            return Err(Malformed::new("a second root, or elements too deep"));
        }
        if self.depth > 0 {
            self.names.push('/');
        }
        self.names.push_str(tag.local_name().into_inner());
        self.depth += 1;
        Ok(())
    }

    /// The reader has compared the names of both tags.
    fn close(&mut self) {
        self.names.truncate(self.names.rfind('/').unwrap_or(0));
        self.depth = self.depth.saturating_sub(1);
        self.is_complete = self.depth == 0;
    }

    fn is_before_root(&self) -> bool {
        self.depth == 0 && !self.is_complete
    }

    fn check_inside(&self) -> Result<(), Malformed> {
        if self.depth > 0 { Ok(()) } else { Err(Malformed::new("text outside the root")) }
    }
}

/// A complete document that is being rewritten.
struct Document<'r> {
    rules: &'r RewriteRules,
    path: Path,
    written: Writer<Vec<u8>>,
    /// Whether something has come before: only the very first token may be a declaration.
    started: bool,
}

impl<'r> Document<'r> {
    fn new(rules: &'r RewriteRules, started: bool) -> Document<'r> {
        Document { rules, path: Path::default(), written: Writer::new(Vec::new()), started }
    }

    fn read(mut self, source: &str) -> Result<Ending, Malformed> {
        let mut reader = Reader::from_str(source);
        self.written.get_mut().reserve(source.len());
        loop {
            match reader.read_event().map_err(malformed)? {
                Event::Eof => break,
                Event::Start(tag) | Event::Empty(tag) if self.is_error(&tag) => return error(source),
                Event::Start(tag) => self.start(tag, &mut reader)?,
                event => self.event(event)?,
            }
            self.started = true;
        }
        if !self.path.is_complete {
            return Err(Malformed::new("the document ends early"));
        }
        String::from_utf8(self.written.into_inner()).map(Ending::Document).map_err(malformed)
    }

    fn is_error(&self, tag: &BytesStart<'_>) -> bool {
        self.path.is_before_root() && tag.local_name().into_inner() == ERROR
    }

    /// What a rule replaces or removes is read over, up to the end of its element.
    fn start(&mut self, tag: BytesStart<'_>, reader: &mut Reader<&[u8]>) -> Result<(), Malformed> {
        self.open(&tag)?;
        let Some(action) = self.rules.action(&self.path.names)? else { return self.write(Event::Start(tag)) };
        reader.read_to_end(tag.name()).map_err(malformed)?;
        self.replace(action, tag)
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Malformed> {
        match event {
            Event::Empty(tag) => return self.empty(tag),
            Event::End(_) => self.path.close(),
            Event::Text(text) => return self.text(text),
            Event::CData(text) => return self.cdata(text),
            Event::GeneralRef(ref reference) => {
                self.path.check_inside()?;
                check_reference(reference)?;
            }
            Event::Comment(_) => {}
            Event::Decl(declaration) => return self.declaration(declaration),
            _ => return Err(Malformed::new("a document type or an instruction")),
        }
        self.write(event)
    }

    fn empty(&mut self, tag: BytesStart<'_>) -> Result<(), Malformed> {
        self.open(&tag)?;
        if let Some(action) = self.rules.action(&self.path.names)? {
            return self.replace(action, tag);
        }
        self.path.close();
        self.write(Event::Empty(tag))
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), Malformed> {
        check_tag(tag)?;
        self.path.open(tag)?;
        if self.path.depth == 1 && !self.rules.takes_root(&self.path.names) {
            return Err(Malformed::new(format!("the root is <{:.40}>", self.path.names)));
        }
        Ok(())
    }

    /// Replaces the content of the innermost element as a rule says, and closes the element.
    fn replace(&mut self, action: Action<'_>, tag: BytesStart<'_>) -> Result<(), Malformed> {
        if let Action::Fill(markup) = action {
            let end = Event::End(tag.to_end().into_owned());
            self.write(Event::Start(tag))?;
            self.write(Event::Text(BytesText::from_escaped(markup)))?;
            self.write(end)?;
        }
        self.path.close();
        Ok(())
    }

    fn text(&mut self, text: BytesText<'_>) -> Result<(), Malformed> {
        if !is_blank(&text) {
            self.path.check_inside()?;
        }
        let text = self.rules.rewritten(text.into_inner(), &self.path.names);
        self.write(Event::Text(BytesText::from_escaped(text)))
    }

    fn cdata(&mut self, text: BytesCData<'_>) -> Result<(), Malformed> {
        self.path.check_inside()?;
        let text = self.rules.rewritten(text.into_inner(), &self.path.names);
        self.write(Event::CData(BytesCData::new(text)))
    }

    /// After white space a declaration would not be well-formed: it is left out.
    fn declaration(&mut self, declaration: BytesDecl<'_>) -> Result<(), Malformed> {
        if !self.path.is_before_root() {
            return Err(Malformed::new("a declaration inside the document"));
        }
        check_declaration(&declaration)?;
        if self.started { Ok(()) } else { self.write(Event::Decl(declaration)) }
    }

    fn write(&mut self, event: Event<'_>) -> Result<(), Malformed> {
        self.written.write_event(event).map_err(malformed)
    }
}

fn error(source: &str) -> Result<Ending, Malformed> {
    let error = ErrorDocument::parse(source.as_bytes()).ok_or_else(|| Malformed::new("not an error of S3's"))?;
    Ok(Ending::Error(error))
}

fn malformed(error: impl std::fmt::Display) -> Malformed {
    Malformed::new(error.to_string())
}

/// quick-xml passes a NUL on, which XML has in no form.
fn check_characters(bytes: &[u8]) -> Result<(), Malformed> {
    if bytes.contains(&0) { Err(Malformed::new("a NUL")) } else { Ok(()) }
}

fn check_length(held: &[u8]) -> Result<(), Malformed> {
    if held.len() > MAX_DOCUMENT_BYTES { Err(Malformed::new("the document is too long")) } else { Ok(()) }
}

/// XML's white space only.
fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The reader takes anything for a name, and looks at attributes only when asked.
fn check_tag(tag: &BytesStart<'_>) -> Result<(), Malformed> {
    let name = tag.name().into_inner();
    let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
    if tag.len() > MAX_TAG_BYTES || !is_name(local) || prefix.is_some_and(|prefix| !is_name(prefix)) {
        return Err(Malformed::new("a tag without a name, or too long"));
    }
    for attribute in tag.attributes() {
        if attribute.map_err(malformed)?.value.contains('<') {
            return Err(Malformed::new("a tag in a tag"));
        }
    }
    Ok(())
}

/// A name without a colon (Namespaces in XML, NCName), somewhat more widely than the standard has it.
fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_alphanumeric() || "-._".contains(c))
}

/// References must be XML's own: there is no document type that could define others. Which characters a reference may
/// stand for is left to the client: one key that XML cannot carry must not cost a whole listing.
fn check_reference(reference: &BytesRef<'_>) -> Result<(), Malformed> {
    if is_character_reference(reference) || resolve_xml_entity(reference).is_some() {
        return Ok(());
    }
    Err(Malformed::new(format!("the reference '{:.40}'", &**reference)))
}

/// `#10` or `#xA`.
fn is_character_reference(name: &str) -> bool {
    let Some(number) = name.strip_prefix('#') else { return false };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))
}

/// The document must be in UTF-8: another encoding could hide names from the rules.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Malformed> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if ["utf-8", "us-ascii"].contains(&&*name.to_ascii_lowercase()) => Ok(()),
        Some(_) => Err(Malformed::new("an encoding other than UTF-8")),
    }
}

#[cfg(test)]
mod tests;
