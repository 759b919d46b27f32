//! Multipart uploads.

use super::deviations::Deviation;
use super::payloads::{MIN_PART, bytes, crc32, crc64, etag_of_parts, md5};
use super::subject::{Bucket, Subject, assert_answer};
use super::{Case, cases};
use crate::support::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub const CASES: &[Case] = cases![
    an_object_of_parts,
    written_over_an_object,
    parts_written_again,
    parts_that_are_refused,
    invalid_completions,
    aborted,
    not_there,
    listed,
    of_copied_parts,
    of_another_size,
    with_checksums,
    with_a_checksum_of_the_whole,
];

/// An upload under way.
struct Upload<'a> {
    bucket: &'a Bucket<'a>,
    key: &'static str,
    id: String,
}

impl<'a> Upload<'a> {
    fn begin(bucket: &'a Bucket<'a>, key: &'static str, headers: &[(&str, &str)]) -> Upload<'a> {
        let created = bucket.post(&format!("{key}?uploads"), headers, "");
        assert_answer(&created, 200, "");
        assert_eq!(created.element("Bucket"), bucket.name);
        let id = created.element("UploadId");
        assert!(!id.is_empty());
        Upload { bucket, key, id }
    }

    fn at(&self, number: u32) -> String {
        format!("{}?partNumber={number}&uploadId={}", self.key, self.id)
    }

    fn send(&self, number: u32, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.bucket.put_with(&self.at(number), headers, body)
    }

    /// Uploads a part, which succeeds, and returns its ETag.
    fn part(&self, number: u32, body: &[u8]) -> String {
        let written = self.send(number, &[], body);
        assert_answer(&written, 200, "");
        written.header("etag").to_owned()
    }

    fn complete(&self, parts: &[(u32, &str)]) -> Response {
        self.complete_with(&[], &document(parts))
    }

    fn complete_with(&self, headers: &[(&str, &str)], document: &str) -> Response {
        self.bucket.post(&format!("{}?uploadId={}", self.key, self.id), headers, document)
    }

    fn abort(&self) -> Response {
        self.bucket.delete(&format!("{}?uploadId={}", self.key, self.id))
    }
}

fn document(parts: &[(u32, &str)]) -> String {
    let part =
        |(number, etag): &(u32, &str)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let parts: String = parts.iter().map(part).collect();
    format!(
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{parts}</CompleteMultipartUpload>"
    )
}

/// The client says how large the whole must be.
fn of_another_size(subject: &Subject) {
    let bucket = subject.bucket();
    let upload = Upload::begin(&bucket, "a", &[]);
    let parts = document(&[(1, &upload.part(1, b"0123456789"))]);
    let wrong = upload.complete_with(&[("x-amz-mp-object-size", "11")], &parts);
    let (status, code) = subject.answer(Deviation::SizesOfTheWhole, (400, "InvalidRequest"));
    assert_answer(&wrong, status, code);
    if subject.deviation(Deviation::SizesOfTheWhole).is_none() {
        assert_answer(&upload.complete_with(&[("x-amz-mp-object-size", "10")], &parts), 200, "");
    }
    assert_eq!(bucket.get("a").text(), "0123456789");
}

fn an_object_of_parts(subject: &Subject) {
    let bucket = subject.bucket();
    let (one, two, three) = (bytes(MIN_PART, 1), bytes(MIN_PART, 2), bytes(1000, 3));
    let upload = Upload::begin(&bucket, "a%20b", &[("content-type", "text/x-test"), ("x-amz-meta-who", "me")]);
    // Parts come in any order, and numbers may have gaps.
    let last = upload.part(30, &three);
    let (first, second) = (upload.part(1, &one), upload.part(2, &two));
    assert_eq!(bucket.keys(), [""; 0]);
    assert_answer(&bucket.get("a%20b"), 404, "NoSuchKey");

    let done = upload.complete(&[(1, &first), (2, &second), (30, last.trim_matches('"'))]);
    assert_answer(&done, 200, "");
    let etag = etag_of_parts(&[&one, &two, &three]);
    assert_eq!(
        (done.element("ETag"), done.element("Bucket"), done.element("Key")),
        (etag.clone(), bucket.name.clone(), "a b".into())
    );
    assert_eq!(done.element("Location"), format!("http://{}/{}/a%20b", subject.address, bucket.name));
    let whole = bucket.get("a%20b");
    assert!(whole.body == [&one[..], &two, &three].concat());
    assert_eq!((whole.header("content-type"), whole.header("x-amz-meta-who")), ("text/x-test", "me"));
    assert_eq!(whole.header("etag"), etag);
    assert_eq!((bucket.get("?").element("Key"), bucket.get("?").element("ETag")), ("a b".to_owned(), etag));
    let across = bucket.get_with("a%20b", &[("range", "bytes=5242870-5242889")]);
    assert!(across.status == 206 && across.body == [&one[MIN_PART - 10..], &two[..10]].concat());
    assert_eq!(bucket.get("?uploads").elements("UploadId"), [""; 0]);
}

fn written_over_an_object(subject: &Subject) {
    let bucket = subject.bucket();
    assert_answer(&bucket.put_with("a", &[("x-amz-meta-old", "1")], "old"), 200, "");
    let upload = Upload::begin(&bucket, "a", &[]);
    let tag = upload.part(1, b"new");
    assert_eq!(bucket.get("a").text(), "old");
    assert_answer(&upload.complete(&[(1, &tag)]), 200, "");
    let read = bucket.get("a");
    assert_eq!((read.text().as_str(), read.header("x-amz-meta-old")), ("new", ""));
    assert_eq!(read.header("etag"), etag_of_parts(&[b"new"]));
}

/// The last one written counts; those that are not named are left out.
fn parts_written_again(subject: &Subject) {
    let bucket = subject.bucket();
    let upload = Upload::begin(&bucket, "a", &[]);
    let (stale, unused) = (upload.part(1, b"first"), upload.part(2, b"unused"));
    let tag = upload.part(1, b"second");
    assert_answer(&upload.complete(&[(1, &stale)]), 400, "InvalidPart");
    assert_ne!(unused, tag);
    assert_answer(&upload.complete(&[(1, &tag)]), 200, "");
    assert_eq!(bucket.get("a").text(), "second");
}

fn parts_that_are_refused(subject: &Subject) {
    let bucket = subject.bucket();
    let upload = Upload::begin(&bucket, "a", &[]);
    let (other_md5, other_hash) = (md5(b"other"), hex::encode([7; 32]));
    for (header, value, code) in [
        ("content-md5", other_md5.as_str(), "BadDigest"),
        ("x-amz-content-sha256", &other_hash, "XAmzContentSHA256Mismatch"),
        ("x-amz-checksum-crc32", "AAAAAQ==", "BadDigest"),
    ] {
        for body in [b"body".to_vec(), bytes(MIN_PART, 0)] {
            assert_answer(&upload.send(1, &[(header, value)], &body), 400, code);
        }
    }
    let (status, code) = subject.answer(Deviation::PartNumbers, (400, "InvalidArgument"));
    assert_answer(&upload.send(0, &[], b"body"), status, code);
    assert_answer(&upload.send(10_001, &[], b"body"), 400, "InvalidArgument");
    assert_answer(&upload.complete(&[(1, &md5(b"body"))]), 400, "InvalidPart");
    assert_eq!(bucket.keys(), [""; 0]);
}

fn invalid_completions(subject: &Subject) {
    let bucket = subject.bucket();
    let upload = Upload::begin(&bucket, "a", &[]);
    let (large, small, last) = (upload.part(1, &bytes(MIN_PART, 1)), upload.part(2, b"small"), upload.part(3, b"last"));
    let (large, small, last) = (large.as_str(), small.as_str(), last.as_str());
    let larger = upload.part(5, &bytes(MIN_PART + 1, 5));
    for (parts, code) in [
        (&[(1, small)][..], "InvalidPart"),
        (&[(4, last)], "InvalidPart"),
        (&[(2, small), (1, large)], "InvalidPartOrder"),
        (&[(1, large), (2, small), (3, last)], "EntityTooSmall"),
        (&[(1, large), (5, &larger)], "InvalidPart"),
        (&[], "MalformedXML"),
    ] {
        assert_answer(&upload.complete(parts), 400, code);
    }
    assert_answer(&upload.complete_with(&[], "nonsense"), 400, "MalformedXML");
    assert_eq!(bucket.keys(), [""; 0]);
    assert_answer(&upload.complete(&[(1, large), (3, last)]), 200, "");
}

fn aborted(subject: &Subject) {
    let bucket = subject.bucket();
    let upload = Upload::begin(&bucket, "a", &[]);
    let tag = upload.part(1, b"body");
    assert_answer(&upload.abort(), 204, "");
    assert_answer(&upload.complete(&[(1, &tag)]), 404, "NoSuchUpload");
    assert_answer(&upload.send(1, &[], b"body"), 404, "NoSuchUpload");
    let (status, code) = subject.answer(Deviation::AbortOfNothing, (404, "NoSuchUpload"));
    assert_answer(&upload.abort(), status, code);
    assert_eq!((bucket.keys(), bucket.get("?uploads").elements("UploadId")), (vec![], vec![]));
    assert_answer(&bucket.delete(""), 204, "");
}

fn not_there(subject: &Subject) {
    let bucket = subject.bucket();
    let upload = Upload { bucket: &bucket, key: "a", id: "never-began".to_owned() };
    assert_answer(&upload.send(1, &[], b"body"), 404, "NoSuchUpload");
    assert_answer(&upload.complete(&[(1, "\"d41d8cd98f00b204e9800998ecf8427e\"")]), 404, "NoSuchUpload");
    let (status, code) = subject.answer(Deviation::AbortOfNothing, (404, "NoSuchUpload"));
    assert_answer(&upload.abort(), status, code);
}

fn listed(subject: &Subject) {
    let bucket = subject.bucket();
    assert_eq!(bucket.get("?uploads").elements("UploadId"), [""; 0]);
    let uploads = ["a%20a", "b/1", "b/2"].map(|key| Upload::begin(&bucket, key, &[]));
    let all = bucket.get("?uploads");
    assert_answer(&all, 200, "");
    assert_eq!(
        (all.element("Bucket"), all.elements("Key")),
        (bucket.name.clone(), ["a a", "b/1", "b/2"].map(String::from).to_vec())
    );
    assert_eq!(all.elements("UploadId"), uploads.each_ref().map(|upload| upload.id.clone()));
    assert_eq!(bucket.get("?uploads&prefix=b/2").elements("UploadId"), [uploads[2].id.clone()]);
    let encoded = bucket.get("?uploads&encoding-type=url").element("Key");
    let expected = if subject.deviation(Deviation::EncodedNames).is_some() { "a a" } else { "a%20a" };
    assert_eq!(encoded.replace('+', "%20"), expected);
    let first = bucket.get("?uploads&max-uploads=2");
    if let Some(row) = subject.deviation(Deviation::PagesOfUploads) {
        assert_eq!(first.element("IsTruncated"), row.answers.1);
        return;
    }
    assert_eq!((first.elements("Key").len(), first.element("IsTruncated")), (2, "true".to_owned()));
    let (key, id) = (first.element("NextKeyMarker"), first.element("NextUploadIdMarker"));
    let rest = bucket.get(&format!("?uploads&key-marker={key}&upload-id-marker={id}"));
    assert_eq!((rest.elements("Key"), rest.element("IsTruncated")), (vec!["b/2".to_owned()], "false".to_owned()));
}

fn of_copied_parts(subject: &Subject) {
    let (bucket, other) = (subject.bucket(), subject.bucket());
    let body = bytes(6 << 20, 7);
    other.put("source%20%2B", body.clone());
    let upload = Upload::begin(&bucket, "a", &[]);
    let source = [("x-amz-copy-source", &*format!("/{}/source%20%2B", other.name))];
    let range = |range| [source[0], ("x-amz-copy-source-range", range)];
    let copied = [
        upload.send(1, &range("bytes=0-5242879"), b""),
        upload.send(2, &range("bytes=100-5242979"), b""),
        upload.send(3, &range("bytes=6291450-6291455"), b""),
    ];
    copied.iter().for_each(|copied| assert_answer(copied, 200, ""));
    let tags = copied.map(|copied| copied.element("ETag"));
    let done = upload.complete(&[(1, &tags[0]), (2, &tags[1]), (3, &tags[2])]);
    assert_answer(&done, 200, "");
    let parts = [&body[..MIN_PART], &body[100..MIN_PART + 100], &body[body.len() - 6..]];
    assert_eq!(done.element("ETag"), etag_of_parts(&parts));
    assert!(bucket.get("a").body == parts.concat());

    let upload = Upload::begin(&bucket, "b", &[]);
    let (status, code) = subject.answer(Deviation::RangesOfCopiedParts, (416, "InvalidRange"));
    assert_answer(&upload.send(1, &range("bytes=6291456-6291457"), b""), status, code);
    let (status, code) = subject.answer(Deviation::OpenRangesOfCopiedParts, (400, "InvalidArgument"));
    assert_answer(&upload.send(1, &range("bytes=5-"), b""), status, code);
    let none = format!("/{}/none", other.name);
    assert_answer(&upload.send(1, &[("x-amz-copy-source", &none)], b""), 404, "NoSuchKey");
    assert_eq!(bucket.keys(), ["a"]);
}

/// What boto3 and aws-cli do by themselves: each part has a CRC-32, and Complete repeats them.
fn with_checksums(subject: &Subject) {
    let bucket = subject.bucket();
    let (one, two) = (bytes(MIN_PART, 1), bytes(1000, 2));
    let upload = Upload::begin(&bucket, "a", &[("x-amz-checksum-algorithm", "CRC32")]);
    let part = |number: u32, body: &[u8]| {
        let sum = crc32(body);
        let written = upload.send(number, &[("x-amz-checksum-crc32", &sum)], body);
        assert_answer(&written, 200, "");
        assert_eq!(written.header("x-amz-checksum-crc32"), sum);
        let tag = written.header("etag").to_owned();
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag><ChecksumCRC32>{sum}</ChecksumCRC32></Part>")
    };
    let parts = part(1, &one) + &part(2, &two);
    let document = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let wrong = document.replace(&crc32(&two), "AAAAAA==");
    assert_answer(&upload.complete_with(&[], &wrong), 400, "InvalidPart");
    let done = upload.complete_with(&[], &document);
    assert_answer(&done, 200, "");
    let sums = [crc32(&one), crc32(&two)].map(|sum| STANDARD.decode(sum).unwrap());
    let composite = format!("{}-2", crc32(&sums.concat()));
    assert_eq!(done.element("ChecksumCRC32"), composite);
    let head = bucket.head_with("a", &[("x-amz-checksum-mode", "ENABLED")]);
    assert_eq!((head.header("x-amz-checksum-crc32"), head.header("x-amz-checksum-type")), (&*composite, "COMPOSITE"));
}

/// A sum over the whole object, which Complete may state.
fn with_a_checksum_of_the_whole(subject: &Subject) {
    let bucket = subject.bucket();
    let (one, two) = (bytes(MIN_PART, 1), bytes(1000, 2));
    let whole = crc64(&[&one[..], &two].concat());
    let headers = [("x-amz-checksum-algorithm", "CRC64NVME"), ("x-amz-checksum-type", "FULL_OBJECT")];
    let upload = Upload::begin(&bucket, "a", &headers);
    let tags = [(1, &one), (2, &two)].map(|(number, body)| {
        let written = upload.send(number, &[("x-amz-checksum-crc64nvme", &crc64(body))], body);
        assert_answer(&written, 200, "");
        written.header("etag").to_owned()
    });
    let parts = document(&[(1, &tags[0]), (2, &tags[1])]);
    let kind = ("x-amz-checksum-type", "FULL_OBJECT");
    let wrong = upload.complete_with(&[kind, ("x-amz-checksum-crc64nvme", "rosUhgp5mIg=")], &parts);
    let (status, code) = subject.answer(Deviation::WholeChecksums, (400, "BadDigest"));
    assert_answer(&wrong, status, code);
    assert_eq!(bucket.keys(), [""; 0]);
    let done = upload.complete_with(&[kind, ("x-amz-checksum-crc64nvme", &whole)], &parts);
    if subject.deviation(Deviation::WholeChecksums).is_some() {
        assert_answer(&done, status, code);
        return;
    }
    assert_answer(&done, 200, "");
    let head = bucket.head_with("a", &[("x-amz-checksum-mode", "ENABLED")]);
    assert_eq!((head.header("x-amz-checksum-crc64nvme"), head.header("x-amz-checksum-type")), (&*whole, "FULL_OBJECT"));
}
