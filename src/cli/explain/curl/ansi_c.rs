//! `$'it\'s'`: quotes with escapes, as in bash. Browsers write them when they copy a request as a curl command.
//!
//! Source: bash(1), QUOTING.

use std::iter::Peekable;
use std::str::Chars;

/// The text with each `$'...'` written in plain quotes; `None` if one is not closed or has invalid escapes.
pub(super) fn plain(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('$', None) if chars.next_if_eq(&'\'').is_some() => {
                plain += &shlex::try_quote(&unescaped(&mut chars)?).ok()?;
                continue;
            }
            ('\\', None | Some('"')) => {
                plain.push(c);
                plain.extend(chars.next());
                continue;
            }
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        plain.push(c);
    }
    Some(plain)
}

/// The text before the closing quote.
fn unescaped(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\'' => return Some(text),
            '\\' => text.push(escape(chars)?),
            c => text.push(c),
        }
    }
}

/// The character that an escape stands for.
fn escape(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    match chars.next()? {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'x' => number(chars, 2).filter(char::is_ascii),
        'u' => number(chars, 4),
        'U' => number(chars, 8),
        c if c.is_ascii_alphanumeric() => None,
        c => Some(c),
    }
}

/// The character of a number with at most so many hexadecimal digits.
fn number(chars: &mut Peekable<Chars<'_>>, most: usize) -> Option<char> {
    let digits: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_hexdigit)).take(most).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_with_escapes_become_plain() {
        for (text, expected) in [
            ("a $'b' c", Some(&["a", "b", "c"][..])),
            (r"$'it\'s' $'\u0021\x21\n'", Some(&["it's", "!!\n"])),
            (r"-H$'a: b\\c'd", Some(&["-Ha: b\\cd"])),
            (r"$'\u00e9'f$''g", Some(&["\u{e9}fg"])),
            (r#"'$'b "$'c'" \$'d'"#, Some(&["$b", "$'c'", "$d"])),
            ("$'open", None),
            (r"$'\", None),
            (r"$'\x00'", None),
            (r"$'\xe9'", None),
            (r"$'\ud800'", None),
            (r"$'\q'", None),
        ] {
            let words = plain(text).and_then(|text| shlex::split(&text));
            let expected = expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            assert_eq!(words, expected, "{text}");
        }
    }
}
