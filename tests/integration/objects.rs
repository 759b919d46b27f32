//! Objects over the wire: written, read back, listed, deleted.

use crate::support::{Request, TestServer};

#[test]
fn an_object_comes_back_as_it_was_written() {
    let server = TestServer::with_bucket("r2", "media");
    for size in [0, 1, 16 << 10, (16 << 10) + 1, 3 << 20] {
        let body: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let put = Request::put("/media/a%20key")
            .header("content-type", "text/x-test")
            .header("cache-control", "no-cache")
            .header("x-amz-meta-who", "me");
        let written = server.send(put.body(body.clone()));
        assert_eq!(written.status, 200, "{}", written.text());
        let read = server.send(Request::get("/media/a%20key"));
        assert_eq!((read.status, read.body.len()), (200, size));
        assert!(read.body == body);
        assert_eq!(read.header("etag"), written.header("etag"));
        assert_eq!(read.header("content-type"), "text/x-test");
        assert_eq!(read.header("cache-control"), "no-cache");
        assert_eq!(read.header("x-amz-meta-who"), "me");
        assert_eq!(read.header("accept-ranges"), "bytes");
        assert_eq!(read.header("x-amz-request-id").len(), 16);
        let head = server.send(Request::new("HEAD", "/media/a%20key"));
        assert_eq!((head.status, head.header("content-length")), (200, size.to_string().as_str()));
    }
    assert_eq!(server.keys("media"), ["a key"]);
    assert_eq!(server.send(Request::new("DELETE", "/media/a%20key")).status, 204);
    assert_eq!(server.send(Request::get("/media/a%20key")).error().1, "NoSuchKey");
}
