//! Writes XML text: a declaration, one root, elements with text or elements in them. Attributes are the
//! root's namespace, and constants.

use crate::s3::Timestamp;
use std::fmt::{self, Display, Write};

/// The namespace of every answer but `<Error>` (S3 API reference).
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// A quote, escaped.
const QUOTE: &str = "&quot;";

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// The inside of an element while it is written.
#[derive(Debug)]
pub(super) struct Elements(String);

/// A document with its root in S3's namespace.
pub(super) fn document(root: &str, fill: impl FnOnce(&mut Elements)) -> String {
    large_document(root, 0, fill)
}

/// The same with room for this many bytes. A page of a listing has some 300,000, which are copied each time it grows.
pub(super) fn large_document(root: &str, bytes: usize, fill: impl FnOnce(&mut Elements)) -> String {
    let mut elements = Elements(String::with_capacity(bytes));
    elements.0.extend([DECLARATION, "<", root, " xmlns=\"", NAMESPACE, "\">"]);
    fill(&mut elements);
    elements.markup(["</", root, ">"]);
    elements.0
}

/// A document without a namespace: R2 writes errors so.
pub(super) fn bare_document(root: &str, fill: impl FnOnce(&mut Elements)) -> String {
    let mut elements = Elements(DECLARATION.to_owned());
    elements.inside(root, fill);
    elements.0
}

/// Markup for the inside of a document that is written elsewhere.
pub(super) fn fragment(fill: impl FnOnce(&mut Elements)) -> String {
    let mut elements = Elements(String::new());
    fill(&mut elements);
    elements.0
}

impl Elements {
    /// Text, escaped.
    pub(super) fn content(&mut self, text: &str) {
        escape_into(&mut self.0, text);
    }

    /// What `value` displays, escaped.
    fn displayed(&mut self, value: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(Escaped(&mut self.0), "{value}");
    }

    /// An element with text in it.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.inside(name, |element| element.content(text));
    }

    /// An element with text in it, if there is some.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// An element with what `value` displays: numbers and truth values.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        self.inside(name, |element| element.displayed(value));
    }

    /// An element with a timestamp.
    pub(super) fn timestamp(&mut self, name: &str, timestamp: Timestamp) {
        self.text(name, &timestamp.iso_8601());
    }

    /// `<ETag>`: the tag in quotes.
    pub(super) fn etag(&mut self, etag: &str) {
        self.inside("ETag", |element| {
            element.0.push_str(QUOTE);
            element.content(etag);
            element.0.push_str(QUOTE);
        });
    }

    /// An element with elements in it.
    pub(super) fn inside(&mut self, name: &str, fill: impl FnOnce(&mut Elements)) {
        self.markup(["<", name, ">"]);
        fill(self);
        self.markup(["</", name, ">"]);
    }

    /// The same with attributes, which are markup already.
    pub(super) fn inside_marked(&mut self, name: &str, attributes: &'static str, fill: impl FnOnce(&mut Elements)) {
        self.markup(["<", name, " "]);
        self.markup([attributes, ">", ""]);
        fill(self);
        self.markup(["</", name, ">"]);
    }

    fn markup(&mut self, pieces: [&str; 3]) {
        self.0.extend(pieces);
    }
}

/// Escapes text so that readers get the same text back. Control characters become character references. XML 1.0 forbids
/// most of them even as references, but many readers accept these, and a client that lists with `encoding-type=url`
/// never gets them. An unescaped carriage return would be read as a line feed.
///
/// Most texts of a page are plain and are copied whole. Of the others, plain runs are copied at once.
fn escape_into(out: &mut String, text: &str) {
    if text.bytes().all(is_plain) {
        return out.push_str(text);
    }
    let mut plain_from = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| needs_escape(*c)) {
        out.push_str(&text[plain_from..at]);
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str(QUOTE),
            '\'' => out.push_str("&apos;"),
            c => reference_into(out, c),
        }
        plain_from = at + c.len_utf8();
    }
    out.push_str(&text[plain_from..]);
}

/// Whether a byte is a character that stays as it is, whatever is around it.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
}

fn needs_escape(c: char) -> bool {
    match c {
        '&' | '<' | '>' | '"' | '\'' | '\u{fffe}' | '\u{ffff}' => true,
        '\n' | '\t' => false,
        c => c.is_control(),
    }
}

fn reference_into(out: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = write!(out, "&#x{:X};", u32::from(c));
}

/// Escapes what is written through it.
struct Escaped<'s>(&'s mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape_into(self.0, text);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The content of the root of an answer, after checking all around it.
    pub(in crate::s3::xml) fn inner<'d>(root: &str, document: &'d str) -> &'d str {
        let start = format!("{DECLARATION}<{root} xmlns=\"{NAMESPACE}\">");
        let inside = document.strip_prefix(&start).and_then(|rest| rest.strip_suffix(&format!("</{root}>")));
        inside.unwrap_or_else(|| panic!("no <{root}>: {document}"))
    }

    #[test]
    fn documents_nest() {
        let text = document("Root", |root| {
            root.inside("Outer", |outer| outer.value("Inner", 1));
            root.optional("Absent", None);
            root.optional("Present", Some(""));
            root.etag("abc-2");
            root.timestamp("When", Timestamp::from_millis(1_000));
        });
        let expected = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<Root xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#,
            "<Outer><Inner>1</Inner></Outer><Present></Present><ETag>&quot;abc-2&quot;</ETag>",
            "<When>1970-01-01T00:00:01.000Z</When></Root>",
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn text_is_escaped() {
        for (text, escaped) in [
            ("<&>\"'", "&lt;&amp;&gt;&quot;&apos;"),
            ("é✓𝄞", "é✓𝄞"),
            ("\0\u{1}\t\n\r\u{7f}\u{85}", "&#x0;&#x1;\t\n&#xD;&#x7F;&#x85;"),
            ("\u{fffe}\u{ffff}\u{fffd}", "&#xFFFE;&#xFFFF;\u{fffd}"),
            ("]]>", "]]&gt;"),
        ] {
            let document = bare_document("E", |root| root.text("T", text));
            assert_eq!(document, format!("{DECLARATION}<E><T>{escaped}</T></E>"));
        }
    }
}
