//! `[upstream] kind = "s3"`: settings texts and the remote store they come to.

use super::*;
use crate::s3::names::BucketName;
use crate::upstream::{Addressing, CredentialSource, HealthCheck, Remote, Timeouts};
use pingora::connectors::{ConnectorOptions, TransportConnector};
use std::path::Path;
use std::time::Duration;

/// The least there can be; what a test adds starts on line 6.
const STORE: &str = "[upstream]\nkind = \"s3\"\nendpoints = [\"http://127.0.0.1:9100\"]\naccess_key_id = \"up\"\nsecret_access_key = \"hush\"\n";

/// A certificate authority that signs nothing.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUUL+nc9u1knQjKhBqemqn0kFeMmEwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjQwMDM5MzNaGA8yMTI2MTAzMTAw
MzkzM1owEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABEA8jJjTczMq9pVX9JzyfU6A/j0zCeS3HhggQG6IWkNuDC6jR09+kZpIxAlr
VgeemgEn9lvlcQXfkQqVNm2GS5mjUzBRMB0GA1UdDgQWBBRj3uaI826sDgWRE/jv
CbS1wkiMZjAfBgNVHSMEGDAWgBRj3uaI826sDgWRE/jvCbS1wkiMZjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIErogDyI+5vbLcvlbB3zCaYbzOA2
1lfIpyTpoL4+wJNCAiEAiGNaHWBul/3Ur/URJF9oGxfW4Dj5KbdKTgePNSs+RzU=
-----END CERTIFICATE-----
";

fn remote_of(start: &Start) -> Remote {
    match start.load().unwrap().settings.upstream {
        Upstream::Remote(remote) => *remote,
        Upstream::Local => panic!("the upstream is local"),
    }
}

fn endpoints(remote: &Remote) -> Vec<String> {
    remote.endpoints.iter().map(ToString::to_string).collect()
}

/// What starting with the least settings and these lines says is wrong.
fn faults_of(lines: &str) -> Vec<String> {
    Start::with_file(&format!("{STORE}{lines}")).faults()
}

#[test]
fn endpoints_and_a_key_are_enough() {
    let remote = remote_of(&Start::with_file(STORE));
    assert_eq!(endpoints(&remote), ["http://127.0.0.1:9100"]);
    assert_eq!((remote.region.as_str(), remote.addressing), ("us-east-1", Addressing::Path));
    assert_eq!(remote.dialect.name, "other", "nothing is known of the store");
    assert!(matches!(&remote.credentials, CredentialSource::Static { access_key_id, .. } if access_key_id == "up"));
    assert_eq!((remote.buckets.pairs().count(), remote.buckets.is_only_mapped()), (0, false));
    assert_eq!((remote.ca_file, remote.timeouts, remote.pool), (None, Timeouts::default(), 1024));
    assert_eq!(remote.health, HealthCheck::Any);
}

#[test]
fn everything_can_be_set() {
    let start = Start::with_file(
        r#"
        [upstream]
        kind = "s3"
        endpoints = ["https://s3-a.example.test", "https://s3-b.example.test:8443/"]
        region = "garage"
        addressing = "virtual"
        dialect = "garage"
        credentials = "static"
        access_key_id = "GK1"
        secret_access_key_env = "STORE_SECRET"
        ca_file = "ca.pem"
        connect_timeout = 0.5
        first_byte_timeout = 300
        idle_timeout = 1e1
        pool = 64
        health = "/health?x=y"
        only_mapped = true
        [upstream.buckets]
        media = "acme-prod-media"
        logs = "acme-logs"
        "#,
    )
    .variable("STORE_SECRET", "hush");
    std::fs::write(start.folder.path().join("ca.pem"), AUTHORITY).unwrap();
    let remote = remote_of(&start);
    assert_eq!(endpoints(&remote), ["https://s3-a.example.test", "https://s3-b.example.test:8443"]);
    assert_eq!((remote.region.as_str(), remote.addressing), ("garage", Addressing::Virtual));
    assert_eq!(remote.dialect.name, "garage");
    assert_eq!(remote.ca_file.as_deref(), Some(start.folder.path().join("ca.pem").as_path()));
    let seconds = Duration::from_secs;
    let (connect, first_byte, idle) = (Duration::from_millis(500), seconds(300), seconds(10));
    let expected = Timeouts { connect, first_byte, assembly: seconds(900), idle };
    assert_eq!((remote.timeouts, remote.pool), (expected, 64));
    assert_eq!(remote.health, HealthCheck::Path("/health?x=y".into()));
    let name = |text| BucketName::parse(text).unwrap();
    assert_eq!(remote.buckets.upstream(&name("logs")), Some("acme-logs"));
    assert_eq!(remote.buckets.upstream(&name("other")), None);
    let key = start.load().unwrap().upstream_key.unwrap();
    assert_eq!((key.id.as_str(), key.secret.to_string()), ("GK1", "$STORE_SECRET".to_owned()));
}

