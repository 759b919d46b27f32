//! Which names a policy may use: those of the operation table and of HTTP. And the nearest one to a slip.

use crate::s3::headers::{HTTP_HEADERS, METADATA_PREFIX, R2_EXTENSIONS};
use crate::s3::operation::{OPERATIONS, Selector};

/// Every header some operation knows, in lower case.
pub(super) fn headers() -> Vec<&'static str> {
    let selectors = OPERATIONS.iter().flat_map(|row| row.selectors).filter_map(|selector| match selector {
        Selector::Header(name) | Selector::HeaderStarts(name, _) => Some(*name),
        Selector::Query(_) | Selector::QueryIs(..) => None,
    });
    let documented = OPERATIONS.iter().flat_map(|row| row.headers).flat_map(|group| group.iter().copied());
    let others = HTTP_HEADERS.iter().chain(R2_EXTENSIONS).copied();
    selectors.chain(documented).chain(others).chain([METADATA_PREFIX]).collect()
}

/// Every query parameter some operation knows.
pub(super) fn parameters() -> Vec<&'static str> {
    let selectors = OPERATIONS.iter().flat_map(|row| row.selectors).filter_map(|selector| match selector {
        Selector::Query(name) | Selector::QueryIs(name, _) => Some(*name),
        Selector::Header(_) | Selector::HeaderStarts(..) => None,
    });
    selectors.chain(OPERATIONS.iter().flat_map(|row| row.parameters).copied()).collect()
}

/// Whether the name, or a name that its prefix (`x-amz-grant-*`) covers, is among those known.
pub(super) fn knows(known: &[&str], name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(prefix) => !prefix.is_empty() && known.iter().any(|k| k.starts_with(prefix)),
        None => known.contains(&name),
    }
}

/// Advice that names the nearest known name, where one is near.
pub(super) fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    let near = known.iter().map(|k| (distance(name, k), k)).min()?;
    let (distance, nearest) = near;
    (distance <= 1 + name.len() / 5).then(|| format!("did you mean '{nearest}'?"))
}

/// How many letters to add, drop or change. Case counts for nothing.
fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_ascii_lowercase(), &b.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name() {
        let known = headers();
        for (slip, meant) in [
            ("x-amz-alc", Some("x-amz-acl")),
            ("X-Amz-Acl", Some("x-amz-acl")),
            ("x-amz-server-side-encription", Some("x-amz-server-side-encryption")),
            ("entirely-else", None),
        ] {
            assert_eq!(did_you_mean(slip, &known), meant.map(|m| format!("did you mean '{m}'?")), "{slip}");
        }
    }

    #[test]
    fn a_prefix_is_known_by_what_it_covers() {
        for (name, expected) in [
            ("x-amz-acl", true),
            ("x-amz-grant-*", true),
            ("x-amz-meta-*", true),
            ("range", true),
            ("cf-prefix", true),
            ("cf-ray", false),
            ("x-amz-nothing-*", false),
            ("*", false),
        ] {
            assert_eq!(knows(&headers(), name), expected, "{name}");
        }
        assert!(knows(&parameters(), "response-*") && knows(&parameters(), "list-type"));
        assert!(!knows(&parameters(), "Prefix"));
    }
}
