//! Behind reverse proxies: the client in the log and the limits, and the addresses in answers.

use crate::support::{Connection, KEY_ID, Request, SECRET, TestServer, public_rules};
use r2shim::filters::Rules;
use r2shim::routing::{Network, TrustedProxies};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn trusting(networks: &[&str]) -> Rules {
    let proxies: TrustedProxies = networks.iter().map(|text| Network::parse(text).unwrap()).collect();
    Rules { trusted_proxies: proxies, ..public_rules(&["media"]) }
}

/// What a Complete says is the address of the object, for a client with these headers.
fn location(server: &TestServer, headers: &[(&str, &str)]) -> String {
    let with = |request: Request| headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    let id = server.send(Request::new("POST", "/media/k?uploads")).element("UploadId");
    let part = server.send(Request::put(&format!("/media/k?partNumber=1&uploadId={id}")).body("one"));
    let etag = part.header("etag");
    let list = format!("<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>");
    let list = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
    server.send(with(Request::new("POST", &format!("/media/k?uploadId={id}")).body(list))).element("Location")
}

#[test]
fn addresses_in_answers_are_those_that_the_client_used() {
    for (networks, headers, expected) in [
        (&["127.0.0.0/8"][..], &[][..], "http://HERE/media/k"),
        (&["127.0.0.0/8"], &[("x-forwarded-proto", "https")], "https://HERE/media/k"),
        (&["127.0.0.0/8"], &[("forwarded", "for=192.0.2.1;proto=https;host=s3.test")], "https://s3.test/media/k"),
        (&["127.0.0.0/8"], &[("forwarded", "host=\"<x>\"")], "http://HERE/media/k"),
        (&["10.0.0.0/8"], &[("x-forwarded-proto", "https"), ("forwarded", "host=s3.test")], "http://HERE/media/k"),
        (&[], &[("forwarded", "for=192.0.2.1;proto=https;host=s3.test")], "http://HERE/media/k"),
    ] {
        let server = TestServer::with_rules(trusting(networks));
        assert_eq!(server.send(Request::put("/media")).status, 200);
        let expected = expected.replace("HERE", &server.address.to_string());
        assert_eq!(location(&server, headers), expected, "{networks:?} {headers:?}");
    }
}

/// A proxy cannot redirect a request to another bucket: the signed Host decides.
#[test]
fn a_forwarded_host_names_no_bucket() {
    let server = TestServer::with_rules(trusting(&["127.0.0.1"]));
    assert_eq!(server.send(Request::put("/media")).status, 200);
    let put = Request::put("/media/a").header("forwarded", "host=other.localhost").body("x");
    assert_eq!(server.send(put.header("x-forwarded-host", "other.localhost")).status, 200);
    assert_eq!(server.contents(), ["media/a", "media"]);
}

/// A client that holds the one place of its address: its request waits for a body.
fn waiting(server: &TestServer, client: &str) -> Connection {
    let put = Request::put("/media/slow").header("x-forwarded-for", client).header("expect", "100-continue");
    let put = put.header("content-length", "4").header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    let mut connection = server.connect();
    connection.write(&put.signed(server.address).head_bytes());
    assert_eq!(connection.read_head().status, 100);
    connection
}

#[test]
fn clients_behind_a_proxy_are_limited_one_by_one() {
    let mut rules = trusting(&["127.0.0.1"]);
    rules.limits.ports.connections_per_address = 1;
    let server = TestServer::with_rules(rules);
    assert_eq!(server.send(Request::put("/media")).status, 200);
    let mut first = waiting(&server, "203.0.113.7");
    let list = |client: &str| server.send(Request::get("/media").header("x-forwarded-for", client));
    let refused = list("198.51.100.1, 203.0.113.7");
    assert_eq!((refused.status, refused.element("Code").as_str()), (503, "ServiceUnavailable"));
    assert_eq!(list("203.0.113.8").status, 200, "another client");
    assert_eq!(list("rubbish").status, 200, "the proxy itself is not limited");
    let public = server.public.unwrap();
    let read = Request::get("/media/none").header("x-forwarded-for", "203.0.113.7").unsigned(public);
    let page = Connection::open(public).send(read);
    assert_eq!((page.status, page.header("content-type")), (503, "text/html; charset=utf-8"), "ports share the limit");
    first.write(b"body");
    assert_eq!(first.read(false).status, 200);
}

/// From the settings file to the lines of the access log.
#[test]
fn the_log_names_the_client_and_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r2shim.toml");
    std::fs::write(&file, "trusted_proxies = [\"127.0.0.1\"]\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_r2shim"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin", "off", "--log", "json", "--config"]).arg(&file);
    command.args(["--public", "media", "--public-listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("data"));
    command.env_clear().env("R2SHIM_ACCESS_KEY_ID", KEY_ID).env("R2SHIM_SECRET_ACCESS_KEY", SECRET);
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = |line: String| line.split("http://").nth(1)?.split(['/', ',']).next()?.parse().ok();
    let s3 = address(out.find(|line| line.contains("endpoint")).unwrap()).unwrap();
    let public = address(out.find(|line| line.contains("public")).unwrap()).unwrap();
    let mut errors = BufReader::new(server.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut logged = move || errors.find(|line| line.contains("\"target\":\"access\"")).unwrap();
    for (address, port) in [(s3, "s3"), (public, "public")] {
        for (header, client, has_peer) in [
            ("x-forwarded-for: 192.0.2.9, 203.0.113.7", "\"client\":\"203.0.113.7\"", true),
            ("forwarded: for=\"[2001:db8::7]:80\"", "\"client\":\"2001:db8::7\"", true),
            ("x-forwarded-for: rubbish\"}", "\"client\":\"127.0.0.1:", false),
        ] {
            let mut connection = Connection::open(address);
            connection.write(format!("GET /media/a HTTP/1.1\r\nhost: {address}\r\n{header}\r\n\r\n").as_bytes());
            connection.read(false);
            let line = logged();
            assert!(line.contains(client) && line.contains(&format!("\"port\":\"{port}\"")), "{line}");
            assert_eq!(line.contains("\"peer\":\"127.0.0.1:"), has_peer, "{line}");
            assert!(!line.contains("192.0.2.9") && !line.contains("rubbish"), "{line}");
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
}
