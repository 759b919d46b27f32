//! Authentication: R2's answers to every fault of a signature, unsigned headers, which have no effect, and what a key's
//! permission and buckets let through.

use crate::support::{KEY_ID, Request, Response, SECRET, Signing, TestServer};
use r2shim::access::{AccessKey, BucketPattern, BucketScope, Permission};
use r2shim::sigv4::Secret;

const SHA256: &str = "x-amz-content-sha256";

fn error(status: u16, code: &str, message: &str) -> (u16, String, String) {
    (status, code.to_owned(), message.to_owned())
}

fn argument(message: &str) -> (u16, String, String) {
    error(400, "InvalidArgument", message)
}

fn skewed() -> (u16, String, String) {
    let message = "The difference between the request time and the server's time is too large.";
    error(403, "RequestTimeTooSkewed", message)
}

/// A server with an object that nothing here may read, replace or remove.
fn server() -> TestServer {
    TestServer::with_object("r2", "media", "kept", "secret")
}

fn send_as_is(server: &TestServer, request: Request) -> Response {
    server.connect().send(request)
}

#[test]
fn faults_of_the_authorization_header() {
    let server = server();
    let address = server.address;
    let put = || Request::put("/media/new").body("new");
    let signed = || put().signed(address);
    let edited = |old: &str, new: &str| signed().replaced(old, new);
    let please = error(400, "InvalidRequest", "Please use AWS4-HMAC-SHA256");
    let unauthorized = error(401, "Unauthorized", "Unauthorized");
    let sig_v2 = error(401, "Unauthorized", "SigV2 authorization is not supported. Please use SigV4 instead.");
    for (what, request, answer) in [
        ("nothing", put().unsigned(address), argument("Authorization")),
        ("no payload hash", signed().without(SHA256), { error(400, "InvalidRequest", "Missing x-amz-content-sha256") }),
        ("another algorithm", edited("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA512 "), please.clone()),
        ("Basic", signed().without("authorization").header("authorization", "Basic eDp5"), please.clone()),
        (
            "Basic, and no date",
            put().unsigned(address).header("authorization", "Basic eDp5").header(SHA256, "UNSIGNED-PAYLOAD"),
            argument("No date provided in x-amz-date nor date header"),
        ),
        ("no signature", edited(", Signature=", ", Sig="), please),
        ("SigV2", put().header("authorization", "AWS id:c2ln").unsigned(address), sig_v2.clone()),
        (
            "SigV2 in the query",
            { Request::put("/media/new?AWSAccessKeyId=x&Signature=y&Expires=1").body("new").unsigned(address) },
            sig_v2,
        ),
        ("no date", signed().without("x-amz-date"), argument("No date provided in x-amz-date nor date header")),
        (
            "a date of RFC 1123",
            signed().without("x-amz-date").header("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            argument("Date provided in 'date' header (Sun, 06 Nov 1994 08:49:37 GMT) didn't parse successfully"),
        ),
        ("host is not signed", edited("SignedHeaders=host;", "SignedHeaders="), unauthorized),
        (
            "a session token",
            put().header("x-amz-security-token", "t").signed(address),
            argument("X-Amz-Security-Token"),
        ),
        ("early", put().signed_by(address, &Signing::default().ago(-1000)).0, skewed()),
        ("late", put().signed_by(address, &Signing::default().ago(1000)).0, skewed()),
        ("another body", Request { body: b"NEW".to_vec(), ..signed() }, {
            let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
            error(400, "XAmzContentSHA256Mismatch", message)
        }),
    ] {
        assert_eq!(send_as_is(&server, request).error(), answer, "{what}");
    }
    assert_eq!(server.keys("media"), ["kept"]);
}

#[test]
fn faults_of_the_credential() {
    let server = server();
    let signed = || Request::put("/media/new").body("new").signed(server.address);
    let today = Signing::default().time.amz_date()[..8].to_owned();
    let edited = |old: &str, new: &str| signed().replaced(old, new);
    for (what, request, answer) in [
        (
            "a short key",
            edited(KEY_ID, "AKIAIOSFODNN7EXAMPLE"),
            argument("Credential access key has length 20, should be 32"),
        ),
        ("an unknown key", edited(KEY_ID, &"f".repeat(32)), error(401, "Unauthorized", "Unauthorized")),
        (
            "three parts",
            edited("/auto/s3/", "/"),
            argument("Credential sigv4 header should have at least 5 slash-separated parts, not 3"),
        ),
        ("another service", edited("/s3/", "/sqs/"), argument("Credential service should be s3, not sqs")),
        (
            "another end",
            edited("/aws4_request", "/wat"),
            argument("Credential termination string should be aws4_request, not wat"),
        ),
        (
            "another day",
            edited(&format!("/{today}/"), "/19990101/"),
            argument(&format!("Credential signed date 19990101 does not match {today} from 'x-amz-date' header")),
        ),
    ] {
        assert_eq!(send_as_is(&server, request).error(), answer, "{what}");
    }
    assert_eq!(server.keys("media"), ["kept"]);
}

/// A client's author sees what was signed, to compare it with what the client signed.
#[test]
fn a_wrong_signature_is_answered_with_what_should_have_been_signed() {
    let server = server();
    let wrong = Signing { secret: "wrong".into(), ..Signing::default() };
    let (request, _) = Request::get("/media/kept").signed_by(server.address, &wrong);
    let answer = send_as_is(&server, request);
    let message = "The request signature we calculated does not match the signature you provided. \
                   Check your secret access key and signing method.";
    assert_eq!(answer.error(), error(403, "SignatureDoesNotMatch", message));
    let shown = answer.element("StringToSign");
    assert!(shown.starts_with("AWS4-HMAC-SHA256\n"), "{shown}");
    assert!(answer.element("StringToSignBytes").starts_with("41 57 53 34 "));
    assert!(answer.element("CanonicalRequest").starts_with("GET\n/media/kept\n"));
    assert!(answer.element("CanonicalRequestBytes").starts_with("47 45 54 0a "));
    assert_eq!(answer.element("SignatureProvided").len(), 64);
    assert!(!answer.text().contains(SECRET));
}

#[test]
fn faults_of_presigned_urls() {
    let server = server();
    let address = server.address;
    let get = || Request::get("/media/kept");
    let presigned = || get().presigned(address, 60);
    let expired = error(403, "ExpiredRequest", "Request has expired");
    let week = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
                than 604800 seconds";
    for (what, request, answer) in [
        (
            "one parameter is missing",
            presigned().replaced("X-Amz-Expires=60&", ""),
            argument("Required search parameter X-Amz-Expires missing"),
        ),
        (
            "two are missing",
            presigned().replaced("X-Amz-Expires=60&", "").replaced("X-Amz-Date=", "Date="),
            argument("Required search parameters X-Amz-Date,  X-Amz-Expires missing"),
        ),
        ("no number", presigned().replaced("Expires=60", "Expires=soon"), argument("X-Amz-Expires should be a number")),
        ("over a week", get().presigned(address, 604_801), argument(week)),
        ("no time at all", get().presigned(address, 0), expired.clone()),
        ("over", get().presigned_by(address, 60, &Signing::default().ago(61)), expired),
        ("from the future", get().presigned_by(address, 60, &Signing::default().ago(-1000)), skewed()),
        ("with a session token", presigned().parameter("X-Amz-Security-Token", "t"), argument("X-Amz-Security-Token")),
    ] {
        assert_eq!(send_as_is(&server, request).error(), answer, "{what}");
    }
    for changed in [
        presigned().replaced("/kept", "/other"),
        presigned().replaced("Expires=60", "Expires=61"),
        presigned().parameter("response-content-type", "text/html"),
        Request { method: "DELETE".into(), ..presigned() },
        get().presigned(address, 60).without("host").header("host", "media.s3.example.test"),
    ] {
        assert_eq!(send_as_is(&server, changed.clone()).error().1, "SignatureDoesNotMatch", "{changed:?}");
    }
    for good in [presigned(), get().presigned(address, 604_800)] {
        assert_eq!(send_as_is(&server, good).body, b"secret");
    }
    let old = get().presigned_by(address, 604_800, &Signing::default().ago(604_000));
    assert_eq!(send_as_is(&server, old).status, 200);
}

#[test]
fn a_presigned_put_writes_what_it_is_sent() {
    let server = server();
    let put = Request::put("/media/new?x-amz-meta-who=me").body("any bytes").presigned(server.address, 60);
    assert_eq!(send_as_is(&server, put).status, 200);
    let read = server.send(Request::get("/media/new"));
    assert_eq!((read.text().as_str(), read.header("x-amz-meta-who")), ("any bytes", "me"));
}

/// The hole of 2026: the holder of a presigned URL cannot extend what it does, for example to read another bucket.
#[test]
fn headers_that_act_must_be_signed() {
    let server = server();
    assert_eq!(server.send(Request::put("/secret")).status, 200);
    assert_eq!(server.send(Request::put("/secret/plans").body("plans")).status, 200);
    let before = server.contents();
    let put = || Request::put("/media/new").body("new");
    for header in [
        "x-amz-copy-source",
        "x-amz-acl",
        "x-amz-meta-who",
        "x-amz-checksum-crc32",
        "x-amz-decoded-content-length",
        "X-Amz-Metadata-Directive",
        "cf-create-bucket-if-missing",
    ] {
        for request in [put().presigned(server.address, 60), put().signed(server.address)] {
            let answer = send_as_is(&server, request.header(header, "/secret/plans"));
            let message = "There were headers present in the request which were not signed";
            assert_eq!(answer.error(), error(403, "AccessDenied", message), "{header}");
            assert_eq!(answer.element("HeadersNotSigned"), header.to_ascii_lowercase());
        }
    }
    assert_eq!(server.contents(), before);
    // Names of SDKs act on nothing, and a trace id is no header of S3's.
    for header in ["x-amz-user-agent", "x-amz-api-version", "x-amzn-trace-id"] {
        for request in [put().presigned(server.address, 60), put().signed(server.address)] {
            assert_eq!(send_as_is(&server, request.header(header, "x")).status, 200, "{header}");
        }
    }
}

/// An unsigned sentinel would have the server take a presigned body for framed.
#[test]
fn an_unsigned_payload_sentinel_does_not_count() {
    let server = server();
    let body = "3\r\nnew\r\n0\r\n\r\n";
    let put = Request::put("/media/new").body(body).presigned(server.address, 60);
    let put = put.header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    assert_eq!(send_as_is(&server, put).status, 200);
    assert_eq!(server.send(Request::get("/media/new")).text(), body);
}

#[test]
fn one_request_has_one_signature() {
    let server = server();
    let only = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
                parameter or the Authorization header should be specified";
    let signed = Request::get("/media/kept").signed(server.address);
    let authorization = signed.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
    let both = Request::get("/media/kept").presigned(server.address, 60).header("authorization", &authorization);
    assert_eq!(send_as_is(&server, both).error(), argument(only));
    let twice = signed.header("authorization", &authorization);
    assert_eq!(send_as_is(&server, twice).error(), argument(only));
    let acl_twice = Request::put("/media/new?x-amz-acl=private").header("x-amz-acl", "private");
    let answer = send_as_is(&server, acl_twice.presigned(server.address, 60));
    assert_eq!(answer.error(), argument("x-amz-acl is in the query and in the headers, or in the query twice"));
}

/// Without a key a client cannot find out what the subset has, which buckets exist or what is in them.
#[test]
fn strangers_learn_nothing() {
    let server = server();
    let unknown = || Signing { id: "f".repeat(32), ..Signing::default() };
    for (method, target, headers) in [
        ("PUT", "/media/new", &[("x-amz-acl", "private")][..]),
        ("PUT", "/media/new", &[("content-md5", "not base64")]),
        ("GET", "/media/kept", &[("range", "nonsense")]),
        ("GET", "/media/kept?tagging", &[]),
        ("GET", "/media/none", &[]),
        ("GET", "/nowhere/kept", &[]),
        ("GET", "/Not_A_Bucket/kept", &[]),
        ("GET", "/media/%ff", &[]),
        ("DELETE", "/media?lifecycle", &[]),
        ("PATCH", "/media", &[]),
        ("POST", "/media", &[]),
    ] {
        let request = Request::new(method, target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let nobody = send_as_is(&server, request.clone().unsigned(server.address));
        assert_eq!(nobody.error(), argument("Authorization"), "{method} {target}");
        let (stranger, _) = request.signed_by(server.address, &unknown());
        let stranger = send_as_is(&server, stranger);
        assert_eq!(stranger.error(), error(401, "Unauthorized", "Unauthorized"), "{method} {target}");
    }
}

/// Browsers send these without a signature; they are answered, and touch nothing.
#[test]
fn forms_come_unsigned() {
    let server = server();
    let form = Request::new("POST", "/media").header("content-type", "multipart/form-data; boundary=x");
    let form = form.body("--x\r\n\r\nnew\r\n--x--\r\n").unsigned(server.address);
    let message = "Presigned post requests are not yet implemented not implemented";
    assert_eq!(send_as_is(&server, form).error(), error(501, "NotImplemented", message));
    assert_eq!(server.keys("media"), ["kept"]);
}

#[test]
fn the_region_has_three_names() {
    let server = server();
    let read = |region: &str| {
        let signing = Signing { region: region.into(), ..Signing::default() };
        send_as_is(&server, Request::get("/media/kept").signed_by(server.address, &signing).0)
    };
    for region in ["auto", "", "us-east-1"] {
        assert_eq!(read(region).status, 200, "{region}");
    }
    let hint = "The location hint 'wnam' is not in this subset; use 'auto'.";
    assert_eq!(read("wnam").error(), error(400, "InvalidRegionName", hint));
    for region in ["eu-west-1", "AUTO", "us-east-1 "] {
        let message =
            format!("The region name '{region}' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto");
        assert_eq!(read(region).error(), error(400, "InvalidRegionName", &message));
    }
    // The signature is judged first: a client without a key learns nothing about the region.
    let forged = Signing { region: "eu-west-1".into(), secret: "wrong".into(), ..Signing::default() };
    let (request, _) = Request::get("/media/kept").signed_by(server.address, &forged);
    assert_eq!(send_as_is(&server, request).error().1, "SignatureDoesNotMatch");
}

fn key(id: char, permission: Permission, patterns: &[&str]) -> AccessKey {
    let patterns: Vec<_> = patterns.iter().map(|text| BucketPattern::parse(text).unwrap()).collect();
    let buckets = if patterns.is_empty() { BucketScope::All } else { BucketScope::Matching(patterns) };
    AccessKey { permission, buckets, ..AccessKey::admin(id.to_string().repeat(32), Secret::new(SECRET)) }
}

/// A row of statuses, one for each key, in the order of the keys below.
#[test]
fn keys_may_do_what_their_class_and_buckets_say() {
    let keys = [
        key('a', Permission::AdminReadWrite, &[]),
        key('b', Permission::AdminReadOnly, &[]),
        key('c', Permission::ObjectReadWrite, &["media", "logs-*"]),
        key('d', Permission::ObjectReadOnly, &["logs-*"]),
    ];
    let ids: Vec<_> = keys.iter().map(|key| key.id.clone()).collect();
    let server = TestServer::with_keys("r2", keys);
    let send = |id: &String, method: &str, target: &str| {
        let signing = Signing { id: id.clone(), ..Signing::default() };
        send_as_is(&server, Request::new(method, target).signed_by(server.address, &signing).0)
    };
    for bucket in ["/media", "/logs-1", "/other"] {
        assert_eq!(send(&ids[0], "PUT", bucket).status, 200);
    }
    for (method, target, statuses) in [
        ("GET", "/", [200, 200, 403, 403]),
        ("HEAD", "/media", [200, 200, 200, 403]),
        ("GET", "/logs-1", [200, 200, 200, 200]),
        ("GET", "/other", [200, 200, 403, 403]),
        ("GET", "/media?location", [200, 200, 200, 403]),
        ("PUT", "/media/k", [200, 403, 200, 403]),
        ("PUT", "/logs-1/k", [200, 403, 200, 403]),
        ("PUT", "/other/k", [200, 403, 403, 403]),
        ("GET", "/media/k", [200, 200, 200, 403]),
        ("GET", "/logs-1/k", [200, 200, 200, 200]),
        ("GET", "/nowhere/k", [404, 404, 403, 403]),
        ("DELETE", "/logs-1/k", [204, 403, 204, 403]),
        ("POST", "/media?delete", [400, 403, 400, 403]),
        ("DELETE", "/logs-1", [204, 403, 403, 403]),
        ("PUT", "/fresh", [200, 403, 403, 403]),
        // Only a client that may do it learns whether the subset has it.
        ("GET", "/media?policy", [501, 501, 403, 403]),
    ] {
        for (id, status) in ids.iter().zip(statuses) {
            let answer = send(id, method, target);
            assert_eq!(answer.status, status, "{} {method} {target}", &id[..1]);
            if status == 403 && method != "HEAD" {
                assert_eq!(answer.error(), error(403, "AccessDenied", "Access Denied"));
            }
        }
    }
}

#[test]
fn a_key_sees_its_own_buckets() {
    let keys = [key('a', Permission::AdminReadWrite, &[]), key('b', Permission::AdminReadOnly, &["media", "logs-*"])];
    let server = TestServer::with_keys("r2", keys);
    let send = |id: &str, method: &str, target: &str| {
        let signing = Signing { id: id.repeat(32), ..Signing::default() };
        send_as_is(&server, Request::new(method, target).signed_by(server.address, &signing).0)
    };
    for bucket in ["/media", "/logs-1", "/logs-2", "/other"] {
        assert_eq!(send("a", "PUT", bucket).status, 200);
    }
    assert_eq!(send("a", "GET", "/").elements("Name"), ["logs-1", "logs-2", "media", "other"]);
    assert_eq!(send("b", "GET", "/").elements("Name"), ["logs-1", "logs-2", "media"]);
}

#[test]
fn a_bucket_can_be_a_host() {
    let server = server();
    let send = |method: &str, host: &str, target: &str| {
        server.connect().send(Request::new(method, target).header("host", host).signed(server.address))
    };
    for (method, host, target, status) in [
        ("GET", "media.s3.example.test", "/kept", 200),
        ("GET", "MEDIA.S3.Example.Test:9000", "/kept", 200),
        ("GET", "s3.example.test", "/media/kept", 200),
        ("GET", "localhost:9000", "/media/kept", 200),
        ("GET", "r2shim", "/media/kept", 200),
        ("GET", "media.localhost", "/kept", 200),
        ("GET", "[::1]:9000", "/media/kept", 200),
        ("GET", "media.s3.example.test", "/media/kept", 404),
        ("HEAD", "media.s3.example.test", "/", 200),
        ("PUT", "fresh.s3.example.test", "/", 200),
        ("PUT", "fresh.s3.example.test", "/a/b", 200),
        ("GET", "nowhere.s3.example.test", "/kept", 404),
        ("GET", "a.b.s3.example.test", "/kept", 400),
    ] {
        assert_eq!(send(method, host, target).status, status, "{method} {host} {target}");
    }
    assert_eq!(server.contents(), ["fresh/a/b", "fresh", "media/kept", "media"]);
    // A host that may or may not name a bucket: nothing is read or written by either reading.
    for (method, host, target) in [
        ("GET", "elsewhere.test", "/media/kept"),
        ("PUT", "uploads.r2shim:18010", "/media/new"),
        ("PUT", "uploads.r2shim:18010", "/media"),
        ("DELETE", "media.elsewhere.test", "/kept"),
        ("PATCH", "media.elsewhere.test", "/kept"),
    ] {
        let (status, code, message) = send(method, host, target).error();
        assert_eq!((status, code.as_str()), (400, "InvalidRequest"), "{method} {host} {target}");
        assert!(message.contains("`domains`") && message.contains("forcePathStyle"), "{message}");
        // Strangers get an answer about their signature first.
        let unsigned = Request::new(method, target).header("host", host);
        assert_eq!(send_as_is(&server, unsigned).error().2, "Authorization", "{method} {host} {target}");
    }
    assert_eq!(server.contents(), ["fresh/a/b", "fresh", "media/kept", "media"]);
    // The host is signed: a signature for one bucket is none for another.
    let request = Request::get("/kept").header("host", "fresh.s3.example.test").signed(server.address);
    let moved = request.replaced("fresh", "media");
    assert_eq!(send_as_is(&server, moved).error().1, "SignatureDoesNotMatch");
}
