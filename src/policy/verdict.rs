//! Verdicts: what a policy can say about an operation, a header, a parameter or a payload kind.

use crate::s3::secrecy::Secrecy;
use http::StatusCode;
use std::fmt;

/// A verdict, the words of a refusal included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Has its effect.
    Accept,
    /// Has its effect; the policy's own source calls it experimental.
    Experimental,
    /// Accepted, without effect, not forwarded.
    Ignore,
    /// An error answer.
    Refuse(Refusal),
    /// An answer that every bucket gives; for whole operations only.
    Answer(FixedAnswer),
}

/// Status, code and text of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// 400 to 599.
    pub(super) status: StatusCode,
    /// `<Code>`.
    pub(super) code: String,
    /// `<Message>`, with slots.
    pub(super) text: Template,
}

/// The fixed answer of every bucket to an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FixedAnswer {
    /// A document.
    Document {
        /// 200 to 299.
        status: StatusCode,
        /// An XML document.
        body: String,
    },
    /// An error: the bucket does not have what is asked for.
    Error(Refusal),
}

impl Verdict {
    /// The verdicts that need no words.
    pub(super) fn plain(name: &str) -> Option<Verdict> {
        Some(match name {
            "accept" => Verdict::Accept,
            "experimental" => Verdict::Experimental,
            "ignore" => Verdict::Ignore,
            _ => return None,
        })
    }

    /// The verdicts that every policy has; `refuse` has the words of `[refusal.KIND]`.
    pub(super) const NAMES: &[&str] = &["accept", "experimental", "ignore", "refuse"];

    /// Whether it ends the request.
    pub(super) fn ends(&self) -> bool {
        matches!(self, Verdict::Refuse(_) | Verdict::Answer(_))
    }

    /// Whether it is an error answer.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Verdict::Refuse(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Accept => f.write_str("accept"),
            Verdict::Experimental => f.write_str("accept (experimental)"),
            Verdict::Ignore => f.write_str("ignore"),
            Verdict::Refuse(refusal) => refusal.fmt(f),
            Verdict::Answer(FixedAnswer::Document { status, body }) => {
                write!(f, "{} fixed: {}", status.as_u16(), body.trim())
            }
            Verdict::Answer(FixedAnswer::Error(Refusal { status, code, text })) => {
                write!(f, "{} fixed: {code}: {}", status.as_u16(), text.written)
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.text.written)
    }
}

impl fmt::Display for FixedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FixedAnswer::Document { status, body } => write!(f, "{} {}", status.as_u16(), body.trim()),
            FixedAnswer::Error(refusal) => refusal.fmt(f),
        }
    }
}

/// A refusal's sentence with slots for what was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    written: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name,
    Names,
    Value,
    Operation,
}

/// What fills a template's slots.
pub(super) struct Slots<'a> {
    /// `{operation}`
    pub(super) operation: &'a str,
    /// `{name}`: of the header or parameter, or what an operation or payload kind is called.
    pub(super) name: &'a str,
    /// `{value}`
    pub(super) value: &'a [u8],
    /// `{names}`: every parameter that gets the same verdict, each in quotes.
    pub(super) names: &'a dyn Fn() -> String,
}

/// The longest name or value an error text repeats, in bytes; what is longer is cut.
const LONGEST_ECHO: usize = 1024;

impl Template {
    /// The template of a text; the error is what is between braces and is no slot.
    pub(super) fn parse(text: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (slot, after) = after.split_once('}').ok_or(after)?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::slot(slot).ok_or(slot)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Template { written: text.to_owned(), pieces })
    }

    /// The sentence. Values come from outside: cut when long, made UTF-8, control characters replaced.
    /// A secret is not shown.
    pub(super) fn fill(&self, slots: &Slots<'_>) -> String {
        let mut sentence = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => sentence.push_str(text),
                Piece::Operation => sentence.push_str(slots.operation),
                Piece::Name => sentence.push_str(&echo(slots.name.as_bytes())),
                Piece::Value if Secrecy::of(slots.name) == Some(Secrecy::Secret) => sentence.push_str("(not shown)"),
                Piece::Value => sentence.push_str(&echo(slots.value)),
                Piece::Names => sentence.push_str(&echo((slots.names)().as_bytes())),
            }
        }
        sentence
    }
}

impl Piece {
    fn slot(name: &str) -> Option<Piece> {
        Some(match name {
            "name" => Piece::Name,
            "names" => Piece::Names,
            "value" => Piece::Value,
            "operation" => Piece::Operation,
            _ => return None,
        })
    }
}

fn echo(bytes: &[u8]) -> String {
    let cut = bytes.get(..LONGEST_ECHO).unwrap_or(bytes);
    let text = String::from_utf8_lossy(cut);
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str, name: &str, value: &[u8]) -> String {
        let names = || "\"a\", \"b\"".to_owned();
        Template::parse(text).unwrap().fill(&Slots { operation: "PutObject", name, value, names: &names })
    }

    #[test]
    fn slots_are_filled_once_and_values_are_only_text() {
        for (text, name, value, expected) in [
            (
                "Header '{name}' with value '{value}' not implemented",
                "x",
                &b""[..],
                "Header 'x' with value '' not implemented",
            ),
            ("{operation}", "x", b"", "PutObject"),
            ("search param(s) {names}!", "x", b"", "search param(s) \"a\", \"b\"!"),
            ("{value}", "x", b"{name}", "{name}"),
            ("{value}", "x", b"\xffa\r\n", "\u{fffd}a\u{fffd}\u{fffd}"),
            ("no slot", "x", b"", "no slot"),
            ("{value}", "x-amz-server-side-encryption-customer-key", b"secret", "(not shown)"),
        ] {
            assert_eq!(fill(text, name, value), expected);
        }
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(fill("{value}", "x", &[b'v'; 5000]).len(), LONGEST_ECHO);
        assert_eq!(fill("{name}", &"n".repeat(5000), b"").len(), LONGEST_ECHO);
    }

    #[test]
    fn braces_without_a_slot_are_faults() {
        for (text, bad) in [("{nmae}", "nmae"), ("a {name", "name"), ("{}", "")] {
            assert_eq!(Template::parse(text), Err(bad.to_owned()));
        }
    }
}
