//! Checksums of objects: verified, kept, given back when asked for.

use super::subject::{Subject, assert_answer};
use super::{Case, cases};

pub const CASES: &[Case] = cases![given_back, of_copies, one_at_a_time];

/// The sums of the text that catalogues of CRCs use.
const SUMS: &[(&str, &str)] = &[
    ("x-amz-checksum-crc32", "y/Q5Jg=="),
    ("x-amz-checksum-crc32c", "4waSgw=="),
    ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
    ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
    ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
];
const ASKED: (&str, &str) = ("x-amz-checksum-mode", "ENABLED");

fn given_back(subject: &Subject) {
    let bucket = subject.bucket();
    for (name, value) in SUMS {
        let written = bucket.put_with("a", &[(name, value)], "123456789");
        assert_answer(&written, 200, "");
        assert_eq!(written.header(name), *value);
        for answer in [bucket.get_with("a", &[ASKED]), bucket.head_with("a", &[ASKED])] {
            assert_eq!((answer.status, answer.header(name)), (200, *value), "{name}");
            assert_eq!(answer.header("x-amz-checksum-type"), "FULL_OBJECT", "{name}");
        }
        assert_eq!(bucket.get("a").header(name), "", "{name}: not asked for");
        let part = bucket.get_with("a", &[ASKED, ("range", "bytes=0-1")]);
        assert_eq!((part.status, part.header(name)), (206, ""), "{name}: a part has another sum");
    }
}

fn of_copies(subject: &Subject) {
    let bucket = subject.bucket();
    let source = format!("/{}/a", bucket.name);
    for (name, value) in SUMS {
        assert_answer(&bucket.put_with("a", &[(name, value)], "123456789"), 200, "");
        assert_answer(&bucket.put_with("copy", &[("x-amz-copy-source", &source)], ""), 200, "");
        assert_eq!(bucket.head_with("copy", &[ASKED]).header(name), *value);
    }
}

fn one_at_a_time(subject: &Subject) {
    let bucket = subject.bucket();
    assert_answer(&bucket.put_with("a", &[SUMS[0], SUMS[4]], "123456789"), 400, "InvalidRequest");
    assert_answer(&bucket.put_with("a", &[("x-amz-checksum-crc32", "none")], "123456789"), 400, "InvalidRequest");
    assert_eq!(bucket.keys(), [""; 0]);
}
