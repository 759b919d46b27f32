//! `r2shim explain` never contradicts the server: one table of requests is sent to both.

use crate::support::command::{Output, r2shim};
use crate::support::scripted::{Reply, Scripted};
use crate::support::{Connection, KEY_ID, Request, SECRET, Signing, TestServer, rules};
use http::{HeaderMap, HeaderName, HeaderValue};
use r2shim::access::{AccessKey, BucketPattern, BucketScope, Keyring, Permission};
use r2shim::cli::explain::Request as Explained;
use r2shim::cli::explain::report::{Report, Verdict, judge};
use r2shim::filters::{KnownKeys, Rules};
use r2shim::s3::Timestamp;
use r2shim::s3::names::BucketName;
use r2shim::settings::Upstream;
use r2shim::sigv4::Secret;
use r2shim::upstream::{BucketMap, CredentialSource, Dialect, Endpoint, Remote};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

const READER: &str = "11111111111111111111111111111111";
const SCOPED: &str = "22222222222222222222222222222222";

fn key(id: &str, permission: Permission, buckets: BucketScope) -> AccessKey {
    AccessKey { permission, buckets, ..AccessKey::admin(id, Secret::new(SECRET)) }
}

fn keyring() -> Keyring {
    let logs = BucketScope::Matching(vec![BucketPattern::parse("logs").unwrap()]);
    Keyring::from_iter([
        AccessKey::admin(KEY_ID, Secret::new(SECRET)),
        key(READER, Permission::ObjectReadOnly, BucketScope::All),
        key(SCOPED, Permission::AdminReadWrite, logs),
    ])
}

/// The rules of both sides. The domains are those that `explain` reads from the hosts of R2 and S3.
fn in_force(policy: &str) -> Rules {
    let domains = ["acc.r2.cloudflarestorage.com", "s3.eu-west-1.amazonaws.com", "s3.localhost"].map(str::to_owned);
    Rules { domains: domains.to_vec(), cors: crate::cors::cors(), ..rules(policy, keyring()) }
}

/// A line of the table.
struct Row<'t> {
    text: &'t str,
    how: Vec<&'t str>,
    request: Request,
    expected: &'t str,
}

/// The rows of each policy.
fn sections(text: &str) -> Vec<(&str, Vec<Row<'_>>)> {
    let mut sections: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("== ") {
            Some(policy) => sections.push((policy, Vec::new())),
            None => sections.last_mut().unwrap().1.push(Row::parse(line)),
        }
    }
    sections
}

impl<'t> Row<'t> {
    fn parse(line: &'t str) -> Row<'t> {
        let (text, expected) = line.rsplit_once(" => ").unwrap_or_else(|| panic!("no outcome: {line}"));
        let (how, rest) = match text.strip_prefix('(') {
            Some(text) => text.split_once(") ").unwrap(),
            None => ("", text),
        };
        let mut parts = rest.split(" | ");
        let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
        let mut request = Request::new(method, &filled(target));
        for part in parts {
            let (name, value) = part.split_once(": ").unwrap();
            request = match name {
                "body" => request.body(value.replace("\\r\\n", "\r\n")),
                _ => request.header(name, &filled(value)),
            };
        }
        Row { text, how: how.split(", ").collect(), request, expected }
    }

    fn is(&self, word: &str) -> bool {
        self.how.contains(&word)
    }

    /// What stands behind a word in the parentheses.
    fn of(&self, word: &str) -> Option<&'t str> {
        self.how.iter().find_map(|part| part.strip_prefix(word)?.strip_prefix(' '))
    }

    fn signing(&self) -> Signing {
        let id = match self.of("by") {
            None => KEY_ID,
            Some("reader") => READER,
            Some("scoped") => SCOPED,
            Some(_) => "33333333333333333333333333333333",
        };
        let secret = if self.of("secret").is_some() { "another" } else { SECRET };
        let region = self.of("region").unwrap_or("auto").to_owned();
        let signing = Signing { id: id.to_owned(), secret: secret.to_owned(), region, ..Signing::default() };
        signing.ago(self.of("ago").map_or(0, |seconds| seconds.parse().unwrap()))
    }