#[test]
fn the_chain_of_aws_needs_no_key() {
    let start = Start::with_file(
        "[upstream]\nkind = \"s3\"\nendpoints = [\"https://s3.amazonaws.com\"]\ncredentials = \"aws-chain\"",
    );
    assert!(matches!(remote_of(&start).credentials, CredentialSource::AwsChain));
    assert_eq!(start.load().unwrap().upstream_key, None);
}

#[test]
fn a_secret_can_stand_in_a_file_beside_the_settings() {
    let start = Start::with_file(&STORE.replace("secret_access_key = \"hush\"", "secret_access_key_file = \"s\""));
    let path = start.folder.path().join("s");
    std::fs::write(&path, "hush\n").unwrap();
    assert_eq!(start.load().unwrap().upstream_key.unwrap().secret, SecretPlace::File(path));
}

#[test]
fn what_is_kept_here_stays_in_the_data_folder() {
    let mut start = Start::with_file(STORE);
    assert_eq!(start.load().unwrap().settings.data_folder, start.folder.path().join("data"));
    start.flags.data = None;
    assert_eq!(start.load().unwrap().settings.data_folder, Path::new("./r2shim-data"));
}

#[test]
fn each_fault_has_its_line() {
    for (lines, expected) in [
        ("region = \"\"", "6: \"\" is no region"),
        ("region = \"eu west\"", "6: \"eu west\" is no region"),
        ("region = \"eu/west\"", "6: \"eu/west\" is no region"),
        ("addressing = \"host\"", "6: \"host\" is no addressing"),
        ("\ndialect = \"s3\"", "7: \"s3\" is no dialect"),
        ("credentials = \"env\"", "6: \"env\" is no source of credentials"),
        ("secret_access_key_env = \"S\"", "1: [upstream] names its secret more than once"),
        ("connect_timeout = 0", "6: connect_timeout cannot be 0 seconds"),
        ("first_byte_timeout = -1.5", "6: first_byte_timeout cannot be -1.5 seconds"),
        ("idle_timeout = 3600.1", "6: idle_timeout cannot be 3600.1 seconds"),
        ("idle_timeout = nan", "6: idle_timeout cannot be NaN seconds"),
        ("idle_timeout = inf", "6: idle_timeout cannot be inf seconds"),
        ("idle_timeout = \"5\"", "6: `idle_timeout` must be a number, not of type string"),
        ("pool = 0", "6: a pool of 0 connections cannot be"),
        ("pool = 65536", "6: a pool of 65536 connections cannot be"),
        ("pool = 1.5", "6: `pool` must be a whole number, zero or more, not of type float"),
        ("health = \"healthz\"", "6: \"healthz\" is no health check"),
        ("health = \"http://minio/health\"", "6: \"http://minio/health\" is no health check"),
        ("health = \"/a b\"", "6: \"/a b\" is no health check"),
        ("health = \"/a#b\"", "6: \"/a#b\" is no health check"),
        ("health = \"\"", "6: \"\" is no health check"),
        ("only_mapped = \"yes\"", "6: `only_mapped` must be true or false, not of type string"),
        ("buckets = []", "6: `buckets` must be a table, not of type array"),
        ("[upstream.buckets]\nmedia = 1", "7: `buckets` must be a table of texts, not of type integer"),
        ("[upstream.buckets]\nme = \"acme\"", "7: \"me\" is no bucket's name on R2"),
        ("[upstream.buckets]\n\"a.b\" = \"acme\"", "7: \"a.b\" is no bucket's name on R2"),
        ("[upstream.buckets]\nmedia = \"\"", "7: \"\" is no bucket's name on S3"),
        ("[upstream.buckets]\nmedia = \"a/b\"", "7: \"a/b\" is no bucket's name on S3"),
        (
            "dialect = \"minio\"\n[upstream.buckets]\nmedia = \"minio\"",
            "8: \"minio\" is no bucket with dialect = \"minio\" but the store's own interface",
        ),
        ("[upstream.buckets]\nmedia = \".abc\"", "7: \".abc\" is no bucket's name on S3"),
        (
            "[upstream.buckets]\nmedia = \"acme\"\nbooks = \"acme\"",
            "8: \"acme\" has a client's name already: media at r2shim.toml:7",
        ),
        ("ca_file = \"none.pem\"", "6: the ca_file none.pem cannot be read: No such file or directory (os error 2)"),
        ("ca_file = \"\"", "6: the ca_file  cannot be read: Is a directory (os error 21)"),
        ("sse = true", "6: unknown setting `sse` in [upstream]"),
    ] {
        assert_eq!(faults_of(lines), [expected], "{lines}");
    }
}

