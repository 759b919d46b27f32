//! Certificates and keys, and HTTP/2. The files are made here.

use super::*;
use crate::s3::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use std::time::{Duration, SystemTime};

/// A start whose folder has a certificate with its key, and files that are not fit.
fn start(text: &str) -> Start {
    let start = Start::with_file(text);
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    for (name, text) in [
        ("good.crt", certificate.pem()),
        ("good.key", key.serialize_pem()),
        ("both.pem", certificate.pem() + &key.serialize_pem()),
        ("other.key", other.serialize_pem()),
        (
            "encrypted.key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n".to_owned(),
        ),
        ("torn.crt", certificate.pem().split_at(80).0.to_owned()),
        ("rubbish.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned()),
        ("empty.pem", String::new()),
    ] {
        let path = start.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }
    start
}

const GOOD: &str = "[tls]\ncertificate = \"good.crt\"\nkey = \"good.key\"\n";

#[test]
fn a_certificate_comes_with_its_key() {
    let both = "\n[tls]\nkey = \"both.pem\"\ncertificate = ";
    for (text, fault) in [
        ("[tls]\n".to_owned(), "1: TLS has no certificate"),
        ("[tls]\ncertificate = \"good.crt\"".to_owned(), "2: TLS needs `key`, too"),
        ("[tls]\nkey = \"good.key\"".to_owned(), "2: TLS needs `certificate`, too"),
        ("[tls]\nclient_ca = \"good.crt\"".to_owned(), "2: TLS has no certificate"),
        (
            format!("{both}\"missing.crt\""),
            "4: the certificate missing.crt cannot be read: No such file or directory (os error 2)",
        ),
        (format!("{both}\"torn.crt\""), "4: the certificate torn.crt ends inside a section"),
        (format!("{both}\"rubbish.crt\""), "4: the certificate rubbish.crt has a certificate that cannot be read"),
        (format!("{both}\"empty.pem\""), "4: the certificate empty.pem has no certificate in it"),
        (format!("{both}\"both.pem\""), "4: the certificate both.pem has something else than certificates in it"),
        (GOOD.replace("good.key", "other.key"), "3: the key other.key does not belong to the certificate good.crt"),
        (GOOD.replace("good.key", "encrypted.key"), "3: the key encrypted.key is encrypted"),
        (GOOD.replace("good.key", "good.crt"), "3: the key good.crt has no private key in it"),
        (format!("{GOOD}client_certificates = \"required\""), "4: no authority is named for certificates of clients"),
        (format!("{GOOD}client_certificates = \"maybe\""), "4: \"maybe\" is no way to ask for certificates"),
        (format!("{GOOD}client_ca = \"empty.pem\""), "4: the client_ca empty.pem has no certificate in it"),
        (format!("{GOOD}ciphers = \"all\""), "4: unknown setting `ciphers` in [tls]"),
    ] {
        assert_eq!(start(&text).faults(), [fault], "{text}");
    }
}

#[test]
fn with_a_client_ca_certificates_are_required_by_default() {
    for (lines, required) in [
        ("", None),
        ("client_certificates = \"none\"", None),
        ("client_ca = \"good.crt\"", Some(true)),
        ("client_ca = \"good.crt\"\nclient_certificates = \"required\"", Some(true)),
        ("client_ca = \"good.crt\"\nclient_certificates = \"optional\"", Some(false)),
        ("client_ca = \"good.crt\"\nclient_certificates = \"none\"", None),
    ] {
        let tls = start(&format!("{GOOD}{lines}")).load().unwrap().settings.tls.unwrap();
        assert_eq!(tls.clients.map(|clients| clients.required), required, "{lines}");
    }
}

#[test]
fn flags_win_over_the_file() {
    let mut start = start("[tls]\ncertificate = \"empty.pem\"\nkey = \"other.key\"\n");
    let path = |name: &str| Some(start.folder.path().join(name).display().to_string());
    (start.flags.tls_certificate, start.flags.tls_key) = (path("good.crt"), path("both.pem"));
    assert!(start.load().unwrap().settings.tls.is_some());
    start.flags.tls_key = None;
    let fault = start.load().unwrap_err().remove(0);
    assert!(fault.message.contains("other.key does not belong"), "{fault}");
}

#[test]
fn a_key_with_a_certificate_needs_clients_that_are_asked_for_one() {
    let fingerprint = format!("sha256:{}", "ab".repeat(32));
    let bound = format!("{GOOD}{KEY}client_certificate = \"{fingerprint}\"\n");
    let message = "the key \"k\" has a client_certificate, and no client is asked for one";
    assert_eq!(start(&bound).faults(), [format!("r2shim.toml: {message}")]);
    let asked = bound.replace("[tls]", "[tls]\nclient_ca = \"good.crt\"");
    let key = start(&asked).load().unwrap().keys.remove(0).key;
    assert_eq!(key.client_certificate.map(|shown| shown.to_string()), Some(fingerprint));
    let bad = asked.replace("sha256:ab", "sha256:xy");
    assert_eq!(start(&bad).faults(), ["9: this is no fingerprint of a certificate"]);
}

#[test]
fn a_certificate_that_is_not_valid_for_long_is_warned_of() {
    let start = start(GOOD);
    let tls = start.load().unwrap().settings.tls.unwrap();
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    let (begins, expires) = (tls.begins.millis(), tls.expires.millis());
    for (now, warning) in [
        (begins - 1, Some("the certificate is not valid before 1975-01-01T00:00:00.000Z")),
        (begins, None),
        (expires - days(15).as_millis() as u64, None),
        (expires - days(13).as_millis() as u64, Some("the certificate expires at 4096-01-01T00:00:00.000Z")),
        (expires, Some("the certificate has expired at 4096-01-01T00:00:00.000Z")),
    ] {
        let found = tls.expiry(Timestamp::from_millis(now));
        assert_eq!(found.as_ref().map(|found| found.message.as_str()), warning, "{now}");
        assert!(found.is_none_or(|found| found.location.line == Some(2)));
    }
    assert!(tls.expiry(SystemTime::now().into()).is_none());
}

#[test]
fn plain_http_that_other_machines_reach_is_warned_of() {
    let warned = |text: &str| -> Vec<String> {
        let warnings = start(text).load().unwrap().warnings;
        warnings.into_iter().map(|warning| warning.message).filter(|text| text.contains("plain HTTP")).collect()
    };
    for (text, plain) in [
        ("", 0),
        ("listen = [\"127.0.0.1:1\", \"[::1]:1\"]", 0),
        ("listen = [\"0.0.0.0:1\", \"192.0.2.1:1\", \"127.0.0.1:1\"]", 2),
        ("public = [\"media\"]\npublic_listen = [\"[::]:1\"]", 1),
    ] {
        assert_eq!(warned(text).len(), plain, "{text}");
        assert!(warned(&format!("{text}\n{GOOD}")).is_empty(), "{text}");
    }
}

#[test]
fn windows_of_http2_are_bounded() {
    for (lines, expected) in [
        ("", Ok(Http2::default())),
        (
            "streams = 7\nstream_window = 65535\nconnection_window = 1073741824",
            Ok(Http2 { streams: 7, stream_window: 65_535, connection_window: 1 << 30 }),
        ),
        ("streams = 0", Err("5: 0 is out of range")),
        ("stream_window = 65534", Err("5: 65534 is out of range")),
        ("connection_window = 1073741825", Err("5: 1073741825 is out of range")),
        ("window = 1", Err("5: unknown setting `window` in [http2]")),
    ] {
        let start = start(&format!("{GOOD}[http2]\n{lines}"));
        match expected {
            Ok(http2) => assert_eq!(start.load().unwrap().settings.http2, http2),
            Err(fault) => assert_eq!(start.faults(), [fault]),
        }
    }
    for (text, warning) in [
        ("[http2]\n".to_owned(), "[http2] has no effect: HTTP/2 is spoken over TLS only"),
        (
            format!("{GOOD}[http2]\nstream_window = 4194304"),
            "the window of a stream is larger than that of its connection, which bounds it",
        ),
    ] {
        assert_eq!(start(&text).load().unwrap().warnings.remove(0).message, warning);
    }
}

#[test]
fn certificates_are_swapped_where_tls_is_spoken_already() {
    let plain = KEY.to_owned();
    let secure = format!("{GOOD}{KEY}");
    let asking = secure.replace("[tls]", "[tls]\nclient_ca = \"good.crt\"");
    for (old, new, swapped, needs_restart) in [
        (&secure, secure.replace("good.key", "both.pem"), &[][..], &[][..]),
        (&secure, asking.clone(), &["tls"], &[]),
        (&asking, asking.replace("[tls]", "[tls]\nclient_certificates = \"optional\""), &["tls"], &[]),
        (&plain, secure.clone(), &[], &["tls"]),
        (&secure, plain.clone(), &[], &["tls"]),
        (&secure, format!("{secure}[http2]\nstreams = 7"), &[], &["http2"]),
    ] {
        let start = start(old);
        let before = start.load().unwrap().settings;
        std::fs::write(start.flags.config.as_ref().unwrap(), &new).unwrap();
        let after = start.load().unwrap().settings;
        let changes = before.changes_to(&after);
        assert_eq!((changes.swapped.as_slice(), changes.needs_restart.as_slice()), (swapped, needs_restart), "{new}");
        assert!(before.replaced_by(&after).changes_to(&after).swapped.is_empty());
    }
    let mut files = start(&asking).load().unwrap().files;
    files.retain(|path| path.extension().is_some_and(|extension| extension != "toml"));
    assert_eq!(files.len(), 3, "all are watched: {files:?}");
}
