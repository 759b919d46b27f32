//! Encryption with the client's key (SSE-C) and storage classes under `r2-2026`, on the local store. What is a key is tested
//! in `src/s3/customer_key.rs`, how bytes are sealed in `src/store/encryption.rs`.

use crate::support::{Request, Response, TestServer};

/// The two keys and their MD5, base64.
const ONE: (&str, &str) = ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "KYvwGXoFFJ42a2u2GDWhwQ==");
const TWO: (&str, &str) = ("MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=", "GoDL8oWeAZVZNl1r5Hh5Tg==");

type Key = (&'static str, &'static str);

trait WithKeys {
    /// With the headers of a key for the object.
    fn key(self, key: Key) -> Self;
    /// With the headers of a key for the source of a copy.
    fn source_key(self, key: Key) -> Self;
    fn copy_of(self, source: &str) -> Self;
}

impl WithKeys for Request {
    fn key(self, (key, md5): Key) -> Request {
        self.header("x-amz-server-side-encryption-customer-algorithm", "AES256")
            .header("x-amz-server-side-encryption-customer-key", key)
            .header("x-amz-server-side-encryption-customer-key-md5", md5)
    }

    fn source_key(self, (key, md5): Key) -> Request {
        self.header("x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256")
            .header("x-amz-copy-source-server-side-encryption-customer-key", key)
            .header("x-amz-copy-source-server-side-encryption-customer-key-md5", md5)
    }

    fn copy_of(self, source: &str) -> Request {
        self.header("x-amz-copy-source", source)
    }
}

fn get(target: &str) -> Request {
    Request::get(target)
}

fn head(target: &str) -> Request {
    Request::new("HEAD", target)
}

/// Status, algorithm and MD5 of the key of an answer.
fn encrypted(answer: &Response) -> (u16, &str, &str) {
    let header = |name| answer.header(name);
    let algorithm = header("x-amz-server-side-encryption-customer-algorithm");
    (answer.status, algorithm, header("x-amz-server-side-encryption-customer-key-md5"))
}

#[test]
fn an_object_is_read_with_its_key_only() {
    let server = TestServer::with_bucket("r2-2026", "media");
    let put = server.send(Request::put("/media/k").key(ONE).body("0123456789"));
    assert_eq!(encrypted(&put), (200, "AES256", ONE.1));
    assert_eq!(server.send(Request::put("/media/plain").body("0123456789")).status, 200);

    let read = server.send(get("/media/k").key(ONE));
    assert_eq!((encrypted(&read), read.text().as_str()), ((200, "AES256", ONE.1), "0123456789"));
    assert_eq!((read.header("content-length"), read.header("etag")), ("10", put.header("etag")));
    let part = server.send(get("/media/k").key(ONE).header("range", "bytes=2-4"));
    assert_eq!((encrypted(&part), part.text().as_str()), ((206, "AES256", ONE.1), "234"));
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    assert_eq!(encrypted(&server.send(head("/media/k").key(ONE))), (200, "AES256", ONE.1));

    let needs = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to \
                 retrieve the object.";
    let not_applicable = "The encryption parameters are not applicable to this object.";
    for (request, status, code, message) in [
        (get("/media/k"), 400, "InvalidRequest", needs),
        (get("/media/k").header("if-none-match", "*"), 400, "InvalidRequest", needs),
        (get("/media/k").key(TWO), 403, "AccessDenied", "Access Denied"),
        (get("/media/plain").key(ONE), 400, "InvalidRequest", not_applicable),
        (Request::put("/media/to").copy_of("/media/k"), 400, "InvalidRequest", needs),
        (Request::put("/media/to").copy_of("/media/k").source_key(TWO), 403, "AccessDenied", "Access Denied"),
    ] {
        let expected = (status, code.to_owned(), message.to_owned());
        assert_eq!(server.send(request).error(), expected);
    }
    assert_eq!(server.send(head("/media/k")).status, 400);
    assert_eq!(server.send(head("/media/k").key(TWO)).status, 403);
    assert_eq!(server.keys("media"), ["k", "plain"]);
}

#[test]
fn a_key_that_is_none_stores_nothing() {
    let server = TestServer::with_bucket("r2-2026", "media");
    let wrong = "The calculated MD5 hash of the key did not match the hash that was provided.";
    let put = || Request::put("/media/k").body("x");
    for request in [put().key((ONE.0, TWO.1)), Request::new("POST", "/media/k?uploads").key((ONE.0, TWO.1))] {
        assert_eq!(server.send(request).error(), (400, "InvalidArgument".to_owned(), wrong.to_owned()));
    }
    let algorithm = put()
        .header("x-amz-server-side-encryption-customer-algorithm", "AES128")
        .header("x-amz-server-side-encryption-customer-key", ONE.0)
        .header("x-amz-server-side-encryption-customer-key-md5", ONE.1);
    assert_eq!(server.send(algorithm).error().1, "InvalidEncryptionAlgorithmError");
    assert_eq!(server.contents(), ["media"]);
}

