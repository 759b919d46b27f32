//! Which headers and parameters have secret values: no log, page, message or file shows them.

use crate::s3::uri;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// The text that replaces a secret, on pages and in logs.
pub const HIDDEN: &str = "[hidden]";

/// Why a value is not for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// A signature of version 4, which is as good as a password while it is valid. An explained request needs a text in
    /// its place.
    Signature,
    /// A secret.
    Secret,
    /// It names a key, and is not a secret. The pages of a server may show it, but not a file for other people.
    KeyName,
}

/// Names in lower case. A header of a presigned request can be in the query.
const NAMES: [(&str, Secrecy); 12] = [
    ("authorization", Secrecy::Secret),
    ("proxy-authorization", Secrecy::Secret),
    ("cookie", Secrecy::Secret),
    ("x-amz-security-token", Secrecy::Secret),
    ("x-amz-server-side-encryption-customer-key", Secrecy::Secret),
    ("x-amz-copy-source-server-side-encryption-customer-key", Secrecy::Secret),
    ("x-amz-signature", Secrecy::Signature),
    // Of Signature Version 2.
    ("signature", Secrecy::Secret),
    ("awsaccesskeyid", Secrecy::KeyName),
    ("x-amz-credential", Secrecy::KeyName),
    ("x-amz-server-side-encryption-customer-key-md5", Secrecy::KeyName),
    ("x-amz-copy-source-server-side-encryption-customer-key-md5", Secrecy::KeyName),
];

impl Secrecy {
    /// Of the value of a header or parameter, by its name as it was sent; `None` where everybody may see it. A plus is
    /// a blank where forms are read, so it is one here.
    pub fn of(name: &str) -> Option<Secrecy> {
        // Most names are such, and are asked for in every request.
        if name.bytes().all(uri::is_unreserved) {
            return Secrecy::of_plain(name);
        }
        let spaced = name.replace('+', " ");
        Secrecy::of_plain(percent_decode_str(&spaced).decode_utf8_lossy().trim())
    }

    /// Of a name without escapes or blanks around it.
    fn of_plain(name: &str) -> Option<Secrecy> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, secrecy)| *secrecy)
    }
}

/// A query in which each value that is not for everybody is what `instead` says, if it says something.
pub fn query_without<'r>(query: &str, instead: impl Fn(Secrecy) -> Option<&'r str>) -> String {
    let mut shown = String::with_capacity(query.len());
    for (index, pair) in query.split('&').enumerate() {
        if index > 0 {
            shown.push('&');
        }
        push_pair(&mut shown, pair, &instead);
    }
    shown
}

/// Adds `name=value`. The value may be an address that has a query of its own.
fn push_pair<'r>(shown: &mut String, mut pair: &str, instead: impl Fn(Secrecy) -> Option<&'r str>) {
    while let Some((name, value)) = pair.split_once('=') {
        shown.extend([name, "="]);
        let innermost = name.rsplit('?').next().unwrap_or(name);
        if let Some(instead) = Secrecy::of(innermost).and_then(&instead) {
            return shown.push_str(instead);
        }
        let path = value.split_inclusive('?').next().unwrap_or_default();
        shown.push_str(path);
        pair = &value[path.len()..];
    }
    shown.push_str(pair);
}

/// A text that may have an address in it, without the secrets of that address.
pub fn text_without<'t>(text: &'t str, instead: impl Fn(Secrecy) -> Option<&'static str>) -> Cow<'t, str> {
    match text.split_once('?') {
        Some((before, query)) => Cow::Owned(format!("{before}?{}", query_without(query, instead))),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_secrecy_however_it_is_written() {
        for (name, expected) in [
            ("Authorization", Some(Secrecy::Secret)),
            ("X-Amz-Server-Side-Encryption-Customer-Key", Some(Secrecy::Secret)),
            ("x-amz-copy-source-server-side-encryption-customer-key", Some(Secrecy::Secret)),
            ("x-amz-server-side-encryption-customer-key-MD5", Some(Secrecy::KeyName)),
            ("x-amz-server-side-encryption-customer-algorithm", None),
            ("X%2DAmz-Signature", Some(Secrecy::Signature)),
            ("X-Amz-Signature%20", Some(Secrecy::Signature)),
            ("+X-Amz-Signature+", Some(Secrecy::Signature)),
            ("Signature", Some(Secrecy::Secret)),
            ("AWSAccessKeyId", Some(Secrecy::KeyName)),
            ("x-amz-date", None),
            ("", None),
        ] {
            assert_eq!(Secrecy::of(name), expected, "{name}");
        }
    }

    #[test]
    fn a_query_keeps_what_everybody_may_see() {
        let hide = |secrecy| (secrecy != Secrecy::KeyName).then_some("-");
        for (query, expected) in [
            ("", ""),
            ("uploads", "uploads"),
            ("a=b&X-Amz-Signature=1&X-Amz-Credential=id&c", "a=b&X-Amz-Signature=-&X-Amz-Credential=id&c"),
            ("Signature&Signature=&Signature=a=b", "Signature&Signature=-&Signature=-"),
            ("next=/b/k?X-Amz-Signature=1?2&a=b", "next=/b/k?X-Amz-Signature=-&a=b"),
            ("b?X-Amz-Signature=1", "b?X-Amz-Signature=-"),
            ("a=b?c=d?e", "a=b?c=d?e"),
            ("a=?", "a=?"),
        ] {
            assert_eq!(query_without(query, hide), expected);
        }
    }

    #[test]
    fn of_a_text_everything_but_the_secrets_of_its_address_is_shown() {
        let hide = |secrecy| (secrecy != Secrecy::KeyName).then_some("-");
        for (text, expected) in [
            ("no address", "no address"),
            ("what? a=b", "what? a=b"),
            (
                "Date (GET /b/k?AWSAccessKeyId=id&Signature=1&Expires=2)",
                "Date (GET /b/k?AWSAccessKeyId=id&Signature=-&Expires=2)",
            ),
            ("Date (/b/k?X-Amz-Signature=1) is none", "Date (/b/k?X-Amz-Signature=-"),
        ] {
            assert_eq!(text_without(text, hide), expected);
        }
    }
}
