//! Text to paste into a shell. sh, bash and zsh read it in the same way.

/// The text as one word.
pub(super) fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_' | b':' | b',' | b'+' | b'@');
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        for (text, expected) in [
            ("/srv/r2/credentials.toml", "/srv/r2/credentials.toml"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(rm)", "'$(rm)'"),
            ("~x", "'~x'"),
            ("*", "'*'"),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
