//! The pages at the admin address: what they show, which requests may read them, and that no script of a client runs
//! there.

use crate::support::{Connection, KEY_ID, Request, Response, TestServer};
use r2shim::settings::Pages;
use std::time::Duration;

/// A page as a browser asks for it, with these headers besides.
fn page(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = headers.iter().fold(Request::new(method, path), |request, (name, value)| request.header(name, value));
    Connection::open(server.admin).send(request.unsigned(server.admin))
}

fn get(server: &TestServer, path: &str) -> Response {
    page(server, "GET", path, &[])
}

/// The text of a page as a reader sees it: markup taken out, escapes read.
fn text(page: &Response) -> String {
    let html = page.text();
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text: String = parts.collect::<Vec<_>>().join(" ");
    let text = text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'");
    text.replace("&#38;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The ids of the requests in the list, newest first.
fn ids(list: &Response) -> Vec<String> {
    let html = list.text();
    html.split("href=\"/requests/").skip(1).map(|rest| rest[..16].to_owned()).collect()
}

/// Sends requests, and one more: on one connection a request is over before the next is read.
fn send_all<const N: usize>(server: &TestServer, requests: [Request; N]) -> [Response; N] {
    let mut connection = server.connect();
    let answers = requests.map(|request| connection.send(request.signed(server.address)));
    connection.send(Request::get("/").signed(server.address));
    answers
}

#[test]
fn the_last_requests_are_shown_and_explained() {
    let server = TestServer::with_bucket("r2", "media");
    let answers = send_all(
        &server,
        [
            Request::put("/media/a").body("four").header("x-amz-acl", "private").header("x-amz-tagging", "a=b"),
            Request::get("/media/none"),
            Request::put("/media/b").body("four"),
        ],
    );
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [501, 404, 200]);
    let [refused, missing, good] = answers.each_ref().map(|answer| answer.header("x-amz-request-id"));

    let list = get(&server, "/");
    let mut listed = ids(&list);
    listed.retain(|id| [refused, missing, good].contains(&id.as_str()));
    assert_eq!((list.status, listed), (200, vec![good.to_owned(), missing.to_owned(), refused.to_owned()]));
    let shown = text(&list);
    for part in [
        "200 PutObject media/b",
        "Keep what the tags say in metadata",
        "404 GetObject media/none NoSuchKey The specified key does not exist.",
        "501 PutObject media/a refused by policy: x-amz-tagging policies/r2.toml:",
        KEY_ID,
        "200 CreateBucket media",
    ] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert!(list.text().contains("policy <strong>r2</strong>, enforced"), "{}", list.text());
    let failed = get(&server, "/?show=refused");
    assert_eq!(ids(&failed), [missing, refused]);

    let explained = get(&server, &format!("/requests/{refused}"));
    let shown = text(&explained);
    for part in [
        "501 NotImplemented",
        "Refused by policy, for x-amz-tagging Rule policies/r2.toml:",
        "Refused too",
        "Header 'x-amz-acl' with value 'private' not implemented policy, policies/r2.toml:",
        "authenticate passes region passes address passes authorise passes policy refuses names passes",
        "PUT /media/a",
        "x-amz-acl private",
        "Took",
    ] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let good = text(&get(&server, &format!("/requests/{good}")));
    assert!(good.contains("Nothing stands against it under policy r2.") && good.contains("payload passes"), "{good}");
    let unknown = get(&server, "/requests/0000000000000000");
    assert!(unknown.status == 404 && text(&unknown).contains("the last 500"), "{}", unknown.text());
}

#[test]
fn no_page_has_a_secret() {
    let server = TestServer::with_bucket("r2", "media");
    let signed = Request::get("/media/a").signed(server.address);
    let head = String::from_utf8(signed.head_bytes()).unwrap();
    let signature = head.split("Signature=").nth(1).unwrap()[..64].to_owned();
    let secrets = [signature, "beefbeef".to_owned()];
    let presigned = "/media/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=beefbeef&X-Amz-Security-Token=beefbeef";
    let encrypted = Request::get("/media/a")
        .header("x-amz-server-side-encryption-customer-key", "beefbeef")
        .header("x-amz-security-token", "beefbeef")
        .header("cookie", "a=beefbeef");
    let unsigned = Request::get(presigned).unsigned(server.address);
    let mut connection = server.connect();
    for request in [signed, unsigned, encrypted.signed(server.address), Request::get("/").signed(server.address)] {
        connection.send(request);
    }
    let list = get(&server, "/");
    let pages = ids(&list).into_iter().map(|id| get(&server, &format!("/requests/{id}"))).chain([list]);
    for page in pages {
        let found: Vec<_> = secrets.iter().filter(|secret| page.text().contains(*secret)).collect();
        assert!(page.status == 200 && found.is_empty(), "{found:?} in {}", page.text());
    }
}

#[test]
fn pages_are_only_for_known_hosts() {
    let server = TestServer::with_object("r2", "media", "secret-name", "x");
    let own = server.admin.to_string();
    let port = server.admin.port();
    let foreign = format!("evil.test:{port}");
    for (headers, status) in [
        (&[("host", own.as_str())][..], 200),
        (&[("host", &format!("localhost:{port}"))], 200),
        (&[("host", &format!("[::1]:{port}"))], 200),
        (&[("host", "192.0.2.7:9001")], 200),
        (&[("host", foreign.as_str())], 421),
        (&[("host", &format!("127.0.0.1.evil.test:{port}"))], 421),
        (&[("host", "")], 421),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 403),
        (&[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")], 403),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")], 200),
    ] {
        for path in ["/", "/buckets", "/buckets/media", "/inspector.js", "/buckets/media/object?key=secret-name"] {
            let answer = page(&server, "GET", path, headers);
            assert_eq!(answer.status, status, "{path} {headers:?}");
            assert!(status == 200 || !answer.text().contains("media"), "{}", answer.text());
        }
    }
    for path in ["/events", "/requests/0", "/no-such-page"] {
        assert_eq!(page(&server, "GET", path, &[("host", &foreign)]).status, 421, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        assert_eq!(page(&server, method, "/", &[]).status, 405, "{method}");
    }
}

