//! Listings on their way through: names change where they are names, and a listing that breaks off does not look whole.

use super::{UPSTREAM_BUCKET, bad_gateway, error, front, remote, store};
use crate::support::scripted::{Reply, Scripted, Step};
use crate::support::{Request, Response, TestServer};
use r2shim::upstream::{BucketMap, Dialect, Remote};
use std::io;

fn list() -> Request {
    Request::get("/media?list-type=2")
}

fn listed(document: &str) -> io::Result<Response> {
    let reply = Reply::xml(200, document);
    let upstream = Scripted::answering(move |_| reply.clone());
    let server = front(&upstream);
    server.connect().try_send(&list().signed(server.address))
}

#[test]
fn names_change_and_keys_do_not() {
    let key = format!("{UPSTREAM_BUCKET}/&lt;Name&gt;{UPSTREAM_BUCKET}&lt;/Name&gt;");
    let body = format!("{}{}</ListBucketResult>", store::listing_start(), store::contents(&key));
    let answer = listed(&body).unwrap();
    assert_eq!(answer.elements("Name"), ["media"]);
    assert_eq!(answer.elements("Key"), [format!("{UPSTREAM_BUCKET}/<Name>{UPSTREAM_BUCKET}</Name>")]);
    assert!(!answer.text().contains("upstream-owner"), "{}", answer.text());
}

#[test]
fn pages_may_be_cut_anywhere_on_the_way() {
    let whole = format!("{}{}</ListBucketResult>", store::listing_start(), store::contents("a&amp;b\u{e9}"));
    let chunks: String = whole.as_bytes().chunks(1).map(|byte| format!("1\r\n{}\r\n", char::from(byte[0]))).collect();
    // Bytes, not characters: the letter is two of them.
    let chunks = chunks.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ntransfer-encoding: chunked\r\n\r\n";
    let upstream = Scripted::always([Step::ReadHead, Step::Send([head.as_bytes(), &chunks, b"0\r\n\r\n"].concat())]);
    let answer = front(&upstream).send(list());
    assert_eq!((answer.elements("Name"), answer.elements("Key")), (vec!["media".into()], vec!["a&b\u{e9}".into()]));
}

/// A space is `+` for some stores where names are encoded, and a plus where they are not.
#[test]
fn spaces_in_encoded_names_are_percent_20_whatever_the_store_writes() {
    for (dialect, query, key) in [
        ("aws", "&encoding-type=url", "a%20b%2Bc"),
        ("minio", "&encoding-type=url", "a%20b%2Bc"),
        ("minio", "", "a+b%2Bc"),
        ("versitygw", "&encoding-type=url", "a+b%2Bc"),
    ] {
        let upstream = Scripted::answering(|_| store::objects(&["a+b%2Bc"]));
        let dialect = Dialect::from_name(dialect).unwrap();
        let server = TestServer::in_front_of("r2", Remote { dialect, ..remote(&upstream.endpoint()) });
        let answer = server.send(Request::get(&format!("/media?list-type=2{query}")));
        assert_eq!(answer.elements("Key"), [key], "{} {query}", dialect.name);
    }
}

/// MinIO's own words in it are an address of its cache.
#[test]
fn the_next_marker_is_the_last_name_of_the_page_whatever_the_store_writes() {
    let marker = "<NextMarker>b/[minio_cache:v2,return:]</NextMarker>";
    let prefix = "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>";
    let page = format!("{}{marker}{}{prefix}</ListBucketResult>", store::listing_start(), store::contents("a"));
    let upstream = Scripted::answering(move |_| Reply::xml(200, &page));
    let answer = front(&upstream).send(Request::get("/media?delimiter=/&max-keys=2"));
    assert_eq!((answer.status, answer.elements("NextMarker")), (200, vec!["b/".to_owned()]), "{}", answer.text());
    assert_eq!((answer.elements("Name"), answer.elements("Key")), (vec!["media".into()], vec!["a".into()]));
}

/// The client gets a whole answer that says so, however far the document has come.
#[test]
fn a_listing_that_is_not_one_does_not_look_whole() {
    let (start, large) = (store::listing_start(), store::contents("x").repeat(10_000));
    for (what, document) in [
        ("nothing", String::new()),
        ("another document", "<html><body>no</body></html>".to_owned()),
        ("no XML", "kept".to_owned()),
        ("no end", start.clone()),
        ("no end after many keys", format!("{start}{large}")),
        ("another end", format!("{start}</ListBucketResults>")),
        ("a broken tag", format!("{start}<Contents <Key>x</Key></ListBucketResult>")),
        ("broken after many keys", format!("{start}{large}<Contents></Key></ListBucketResult>")),
        ("two roots", format!("{start}</ListBucketResult><ListBucketResult></ListBucketResult>")),
        ("a document type", format!("<!DOCTYPE x [<!ENTITY e \"v\">]>{start}</ListBucketResult>")),
    ] {
        let answer = listed(&document).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(error(&answer), bad_gateway(), "{what}: {answer:?}");
    }
}

#[test]
fn a_listing_whose_connection_ends_does_not_look_whole() {
    let body = format!("{}{}", store::listing_start(), store::contents("x").repeat(10_000));
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n", body.len() + 19);
    let upstream = Scripted::always([Step::ReadHead, Step::send(head + &body)]);
    let server = front(&upstream);
    assert_eq!(error(&server.send(list())), bad_gateway());
}

#[test]
fn buckets_are_listed_under_the_names_that_clients_have_for_them() {
    let upstream = Scripted::answering(store::usual);
    let answer = front(&upstream).send(Request::get("/"));
    assert_eq!(answer.elements("Name"), ["else", "media"]);
    let mut buckets = BucketMap::new(true);
    let media = r2shim::s3::names::BucketName::parse("media").unwrap();
    buckets.map(media, UPSTREAM_BUCKET.to_owned()).unwrap();
    let server = TestServer::in_front_of("r2", Remote { buckets, ..remote(&upstream.endpoint()) });
    assert_eq!(server.send(Request::get("/")).elements("Name"), ["media"]);
    assert_eq!(error(&server.send(Request::get("/else/kept"))), (404, "NoSuchBucket".to_owned()));
}

/// A page that is full of what this client may not see is no end of the list.
#[test]
fn all_pages_of_buckets_are_read() {
    let page = |name: &str, token: &str| {
        let next =
            if token.is_empty() { String::new() } else { format!("<ContinuationToken>{token}</ContinuationToken>") };
        let bucket =
            format!("<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>");
        Reply::xml(200, &format!("<ListAllMyBucketsResult><Buckets>{bucket}</Buckets>{next}</ListAllMyBucketsResult>"))
    };
    let upstream = Scripted::answering(move |request| match request.query() {
        query if query.contains("continuation-token=a%2Fb") => page(UPSTREAM_BUCKET, ""),
        _ => page("with.dots", "a/b"),
    });
    let answer = front(&upstream).send(Request::get("/"));
    assert_eq!(answer.elements("Name"), ["media"]);
    assert_eq!(upstream.requests().len(), 2);
}
