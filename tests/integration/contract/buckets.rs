//! Buckets: made, found, emptied, removed.

use super::subject::{Subject, assert_answer};
use super::{Case, cases};
use crate::support::Request;

pub const CASES: &[Case] = cases![from_first_to_last, what_is_not_there, where_they_may_be, names_that_cannot_be];

fn from_first_to_last(subject: &Subject) {
    let name = subject.unused_name();
    let send = |method: &str, target: &str| subject.send(Request::new(method, &format!("/{name}{target}")));
    let listed = || subject.send(Request::get("/")).elements("Name").contains(&name);
    assert!(!listed());
    let created = send("PUT", "");
    assert_answer(&created, 200, "");
    assert_eq!(created.header("location"), format!("/{name}"));
    assert_answer(&send("PUT", ""), 409, "BucketAlreadyOwnedByYou");
    assert!(listed());
    let head = send("HEAD", "");
    assert_eq!((head.status, head.header("x-amz-bucket-region")), (200, "auto"));
    let location = send("GET", "?location");
    assert_eq!(location.status, 200);
    assert!(location.text().contains(">auto</LocationConstraint>"), "{}", location.text());

    assert_answer(&send("PUT", "/kept"), 200, "");
    assert_answer(&send("DELETE", ""), 409, "BucketNotEmpty");
    assert_eq!(send("GET", "/kept").status, 200, "it is all still there");
    assert_answer(&send("DELETE", "/kept"), 204, "");
    assert_answer(&send("DELETE", ""), 204, "");
    assert!(!listed());
    assert_eq!(send("HEAD", "").status, 404);
    assert_answer(&send("GET", "/kept"), 404, "NoSuchBucket");
    assert_answer(&send("PUT", ""), 200, "");
}

fn what_is_not_there(subject: &Subject) {
    let (nowhere, bucket) = (format!("/{}", subject.unused_name()), subject.bucket());
    let delete = "<Delete><Object><Key>a</Key></Object></Delete>";
    for (method, target, body) in [
        ("GET", "", ""),
        ("GET", "?list-type=2", ""),
        ("GET", "?location", ""),
        ("GET", "?uploads", ""),
        ("DELETE", "", ""),
        ("POST", "?delete", delete),
        ("GET", "/a", ""),
        ("PUT", "/a", "body"),
        ("DELETE", "/a", ""),
        ("POST", "/a?uploads", ""),
    ] {
        let answer = subject.send(Request::new(method, &format!("{nowhere}{target}")).body(body));
        assert_answer(&answer, 404, "NoSuchBucket");
    }
    assert_answer(&bucket.get("a"), 404, "NoSuchKey");
    for target in [nowhere.as_str(), &format!("{nowhere}/a"), &bucket.at("a")] {
        let head = subject.send(Request::new("HEAD", target));
        assert_eq!((head.status, head.body.len()), (404, 0), "{target}");
    }
    assert_answer(&bucket.delete("a"), 204, "");
}

fn where_they_may_be(subject: &Subject) {
    let create = |constraint: &str| {
        let document = format!("<CreateBucketConfiguration>{constraint}</CreateBucketConfiguration>");
        subject.send(Request::put(&format!("/{}", subject.unused_name())).body(document))
    };
    for good in ["", "<LocationConstraint/>", "auto", "us-east-1"] {
        let constraint = if good.starts_with('<') || good.is_empty() { good.to_owned() } else { constraint(good) };
        assert_answer(&create(&constraint), 200, "");
    }
    for region in ["eu-west-1", "nowhere"] {
        assert_answer(&create(&constraint(region)), 400, "InvalidRegionName");
    }
}

fn constraint(region: &str) -> String {
    format!("<LocationConstraint>{region}</LocationConstraint>")
}

fn names_that_cannot_be(subject: &Subject) {
    for name in ["ab", "Upper", "under_score", "dots.in.it", "-first", "192.168.0.1"] {
        assert_answer(&subject.send(Request::put(&format!("/{name}"))), 400, "InvalidBucketName");
    }
}