#[test]
fn names_of_the_settings_are_names_of_this_address() {
    for served in [true, false] {
        let server = TestServer::with_pages(Pages { hosts: vec!["r2.lan".into()], served, ..Pages::default() });
        for (path, expected) in [("/", if served { 200 } else { 404 }), ("/metrics", 200)] {
            assert_eq!(page(&server, "GET", path, &[("host", "r2.lan:9001")]).status, expected, "{path}");
            assert_eq!(page(&server, "GET", path, &[("host", "evil.test")]).status, 421, "{path}");
        }
    }
}

/// Prometheus and Kubernetes ask by addresses, Compose and load balancers by names that may be anything.
#[test]
fn under_an_unknown_host_there_is_only_health() {
    let server = TestServer::with_bucket("r2", "media");
    let own = server.admin.to_string();
    for (host, path, status, text) in [
        (own.as_str(), "/readyz", 200, "ready\n"),
        ("10.1.2.3:9001", "/readyz", 200, "ready\n"),
        ("10.1.2.3:9001", "/metrics", 200, "# HELP "),
        ("localhost:9001", "/metrics", 200, "# HELP "),
        ("r2shim.internal:9001", "/healthz", 200, "ok\n"),
        ("r2shim.internal:9001", "/readyz", 200, "ok\n"),
        ("r2shim.internal:9001", "/readyz/read", 200, "ok\n"),
        ("", "/readyz", 200, "ok\n"),
        (
            "r2shim.internal:9001",
            "/metrics",
            421,
            "This is the admin address of r2shim, and not known under this name.",
        ),
        ("127.0.0.1.evil.test", "/metrics", 421, "This is the admin address"),
        ("", "/metrics", 421, "This is the admin address"),
    ] {
        let answer = page(&server, "GET", path, &[("host", host)]);
        assert_eq!(answer.status, status, "{path} of {host:?}: {}", answer.text());
        assert!(answer.text().starts_with(text), "{path} of {host:?}: {}", answer.text());
        assert!(status == 200 || !answer.text().contains("r2shim_"), "{}", answer.text());
    }
    // A probe that speaks HTTP/1.0 names no host.
    let mut connection = Connection::open(server.admin);
    connection.write(b"GET /readyz HTTP/1.0\r\n\r\n");
    let old = connection.read(false);
    assert_eq!((old.status, old.text().as_str()), (200, "ok\n"));
}

#[test]
fn where_pages_are_off_nothing_is_kept_and_the_rest_works() {
    let server = TestServer::with_pages(Pages { served: false, ..Pages::default() });
    assert_eq!(server.send(Request::put("/media")).status, 200);
    for path in ["/", "/buckets", "/events", "/inspector.css", "/requests/0"] {
        let answer = get(&server, path);
        assert!(answer.status == 404 && answer.text().contains("pages = true in [admin]"), "{path}: {}", answer.text());
    }
    assert_eq!(get(&server, "/healthz").status, 200);
}

