//! TLS towards clients: what they are shown, what is asked of them, and what is swapped under them.

use crate::support::secure::{Authority, Http2Connection, SecureConnection};
use crate::support::{KEY_ID, Request, SECRET, Signing, TestServer, rules};
use r2shim::access::{AccessKey, CertificateDigest, Keyring};
use r2shim::filters::{Limits, Rules};
use r2shim::server::tls::Certificates;
use r2shim::settings::PortLimits;
use r2shim::sigv4::Secret;
use std::net::SocketAddr;
use std::time::Duration;

fn keys() -> Keyring {
    [AccessKey::admin(KEY_ID, Secret::new(SECRET))].into_iter().collect()
}

/// A bucket `media` with an object `kept` in it.
fn fill(connection: &mut SecureConnection, address: SocketAddr) {
    for request in [Request::put("/media"), Request::put("/media/kept").body("kept")] {
        assert_eq!(connection.send(request.signed(address)).status, 200);
    }
}

fn server(authority: &Authority) -> TestServer {
    let server = authority.server(&authority.issue("server"), "none");
    fill(&mut authority.connect(server.address, None), server.address);
    server
}

/// What a request is answered with, whatever carries it: its status, and what is the same every time.
fn both(
    plain: &mut SecureConnection,
    http2: &mut Http2Connection,
    request: &Request,
    names: &[&str],
) -> [(u16, Vec<String>, Vec<u8>); 2] {
    let head_only = request.method == "HEAD";
    plain.begin(request);
    [plain.read(head_only), http2.send(request)].map(|answer| {
        let headers = names.iter().map(|name| format!("{name}: {}", answer.header(name))).collect();
        (answer.status, headers, answer.body)
    })
}

#[test]
fn answers_are_the_same_over_both_versions() {
    let authority = Authority::new();
    let server = server(&authority);
    let (address, large) = (server.address, vec![b'x'; 3 << 20]);
    let mut http1 = authority.connect(address, None);
    let mut http2 = authority.connect_http2(address, None);
    for (request, status) in [
        (Request::get("/media/kept").signed(address), 200),
        (Request::new("HEAD", "/media/kept").signed(address), 200),
        (Request::get("/media/kept").header("range", "bytes=1-2").signed(address), 206),
        (Request::get("/media/kept").presigned(address, 60), 200),
        (Request::get("/media?list-type=2&delimiter=%2F").signed(address), 200),
        (Request::put("/media/a//b%2Fc+d%20e").body("odd").signed(address), 200),
        (Request::get("/media/a//b%2Fc+d%20e").signed(address), 200),
        (Request::put("/media/large").body(large.clone()).signed(address), 200),
        (Request::get("/media/large").signed(address), 200),
        (Request::new("HEAD", "/media/large").signed(address), 200),
        (Request::put("/media/empty").signed(address), 200),
        (Request::get("/media/empty").signed(address), 200),
        (Request::new("DELETE", "/media/empty").signed(address), 204),
        (Request::get("/media/kept").header("if-none-match", "*").signed(address), 304),
        (Request::new("HEAD", "/media/missing").signed(address), 404),
        (Request::get("/media/kept").header("host", "media.s3.example.test").signed(address), 404),
        (Request::get("/kept").header("host", "media.s3.example.test").signed(address), 200),
    ] {
        let names = ["content-length", "etag", "content-range", "content-type"];
        let [a, b] = both(&mut http1, &mut http2, &request, &names);
        assert_eq!(a.0, status, "{} {}", request.method, request.target);
        assert_eq!(a, b, "{} {}", request.method, request.target);
    }
    for (request, code) in [
        (Request::get("/media/missing").signed(address), "NoSuchKey"),
        (Request::get("/media/kept").signed(address).replaced("Signature=", "Signature=0"), "SignatureDoesNotMatch"),
        (Request::get("/media?tagging").signed(address), "NotImplemented"),
        (Request::put("/media/k").header("x-amz-acl", "private").body(large).signed(address), "NotImplemented"),
    ] {
        http1.begin(&request);
        let answers = [http1.read(false), http2.send(&request)];
        for answer in answers {
            assert_eq!(answer.element("Code"), code, "{}", request.target);
        }
    }
}

#[test]
fn addresses_in_answers_have_the_scheme_of_the_client() {
    let authority = Authority::new();
    let server = server(&authority);
    let address = server.address;
    let mut http2 = authority.connect_http2(address, None);
    let begun = http2.send(&Request::new("POST", "/media/k?uploads").signed(address));
    let upload = begun.element("UploadId");
    let part = http2.send(&Request::put(&format!("/media/k?partNumber=1&uploadId={upload}")).body("x").signed(address));
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.header("etag")
    );
    let complete = Request::new("POST", &format!("/media/k?uploadId={upload}")).body(list).signed(address);
    assert_eq!(http2.send(&complete).element("Location"), format!("https://{address}/media/k"));
}