#[test]
fn each_fault_of_an_endpoint_has_its_line() {
    for (endpoints, expected) in [
        ("[]", "3: `endpoints` names none"),
        ("\"http://minio\"", "3: `endpoints` must be a list of texts, not of type string"),
        ("[\"minio:9000\"]", "3: \"minio:9000\" is no endpoint"),
        ("[\"http://minio\",\n\"ftp://minio\"]", "4: \"ftp://minio\" is no endpoint"),
        ("[\"http://minio:0\"]", "3: \"http://minio:0\" is no endpoint"),
        ("[\"http://minio/media\"]", "3: \"http://minio/media\" has something behind the host"),
        ("[\"http://minio\",\n\"http://MINIO:80/\"]", "4: http://minio is named twice"),
        ("[\"http://127.0.0.1:9000\"]", "3: http://127.0.0.1:9000 is where r2shim itself listens"),
        ("[\"http://127.0.0.1:9001\"]", "3: http://127.0.0.1:9001 is where r2shim itself listens"),
        ("[\"http://root:hush@minio\"]", "3: this endpoint names a user"),
    ] {
        let text = STORE.replace("[\"http://127.0.0.1:9100\"]", endpoints);
        assert!(
            Start::with_file(&text).faults().contains(&expected.to_owned()),
            "{:?}",
            Start::with_file(&text).faults()
        );
    }
    assert_eq!(
        faults_of("addressing = \"virtual\""),
        ["3: http://127.0.0.1:9100 has no name that addressing = \"virtual\" could put a bucket before"]
    );
}

#[test]
fn a_wildcard_address_is_every_address_of_this_machine() {
    let mut start = Start::with_file(STORE);
    start.flags.listen = vec!["0.0.0.0:9100".into()];
    assert_eq!(start.faults(), ["3: http://127.0.0.1:9100 is where r2shim itself listens"]);
}

#[test]
fn credentials_are_a_key_or_the_chain() {
    let id = "access_key_id = \"up\"\n";
    let secret = "secret_access_key = \"hush\"\n";
    let chain = "credentials = \"aws-chain\"\n";
    let fixed = "credentials = \"static\"\n";
    for (lines, expected) in [
        (vec![], &["1: [upstream] has no credentials"][..]),
        (vec![id], &["1: [upstream] has no secret"]),
        (vec![secret], &["1: [upstream] has no access_key_id"]),
        (vec![fixed], &["1: [upstream] has no access_key_id", "1: [upstream] has no secret"]),
        (vec!["access_key_id = \"\"\n", secret], &["4: the access key id is empty"]),
        (vec![chain, id], &["5: an access_key_id has no meaning with credentials = \"aws-chain\""]),
        (vec![chain, secret], &["5: a secret has no meaning with credentials = \"aws-chain\""]),
        (
            vec![id, "secret_access_key_env = \"NONE\"\n"],
            &["5: the variable that secret_access_key_env names is not set"],
        ),
        (vec![fixed, id, secret], &[]),
    ] {
        let text = format!("[upstream]\nkind = \"s3\"\nendpoints = [\"http://minio\"]\n{}", lines.concat());
        assert_eq!(Start::with_file(&text).faults(), expected, "{text}");
    }
}

