//! Multipart uploads over the wire.

use crate::support::{Request, Response, TestServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

const MIN: usize = 5 << 20;

/// Bytes that differ by the part they are of.
fn part(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8 ^ seed).collect()
}

/// Begins an upload and returns its id.
fn create(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> String {
    let request = Request::new("POST", &format!("{path}?uploads"));
    let created = server.send(headers.iter().fold(request, |request, (name, value)| request.header(name, value)));
    assert_eq!(created.status, 200, "{}", created.text());
    created.element("UploadId")
}

fn upload(server: &TestServer, path: &str, id: &str, number: u32, body: Vec<u8>) -> Response {
    server.send(Request::put(&format!("{path}?partNumber={number}&uploadId={id}")).body(body))
}

/// The document of a Complete.
fn listed(parts: &[(i64, &str)]) -> String {
    let part =
        |(number, etag): &(i64, &str)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let parts: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

fn complete(server: &TestServer, path: &str, id: &str, parts: &[(i64, &str)]) -> Response {
    server.send(Request::new("POST", &format!("{path}?uploadId={id}")).body(listed(parts)))
}

fn etag_of(parts: &[&[u8]]) -> String {
    let digests: Vec<u8> = parts.iter().flat_map(|part| Md5::digest(part).to_vec()).collect();
    format!("\"{}-{}\"", hex::encode(Md5::digest(digests)), parts.len())
}

#[test]
fn an_object_of_parts() {
    let server = TestServer::with_bucket("r2", "media");
    let (one, two, three) = (part(MIN, 1), part(MIN, 2), part(1000, 3));
    let id = create(&server, "/media/a%20b", &[("content-type", "text/x-test"), ("x-amz-meta-who", "me")]);
    let tags: Vec<String> = [&one, &two, &three]
        .iter()
        .zip(1..)
        .map(|(body, number)| upload(&server, "/media/a%20b", &id, number, body.to_vec()).header("etag").to_owned())
        .collect();
    assert_eq!(server.send(Request::get("/media/a%20b")).error().1, "NoSuchKey");
    assert!(server.keys("media").is_empty());

    let parts = [(1, tags[0].as_str()), (2, &tags[1]), (3, tags[2].trim_matches('"'))];
    let done = complete(&server, "/media/a%20b", &id, &parts);
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.element("ETag"), etag_of(&[&one, &two, &three]));
    assert_eq!((done.element("Bucket"), done.element("Key")), ("media".to_owned(), "a b".to_owned()));
    assert_eq!(done.element("Location"), format!("http://{}/media/a%20b", server.address));
    assert_eq!(complete(&server, "/media/a%20b", &id, &parts).text(), done.text(), "asked once more");

    let whole = server.send(Request::get("/media/a%20b"));
    assert!(whole.body == [&one[..], &two, &three].concat());
    assert_eq!((whole.header("content-type"), whole.header("x-amz-meta-who")), ("text/x-test", "me"));
    assert_eq!(whole.header("x-amz-mp-parts-count"), "");
    let across = server.send(Request::get("/media/a%20b").header("range", "bytes=5242870-5242889"));
    assert!(across.status == 206 && across.body == [&one[MIN - 10..], &two[..10]].concat());
    let second = server.send(Request::get("/media/a%20b?partNumber=2"));
    assert!(second.status == 206 && second.body == two);
    assert_eq!(second.header("content-range"), format!("bytes {}-{}/{}", MIN, 2 * MIN - 1, 2 * MIN + 1000));
    assert_eq!(second.header("x-amz-mp-parts-count"), "3");
    let head = server.send(Request::new("HEAD", "/media/a%20b?partNumber=3"));
    assert_eq!((head.status, head.header("content-length"), head.header("x-amz-mp-parts-count")), (206, "1000", "3"));
    assert_eq!(server.send(Request::get("/media/a%20b?partNumber=4")).error().1, "InvalidPartNumber");
}

#[test]
fn invalid_completions_are_refused_in_r2s_words() {
    let server = TestServer::with_bucket("r2", "media");
    let id = create(&server, "/media/k", &[]);
    let large = upload(&server, "/media/k", &id, 1, part(MIN, 1)).header("etag").to_owned();
    let small = upload(&server, "/media/k", &id, 2, part(10, 2)).header("etag").to_owned();
    let last = upload(&server, "/media/k", &id, 3, part(10, 3)).header("etag").to_owned();
    let (large, small, last) = (large.as_str(), small.as_str(), last.as_str());
    let missing = "One or more of the specified parts could not be found.";
    for (parts, code, message) in [
        (&[(1, small)][..], "InvalidPart", missing),
        (&[(4, last)], "InvalidPart", missing),
        (&[(0, last)], "InvalidPart", missing),
        (&[(10_001, last)], "InvalidPart", missing),
        (&[(1, large), (1, large)], "InvalidPart", "There was a problem with the multipart upload."),
        (
            &[(2, small), (1, large)],
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ),
        (
            &[(1, large), (2, small), (3, last)],
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed object size.",
        ),
    ] {
        let refused = complete(&server, "/media/k", &id, parts).error();
        assert_eq!(refused, (400, code.to_owned(), message.to_owned()), "{parts:?}");
    }
    for document in ["", "<CompleteMultipartUpload/>", "nonsense"] {
        let refused = server.send(Request::new("POST", &format!("/media/k?uploadId={id}")).body(document));
        assert_eq!(refused.error().1, "MalformedXML", "{document}");
    }
    let wrong_size = Request::new("POST", &format!("/media/k?uploadId={id}")).header("x-amz-mp-object-size", "11");
    assert_eq!(server.send(wrong_size.body(listed(&[(3, last)]))).error().1, "InvalidRequest");
    assert_eq!(server.send(Request::get("/media/k")).error().1, "NoSuchKey");
    let right_size = Request::new("POST", &format!("/media/k?uploadId={id}")).header("x-amz-mp-object-size", "10");
    assert_eq!(server.send(right_size.body(listed(&[(3, last)]))).status, 200);
}

#[test]
fn an_upload_that_is_not_there() {
    let server = TestServer::with_bucket("open", "media");
    let aborted = create(&server, "/media/k", &[]);
    let abort = |id: &str| server.send(Request::new("DELETE", &format!("/media/k?uploadId={id}")));
    assert_eq!(abort(&aborted).status, 204);
    let gone = (404, "NoSuchUpload".to_owned(), "The specified multipart upload does not exist.".to_owned());
    for id in [&aborted, "nonsense", ""] {
        assert_eq!(abort(id).error(), gone, "{id}");
        assert_eq!(upload(&server, "/media/k", id, 1, vec![1]).error(), gone);
        assert_eq!(complete(&server, "/media/k", id, &[(1, "e")]).error(), gone);
        assert_eq!(server.send(Request::get(&format!("/media/k?uploadId={id}"))).error(), gone);
    }
    let id = create(&server, "/media/k", &[]);
    let refused = |number: &str| {
        server.send(Request::put(&format!("/media/k?partNumber={number}&uploadId={id}")).body("x")).error()
    };
    for number in ["0", "10001", ""] {
        let message = "Part number must be an integer between 1 and 10000, inclusive.";
        assert_eq!(refused(number), (400, "InvalidArgument".to_owned(), message.to_owned()), "{number}");
    }
    assert_eq!(refused("x").1, "RouteNotFound");
    let nowhere = server.send(Request::new("POST", "/nobody/k?uploads"));
    assert_eq!(nowhere.error().1, "NoSuchBucket");
}

#[test]
fn a_part_that_is_not_what_was_announced_is_no_part() {
    let server = TestServer::with_bucket("open", "media");
    let id = create(&server, "/media/k", &[("x-amz-checksum-algorithm", "CRC32")]);
    let target = format!("/media/k?partNumber=1&uploadId={id}");
    let wrong = Request::put(&target).header("x-amz-checksum-crc32", "AAAAAA==").body("123456789");
    assert_eq!(server.send(wrong).error().1, "BadDigest");
    let other = Request::put(&target).header("x-amz-checksum-crc32c", "4waSgw==").body("123456789");
    let message = "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: crc32c";
    assert_eq!(server.send(other).error(), (400, "InvalidRequest".to_owned(), message.to_owned()));
    let parts = server.send(Request::get(&format!("/media/k?uploadId={id}")));
    assert!(parts.status == 200 && !parts.text().contains("<Part>"), "{}", parts.text());

    let unasked = server.send(Request::put(&target).body("123456789"));
    assert_eq!(unasked.header("x-amz-checksum-crc32"), "y/Q5Jg==");
    let parts = server.send(Request::get(&format!("/media/k?uploadId={id}&max-parts=1")));
    assert_eq!((parts.element("Size"), parts.element("ChecksumCRC32")), ("9".to_owned(), "y/Q5Jg==".to_owned()));
}

#[test]
fn an_object_of_parts_has_a_checksum_of_either_kind() {
    let server = TestServer::with_bucket("open", "media");
    let (one, two) = (part(MIN, 1), b"123456789".to_vec());
    let sum = |bytes: &[u8]| crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, bytes) as u32;
    let base64 = |sum: u32| STANDARD.encode(sum.to_be_bytes());
    let whole = base64(sum(&[&one[..], &two].concat()));
    let of_sums = base64(sum(&[sum(&one).to_be_bytes(), sum(&two).to_be_bytes()].concat()));
    for (kind, expected) in [("FULL_OBJECT", whole), ("COMPOSITE", format!("{of_sums}-2"))] {
        let headers = [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", kind)];
        let id = create(&server, "/media/k", &headers);
        let tags = [(1, &one), (2, &two)]
            .map(|(number, body)| upload(&server, "/media/k", &id, number, body.clone()).header("etag").to_owned());
        let parts = listed(&[(1, &tags[0]), (2, &tags[1])]);
        let with_sums = parts.replace("</ETag></Part></C", "</ETag><ChecksumCRC32>y/Q5Jg==</ChecksumCRC32></Part></C");
        let finish = |value: &str, document: &str| {
            let request = Request::new("POST", &format!("/media/k?uploadId={id}"));
            server.send(request.header("x-amz-checksum-crc32", value).body(document))
        };
        assert_eq!(finish("AAAAAA==", &with_sums).error().1, "BadDigest");
        assert_eq!(finish(&expected, &with_sums.replace("y/Q5Jg==", "AAAAAA==")).error().1, "InvalidPart");
        let done = finish(&expected, &with_sums);
        assert_eq!((done.status, done.element("ChecksumCRC32")), (200, expected.clone()), "{}", done.text());
        assert_eq!(done.element("ChecksumType"), kind);
        let head = server.send(Request::new("HEAD", "/media/k").header("x-amz-checksum-mode", "ENABLED"));
        assert_eq!((head.header("x-amz-checksum-crc32"), head.header("x-amz-checksum-type")), (&*expected, kind));
    }
    for (algorithm, kind) in [("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE"), ("MD5", "COMPOSITE")] {
        let request = Request::new("POST", "/media/k?uploads").header("x-amz-checksum-algorithm", algorithm);
        assert_eq!(server.send(request.header("x-amz-checksum-type", kind)).error().1, "InvalidRequest");
    }
}

#[test]
fn open_uploads_are_listed() {
    let server = TestServer::with_bucket("r2", "media");
    let ids = ["a%20a", "b/1", "b/2"].map(|key| create(&server, &format!("/media/{key}"), &[]));
    let list = |query: &str| server.send(Request::get(&format!("/media?uploads{query}")));
    let all = list("");
    assert_eq!((all.status, all.text().matches("<Upload>").count()), (200, 3), "{}", all.text());
    assert!(ids.iter().all(|id| all.text().contains(id)));
    assert_eq!(list("&encoding-type=url").element("Key"), "a%20a");
    let rolled = list("&delimiter=/");
    assert!(rolled.text().contains("<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"));
    let first = list("&max-uploads=2");
    assert_eq!((first.element("IsTruncated"), first.element("NextKeyMarker")), ("true".into(), "b/1".to_owned()));
    let markers = format!("&key-marker=b/1&upload-id-marker={}", first.element("NextUploadIdMarker"));
    let rest = list(&markers);
    assert_eq!((rest.element("UploadId"), rest.element("IsTruncated")), (ids[2].clone(), "false".to_owned()));
    assert_eq!(list("&prefix=b/2").element("UploadId"), ids[2]);
    assert_eq!(list("&max-uploads=-1").status, 400);
}

#[test]
fn parts_come_framed_too() {
    let server = TestServer::with_bucket("r2", "media");
    let id = create(&server, "/media/k", &[]);
    let framed = Request::put(&format!("/media/k?partNumber=1&uploadId={id}"))
        .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        .header("x-amz-decoded-content-length", "9")
        .header("x-amz-trailer", "x-amz-checksum-crc32")
        .body("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n");
    let written = server.send(framed);
    assert_eq!((written.status, written.header("x-amz-checksum-crc32")), (200, "y/Q5Jg=="), "{}", written.text());
    assert_eq!(complete(&server, "/media/k", &id, &[(1, written.header("etag"))]).status, 200);
    assert_eq!(server.send(Request::get("/media/k")).text(), "123456789");
}

#[test]
fn list_parts_is_not_on_r2s_page() {
    let server = TestServer::with_bucket("r2", "media");
    let id = create(&server, "/media/k", &[]);
    let refused = server.send(Request::get(&format!("/media/k?uploadId={id}"))).error();
    assert_eq!(refused, (501, "NotImplemented".to_owned(), "ListParts not implemented".to_owned()));
}