    /// The request as it goes over the wire.
    fn sent(&self, server: &TestServer) -> Request {
        let request = self.request.clone();
        if self.is("unsigned") {
            return request.unsigned(server.address);
        }
        if self.is("added later") {
            let added = request.headers.clone();
            let bare = Request { headers: Vec::new(), ..request }.signed(server.address);
            return added.iter().fold(bare, |request, (name, value)| request.header(name, value));
        }
        match self.of("presigned") {
            Some(seconds) => request.presigned_by(server.address, seconds.parse().unwrap(), &self.signing()),
            None => request.signed_by(server.address, &self.signing()).0,
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

fn filled(text: &str) -> String {
    let now = now();
    text.replace("{ID}", KEY_ID).replace("{DAY}", &now.amz_date()[..8]).replace("{NOW}", &now.amz_date())
}

/// The same request for `explain`, with its body if that is at hand.
fn explained(request: &Request, has_body: bool) -> Explained {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let body = has_body.then(|| without_chunks(request));
    Explained::new(&request.method, &request.target, headers, body)
}

fn unsigned(request: &Request) -> Request {
    request.clone().without("authorization").without("x-amz-date").without("x-amz-content-sha256")
}

/// The body without HTTP's own chunks, of which there is one.
fn without_chunks(request: &Request) -> Vec<u8> {
    match request.headers.iter().any(|(name, _)| name == "transfer-encoding") {
        true => b"abc".to_vec(),
        false => request.body.clone(),
    }
}

/// The server's answer: status and, but for HEAD, code and message of an error.
fn answer(server: &TestServer, request: &Request) -> (u16, String, String) {
    Connection::open(server.address).send(request.clone()).error()
}

/// `passes`, `refused STATUS CODE` or `undecided WHAT`.
fn outcome(report: &Report) -> String {
    match (report.verdict(), report.refusals.first()) {
        (_, Some(first)) => format!("refused {} {}", first.error.status.as_u16(), first.error.code),
        (Verdict::Undecided, None) => {
            let names: Vec<&str> = report.missing.iter().map(|missing| missing.name()).collect();
            format!("undecided {}", names.join("+"))
        }
        (_, None) => "passes".to_owned(),
    }
}

/// What is wrong about a row; nothing if both sides agree.
fn judged(row: &Row<'_>, rules: &Rules, behind: &Upstream, server: &TestServer) -> Option<String> {
    let sent = row.sent(server);
    let of_rules = KnownKeys::OfRules { without_secret: &[] };
    let shown = if row.is("no signature") { unsigned(&sent) } else { sent.clone() };
    let request = explained(&shown, !row.is("no body"));
    let report = judge(&request, rules, behind, of_rules, now());
    let (status, code, message) = answer(server, &sent);
    let outcome = outcome(&report);
    let answered = format!("{status} {code}").trim_end().to_owned();
    let found = if outcome.starts_with("refused") { outcome.clone() } else { format!("{outcome} {answered}") };
    let mut faults = String::new();
    if found != row.expected {
        write!(faults, "{} => {found}", row.text).unwrap();
    }
    let is_head = sent.method == "HEAD";
    if let Some(first) = report.refusals.first() {
        let said = (first.error.status.as_u16(), first.error.code.to_string(), first.error.message.to_string());
        // What HTTP's own parser refuses has no code.
        let no_document = is_head || code.is_empty();
        let same = if no_document { said.0 == status } else { said == (status, code, message.clone()) };
        if !same {
            write!(faults, "\n{}: explain says {said:?}, the server {answered} {message}", row.text).unwrap();
        }
    }
    // With less known, less is decided, and nothing is refused that the server lets pass.
    let unknown = judge(&request, rules, behind, KnownKeys::Nothing, now());
    if unknown.verdict() == Verdict::Refused && !outcome.starts_with("refused") && status < 400 {
        write!(faults, "\n{}: refused without keys, and the server answers {answered}", row.text).unwrap();
    }
    if unknown.verdict() == Verdict::Passes && status >= 400 && outcome.starts_with("refused") {
        write!(faults, "\n{}: passes without keys, and the server answers {answered}", row.text).unwrap();
    }
    (!faults.is_empty()).then_some(faults)
}

/// A server with the buckets media and logs and the object media/k.
fn server(policy: &str) -> TestServer {
    let server = TestServer::start(policy);
    server.rules.store(Arc::new(in_force(policy)));
    prepared(server)
}

/// A server in front of a store, which has the bucket media under another name, and answers all requests well.
fn in_front_of(policy: &str, store: &Scripted) -> TestServer {
    let server = TestServer::in_front_of(policy, remote(&store.endpoint()));
    server.rules.store(Arc::new(in_force(policy)));
    server
}

fn remote(endpoint: &str) -> Remote {
    let credentials = CredentialSource::Static { access_key_id: "key".to_owned(), secret: Secret::new("hush") };
    let mut buckets = BucketMap::new(true);
    buckets.map(BucketName::parse("media").unwrap(), "acme-media".to_owned()).unwrap();
    let dialect = Dialect::from_name("aws").unwrap();
    Remote { buckets, dialect, ..Remote::new(vec![Endpoint::parse(endpoint).unwrap()], credentials) }
}

fn prepared(server: TestServer) -> TestServer {
    let mut connection = Connection::open(server.address);
    for request in [Request::put("/media"), Request::put("/logs"), Request::put("/media/k").body("abc")] {
        assert_eq!(connection.send(request.signed(server.address)).status, 200);
    }
    server
}

#[test]
fn explain_and_the_server_agree() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/requests.txt");
    let text = fs::read_to_string(path).unwrap();
    let sections = sections(&text);
    let rows: usize = sections.iter().map(|(_, rows)| rows.len()).sum();
    assert!(rows >= 120, "{rows} rows");
    let store = Scripted::answering(|_| Reply::new(200).header("etag", "\"e\""));
    let mut faults = Vec::new();
    for (section, rows) in sections {
        let (server, policy, behind) = match section.strip_suffix(", in front of a store") {
            None => (server(section), section, Upstream::Local),
            Some(policy) => {
                (in_front_of(policy, &store), policy, Upstream::Remote(Box::new(remote(&store.endpoint()))))
            }
        };
        let rules = in_force(policy);
        faults.extend(rows.iter().filter_map(|row| judged(row, &rules, &behind, &server)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The command: what it exits with, and what it says. `CONFIG` is a settings file whose secret is not at hand.
#[test]
fn the_exit_code_says_what_becomes_of_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("r2shim.toml");
    let key = "[[key]]\naccess_key_id = \"app\"\nsecret_access_key_env = \"APP\"\npermission = \"object-read-only\"\n";
    fs::write(&config, key).unwrap();
    let credential = |region: &str| {
        let now = now().amz_date();
        let day = &now[..8];
        format!(
            "/media/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=app/{day}/{region}/s3/aws4_request\
             &X-Amz-Date={now}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=5ec3e7"
        )
    };
    let (signed, elsewhere) = (credential("auto"), credential("us-west-2"));
    for (words, code, said) in [
        (&["GET", "/media/k"][..], 0, "undecided: "),
        (&["PUT", "/media/k", "-H", "x-amz-acl: private"], 1, "501 Not Implemented"),
        (&["GET", "/media/k", "-H", "authorization: AWS a:b"], 1, "401 Unauthorized"),
        (&["GET", &signed], 0, "whether there is a key \"app\""),
        (&["GET", &elsewhere], 1, "InvalidRegionName"),
        (&["GET", &signed, "--config", "CONFIG"], 0, "the secret of the key \"app\" is not at hand"),
        (&["PUT", &signed, "--config", "CONFIG"], 1, "403 Forbidden"),
        (&["GET", &signed, "--at", "20200101T000000Z"], 1, "RequestTimeTooSkewed"),
        (&["GET", "/media/k", "--json"], 0, "\"verdict\": \"undecided\""),
        (&["PUT", "/media/k", "-H", "x-amz-acl: private", "--json"], 1, "\"code\": \"NotImplemented\""),
        (
            &["GET", "https://media.acc.eu.r2.cloudflarestorage.com/k"],
            0,
            "a host of Cloudflare R2, account acc, jurisdiction eu",
        ),
        (&["GET", "https://media.s3.eu-west-1.amazonaws.com/k"], 0, "GetObject, bucket media, key k"),
        (&["curl", "-X", "DELETE", "http://127.0.0.1:9000/media?lifecycle"], 1, "DeleteBucketLifecycle"),
        (&["curl -T f http://127.0.0.1:9000/media/k"], 0, "PutObject, bucket media, key k"),
        (&["--", "curl", "-I", "http://127.0.0.1:9000/media"], 0, "HeadBucket, bucket media"),
    ] {
        let output = explained_by_command(words, &config);
        assert_eq!(output.code, code, "{words:?}: {}{}", output.out, output.errors);
        assert!(output.out.contains(said), "{words:?}: {}", output.out);
        assert!(!output.out.contains("5ec3e7"), "{words:?}: {}", output.out);
    }
    for (words, said) in [
        (&["GET"][..], "the request has no URL"),
        (&["G T", "/media/k"], "\"G T\" is no HTTP method"),
        (&["GET", "media/k"], "\"media/k\" is neither a URL nor a path"),
        (&["GET", "https://media.s3-website.eu-west-1.amazonaws.com/k"], "a website endpoint of Amazon S3"),
        (&["GET", "/media/k", "--at", "noon"], "\"noon\" is no time"),
        (&["GET", "/media/k", "--policy", "r3"], "r3"),
        (&["curl", "--frobnicate", "http://127.0.0.1:9000/media"], "the option --frobnicate of curl is not known here"),
    ] {
        let output = explained_by_command(words, &config);
        assert_eq!((output.code, output.out.as_str()), (2, ""), "{words:?}: {}", output.errors);
        assert!(output.errors.contains(said), "{words:?}: {}", output.errors);
    }
}

/// With the names that answers of an audit and its report have.
#[test]
fn an_audit_is_explained_by_its_rules() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("r2shim.toml");
    let settings = "mode = \"audit\"\n[upstream]\nkind = \"s3\"\nendpoints = [\"http://127.0.0.1:1\"]\n\
                    access_key_id = \"up\"\nsecret_access_key = \"secret\"\n";
    std::fs::write(&config, settings).unwrap();
    for (words, code, said) in [
        // In front of another store.
        (
            &["GET", "/media/k?tagging", "--config", "CONFIG"][..],
            0,
            "noted policy/GetObjectTagging: 501 NotImplemented",
        ),
        (&["GET", "/media/k?tagging", "--config", "CONFIG"], 0, "  mode audit: what R2 would refuse is carried out"),
        (&["GET", "/media?session", "--config", "CONFIG"], 1, "noted policy/CreateSession"),
        (&["PATCH", "/media/k", "--config", "CONFIG"], 1, "404 Not Found"),
        (&["GET", "/media/k?tagging", "--config", "CONFIG", "--json"], 0, "\"mode\": \"audit\""),
        (&["GET", "/media/k?tagging", "--config", "CONFIG", "--json"], 0, "\"id\": \"policy/GetObjectTagging\""),
        // Over the local store.
        (&["GET", "/My.Media/k", "--audit"], 0, "noted names/InvalidBucketName: 400"),
        (&["GET", "/media/k?tagging", "--audit"], 1, "noted policy/GetObjectTagging"),
        (&["GET", "/media/k?tagging", "--json"], 1, "\"mode\": \"enforce\""),
    ] {
        let output = explained_by_command(words, &config);
        assert_eq!(output.code, code, "{words:?}: {}{}", output.out, output.errors);
        assert!(output.out.contains(said), "{words:?}: {}", output.out);
    }
}

fn explained_by_command(words: &[&str], config: &Path) -> Output {
    let config = config.to_str().unwrap();
    let words = words.iter().map(|word| if *word == "CONFIG" { config } else { word });
    r2shim(&std::iter::once("explain").chain(words).collect::<Vec<_>>(), &[])
}