#[test]
fn names_that_are_not_host_names_need_path_addressing() {
    let by_name = STORE.replace("127.0.0.1:9100", "minio");
    for name in ["Media", "a_b", "a..b"] {
        let path = format!("{by_name}[upstream.buckets]\nmedia = \"{name}\"");
        assert!(Start::with_file(&path).faults().is_empty(), "{name}");
        let host = format!("{by_name}addressing = \"virtual\"\n[upstream.buckets]\nmedia = \"{name}\"");
        let message = "cannot be part of a host name, as addressing = \"virtual\" makes it";
        assert_eq!(Start::with_file(&host).faults(), [format!("8: {name:?} {message}")]);
    }
}

#[test]
fn kinds_do_not_mix() {
    for (text, expected) in [
        ("[upstream]\npool = 1", "2: `pool` in [upstream] is for kind = \"s3\""),
        ("[upstream]\nkind = \"local\"\nregion = \"x\"", "3: `region` in [upstream] is for kind = \"s3\""),
        ("[upstream.buckets]\na = \"b\"", "1: `buckets` in [upstream] is for kind = \"s3\""),
        (&format!("{STORE}path = \"x\""), "6: `path` in [upstream] is for kind = \"local\""),
    ] {
        assert_eq!(Start::with_file(text).faults(), [expected], "{text}");
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let lines =
        "region = \"\"\npath = \"x\"\npool = 0\nhealth = \"x\"\nidle_timeout = 0\n[upstream.buckets]\na = \"b\"\n";
    let faults = Start::with_file(&format!("[upstream]\nkind = \"s3\"\n{lines}")).faults();
    for expected in [
        "4: `path` in [upstream] is for kind = \"local\"",
        "1: [upstream] has no endpoints",
        "1: [upstream] has no credentials",
        "3: \"\" is no region",
        "5: a pool of 0 connections cannot be",
        "6: \"x\" is no health check",
        "7: idle_timeout cannot be 0 seconds",
        "9: \"a\" is no bucket's name on R2",
        "9: \"b\" is no bucket's name on S3",
    ] {
        assert!(faults.contains(&expected.to_owned()), "{expected} is not among {faults:#?}");
    }
    assert_eq!(faults.len(), 9);
}

#[test]
fn faults_have_advice() {
    let fix = |line: &str| format!("{STORE}{line}");
    for (text, advice) in [
        (fix("dialect = \"mino\""), "did you mean \"minio\"?"),
        (fix("dialect = \"r2\""), "write one of aws, minio, ceph, garage, versitygw, other"),
        (fix("addressing = \"vitual\""), "did you mean \"virtual\"?"),
        (fix("credentials = \"aws_chain\""), "did you mean \"aws-chain\"?"),
        (fix("endpoint = \"http://minio\""), "did you mean `endpoints`?"),
        (fix("connect_timeout = 0"), "write 0.001 to 3600 seconds, or leave it out for 5"),
        (
            STORE.replace(":9100", ":9100/media"),
            "write the host alone; a bucket goes into [upstream.buckets], as CLIENTS_NAME = \"BUCKET\"",
        ),
        (
            "[upstream]\nkind = \"S3\"\npool = 1\npath = \"x\"".to_owned(),
            "write kind = \"s3\" to front another store; kind = \"local\" is a folder of this machine",
        ),
    ] {
        assert_eq!(advice_of(&text), [advice], "{text}");
    }
}

#[test]
fn possible_mistakes_are_warnings() {
    let by_name = STORE.replace("http://127.0.0.1:9100", "https://minio");
    for (text, expected) in [
        (
            format!("{STORE}only_mapped = true"),
            "6: only_mapped leaves no bucket to reach, as [upstream.buckets] names none",
        ),
        (format!("{STORE}ca_file = \"ca.pem\""), "6: ca_file has no effect, as no endpoint is https"),
        (format!("{STORE}[store]\nupload_age = 86400"), "6: [store] has no effect, as the upstream is another store"),
        (
            format!("{STORE}{}", KEY.replace("\"k\"", "\"up\"")),
            "4: clients have a key of the same id, and can go around r2shim where the secret is the same too",
        ),
        (
            format!("{by_name}addressing = \"virtual\"\n[upstream.buckets]\nlogs = \"acme.logs\""),
            "8: the dot in \"acme.logs\" makes a host name that a certificate for *.HOST does not cover",
        ),
    ] {
        let start = Start::with_file(&text);
        std::fs::write(start.folder.path().join("ca.pem"), AUTHORITY).unwrap();
        let warnings = start.load().unwrap().warnings;
        let reported: Vec<_> =
            warnings.iter().map(|w| format!("{}: {}", w.location.line.unwrap_or_default(), w.message)).collect();
        assert_eq!(reported, [expected], "{text}");
    }
}

#[test]
fn the_flag_about_durability_has_no_effect() {
    let mut start = Start::with_file(STORE);
    start.flags.durability = Some("none".into());
    let warnings = start.load().unwrap().warnings;
    assert_eq!(warnings[0].to_string(), "--durability: --durability has no effect, as the upstream is another store");
}

/// Has the TLS connector read the file; it panics over one that it cannot use.
fn connector_takes(ca_file: &Path) -> bool {
    let connector = || {
        let mut options = ConnectorOptions::new(1);
        options.ca_file = Some(ca_file.to_str().unwrap().to_owned());
        TransportConnector::new(Some(options))
    };
    std::panic::catch_unwind(connector).is_ok()
}

#[test]
fn a_ca_file_is_taken_where_the_connector_takes_it() {
    let key = "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n";
    let garbage = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let cut = AUTHORITY.split_once("-----END").unwrap().0;
    for (pem, problem) in [
        (AUTHORITY.to_owned(), None),
        (AUTHORITY.replace('\n', "\r\n"), None),
        (format!("# ours\n{AUTHORITY}\nand once more\n{AUTHORITY}"), None),
        (format!("-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n{AUTHORITY}"), None),
        (format!("{AUTHORITY}{key}"), Some("has something else than certificates in it")),
        (format!("{AUTHORITY}{garbage}"), Some("has a certificate that cannot be read, number 2 in it")),
        (cut.to_owned(), Some("ends inside a section")),
        (AUTHORITY.replace("MIIB", "M!!B"), Some("is not PEM")),
        (AUTHORITY.replacen("CERTIFICATE-----", "CERTIFICATE--", 1), Some("is not PEM")),
    ] {
        let start = Start::with_file(&format!("{}ca_file = \"ca.pem\"", STORE.replace("http:", "https:")));
        let path = start.folder.path().join("ca.pem");
        std::fs::write(&path, &pem).unwrap();
        let expected: Vec<_> = problem.iter().map(|problem| format!("6: the ca_file ca.pem {problem}")).collect();
        assert_eq!(start.faults(), expected, "{pem}");
        assert_eq!(connector_takes(&path), problem.is_none(), "{pem}");
    }
}

#[test]
fn a_ca_file_without_a_certificate_is_none() {
    for text in ["", "not PEM at all"] {
        let start = Start::with_file(&format!("{STORE}ca_file = \"ca.pem\""));
        std::fs::write(start.folder.path().join("ca.pem"), text).unwrap();
        assert_eq!(start.faults(), ["6: the ca_file ca.pem has no certificate in it"]);
    }
}

#[test]
fn no_fault_shows_a_secret() {
    let text = STORE.replace("http://", "http://root:hush@").replace("\"up\"", "5");
    let pem = "-----BEGIN PRIVATE KEY-----hush\n";
    let start = Start::with_file(&format!("{text}ca_file = \"ca.pem\""));
    std::fs::write(start.folder.path().join("ca.pem"), pem).unwrap();
    let shown = format!("{:?}", start.load().unwrap_err());
    assert!(!shown.contains("hush"), "{shown}");
    let loaded = format!("{:?}", Start::with_file(STORE).load().unwrap());
    assert!(!loaded.contains("hush"), "{loaded}");
}
