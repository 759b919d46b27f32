//! Many keys deleted by one request.

use super::subject::{Subject, assert_answer};
use super::{Case, cases};

pub const CASES: &[Case] = cases![there_or_not, odd_keys, quietly, a_thousand, documents_that_are_refused];

fn document(quiet: bool, keys: &[&str]) -> String {
    let objects: String = keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
    format!("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>{quiet}</Quiet>{objects}</Delete>")
}

fn there_or_not(subject: &Subject) {
    let bucket = subject.bucket();
    for key in ["a", "b", "c"] {
        bucket.put(key, key);
    }
    let answer = bucket.post("?delete", &[], &document(false, &["a", "never-there", "c"]));
    assert_answer(&answer, 200, "");
    let mut deleted = answer.elements("Key");
    deleted.sort();
    assert_eq!((deleted, answer.elements("Deleted").len()), (["a", "c", "never-there"].map(String::from).to_vec(), 3));
    assert_eq!(bucket.keys(), ["b"]);
}

fn odd_keys(subject: &Subject) {
    let bucket = subject.bucket();
    for key in ["a%20b", "c%26d", "gr%C3%BCn", "e+f", "100%25", "kept"] {
        bucket.put(key, key);
    }
    let keys = ["a b", "c&amp;d", "gr\u{fc}n", "e+f", "100%"];
    let answer = bucket.post("?delete", &[], &document(false, &keys));
    assert_answer(&answer, 200, "");
    let mut deleted = answer.elements("Key");
    deleted.sort();
    assert_eq!(deleted, ["100%", "a b", "c&d", "e+f", "grün"]);
    assert_eq!(bucket.keys(), ["kept"]);
}

/// R2 names what it deleted, asked to be quiet or not; S3 does not. Both have deleted it.
fn quietly(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("a", "a");
    let answer = bucket.post("?delete", &[], &document(true, &["a", "never-there"]));
    assert_answer(&answer, 200, "");
    assert_eq!(answer.elements("Error").len(), 0);
    assert_eq!(bucket.keys(), [""; 0]);
}

fn a_thousand(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("key-999", "");
    let keys: Vec<_> = (0..1001).map(|n| format!("key-{n}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    assert_answer(&bucket.post("?delete", &[], &document(false, &keys)), 400, "MalformedXML");
    assert_eq!(bucket.keys(), ["key-999"]);
    let answer = bucket.post("?delete", &[], &document(false, &keys[..1000]));
    assert_eq!((answer.status, answer.elements("Deleted").len()), (200, 1000));
    assert_eq!(bucket.keys(), [""; 0]);
}

fn documents_that_are_refused(subject: &Subject) {
    let bucket = subject.bucket();
    bucket.put("a", "a");
    for bad in ["", "nonsense", "<Delete/>", "<Delete><Object><Key>a</Key></Object>"] {
        assert_answer(&bucket.post("?delete", &[], bad), 400, "MalformedXML");
    }
    let other = [("content-md5", "CY9rzUYh03PK3k6DJie09g==")];
    assert_answer(&bucket.post("?delete", &other, &document(false, &["a"])), 400, "BadDigest");
    assert_eq!(bucket.keys(), ["a"]);
}