/// A page can load only its own files and contains no script, even if clients chose the names on it.
#[test]
fn names_of_clients_are_escaped() {
    let server = TestServer::with_bucket("r2", "media");
    let key = "/media/%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27%3E%E2%80%AEgpj%0A";
    let requests = [
        Request::put(key).header("x-amz-meta-a", "<img src=x>").body("x"),
        Request::get("/media/a").header("user-agent", "<script>\"'").header("x-amz-acl", "</td><script>"),
        Request::get("/%3Cscript%3E"),
    ];
    assert_eq!(send_all(&server, requests).map(|answer| answer.status), [200, 501, 400]);
    let list = get(&server, "/");
    let explained = ids(&list).into_iter().map(|id| format!("/requests/{id}"));
    let others =
        ["/", "/?show=%3Cscript%3E", "/buckets/media", "/buckets/media?prefix=%22%3E%3Cscript%3E", "/%3Cscript%3E"];
    let encoded = key.strip_prefix("/media/").unwrap();
    let object = format!("/buckets/media/object?key={encoded}");
    for path in explained.chain(others.map(str::to_owned)).chain([object]) {
        let page = get(&server, &path);
        let html = page.text();
        let scripts = html.matches("<script").count();
        assert!(
            scripts <= 1 && html.matches("<script src=\"/inspector.js\" defer>").count() == scripts,
            "{path}: {html}"
        );
        assert!(!html.contains("<img") && !html.contains('\u{202e}') && !html.contains("onerror="), "{path}: {html}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
    }
    let shown = text(&get(&server, "/buckets/media"));
    assert!(shown.contains("<script>alert(1)</"), "{shown}");
    let shown = text(&get(&server, &format!("/buckets/media/object?key={encoded}")));
    assert!(shown.contains("\\u{202e}gpj\\u{a}") && shown.contains("a <img src=x>"), "{shown}");
}

#[test]
fn a_local_store_can_be_browsed() {
    let server = TestServer::with_bucket("r2", "media");
    for key in ["a/b/1", "a/b/2", "a/c", "top"] {
        assert_eq!(server.send(Request::put(&format!("/media/{key}")).body(key)).status, 200);
    }
    for (path, status, parts) in [
        ("/buckets", 200, &["media"][..]),
        ("/buckets/media", 200, &["Key Size Written (UTC) a/ top 3 B"]),
        ("/buckets/media?prefix=a%2F", 200, &["media / a/", "b/ c 3 B"]),
        ("/buckets/media?prefix=a%2Fb%2F", 200, &["media / a/ / b/", "1 5 B", "2 5 B"]),
        ("/buckets/media?prefix=x", 200, &["There is no object here."]),
        ("/buckets/media?after=nonsense", 200, &["a/ top 3 B"]),
        ("/buckets/media/object?key=top", 200, &["top Size 3 B (3 bytes)", "ETag", "Downloads are off."]),
        ("/buckets/media/object?key=none", 404, &["No such object"]),
        ("/buckets/media/object", 404, &["No such page"]),
        ("/buckets/media/download?key=top", 403, &["download = true in [admin]"]),
        ("/report", 404, &["No report Requests are not audited here."]),
        ("/buckets/none", 404, &["No such bucket"]),
        ("/buckets/..", 404, &["No such page"]),
        ("/buckets/media/acl?key=top", 404, &["No such page"]),
    ] {
        let page = get(&server, path);
        let shown = text(&page);
        assert_eq!(page.status, status, "{path}: {shown}");
        for part in parts {
            assert!(shown.contains(part), "{path}: {part} is not in\n{shown}");
        }
    }
}

#[test]
fn long_listings_have_pages() {
    let server = TestServer::with_bucket("r2", "media");
    let mut connection = server.connect();
    for number in 0..201 {
        let request = Request::put(&format!("/media/{number:03}")).body("x");
        assert_eq!(connection.send(request.signed(server.address)).status, 200);
    }
    let first = get(&server, "/buckets/media").text();
    assert!(first.contains(">199</bdi>") && !first.contains(">200</bdi>"), "{first}");
    let next =
        first.split("<a href=\"").find(|part| part.contains("rel=\"next\"")).and_then(|part| part.split('"').next());
    let second = get(&server, &next.unwrap().replace("&#38;", "&").replace("&amp;", "&")).text();
    assert!(
        second.contains(">200</bdi>") && !second.contains(">199</bdi>") && !second.contains("rel=\"next\""),
        "{second}"
    );
}

/// What a client stored is a file to a browser, never a page of this address.
#[test]
fn a_download_is_a_file_and_no_page() {
    let server = TestServer::with_pages(Pages { download: true, ..Pages::default() });
    assert_eq!(server.send(Request::put("/media")).status, 200);
    let html = "<script>alert(1)</script>";
    let large = "x".repeat(100_000);
    for (key, body) in [("evil.html", html), ("dir/large.bin", large.as_str()), ("empty", "")] {
        let put = Request::put(&format!("/media/{key}")).header("content-type", "text/html").body(body);
        assert_eq!(server.send(put).status, 200);
        let path = format!("/buckets/media/download?key={}", key.replace('/', "%2F"));
        let file = get(&server, &path);
        assert_eq!((file.status, file.text().as_str()), (200, body));
        let name = key.rsplit('/').next().unwrap();
        for (name, value) in [
            ("content-type", "application/octet-stream"),
            ("content-disposition", &format!("attachment; filename*=UTF-8''{name}")),
            ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(file.header(name), value, "{key}");
        }
        let head = page(&server, "HEAD", &path, &[]);
        assert_eq!((head.status, head.header("content-length")), (200, body.len().to_string().as_str()));
        assert_eq!(page(&server, "GET", &path, &[("sec-fetch-site", "cross-site")]).status, 403);
    }
    assert_eq!(get(&server, "/buckets/media/download?key=none").status, 404);
}

#[test]
fn requests_come_as_events() {
    let server = TestServer::with_bucket("r2", "media");
    let mut stream = Connection::open(server.admin);
    stream.begin(&Request::get("/events?after=another-7").unsigned(server.admin));
    let head = stream.read_head();
    assert_eq!((head.status, head.header("content-type")), (200, "text/event-stream; charset=utf-8"));
    // What the page shows is of another run of the server, so it begins anew.
    let begin = read_until(&mut stream, "</tr>\n\n");
    assert!(
        begin.starts_with("retry: 2000\n\nevent: reset\ndata:\n\nid: ") && begin.contains("CreateBucket"),
        "{begin}"
    );
    let (run, _) = begin.split("id: ").nth(1).unwrap().split_once("-1\n").unwrap();
    assert_eq!(server.send(Request::put("/media/a").body("x")).status, 200);
    let next = read_until(&mut stream, "</tr>\n\n");
    assert!(next.starts_with(&format!("id: {run}-2\nevent: request\ndata: <tr")) && next.contains("media/a"), "{next}");

    // One that continues behind the first request has the second at once.
    let mut again = Connection::open(server.admin);
    let request = Request::get("/events?after=x").header("last-event-id", &format!("{run}-1"));
    again.begin(&request.unsigned(server.admin));
    assert_eq!(again.read_head().status, 200);
    let seen = read_until(&mut again, "</tr>");
    assert!(
        seen.contains(&format!("id: {run}-2\nevent: request\ndata: <tr")) && !seen.contains("CreateBucket"),
        "{seen}"
    );
}

/// Reads chunks of a stream until its text has this in it, and returns what came.
fn read_until(stream: &mut Connection, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        text.push_str(&String::from_utf8(stream.read_chunk()).unwrap());
    }
    text
}

/// An open page keeps no server from stopping, and its stream ends as streams do.
#[test]
fn streams_end_when_the_server_stops() {
    let mut server = TestServer::start("r2");
    let mut stream = Connection::open(server.admin);
    stream.begin(&Request::get("/events").unsigned(server.admin));
    assert_eq!(stream.read_head().status, 200);
    read_until(&mut stream, "retry");
    assert_eq!(server.stop(Duration::from_secs(60)), 0);
    drop(server);
    assert!(stream.is_closed() || stream.read_to_end() == b"0\r\n\r\n");
}

#[test]
fn streams_are_few() {
    let server = TestServer::start("r2");
    let open = || {
        let mut stream = Connection::open(server.admin);
        stream.begin(&Request::get("/events").unsigned(server.admin));
        (stream.read_head().status, stream)
    };
    let streams: Vec<_> = (0..12).map(|_| open()).collect();
    assert!(streams.iter().all(|(status, _)| *status == 200));
    let (status, _) = open();
    assert_eq!(status, 503);
    assert_eq!(get(&server, "/readyz").status, 200, "probes are answered");
}
