//! Where the credentials towards a remote store come from: every place of AWS's chain, with its service on loopback.
//!
//! The chain reads the environment of its process. So each case runs in a process of its own: this test binary, started
//! for [`what_the_chain_finds`] alone.

use r2shim::s3::Timestamp;
use r2shim::server::remote::credentials::{Provider, Source};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// How often a child fetches. Without it the test below does nothing.
const FETCHES: &str = "R2SHIM_TEST_FETCHES";

/// What a child's lines begin with.
const MARK: &str = "found ";

/// No answer on loopback takes this long; a read that does has hung.
const HANG: Duration = Duration::from_secs(20);

#[test]
#[ignore = "the others start it, in an environment of its own"]
fn what_the_chain_finds() {
    let fetches = env::var(FETCHES).map_or(0, |count| count.parse().unwrap());
    let provider = Provider::new(Source::Chain { region: "eu-west-1".to_owned() });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for _ in 0..fetches {
        runtime.block_on(provider.fetch()).unwrap();
        println!("\n{MARK}{}", shown(&provider));
    }
}

fn shown(provider: &Provider) -> String {
    let now = Timestamp::from(SystemTime::now());
    let Some(current) = provider.current(now) else { return provider.failure(now).unwrap() };
    assert_eq!(provider.failure(now), None);
    let expires = current.expires.map_or("never".to_owned(), Timestamp::iso_8601);
    format!("{} {} {expires}", current.access_key_id, current.session_token.as_deref().unwrap_or("-"))
}

/// A folder for files, and what the environment says.
struct Place {
    home: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    fn new() -> Place {
        let home = tempfile::tempdir().unwrap();
        let variables =
            vec![("HOME", home.path().to_str().unwrap().to_owned()), ("AWS_EC2_METADATA_DISABLED", "true".to_owned())];
        Place { home, variables }
    }

    fn variable(mut self, name: &'static str, value: impl Into<String>) -> Place {
        self.variables.push((name, value.into()));
        self
    }

    /// A file, named by a variable.
    fn file(self, variable: &'static str, text: &str) -> Place {
        let path = self.path(variable);
        fs::write(&path, text).unwrap();
        self.variable(variable, path)
    }

    fn path(&self, name: &str) -> String {
        Path::new(self.home.path()).join(name).to_str().unwrap().to_owned()
    }

    /// What this many fetches find, one after the other.
    fn fetch(self, times: usize) -> Vec<String> {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "credentials::what_the_chain_finds", "--ignored", "--nocapture"]);
        child
            .env_clear()
            .env(FETCHES, times.to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter_map(|line| line.strip_prefix(MARK)).map(str::to_owned).collect()
    }
}

/// An HTTP service that gives its answers in their order, and then ends.
struct Script {
    address: String,
    asked: thread::JoinHandle<Vec<String>>,
}

impl Script {
    fn new(answers: Vec<(&'static str, String)>) -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answer = move |(status, body): &(&str, String)| answer(&listener.accept().unwrap().0, status, body);
        Script { address, asked: thread::spawn(move || answers.iter().map(answer).collect()) }
    }

    /// The requests as they came, head and body, header names in lower case. Every answer must have been fetched.
    fn asked(self) -> Vec<String> {
        self.asked.join().unwrap()
    }
}

fn answer(stream: &TcpStream, status: &str, body: &str) -> String {
    stream.set_read_timeout(Some(HANG)).unwrap();
    let request = read_request(&mut BufReader::new(stream));
    let length = body.len();
    // The token of an instance's metadata service has to say how long it is good for.
    let head = format!("connection: close\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\ncontent-length: {length}");
    write!(&mut &*stream, "HTTP/1.1 {status}\r\n{head}\r\n\r\n{body}").unwrap();
    request
}

fn read_request(stream: &mut BufReader<&TcpStream>) -> String {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut request).unwrap(), 0, "{request}");
    }
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    request + &String::from_utf8(body).unwrap()
}

/// As container and instance services answer.
fn role_json(id: &str) -> String {
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "{id}", "SecretAccessKey": "secret-of-{id}", "Token": "token-of-{id}",
            "Expiration": "2099-01-02T03:04:05Z"}}"#
    )
}

/// As the security token service answers.
fn sts_xml(operation: &str, id: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result><Credentials>\
         <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>secret-of-{id}</SecretAccessKey>\
         <SessionToken>token-of-{id}</SessionToken><Expiration>2099-01-02T03:04:05Z</Expiration></Credentials>\
         </{operation}Result></{operation}Response>"
    )
}

fn role(id: &str) -> String {
    format!("{id} token-of-{id} 2099-01-02T03:04:05.000Z")
}

#[test]
fn the_environment_comes_first() {
    let place = Place::new().variable("AWS_ACCESS_KEY_ID", "ENVIRONMENT").variable("AWS_SECRET_ACCESS_KEY", "secret");
    let place =
        place.file("AWS_SHARED_CREDENTIALS_FILE", "[default]\naws_access_key_id = P\naws_secret_access_key = s");
    assert_eq!(place.variable("AWS_SESSION_TOKEN", "token").fetch(2), ["ENVIRONMENT token never"; 2]);
}

