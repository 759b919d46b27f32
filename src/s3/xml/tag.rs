//! What a tag says: its name, and whether it starts or ends an element. Attributes must be written as such; what they
//! say is nobody's business.

use super::malformed::Malformed;
use quick_xml::events::BytesStart;

/// Whether a tag starts an element, ends it, or does both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagKind {
    /// `<a>`.
    Start,
    /// `<a/>`.
    Empty,
    /// `</a>`.
    End,
}

/// A tag, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'t> {
    pub(super) kind: TagKind,
    /// The name with its prefix: what start and end must have in common.
    pub(super) name: &'t str,
    /// The name without its prefix: what an element is known by.
    pub(super) local: &'t str,
}

impl<'t> Tag<'t> {
    /// Reads a tag from its `<` to its `>`.
    pub(super) fn parse(source: &'t str) -> Result<Tag<'t>, Malformed> {
        let inside = source.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
        if let Some(name) = inside.strip_prefix('/') {
            return Tag::named(TagKind::End, name.trim_end_matches(is_blank));
        }
        let (kind, inside) = match inside.strip_suffix('/') {
            Some(inside) => (TagKind::Empty, inside),
            None => (TagKind::Start, inside),
        };
        let name = inside.split(is_blank).next().unwrap_or_default();
        check_attributes(inside, name)?;
        Tag::named(kind, name)
    }

    fn named(kind: TagKind, name: &'t str) -> Result<Tag<'t>, Malformed> {
        let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
        if !is_name(local) || prefix.is_some_and(|prefix| !is_name(prefix)) {
            return Err(Malformed::new("a tag without a name"));
        }
        Ok(Tag { kind, name, local })
    }
}

/// XML's white space, and no other.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// A name without a colon (Namespaces in XML, NCName), somewhat more widely than the standard has it.
fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_alphanumeric() || "-._".contains(c))
}

fn check_attributes(inside: &str, name: &str) -> Result<(), Malformed> {
    if inside.len() > name.len() {
        for attribute in BytesStart::from_content(inside, name.len()).attributes() {
            attribute.map_err(|error| Malformed::new(error.to_string()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read() {
        use TagKind::*;
        for (source, kind, name, local) in [
            ("<a>", Start, "a", "a"),
            ("<a\n>", Start, "a", "a"),
            ("<a/>", Empty, "a", "a"),
            ("<a />", Empty, "a", "a"),
            ("</a>", End, "a", "a"),
            ("</a\t>", End, "a", "a"),
            ("<p:a-1 xmlns:p='u/'>", Start, "p:a-1", "a-1"),
            ("<É xml:lang=\"/\" b='>'/>", Empty, "É", "É"),
        ] {
            assert_eq!(Tag::parse(source), Ok(Tag { kind, name, local }), "{source}");
        }
    }

    #[test]
    fn what_is_no_tag() {
        for source in [
            "",
            "<",
            ">",
            "<>",
            "</>",
            "< a>",
            "</ a>",
            "<a",
            "a>",
            "<1>",
            "<a&b>",
            "<a:>",
            "<:a>",
            "<a:b:c>",
            "<a b>",
            "<a b=c>",
            "<a b='>",
            "<a b='1' b='2'>",
            "</a b='1'>",
            "</a/>",
            "<a//>",
            "<a\u{a0}b='1'>",
            "<a/b>",
        ] {
            assert!(Tag::parse(source).is_err(), "{source}");
        }
    }
}
