//! The table of a policy: what stands where.

use super::*;
use crate::policy::table::Row;

fn row<'t>(table: &'t Table, operation: &str) -> (&'static str, &'t Row) {
    let rows = table.sections.iter().flat_map(|section| section.rows.iter().map(move |row| (section.title, row)));
    rows.into_iter().find(|(_, row)| row.operation == operation).unwrap()
}

/// The features of a row, a text each.
fn features(row: &Row) -> Vec<String> {
    let when = |feature: &Feature| feature.when.as_ref().map(|when| format!(" ({when})")).unwrap_or_default();
    let text = |feature: &Feature| format!("{:?} {}{}", feature.mark, feature.names.join(" "), when(feature));
    row.features.iter().map(text).collect()
}

#[test]
fn operations_stand_in_the_sections_of_the_page() {
    let table = builtin("r2").table();
    for (operation, section, mark) in [
        ("ListBuckets", "Bucket operations", Mark::Served),
        ("PutBucketAcl", "Bucket operations that are not implemented", Mark::Refused),
        ("PutObject", "Object operations", Mark::Served),
        ("ListMultipartUploads", "Bucket operations", Mark::Experimental),
        ("GetObjectTagging", "Object operations that are not implemented", Mark::Refused),
    ] {
        let (title, row) = row(&table, operation);
        assert_eq!((title, row.mark), (section, mark), "{operation}");
    }
    let rows: usize = table.sections.iter().map(|section| section.rows.len()).sum();
    assert_eq!(rows, crate::s3::operation::OPERATIONS.len());
}

#[test]
fn names_with_the_same_ruling_are_grouped() {
    let table = builtin("r2").table();
    let put = features(row(&table, "PutObject").1);
    for feature in [
        "Refused x-amz-storage-class (other values)",
        "Ignored x-amz-storage-class (STANDARD)",
        "Refused x-amz-tagging",
    ] {
        assert!(put.iter().any(|shown| shown == feature), "{feature}: {put:#?}");
    }
    assert!(put.iter().any(|shown| shown.starts_with("Refused x-amz-acl x-amz-grant-full-control")), "{put:#?}");
}

#[test]
fn unusual_words_of_refusals_are_shown() {
    let table = builtin("r2").table();
    assert_eq!(table.usual["operation"], "501 NotImplemented: {operation} not implemented");
    assert_eq!(table.usual["header"], "501 NotImplemented: Header '{name}' with value '{value}' not implemented");
    assert_eq!(row(&table, "GetObjectTagging").1.words, None);
    let words = row(&table, "PostObject").1.words.as_deref();
    assert!(words.is_some_and(|words| words.contains("Presigned post requests")), "{words:?}");
}

#[test]
fn a_fully_served_operation_has_no_usual_refusal() {
    let table = builtin("open").table();
    assert!(table.sections.iter().all(|section| !section.title.contains("not implemented")), "{:?}", table.usual);
}