#[test]
fn a_certificate_is_replaced_under_open_connections() {
    let authority = Authority::new();
    let server = server(&authority);
    let mut old = authority.connect(server.address, None);
    let mut old_http2 = authority.connect_http2(server.address, None);
    let get = Request::get("/media/kept").signed(server.address);
    assert_eq!(old.send(get.clone()).text(), "kept");
    // Clients that trust another authority alone know the new certificate, and not the old one.
    let other = Authority::new();
    assert!(other.try_connect(server.address, None).is_err());
    let certificates = server.certificates.as_ref().unwrap();
    certificates.replace(Certificates::prepare(&other.settings(&other.issue("next"), "none")).unwrap());
    assert_eq!(other.connect(server.address, None).send(get.clone()).text(), "kept");
    assert!(authority.try_connect(server.address, None).is_err());
    assert_eq!(old.send(get.clone()).text(), "kept");
    assert_eq!(old_http2.send(&get).text(), "kept");
}

#[test]
fn clients_are_asked_for_certificates_as_settings_say() {
    let authority = Authority::new();
    let (client, stranger) = (authority.issue("client"), Authority::new().issue("stranger"));
    for (clients, without, with, with_a_strangers) in
        [("none", true, true, true), ("optional", true, true, false), ("required", false, true, false)]
    {
        let server = authority.server(&authority.issue("server"), clients);
        let list = Request::get("/").signed(server.address);
        for (identity, welcome) in [(None, without), (Some(&client), with), (Some(&stranger), with_a_strangers)] {
            // In TLS 1.3 a client learns only after the handshake that its certificate is refused.
            let connection = authority.try_connect(server.address, identity);
            let answered = connection.is_ok_and(|mut connection| connection.try_send(&list).is_ok());
            assert_eq!(answered, welcome, "{clients}, {}", identity.is_some());
        }
    }
}

/// Bytes that are not TLS get no answer, and a client that sends nothing is closed.
#[test]
fn a_handshake_has_its_time() {
    let authority = Authority::new();
    let limits = Limits::from(PortLimits { handshake_time: Duration::from_millis(200), ..PortLimits::default() });
    let rules = Rules { limits, ..rules("r2", keys()) };
    let server = authority.server_with(rules, &authority.issue("server"), "none");
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"] {
        let mut connection = server.connect();
        connection.write(bytes);
        let answer = connection.read_to_end();
        assert!(!answer.starts_with(b"HTTP/"), "{bytes:?}");
    }
    let metrics = server.admin_page("/metrics").text();
    for cause in ["slow\"} 2", "failed\"} 1"] {
        assert!(metrics.contains(&format!("r2shim_tls_handshakes_failed_total{{cause=\"{cause}")), "{metrics}");
    }
    assert!(metrics.contains("r2shim_tls_certificate_expiry_timestamp_seconds"), "{metrics}");
}

/// A signature alone is not enough for a key that comes with a certificate.
#[test]
fn a_certificate_is_a_keys_second_factor() {
    let authority = Authority::new();
    let (client, other) = (authority.issue("client"), authority.issue("other"));
    let fingerprint = CertificateDigest::parse(&client.fingerprint()).unwrap();
    let bound = AccessKey { client_certificate: Some(fingerprint), ..AccessKey::admin("bound", Secret::new(SECRET)) };
    let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET)), bound].into_iter().collect();
    let server = authority.server_with(rules("r2", keys), &authority.issue("server"), "optional");
    let list = |id: &str| {
        let signing = Signing { id: id.to_owned(), ..Signing::default() };
        Request::get("/").signed_by(server.address, &signing).0
    };
    for (id, identity, status) in [
        (KEY_ID, None, 200),
        (KEY_ID, Some(&client), 200),
        ("bound", None, 403),
        ("bound", Some(&other), 403),
        ("bound", Some(&client), 200),
    ] {
        let answers = [
            authority.connect(server.address, identity).send(list(id)),
            authority.connect_http2(server.address, identity).send(&list(id)),
        ];
        for answer in answers {
            assert_eq!(answer.status, status, "{id}");
            assert!(status == 200 || answer.element("Code") == "AccessDenied", "{}", answer.text());
        }
    }
    // A client without the secret learns nothing of the certificate.
    let forged = list("bound").replaced("Signature=", "Signature=0");
    assert_eq!(authority.connect(server.address, None).send(forged).element("Code"), "SignatureDoesNotMatch");
}