#[test]
fn a_profile_has_keys_or_says_where_they_are() {
    let keys = "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n\
                [other]\naws_access_key_id = OTHER\naws_secret_access_key = s\naws_session_token = t\n";
    let process = "[profile program]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"PROGRAM\", \
                   \"SecretAccessKey\": \"s\"}'\n";
    for (profile, found) in [("default", "DEFAULT - never"), ("other", "OTHER t never"), ("program", "PROGRAM - never")]
    {
        let place = Place::new().file("AWS_SHARED_CREDENTIALS_FILE", keys).file("AWS_CONFIG_FILE", process);
        assert_eq!(place.variable("AWS_PROFILE", profile).fetch(1), [found]);
    }
}

#[test]
fn a_profile_assumes_a_role() {
    let sts = Script::new(vec![("200 OK", sts_xml("AssumeRole", "ASSUMED"))]);
    let keys = "[default]\naws_access_key_id = SOURCE\naws_secret_access_key = s";
    let role_of = "[profile app]\nrole_arn = arn:aws:iam::123456789012:role/app\nsource_profile = default";
    let place = Place::new().file("AWS_SHARED_CREDENTIALS_FILE", keys).file("AWS_CONFIG_FILE", role_of);
    let place = place.variable("AWS_PROFILE", "app").variable("AWS_ENDPOINT_URL_STS", &sts.address);
    assert_eq!(place.fetch(1), [role("ASSUMED")]);
    let asked = sts.asked();
    assert!(asked[0].contains("Credential=SOURCE/") && asked[0].contains("/eu-west-1/sts/"), "{}", asked[0]);
}

#[test]
fn a_web_identity_is_exchanged_for_a_role() {
    let operation = "AssumeRoleWithWebIdentity";
    let sts = Script::new(["FIRST", "SECOND"].map(|id| ("200 OK", sts_xml(operation, id))).to_vec());
    let place = Place::new().file("AWS_WEB_IDENTITY_TOKEN_FILE", "header.claims.signature");
    let place = place.variable("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/app");
    assert_eq!(place.variable("AWS_ENDPOINT_URL_STS", &sts.address).fetch(2), [role("FIRST"), role("SECOND")]);
    for asked in sts.asked() {
        assert!(asked.contains("WebIdentityToken=header.claims.signature"), "{asked}");
    }
}

#[test]
fn a_container_role_is_used_refreshed_and_kept_if_a_refresh_fails() {
    let refused = ("403 Forbidden", "secret-of-nobody".to_owned());
    let answers = vec![refused.clone(), ("200 OK", role_json("FIRST")), ("200 OK", role_json("SECOND")), refused];
    let service = Script::new(answers);
    let place = Place::new().variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token");
    let place = place.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/role", service.address));
    let found = place.fetch(4);
    assert!(found[0].starts_with("no credentials for the upstream: ") && found[0].contains("403"), "{}", found[0]);
    assert!(!found[0].contains("nobody") && !found[0].contains("container-token"), "{}", found[0]);
    assert_eq!(found[1..], [role("FIRST"), role("SECOND"), role("SECOND")]);
    for asked in service.asked() {
        assert!(asked.starts_with("GET /role HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("\r\nauthorization: container-token\r\n"), "{asked}");
    }
}

#[test]
fn an_instance_role_is_the_last_resort() {
    let answers =
        vec![("200 OK", "metadata-token".into()), ("200 OK", "app".into()), ("200 OK", role_json("INSTANCE"))];
    let service = Script::new(answers);
    let place = Place::new().variable("AWS_EC2_METADATA_DISABLED", "false");
    let place = place.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", &service.address);
    assert_eq!(place.fetch(1), [role("INSTANCE")]);
    let lines: Vec<String> = service.asked().iter().map(|asked| asked.lines().next().unwrap().to_owned()).collect();
    let folder = "/latest/meta-data/iam/security-credentials/";
    let expected = ["PUT /latest/api/token".to_owned(), format!("GET {folder}"), format!("GET {folder}app")];
    assert_eq!(lines, expected.map(|line| format!("{line} HTTP/1.1")));
}

#[test]
fn a_failed_search_names_the_places_and_advice() {
    let nothing = Place::new().fetch(1).remove(0);
    for place in ["environment (", "profile (", "web identity (", "container role (", "instance role ("] {
        assert!(nothing.contains(place), "{place} is not in {nothing}");
    }
    assert!(nothing.ends_with("or write credentials = \"static\" with a key into [upstream]"), "{nothing}");

    let sign_on = "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\n\
                   sso_region = us-east-1\nsso_start_url = https://example.test";
    for (profile, named) in [
        ("[default", "profile: ProfileFile provider could not be built: invalid profile"),
        ("[default]\naws_access_key_id = A", "missing aws_secret_access_key"),
        ("[default]\nrole_arn = r\nsource_profile = gone", "profile `gone` was not defined"),
        (sign_on, "Profiles of single sign-on (sso) are not read"),
    ] {
        let reported = Place::new().file("AWS_CONFIG_FILE", profile).fetch(1).remove(0);
        assert!(reported.contains(named), "{named} is not in {reported}");
    }
}
