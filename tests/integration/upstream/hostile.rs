//! In front of real stores: what a hostile client sends neither desynchronises the connections to the store nor leads
//! to another bucket, whether the store's dialect is named or not.

use crate::support::stores::{Kind, RealStore, STORE_KEY_ID, STORE_REGION, STORE_SECRET};
use crate::support::{Connection, KEY_ID, Request, Response, SECRET, Signing, TestServer};
use r2shim::access::{AccessKey, BucketPattern, BucketScope, Permission};
use r2shim::sigv4::Secret;
use r2shim::upstream::{CredentialSource, Dialect, Endpoint, Remote};
use std::net::SocketAddr;

/// A key for the bucket `media` alone.
const SCOPED: &str = "00000000000000000000000000000001";

/// Objects that only the administrator may read or change.
const PRIVATE: &str = "private bytes";

/// A server in front of a store with the buckets `media`, whose objects hold their keys, and `private`.
fn server(store: &RealStore, dialect: &str) -> TestServer {
    let credentials =
        CredentialSource::Static { access_key_id: STORE_KEY_ID.to_owned(), secret: Secret::new(STORE_SECRET) };
    let endpoint = Endpoint::parse(&format!("http://{}", store.address)).unwrap();
    let remote = Remote {
        region: STORE_REGION.to_owned(),
        dialect: Dialect::from_name(dialect).unwrap(),
        ..Remote::new(vec![endpoint], credentials)
    };
    let buckets = BucketScope::Matching(vec![BucketPattern::parse("media").unwrap()]);
    let permission = Permission::ObjectReadWrite;
    let scoped = AccessKey { permission, buckets, ..AccessKey::admin(SCOPED, Secret::new(SECRET)) };
    let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET)), scoped];
    let server = TestServer::in_front_of_with_keys("r2", remote, keys);
    for bucket in ["media", "private"] {
        let made = server.send(Request::put(&format!("/{bucket}"))).status;
        // The second dialect finds them there.
        assert!(matches!(made, 200 | 409), "{bucket}: {made}");
    }
    for (target, body) in [("/media/own-0", "own-0"), ("/media/own-1", "own-1"), ("/private/k", PRIVATE)] {
        assert_eq!(server.send(Request::put(target).body(body)).status, 200, "{target}");
    }
    server
}

fn as_scoped(server: &TestServer, request: Request) -> Response {
    let signing = Signing { id: SCOPED.to_owned(), ..Signing::default() };
    server.connect().send(request.signed_by(server.address, &signing).0)
}

/// Every object is what it was, and each answer is that of its own request.
fn assert_unharmed(server: &TestServer, what: &str) {
    for (target, body) in [("/media/own-0", "own-0"), ("/private/k", PRIVATE), ("/media/own-1", "own-1")] {
        assert_eq!(server.send(Request::get(target)).text(), body, "{what}");
    }
}

/// Requests whose framing is in doubt, or whose bodies are not what was said.
fn framings(address: SocketAddr) -> Vec<Vec<u8>> {
    let put = |length: &str| {
        let put = Request::put("/media/new").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        let head = put.signed(address).without("content-length").head_bytes();
        [head.strip_suffix(b"\r\n").unwrap(), length.as_bytes(), b"\r\n\r\n"].concat()
    };
    let streaming = Request::put("/media/new")
        .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        .header("x-amz-decoded-content-length", "3")
        .header("transfer-encoding", "chunked");
    let chunked = streaming.signed(address).head_bytes();
    let wrong = Request::put("/media/new").header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==").body("new");
    let wrong = wrong.signed(address);
    let mut all = vec![[wrong.head_bytes(), wrong.body].concat()];
    for (fields, body) in [
        ("content-length: 3\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
        ("content-length: 3\r\ncontent-length: 0", "new"),
        ("content-length: 3\ntransfer-encoding: chunked", "new"),
        ("connection: content-length\r\ncontent-length: 3", "new"),
        ("transfer-encoding: identity, chunked", "0\r\n\r\n"),
        ("content-length: 3", "new"),
    ] {
        all.push([put(fields), body.into()].concat());
    }
    for chunks in [
        "d\r\n3\r\nnew\r\n0\r\n\r\n\r\n0\r\n\r\n",
        "d;a\nb\r\n3\r\nnew\r\n0\r\n\r\n\r\n0\r\n\r\n",
        "d\r\n3\r\nnew\r\n0\r\n\r\n\r\n\r\n\r\n",
        "d\r\n3\r\nnewer\r\n0\r\n\r\n",
        "\r\n\r\n",
        "zz\r\n",
    ] {
        all.push([chunked.clone(), chunks.into()].concat());
    }
    all
}

/// Targets that a store which joins paths could take for `/private/k`, or for another key than was signed.
const CLIMBING: &[&str] = &[
    "/media/../private/k",
    "/media/%2e%2e/private/k",
    "/media/.%2e/private/k",
    "/media/..%2fprivate/k",
    "/media/%2e%2e%2fprivate%2fk",
    "/media/..%5cprivate%5ck",
    "/media/..\\private\\k",
    "/media/%252e%252e/private/k",
    "/media//../../private/k",
    "/media/x/../../private/k",
    "/media/./../private/k",
    "/media/..;/private/k",
    "/media/..%00/private/k",
];

/// Targets that a store could take for the object `own-0`.
const ALIASES: &[&str] =
    &["/media//own-0", "/media/%2Fown-0", "/media/./own-0", "/media/x/../own-0", "/media/own-0%2F..%2Fown-0"];

fn hostile_clients(kind: Kind) {
    let store = RealStore::start(kind);
    for dialect in [kind.program(), "other"] {
        let server = server(&store, dialect);
        for framing in framings(server.address) {
            let mut connection = Connection::open(server.address);
            connection.write(&framing);
            connection.write(&Request::get("/media/own-0").signed(server.address).head_bytes());
            assert!(connection.read_unless_closed(false).is_some());
            assert_unharmed(&server, &format!("{dialect} {}", framing.escape_ascii()));
        }
        for target in CLIMBING {
            for request in [Request::get(target), Request::put(target).body("taken"), Request::new("DELETE", target)] {
                let what = format!("{dialect} {} {target}", request.method);
                let answer = as_scoped(&server, request);
                assert!(!answer.text().contains(PRIVATE), "{what}");
                assert_unharmed(&server, &what);
            }
            let copy = Request::put("/media/copied").header("x-amz-copy-source", target);
            as_scoped(&server, copy);
            assert!(!as_scoped(&server, Request::get("/media/copied")).text().contains(PRIVATE), "{dialect} {target}");
        }
        for target in ALIASES {
            for request in [Request::put(target).body("taken"), Request::new("DELETE", target)] {
                let what = format!("{dialect} {} {target}", request.method);
                assert!(as_scoped(&server, request).status >= 400, "{what}");
                assert_unharmed(&server, &what);
            }
        }
    }
}

#[test]
#[ignore = "needs a built MinIO: run by tests/run"]
fn hostile_clients_over_minio() {
    hostile_clients(Kind::Minio);
}

#[test]
#[ignore = "needs a built versitygw: run by tests/run"]
fn hostile_clients_over_versitygw() {
    hostile_clients(Kind::Versitygw);
}
