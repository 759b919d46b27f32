//! Uploads whose parts are not of one size: the store would complete them, R2 does not. The store's own list decides.

use super::{UPSTREAM_BUCKET, error, front, remote, store};
use crate::support::scripted::{Received, Reply, Scripted};
use crate::support::{Request, Response, TestServer};

const MIB: u64 = 1 << 20;

/// The list of a store with these parts, whose tags are their numbers; `next` is where it goes on.
fn list(parts: &[(u16, u64)], next: Option<u16>) -> Reply {
    let part = |(number, size): &(u16, u64)| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>&quot;{number}&quot;</ETag><Size>{size}</Size></Part>")
    };
    let more = next.map_or("<IsTruncated>false</IsTruncated>".to_owned(), |next| {
        format!("<IsTruncated>true</IsTruncated><NextPartNumberMarker>{next}</NextPartNumberMarker>")
    });
    let parts: String = parts.iter().map(part).collect();
    Reply::xml(200, &format!("<ListPartsResult><Bucket>{UPSTREAM_BUCKET}</Bucket>{more}{parts}</ListPartsResult>"))
}

/// A store that answers ListParts so, and everything else as usual.
fn store_with(listed: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Scripted {
    Scripted::answering(move |request: &Received| match request.method.as_str() {
        "GET" => listed(request.query()),
        _ => store::usual(request),
    })
}

fn complete(server: &TestServer, numbers: &[u16]) -> Response {
    let part = |number: &u16| format!("<Part><PartNumber>{number}</PartNumber><ETag>{number}</ETag></Part>");
    let parts: String = numbers.iter().map(part).collect();
    let document = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    server.send(Request::new("POST", "/media/new?uploadId=u%2Fv").body(document))
}

fn methods(upstream: &Scripted) -> Vec<String> {
    upstream.requests().iter().map(|request| request.method.clone()).collect()
}

#[test]
fn parts_that_differ_in_size_are_refused_before_the_store_completes_them() {
    for (parts, numbers, message) in [
        (
            &[(1, 5 * MIB), (2, 6 * MIB), (3, 1)][..],
            &[1, 2, 3][..],
            "All non-trailing parts must have the same length.",
        ),
        (
            &[(1, 5 * MIB), (2, 5 * MIB + 1)],
            &[1, 2],
            "All non-trailing parts must have the same length. Non Uniform Part Sizes: Expected part 2 to have size \
             5242880, found 5242881",
        ),
    ] {
        let listed = parts.to_vec();
        let upstream = store_with(move |_| list(&listed, None));
        let refused = complete(&front(&upstream), numbers);
        assert_eq!((error(&refused), refused.element("Message").as_str()), ((400, "InvalidPart".to_owned()), message));
        let asked = upstream.only_request();
        assert_eq!((asked.path(), asked.query()), ("/acme-prod-media/new", "uploadId=u%2Fv"));
    }
}

#[test]
fn parts_of_one_size_are_completed_whatever_else_was_uploaded() {
    let parts = [(1, 5 * MIB), (2, 7 * MIB), (3, 5 * MIB), (4, 3)];
    for (numbers, expected) in [(&[1, 3, 4][..], "GET POST"), (&[2, 4], "GET POST"), (&[3], "POST")] {
        let upstream = store_with(move |_| list(&parts, None));
        let server = front(&upstream);
        assert_eq!(complete(&server, numbers).status, 200, "{numbers:?}");
        assert_eq!(unchecked(&server), "0", "{numbers:?}");
        assert_eq!(methods(&upstream).join(" "), expected, "{numbers:?}");
    }
}

#[test]
fn every_page_of_the_list_counts() {
    let upstream = store_with(|query| match query.contains("part-number-marker=2") {
        false => list(&[(1, 5 * MIB), (2, 5 * MIB)], Some(2)),
        true => list(&[(3, 6 * MIB)], None),
    });
    assert_eq!(error(&complete(&front(&upstream), &[1, 2, 3])), (400, "InvalidPart".to_owned()));
    assert_eq!(methods(&upstream), ["GET", "GET"]);
}

/// A store that goes round in circles is left where it begins again.
#[test]
fn a_list_without_end_ends() {
    let upstream = store_with(|_| list(&[(1, 5 * MIB)], Some(1)));
    assert_eq!(complete(&front(&upstream), &[1, 2]).status, 200);
    assert_eq!(methods(&upstream), ["GET", "GET", "POST"]);
}

#[test]
fn an_upload_that_is_gone_is_not_completed() {
    for (status, code) in [(404, "NoSuchUpload"), (404, "NoSuchBucket"), (503, "SlowDown")] {
        let upstream = store_with(move |_| Reply::xml(status, &format!("<Error><Code>{code}</Code></Error>")));
        assert_eq!(error(&complete(&front(&upstream), &[1, 2])), (status, code.to_owned()));
        assert_eq!(methods(&upstream), ["GET"], "{code}");
    }
}

/// A key that may write and not list, a store without the operation: uploads go on as before, and the log says so.
#[test]
fn a_store_that_lists_no_parts_completes_unseen() {
    let answers = [
        Reply::xml(403, "<Error><Code>AccessDenied</Code></Error>"),
        Reply::xml(501, "<Error><Code>NotImplemented</Code></Error>"),
        Reply::new(404).body("<html>not found</html>"),
        Reply::xml(200, "<Nonsense/>"),
    ];
    for answer in answers {
        let upstream = store_with(move |_| answer.clone());
        let server = front(&upstream);
        assert_eq!(complete(&server, &[1, 2]).status, 200);
        assert_eq!(methods(&upstream), ["GET", "POST"]);
        assert_eq!(unchecked(&server), "1");
    }
}

/// How many uploads the metrics call unchecked.
fn unchecked(server: &TestServer) -> String {
    let page = server.admin_page("/metrics").text();
    let mut lines = page.lines();
    lines.find_map(|line| line.strip_prefix("r2shim_upstream_unchecked_uploads_total ")).unwrap_or("missing").to_owned()
}

/// Under `open` the list is not requested. If any order is allowed, the store gets the parts in the order of their
/// numbers.
#[test]
fn the_policy_decides_about_the_check_and_the_order() {
    for (policy, numbers, expected) in
        [("open", &[1, 2][..], "POST"), ("r2-2026", &[2, 1], "GET POST"), ("r2", &[2, 1], "")]
    {
        let upstream = store_with(|_| list(&[(1, 5 * MIB), (2, 3)], None));
        let answer = complete(&TestServer::in_front_of(policy, remote(&upstream.endpoint())), numbers);
        assert_eq!(methods(&upstream).join(" "), expected, "{policy}");
        if expected.is_empty() {
            assert_eq!(error(&answer), (400, "InvalidPartOrder".to_owned()));
            continue;
        }
        assert_eq!(answer.status, 200, "{policy}");
        let sent = upstream.requests().pop().unwrap().text();
        assert!(sent.find("<PartNumber>1<") < sent.find("<PartNumber>2<"), "{sent}");
    }
}
