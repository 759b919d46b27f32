//! Splits XML that arrives in pieces into its tokens: text, tags, comments, CDATA sections, instructions.
//!
//! A token may be cut at any byte. Text is given on as it comes, so that it may be of any length; whatever starts with
//! `<` is given whole. Taken together, the tokens are the document, byte for byte. What a tag says is read by
//! [`tag`](super::tag), how tags nest by [`nesting`](super::nesting).

use super::malformed::Malformed;

/// The most bytes that one tag, comment, CDATA section or instruction may have. S3's longest are tags of some 100 bytes
/// and, in documents that clients wrote, comments.
pub(super) const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The most bytes of a reference; `&#x10FFFF;` has 10, and any number of zeros may stand before.
const MAX_REFERENCE_BYTES: usize = 32;

const COMMENT: &[u8] = b"<!--";
const CDATA: &[u8] = b"<![CDATA[";

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Characters and references, or a part of them: none of either is cut, and there is at least one.
    Text,
    /// A tag that starts or ends an element, or does both.
    Tag,
    /// `<!-- -->`.
    Comment,
    /// `<![CDATA[ ]]>`.
    CData,
    /// `<? ?>`, the declaration among them.
    Instruction,
}

/// A token as it stands in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) source: &'t str,
}

/// What is known of the token that `pending` begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Text,
    /// A `<`, and too little behind it to know more.
    Markup,
    /// A tag, perhaps inside the quotes of an attribute.
    Tag { quote: Option<u8> },
    /// Something that lasts to `end`, with `least` bytes before the end's last one.
    Until { kind: Kind, end: &'static [u8], least: usize },
}

/// The splitter.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// The token last given, and of the next what has arrived: of text at most a cut character or reference.
    pending: Vec<u8>,
    /// How many bytes of `pending` were given.
    given: usize,
    shape: Shape,
}

impl Tokens {
    /// The next token, from what was left of earlier pieces and from the front of `piece`, which gets shorter. `None`
    /// once the piece is used up.
    pub(super) fn next(&mut self, piece: &mut &[u8]) -> Result<Option<Token<'_>>, Malformed> {
        self.pending.drain(..self.given);
        self.given = 0;
        let mut kind = None;
        if self.shape == Shape::Text {
            kind = self.text(piece)?;
        }
        if kind.is_none() {
            kind = self.markup(piece)?;
        }
        let Some(kind) = kind else { return Ok(None) };
        let source = std::str::from_utf8(&self.pending[..self.given]).map_err(not_utf8)?;
        Ok(Some(Token { kind, source }))
    }

    /// Whether all that arrived was given: no token is torn.
    pub(super) fn is_between(&self) -> bool {
        self.shape == Shape::Text && self.pending.len() == self.given
    }

    fn text(&mut self, piece: &mut &[u8]) -> Result<Option<Kind>, Malformed> {
        let end = piece.iter().position(|byte| *byte == b'<').unwrap_or(piece.len());
        let (text, rest) = piece.split_at(end);
        self.pending.extend_from_slice(text);
        *piece = rest;
        self.given = before_reference(&self.pending[..whole_characters(&self.pending)?]);
        let cut = self.pending.len() - self.given;
        if cut > MAX_REFERENCE_BYTES || (cut > 0 && !rest.is_empty()) {
            return Err(Malformed::new("a cut character or reference"));
        }
        if !rest.is_empty() {
            self.shape = Shape::Markup;
        }
        Ok((self.given > 0).then_some(Kind::Text))
    }

    fn markup(&mut self, piece: &mut &[u8]) -> Result<Option<Kind>, Malformed> {
        while let Some((byte, rest)) = piece.split_first() {
            *piece = rest;
            self.pending.push(*byte);
            if self.pending.len() > MAX_TOKEN_BYTES {
                return Err(Malformed::new("a token is too long"));
            }
            if let Some(kind) = self.ends_with(*byte)? {
                self.given = self.pending.len();
                self.shape = Shape::Text;
                return Ok(Some(kind));
            }
        }
        Ok(None)
    }

    /// The kind of the token that `byte`, the last of `pending`, ends.
    fn ends_with(&mut self, byte: u8) -> Result<Option<Kind>, Malformed> {
        if self.shape == Shape::Markup {
            self.shape = shape_of(&self.pending)?;
        }
        match (self.shape, byte) {
            (Shape::Until { kind, end, least }, b'>') => {
                let ends = self.pending.ends_with(end) && self.pending.len() > least;
                return Ok(ends.then_some(kind));
            }
            (Shape::Tag { .. }, b'<') => return Err(Malformed::new("a tag in a tag")),
            (Shape::Tag { quote: None }, b'>') => return Ok(Some(Kind::Tag)),
            (Shape::Tag { quote: None }, b'"' | b'\'') => self.shape = Shape::Tag { quote: Some(byte) },
            (Shape::Tag { quote: Some(quote) }, _) if quote == byte => self.shape = Shape::Tag { quote: None },
            _ => {}
        }
        Ok(None)
    }
}

