//! What every row must be.

use super::*;
use std::collections::HashSet;

#[test]
fn every_operation_has_its_own_row() {
    for row in OPERATIONS {
        assert_eq!(row.operation.spec().operation, row.operation);
        assert_eq!(Operation::parse(row.operation.name()), Some(row.operation));
    }
    let names: HashSet<_> = OPERATIONS.iter().map(|row| row.operation.name()).collect();
    assert_eq!(names.len(), OPERATIONS.len());
}

#[test]
fn no_two_rows_are_selected_by_the_same_request() {
    for (i, a) in OPERATIONS.iter().enumerate() {
        for b in &OPERATIONS[i + 1..] {
            let same = a.method == b.method
                && a.target == b.target
                && a.selectors.len() == b.selectors.len()
                && a.selectors.iter().all(|s| b.selectors.contains(s));
            assert!(!same, "{} and {} have one request", a.operation, b.operation);
        }
    }
}

#[test]
fn headers_are_written_in_lower_case() {
    for name in OPERATIONS.iter().flat_map(|row| row.headers).flat_map(|group| *group) {
        assert!(name.starts_with("x-amz-") && *name == name.to_ascii_lowercase(), "{name}");
    }
}

#[test]
fn subresources_are_known_as_such() {
    for name in ["lifecycle", "acl", "uploads", "uploadId", "policyStatus", "delete"] {
        assert!(is_subresource(name), "{name}");
    }
    for name in ["prefix", "list-type", "x-id", "junk", "Acl"] {
        assert!(!is_subresource(name), "{name}");
    }
}
