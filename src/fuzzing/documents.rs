//! Documents that are read whole: those of requests, and those of another store's answers.

use super::input::Input;
use crate::cors::stored_rules;
use crate::s3::lifecycle::Lifecycle;
use crate::s3::part_list::{check_sizes, in_order};
use crate::s3::xml::{
    BucketEncryption, BucketPage, CompleteMultipartUpload, CorsConfiguration, CreateBucketConfiguration, Delete,
    Ending, ErrorDocument, MAX_DELETE_KEYS, PartPage, RewriteRules, Rewriter, with_last_name,
};
use std::fmt::Debug;

/// What is read, written and read again is the same.
pub fn documents(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let choice = input.byte();
    let document = input.rest();
    match choice % 8 {
        0 => again(document, |bytes| Delete::parse(bytes).ok(), Delete::to_document, check_delete),
        1 => {
            again(document, complete, CompleteMultipartUpload::to_document, |upload| parts(upload, choice));
        }
        2 => again(
            document,
            |bytes| CorsConfiguration::parse(bytes).ok(),
            CorsConfiguration::to_document,
            |cors| {
                let _ = stored_rules(cors);
            },
        ),
        3 => again(document, |bytes| Lifecycle::parse(bytes).ok(), Lifecycle::to_document, |_| {}),
        4 => again(document, |bytes| BucketEncryption::parse(bytes).ok(), |found| found.to_document(), |_| {}),
        5 => drop(CreateBucketConfiguration::parse(document)),
        6 => {
            let _ = (BucketPage::parse(document), PartPage::parse(document), ErrorDocument::parse(document));
        }
        _ => check_page(document, choice >= 128),
    }
}

fn again<T: PartialEq + Debug>(
    document: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
    write: impl Fn(&T) -> String,
    check: impl FnOnce(&T),
) {
    let Some(found) = read(document) else { return };
    let written = write(&found);
    assert_eq!(read(written.as_bytes()).as_ref(), Some(&found), "{written}");
    check(&found);
}

fn check_delete(delete: &Delete) {
    assert!((1..=MAX_DELETE_KEYS).contains(&delete.entries.len()));
    assert!(delete.entries.iter().all(|entry| !entry.key.is_empty()));
}

fn complete(bytes: &[u8]) -> Option<CompleteMultipartUpload> {
    CompleteMultipartUpload::parse(bytes).ok()
}

/// Parts in order are all of them, each number once.
fn parts(upload: &CompleteMultipartUpload, choice: u8) {
    let any_order = choice >= 128;
    if let Ok(sorted) = in_order(&upload.parts, any_order) {
        assert_eq!(sorted.len(), upload.parts.len());
        assert!(sorted.windows(2).all(|pair| pair[0].number < pair[1].number));
        let sizes: Vec<_> = (1..).zip(upload.parts.iter().map(|part| part.number.unsigned_abs())).collect();
        let (any, equal) = (check_sizes(&sizes, false), check_sizes(&sizes, true));
        assert!(any.is_ok() || equal.is_err(), "equal sizes have all the rules of others");
    }
}

/// A well-formed page that has its last name as its marker keeps it.
fn check_page(document: &[u8], is_encoded: bool) {
    let mut rewriter = Rewriter::new(RewriteRules::none());
    let early = rewriter.update(document).unwrap_or_default();
    let Ok(Ending::Document(page)) = rewriter.finish() else { return };
    let page = String::from_utf8(early).unwrap() + &page;
    let marked = with_last_name(page, is_encoded);
    assert_eq!(with_last_name(marked.clone(), is_encoded), marked);
}