/// What begins with `start`, which is a `<` and perhaps more.
fn shape_of(start: &[u8]) -> Result<Shape, Malformed> {
    match start {
        [_] => Ok(Shape::Markup),
        [_, b'?', ..] => Ok(Shape::Until { kind: Kind::Instruction, end: b"?>", least: 3 }),
        COMMENT => Ok(Shape::Until { kind: Kind::Comment, end: b"-->", least: 6 }),
        CDATA => Ok(Shape::Until { kind: Kind::CData, end: b"]]>", least: 11 }),
        [_, b'!', ..] if COMMENT.starts_with(start) || CDATA.starts_with(start) => Ok(Shape::Markup),
        [_, b'!', ..] => Err(Malformed::new("a document type")),
        _ => Ok(Shape::Tag { quote: None }),
    }
}

/// How many bytes make whole characters; what follows may be the beginning of one.
fn whole_characters(bytes: &[u8]) -> Result<usize, Malformed> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(error) => Err(not_utf8(error)),
    }
}

/// How many bytes stand before a reference that is not yet whole.
fn before_reference(text: &[u8]) -> usize {
    let last = text.iter().rposition(|byte| matches!(byte, b'&' | b';'));
    last.filter(|at| text[*at] == b'&').unwrap_or(text.len())
}

fn not_utf8(error: std::str::Utf8Error) -> Malformed {
    Malformed::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of a document that arrives in two pieces, text put together again.
    fn split(document: &[u8], at: usize) -> Result<Vec<(Kind, String)>, Malformed> {
        let (mut tokens, mut found): (_, Vec<(Kind, String)>) = (Tokens::default(), Vec::new());
        for mut piece in [&document[..at], &document[at..]] {
            while let Some(token) = tokens.next(&mut piece)? {
                match found.last_mut() {
                    Some((Kind::Text, text)) if token.kind == Kind::Text => text.push_str(token.source),
                    _ => found.push((token.kind, token.source.to_owned())),
                }
            }
            assert!(piece.is_empty());
        }
        if tokens.is_between() { Ok(found) } else { Err(Malformed::new("torn")) }
    }

    #[test]
    fn tokens_are_the_same_wherever_a_piece_ends() {
        use Kind::*;
        let document = "<?xml a='?>\n <a b='>' c=\"'>\"><!----> é𝄞&lt;<![CDATA[<b>]]]]></a ><!-- -> --><c/>";
        let expected = [
            (Instruction, "<?xml a='?>"),
            (Text, "\n "),
            (Tag, "<a b='>' c=\"'>\">"),
            (Comment, "<!---->"),
            (Text, " é𝄞&lt;"),
            (CData, "<![CDATA[<b>]]]]>"),
            (Tag, "</a >"),
            (Comment, "<!-- -> -->"),
            (Tag, "<c/>"),
        ];
        for at in 0..=document.len() {
            let found = split(document.as_bytes(), at).unwrap();
            let found: Vec<_> = found.iter().map(|(kind, source)| (*kind, source.as_str())).collect();
            assert_eq!(found, expected, "{at}");
        }
    }

    #[test]
    fn torn_and_forged_tokens() {
        let long = format!("<a b='{}'>", "x".repeat(MAX_TOKEN_BYTES));
        for document in [
            &b"<"[..],
            b"<a",
            b"<a b='>",
            b"<!",
            b"<!-->",
            b"<!--->",
            b"<![CDATA[]>",
            b"<?>",
            b"<!DOCTYPE a>",
            b"<![CDATa[]]>",
            b"<a<b>",
            b"<a b='<'>",
            b"&amp",
            b"a & b<a>",
            b"a & b and then no end of it for quite a while",
            b"\xff",
            b"\xc3",
            b"\xc3<a>",
            b"<\xff>",
            b"<!-- \xc3 -->",
            long.as_bytes(),
        ] {
            for at in [0, document.len() / 2] {
                assert!(
                    split(document, at).is_err(),
                    "{}",
                    String::from_utf8_lossy(&document[..document.len().min(20)])
                );
            }
        }
    }

    #[test]
    fn text_is_given_as_it_comes() {
        let mut tokens = Tokens::default();
        for (mut piece, given) in
            [(&b"  "[..], Some("  ")), (b"\xc3", None), (b"\xa9x&#3", Some("éx")), (b"2; ", Some("&#32; "))]
        {
            assert_eq!(tokens.next(&mut piece).unwrap().map(|token| token.source), given);
        }
        let long = vec![b' '; 2 * MAX_TOKEN_BYTES];
        assert!(tokens.next(&mut long.as_slice()).unwrap().is_some_and(|token| token.source.len() == long.len()));
    }
}
