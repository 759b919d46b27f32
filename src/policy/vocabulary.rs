//! The names that a policy may use: those of the operation table and of HTTP. Also finds the nearest one to a mistyped
//! name.

use crate::diagnostics::nearest;
use crate::s3::headers::{HTTP_HEADERS, METADATA_PREFIX, R2_EXTENSIONS};
use crate::s3::operation::{OPERATIONS, Selector};

/// Every header some operation knows, in lower case.
pub(crate) fn headers() -> Vec<&'static str> {
    let selectors = OPERATIONS.iter().flat_map(|row| row.selectors).filter_map(|selector| match selector {
        Selector::Header(name) | Selector::HeaderStarts(name, _) => Some(*name),
        Selector::Query(_) | Selector::QueryIs(..) => None,
    });
    let documented = OPERATIONS.iter().flat_map(|row| row.headers).flat_map(|group| group.iter().copied());
    let others = HTTP_HEADERS.iter().chain(R2_EXTENSIONS).copied();
    selectors.chain(documented).chain(others).chain([METADATA_PREFIX]).collect()
}

/// How headers start by which a client protects its data: conditions, checksums, encryption and locks. HTTP's own
/// conditions are not among them, as nothing ignores them that does not name them.
const PROTECTING: &[&str] = &[
    "x-amz-bucket-object-lock-",
    "x-amz-checksum-",
    "x-amz-copy-source-if-",
    "x-amz-copy-source-server-side-encryption",
    "x-amz-if-match-",
    "x-amz-object-lock-",
    "x-amz-rename-source-if-",
    "x-amz-server-side-encryption",
];

/// Whether the header, or every header of the prefix, is one by which a client protects its data.
pub(super) fn protects_data(header: &str) -> bool {
    PROTECTING.iter().any(|start| header.starts_with(start))
}

/// How parameters start by which S3 signs addresses, in the case in which R2 knows them. Those that sign are the
/// transport's, and no rule is for them.
const AMZ_PARAMETERS: &str = "X-Amz-";

/// Every query parameter some operation knows, and the one that R2 has on all of them.
pub(crate) fn parameters() -> Vec<&'static str> {
    let selectors = OPERATIONS.iter().flat_map(|row| row.selectors).filter_map(|selector| match selector {
        Selector::Query(name) | Selector::QueryIs(name, _) => Some(*name),
        Selector::Header(_) | Selector::HeaderStarts(..) => None,
    });
    let selectors = selectors.chain(["x-purpose", AMZ_PARAMETERS]);
    selectors.chain(OPERATIONS.iter().flat_map(|row| row.parameters).copied()).collect()
}

/// Whether the name, or a name that its prefix (`x-amz-grant-*`) covers, is among those known.
pub(super) fn knows(known: &[&str], name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(prefix) => !prefix.is_empty() && known.iter().any(|k| k.starts_with(prefix)),
        None => known.contains(&name),
    }
}

/// Advice that names the nearest known name, if one is near.
pub(super) fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    nearest(name, known).map(|nearest| format!("did you mean '{nearest}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(["response-*", "list-type", "X-Amz-*"].iter().all(|name| knows(&parameters(), name)));
        assert!(!knows(&parameters(), "Prefix"));
    }
}