#[test]
fn uploads_and_copies_with_keys() {
    let server = TestServer::with_bucket("r2-2026", "media");
    let begun = server.send(Request::new("POST", "/media/k?uploads").key(ONE));
    assert_eq!(encrypted(&begun), (200, "AES256", ONE.1));
    let upload = begun.element("UploadId");
    let part = |number: u32| Request::put(&format!("/media/k?partNumber={number}&uploadId={upload}"));
    for (request, message) in [
        (
            part(1).body("x"),
            "The multipart upload initiate requested encryption. Subsequent part requests must include \
                             the appropriate encryption parameters.",
        ),
        (part(1).key(TWO).body("x"), "The provided encryption parameters did not match the ones used originally."),
    ] {
        assert_eq!(server.send(request).error(), (400, "InvalidRequest".to_owned(), message.to_owned()));
    }
    let sent = server.send(part(1).key(ONE).body("part one"));
    assert_eq!(encrypted(&sent), (200, "AES256", ONE.1));
    let document = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        sent.header("etag")
    );
    let complete = || Request::new("POST", &format!("/media/k?uploadId={upload}")).body(document.clone());
    assert_eq!(server.send(complete().key(TWO)).status, 400);
    assert_eq!(server.send(complete().key(ONE)).status, 200, "boto3 sends the key here, too");
    assert_eq!(server.send(get("/media/k").key(ONE)).text(), "part one");

    let copy = |to: &str| Request::put(to).copy_of("/media/k").source_key(ONE);
    let other = server.send(copy("/media/other").key(TWO));
    assert_eq!(encrypted(&other), (200, "AES256", TWO.1));
    assert_eq!(encrypted(&server.send(copy("/media/plain"))), (200, "", ""));
    assert_eq!(server.send(get("/media/other").key(TWO)).text(), "part one");
    assert_eq!(server.send(get("/media/plain")).text(), "part one");
    // Onto itself: the key changes, and that is something.
    assert_eq!(server.send(copy("/media/k").key(TWO)).status, 200);
    assert_eq!(server.send(get("/media/k").key(TWO)).text(), "part one");
}

#[test]
fn a_storage_class_is_kept_and_shown() {
    let server = TestServer::with_bucket("r2-2026", "media");
    let class = |request: Request, class| request.header("x-amz-storage-class", class);
    let of = |target: &str| server.send(head(target)).header("x-amz-storage-class").to_owned();
    assert_eq!(server.send(class(Request::put("/media/rare").body("x"), "STANDARD_IA")).status, 200);
    assert_eq!(server.send(class(Request::put("/media/usual").body("x"), "STANDARD")).status, 200);
    assert_eq!([of("/media/rare"), of("/media/usual")], ["STANDARD_IA", ""]);
    assert_eq!(server.send(get("/media/rare")).header("x-amz-storage-class"), "STANDARD_IA");

    // A copy has the class that it asks for, and not its source's.
    assert_eq!(server.send(Request::put("/media/copy").copy_of("/media/rare")).status, 200);
    assert_eq!(of("/media/copy"), "");
    let onto_itself = Request::put("/media/copy").copy_of("/media/copy");
    assert_eq!(server.send(class(onto_itself, "STANDARD_IA")).status, 200);
    assert_eq!(of("/media/copy"), "STANDARD_IA");

    let upload = server.send(class(Request::new("POST", "/media/up?uploads"), "STANDARD_IA")).element("UploadId");
    let shown = |target: &str| server.send(get(target)).text().matches("<StorageClass>STANDARD_IA<").count();
    assert_eq!(shown(&format!("/media/up?uploadId={upload}")), 1);
    assert_eq!(shown("/media?uploads"), 1);
    assert_eq!([shown("/media"), shown("/media?list-type=2")], [2, 2]);

    for policy in ["r2-2026", "open"] {
        let server = TestServer::with_bucket(policy, "media");
        let refused = server.send(class(Request::put("/media/k").body("x"), "GLACIER"));
        let message = "The storage class specified is not valid.";
        assert_eq!(refused.error(), (400, "InvalidStorageClass".to_owned(), message.to_owned()), "{policy}");
        assert_eq!(server.contents(), ["media"]);
    }
}

/// What a policy refuses it shows to the client, as R2 does. A key is no one's to show.
#[test]
fn a_refusal_does_not_show_the_key() {
    let server = TestServer::with_bucket("r2", "media");
    let name = "x-amz-server-side-encryption-customer-key";
    let (status, code, message) = server.send(Request::put("/media/k").header(name, ONE.0).body("x")).error();
    let expected = format!("Header '{name}' with value '(not shown)' not implemented");
    assert_eq!((status, code.as_str(), message), (501, "NotImplemented", expected));
}
