//! Entity tags: the one an object has, and the lists of them that conditions carry (RFC 9110 section 8.8.3).
//!
//! [`crate::s3::precondition`] decides conditions. The MD5 is computed elsewhere.

use std::fmt;

/// An object's entity tag, without quotes: the MD5 of its bytes in lower-case hex or, for a multipart object, the MD5
/// of its parts' MD5s followed by `-N`, N the number of parts (S3 API, "Object").
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// The tag of an object written whole.
    pub fn from_md5(digest: [u8; 16]) -> ETag {
        ETag(hex::encode(digest))
    }

    /// The tag of an object of `parts` parts: `digest` is the MD5 of their MD5s, one after the other.
    pub fn from_parts(digest: [u8; 16], parts: usize) -> ETag {
        ETag(format!("{}-{parts}", hex::encode(digest)))
    }

    /// The MD5 of an object or part written whole; `None` for one of parts.
    pub fn md5(&self) -> Option<[u8; 16]> {
        hex::decode(&self.0).ok()?.try_into().ok()
    }

    /// Reads a tag as stores write it, with or without quotes; `None` for anything but 32 hex digits and perhaps `-N`.
    pub fn parse(text: &str) -> Option<ETag> {
        let bare = unquoted(text.trim());
        let (digest, parts) = bare.split_at_checked(32)?;
        let is_count = |n: &str| (1..=5).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
        let has_parts = parts.is_empty() || parts.strip_prefix('-').is_some_and(is_count);
        let good = has_parts && digest.bytes().all(|b| b.is_ascii_hexdigit());
        good.then(|| ETag(bare.to_ascii_lowercase()))
    }

    /// The tag without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag as the `ETag` header has it.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What `If-Match` and `If-None-Match` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ETagList {
    /// `*`: any tag.
    Any,
    /// These tags, in any form: one that no object of ours can have simply never matches.
    Tags(Vec<ListedTag>),
}

/// One tag of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTag {
    /// Whether it came as `W/"..."`.
    pub weak: bool,
    /// What stood between the quotes.
    pub value: String,
}

impl ETagList {
    /// Reads a header's value. Quotes may be missing, as many S3 clients leave them out.
    pub fn parse(text: &str) -> ETagList {
        let members = members(text);
        if members.contains(&"*") {
            return ETagList::Any;
        }
        ETagList::Tags(members.into_iter().map(ListedTag::parse).collect())
    }

    /// Strong comparison, which `If-Match` asks for: a weak tag matches nothing (RFC 9110 section 8.8.3.2).
    pub fn matches_strongly(&self, etag: &ETag) -> bool {
        self.matches(etag, |tag| !tag.weak)
    }

    /// Weak comparison, which `If-None-Match` asks for.
    pub fn matches_weakly(&self, etag: &ETag) -> bool {
        self.matches(etag, |_| true)
    }

    fn matches(&self, etag: &ETag, counts: impl Fn(&ListedTag) -> bool) -> bool {
        match self {
            ETagList::Any => true,
            ETagList::Tags(tags) => tags.iter().any(|tag| counts(tag) && tag.value == etag.0),
        }
    }
}

impl ListedTag {
    fn parse(text: &str) -> ListedTag {
        let strong = text.strip_prefix("W/");
        ListedTag { weak: strong.is_some(), value: unquoted(strong.unwrap_or(text)).to_owned() }
    }
}

/// The members of a comma-separated list; commas between quotes belong to the member.
fn members(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = text.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    #[test]
    fn a_tag_is_an_md5_and_perhaps_a_number_of_parts() {
        let multipart = format!("{MD5}-10000");
        for good in [MD5, multipart.as_str()] {
            assert_eq!(ETag::parse(good).unwrap().as_str(), good);
            assert_eq!(ETag::parse(&format!("\"{good}\"")).unwrap().as_str(), good);
        }
        assert_eq!(ETag::parse(&MD5.to_uppercase()).unwrap().as_str(), MD5);
        let torn = [&MD5[1..], "", "\"\"", "zz1d8cd98f00b204e9800998ecf8427e"];
        let forged = [format!("{MD5}-"), format!("{MD5}-x"), format!("{MD5}-123456"), format!("W/\"{MD5}\"")];
        for bad in torn.into_iter().chain(forged.iter().map(String::as_str)) {
            assert_eq!(ETag::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tag_is_written_bare_and_quoted() {
        let etag = ETag::from_md5([0xab; 16]);
        assert_eq!(etag.to_string(), "ab".repeat(16));
        assert_eq!(etag.quoted(), format!("\"{}\"", "ab".repeat(16)));
        assert_eq!(etag.md5(), Some([0xab; 16]));
        let of_parts = ETag::from_parts([0xab; 16], 3);
        assert_eq!((of_parts.as_str(), of_parts.md5()), (format!("{}-3", "ab".repeat(16)).as_str(), None));
    }

    #[test]
    fn lists_come_in_many_spellings() {
        for (text, expected) in [
            ("*", None),
            (" \"a\" , * ", None),
            ("", Some(vec![])),
            (",,", Some(vec![])),
            ("a", Some(vec![(false, "a")])),
            ("\"a\"", Some(vec![(false, "a")])),
            ("\"*\"", Some(vec![(false, "*")])),
            ("W/\"a\"", Some(vec![(true, "a")])),
            ("\"a\", W/\"b\",c", Some(vec![(false, "a"), (true, "b"), (false, "c")])),
            ("\"a,b\", \"c\"", Some(vec![(false, "a,b"), (false, "c")])),
            ("\"a", Some(vec![(false, "\"a")])),
        ] {
            let listed = |(weak, value): (bool, &str)| ListedTag { weak, value: value.to_owned() };
            let expected =
                expected.map_or(ETagList::Any, |tags| ETagList::Tags(tags.into_iter().map(listed).collect()));
            assert_eq!(ETagList::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn weak_tags_match_weakly_only() {
        let etag = ETag::parse(MD5).unwrap();
        for (list, strong, weak) in [
            ("*", true, true),
            (MD5, true, true),
            ("W/\"d41d8cd98f00b204e9800998ecf8427e\"", false, true),
            ("\"other\"", false, false),
            ("", false, false),
        ] {
            let list = ETagList::parse(list);
            assert_eq!((list.matches_strongly(&etag), list.matches_weakly(&etag)), (strong, weak), "{list:?}");
        }
    }
}
