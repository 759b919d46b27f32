//! RFC 2047 encoded words: how text that is not ASCII travels in a header, as in `=?UTF-8?B?w6k=?=`.
//!
//! Anything but a well-formed encoded word in a known charset is text, and is not changed. Words longer than the RFC's
//! 75 characters are read, because common SDKs write them; none are written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Bytes of text in one word: 75 characters less `=?UTF-8?B?` and `?=` are 63, of which 60 are whole groups of base64.
const WORD_BYTES: usize = 45;

/// The text with its encoded words decoded. White space between two of them belongs to neither (RFC 2047 section 6.2),
/// and a character may begin in one and end in the next, which the RFC forbids and encoders do.
///
/// `None` where words decode to what is not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, from_word) = rest.split_at(start);
        let Some((word, behind)) = take_word(from_word) else {
            decoded.extend_from_slice(before.as_bytes());
            decoded.extend_from_slice(b"=?");
            rest = from_word.get(2..)?;
            after_word = false;
            continue;
        };
        if !(after_word && before.bytes().all(|b| b == b' ' || b == b'\t')) {
            decoded.extend_from_slice(before.as_bytes());
        }
        decoded.extend_from_slice(&word);
        rest = behind;
        after_word = true;
    }
    decoded.extend_from_slice(rest.as_bytes());
    String::from_utf8(decoded).ok()
}

/// The bytes of the encoded word that `text` starts with, in UTF-8, and what follows it.
fn take_word(text: &str) -> Option<(Vec<u8>, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    // Neither may occur in encoded text, so the first of them is its end: no text is scanned twice.
    let (encoded, rest) = rest.split_at(rest.find(['?', ' '])?);
    let rest = rest.strip_prefix("?=")?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(encoded).ok()?,
        "Q" | "q" => decode_q(encoded)?,
        _ => return None,
    };
    // RFC 2231 section 5 lets a language follow the charset, as in "UTF-8*en".
    let charset = charset.split('*').next()?.to_ascii_lowercase();
    match charset.as_str() {
        "utf-8" | "utf8" | "us-ascii" => Some((bytes, rest)),
        "iso-8859-1" => Some((bytes.iter().map(|b| char::from(*b)).collect::<String>().into_bytes(), rest)),
        _ => None,
    }
}

/// RFC 2047 section 4.2: `_` is a space, `=` starts two hexadecimal digits.
fn decode_q(encoded: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match first {
            b'_' => decoded.push(b' '),
            b'=' => {
                let (digits, behind) = rest.split_at_checked(2)?;
                decoded.extend(hex::decode(digits).ok()?);
                rest = behind;
            }
            other => decoded.push(*other),
        }
    }
    Some(decoded)
}

/// The text as a header may carry it: as it is if that reads back as the same, else as encoded words of at most 75
/// characters with a space between them.
pub(super) fn encode(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let words: Vec<String> = pieces(text).map(|piece| format!("=?UTF-8?B?{}?=", STANDARD.encode(piece))).collect();
    Cow::Owned(words.join(" "))
}

/// A header loses the blanks at its ends, and `=?` could be read as the start of a word.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && text.trim() == text && !text.contains("=?")
}

/// The text in pieces of at most [`WORD_BYTES`], none of which cuts a character.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.floor_char_boundary(WORD_BYTES);
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::sequences::sequences;

    #[test]
    fn encoded_words_are_read() {
        for (text, decoded) in [
            ("", ""),
            ("plain = text?", "plain = text?"),
            ("=?UTF-8?B?w6k=?=", "é"),
            ("=?utf-8?b?w6k=?=", "é"),
            ("=?UTF-8*fr?B?w6k=?=", "é"),
            ("=?UTF-8?Q?=C3=A9_a=3F?=", "é a?"),
            ("=?ISO-8859-1?Q?=e9?=", "é"),
            ("=?us-ascii?q?a?=", "a"),
            ("=?UTF-8?B??=", ""),
            ("a =?UTF-8?B?w6k=?= b", "a é b"),
            ("=?UTF-8?B?w6k=?= =?UTF-8?B?w6k=?=", "éé"),
            ("=?UTF-8?B?w6k=?=\t =?UTF-8?Q?_?=", "é "),
            ("=?UTF-8?B?ww==?= =?UTF-8?B?qQ==?=", "é"),
            ("raw é", "raw é"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(decoded), "{text}");
        }
    }

    #[test]
    fn text_without_encoded_words_is_unchanged() {
        for text in [
            "=?",
            "=?UTF-8?B?w6k=",
            "=?UTF-8?B?w6k?=",
            "=?UTF-8?X?w6k=?=",
            "=?KOI8-R?B?w6k=?=",
            "=?UTF-8?Q?=zz?=",
            "=?UTF-8?Q?=C?=",
            "=?UTF-8?Q?a b?=",
            "=?=?=?",
        ] {
            assert_eq!(decode(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn encoded_words_that_are_not_utf8_are_dropped() {
        assert_eq!(decode("=?UTF-8?B?ww==?="), None);
    }

    #[test]
    fn text_is_encoded_only_where_it_must_be() {
        for (text, encoded) in [
            ("", ""),
            ("a b", "a b"),
            ("é", "=?UTF-8?B?w6k=?="),
            (" a", "=?UTF-8?B?IGE=?="),
            ("a\tb", "=?UTF-8?B?YQli?="),
            ("=?UTF-8?B?w6k=?=", "=?UTF-8?B?PT9VVEYtOD9CP3c2az0/PQ==?="),
        ] {
            assert_eq!(encode(text), encoded, "{text}");
        }
    }

    #[test]
    fn long_text_goes_in_short_words_and_comes_back() {
        for text in ["é".repeat(500), "a€".repeat(300), "𝄞".repeat(100), format!("{}é", "a".repeat(200))] {
            let encoded = encode(&text);
            assert!(encoded.split(' ').all(|word| word.len() <= 75), "{encoded}");
            assert_eq!(decode(&encoded), Some(text));
        }
    }

    const TOKENS: &[&str] =
        &["=?", "?=", "UTF-8", "ISO-8859-1", "?B?", "?q?", "w6k=", "ww==", "=E9", "_", "a", " ", "\t", "é", "𝄞"];

    #[test]
    fn every_text_survives_encoding_and_decoding() {
        for text in sequences(TOKENS, 4) {
            let encoded = encode(&text);
            assert_eq!(decode(&encoded).as_deref(), Some(text.as_str()), "{encoded}");
            assert!(encoded.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{encoded}");
        }
    }

    #[test]
    fn text_without_the_start_of_a_word_is_itself() {
        for text in sequences(TOKENS, 4) {
            let decoded = decode(&text);
            assert!(text.contains("=?") || decoded.as_deref() == Some(text.as_str()), "{text}");
        }
    }
}
