//! Pages that are one file: their common parts, and their content policy.
//!
//! Such a page has no script and loads nothing. Its only style is in the page, and the policy names it by its digest.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The style of every page, to stand in its head.
pub const STYLE: &str = concat!(include_str!("../templates/palette.css"), include_str!("../templates/page.css"));

static CONTENT_POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
});

/// The content security policy of every page. A page has it in its head, and a server sends it as a header too.
pub fn content_policy() -> &'static str {
    &CONTENT_POLICY
}

/// A text from outside as it can be shown: control characters, and characters that turn the direction of text or are
/// not seen, are written as escapes (`\u{202e}`).
pub fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if is_hidden(c) {
            shown.extend(c.escape_unicode())
        } else {
            shown.push(c)
        }
        shown
    })
}

/// Controls (Unicode class Cc), format characters that carry no letter (of Cf and Zl, Zp), and tags.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped() {
        for (text, shown) in [
            ("/media/a b.txt", "/media/a b.txt"),
            ("<script>alert('é')</script>", "<script>alert('é')</script>"),
            ("a\r\nb\0\u{1b}[31m", r"a\u{d}\u{a}b\u{0}\u{1b}[31m"),
            ("txt\u{202e}gpj\u{2069}\u{200b}\u{feff}", r"txt\u{202e}gpj\u{2069}\u{200b}\u{feff}"),
            ("日本語 עברית", "日本語 עברית"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn a_page_may_have_its_style_and_nothing_else() {
        let policy = content_policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        // What would need a request.
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains("</"), "{STYLE}");
    }
}
