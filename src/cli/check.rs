//! `check`: what `serve` would do, or every reason why it would not.

use crate::cli::arguments::Check;
use crate::cli::failure::Failure;
use crate::cli::style::{BAD, GOOD};
use crate::cli::{start, upstream};
use crate::diagnostics::{Diagnostic, Location};
use crate::s3::names::BucketName;
use crate::server::{self, Inherited};
use crate::settings::{Loaded, Mode, Settings, Upstream, credentials};
use std::io::Write;

/// Checks settings, keys, policy, addresses and data folder; changes nothing.
pub(super) fn run(arguments: &Check, out: &mut dyn Write) -> Result<(), Failure> {
    let loaded = start::load(&arguments.serve)?;
    // The addresses are bound and released, because the server itself may be the program that listens on them now.
    start::take(&loaded, Inherited::default(), false).map_err(perhaps_itself)?;
    writeln!(out, "{GOOD}ok{GOOD:#}: {}", summary(&loaded))?;
    if arguments.online { try_out(loaded.settings.upstream, out) } else { Ok(()) }
}

/// Tries the store behind r2shim, and prints whether each part works.
fn try_out(upstream: Upstream, out: &mut dyn Write) -> Result<(), Failure> {
    let Upstream::Remote(remote) = upstream else {
        writeln!(out, "nothing to try: objects are on this machine")?;
        return Ok(());
    };
    let findings = server::probe(*remote).map_err(|error| Failure::Stopped(error.to_string()))?;
    for finding in &findings {
        match &finding.fault {
            None => writeln!(out, "{GOOD}ok{GOOD:#}: {}", finding.what)?,
            Some(fault) => writeln!(out, "{BAD}fault{BAD:#}: {}: {fault}", finding.what)?,
        }
    }
    if findings.iter().all(|finding| finding.fault.is_none()) {
        return Ok(());
    }
    let location = Location::from_name("--online");
    Err(Diagnostic::new(location, "the store behind cannot be used", "mend the fault above and check again").into())
}

/// An address or folder that is in use may be in use by the server whose settings are checked.
fn perhaps_itself(failure: Failure) -> Failure {
    match failure {
        Failure::Stopped(message) => {
            Failure::Stopped(format!("{message}\n  nothing is wrong if that is r2shim, serving with these settings"))
        }
        other => other,
    }
}

fn summary(loaded: &Loaded) -> String {
    let settings = &loaded.settings;
    let listen: Vec<_> = settings.listen.iter().map(ToString::to_string).collect();
    let listen = listen.join(" and ");
    let admin = settings.admin.map_or("off".to_owned(), |address| format!("{address}{}", admin_pages(settings)));
    let (public, tls) = (public(settings), tls(settings));
    let serving = format!(
        "listens on {listen}{public}{tls}, admin {admin}, policy {}{}, {}{}",
        settings.policy.name(),
        audit(settings),
        keys(loaded),
        buckets(settings) + &pages(settings)
    );
    match &settings.upstream {
        Upstream::Local => format!("{serving}, data {}", settings.data_folder.display()),
        Upstream::Remote(remote) => {
            format!("{serving}\nin front of {}", upstream::summary(remote, loaded.upstream_key.as_ref()))
        }
    }
}

/// The line about TLS.
fn tls(settings: &Settings) -> String {
    let Some(tls) = &settings.tls else { return String::new() };
    let clients = match tls.clients.as_ref().map(|clients| clients.required) {
        None => "",
        Some(false) => " and client certificates",
        Some(true) => " and client certificates required",
    };
    format!(" with TLS until {}{clients}", tls.expires.iso_8601())
}

/// The line about the file of the audit, if there is one.
fn audit(settings: &Settings) -> String {
    match settings.mode {
        Mode::Enforce => String::new(),
        Mode::Audit => format!(", audit in {}", settings.audit_file.display()),
    }
}

/// The line about buckets that the start makes if they are missing.
fn buckets(settings: &Settings) -> String {
    let names: Vec<_> = settings.buckets.iter().map(BucketName::as_str).collect();
    match names.len() {
        0 => String::new(),
        1 => format!(", bucket {}", names.concat()),
        _ => format!(", buckets {}", names.join(" and ")),
    }
}

/// The line about pages at the admin address.
fn admin_pages(settings: &Settings) -> &'static str {
    match (settings.pages.served, settings.pages.download) {
        (true, true) => " with pages and downloads",
        (true, false) => " with pages",
        (false, _) => " without pages",
    }
}

/// The line about origins that may use the server from a browser.
fn pages(settings: &Settings) -> String {
    let origins = settings.cors.to_string();
    if origins.is_empty() { origins } else { format!(", pages of {origins}") }
}

/// The line about public buckets and their addresses.
fn public(settings: &Settings) -> String {
    let listen: Vec<_> = settings.public_listen.iter().map(ToString::to_string).collect();
    if listen.is_empty() { String::new() } else { format!(", public {} on {}", settings.public, listen.join(" and ")) }
}

fn keys(loaded: &Loaded) -> String {
    match loaded.keys.len() {
        0 => format!("a key to be made in {}", credentials::path(&loaded.settings.data_folder).display()),
        1 => "1 key".to_owned(),
        count => format!("{count} keys"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{self, Flags};
    use std::env::VarError;

    /// What is said of settings with that text, in a folder called `FOLDER`, and with a key in the environment.
    fn said_of(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r2shim.toml");
        std::fs::write(&path, text).unwrap();
        let flags = Flags { config: Some(path), ..Flags::default() };
        let environment =
            |name: &str| if name.starts_with("R2SHIM_") { Ok(name.into()) } else { Err(VarError::NotPresent) };
        let loaded = settings::load(&flags, &environment).unwrap();
        assert!(!start::needs_data_folder(&loaded));
        summary(&loaded).replace(&folder.path().display().to_string(), "FOLDER")
    }

    #[test]
    fn the_summary_says_what_it_will_stand_in_front_of() {
        let key = "access_key_id = \"AKIA\"\nsecret_access_key = \"hush\"\n";
        for (settings, expected) in [
            (
                format!("{key}endpoints = [\"http://127.0.0.1:9100\", \"http://127.0.0.1:9101\"]\ndialect = \"minio\""),
                "http://127.0.0.1:9100 and http://127.0.0.1:9101, region us-east-1, dialect minio, addressing path, \
                 no bucket mapped, key AKIA with its secret in FOLDER/r2shim.toml:4",
            ),
            (
                "endpoints = [\"https://s3.eu-west-1.amazonaws.com\"]\nregion = \"eu-west-1\"\naddressing = \"virtual\"\n\
                 credentials = \"aws-chain\"\nonly_mapped = true\nbuckets = { media = \"acme-media\" }"
                    .to_owned(),
                "https://s3.eu-west-1.amazonaws.com, region eu-west-1, dialect aws, addressing virtual, \
                 1 bucket mapped and no other reachable, credentials of the AWS chain",
            ),
        ] {
            let said = said_of(&format!("[upstream]\nkind = \"s3\"\n{settings}"));
            let serving = "listens on 127.0.0.1:9000, admin 127.0.0.1:9001 with pages, policy r2, 1 key";
            assert_eq!(said, format!("{serving}\nin front of {expected}"));
        }
    }

    #[test]
    fn the_summary_says_which_pages_are_let_in() {
        let cors = vec!["http://localhost:3000".into(), "https://*.example.com".into()];
        let flags = Flags { data: Some("not-there".into()), cors, ..Flags::default() };
        let said = summary(&settings::load(&flags, &|_| Err(VarError::NotPresent)).unwrap());
        assert!(said.contains(", pages of http://localhost:3000, https://*.example.com, data"), "{said}");
    }

    #[test]
    fn the_summary_says_what_serve_would_do() {
        let flags = Flags { data: Some("not-there".into()), ..Flags::default() };
        let public = Flags { public: vec!["media".into(), "site-*".into()], ..flags.clone() };
        for (flags, expected) in [(flags, ""), (public, ", public media, site-* on 127.0.0.1:9002")] {
            let loaded = settings::load(&flags, &|_| Err(VarError::NotPresent)).unwrap();
            assert_eq!(
                summary(&loaded),
                format!(
                    "listens on 127.0.0.1:9000{expected}, admin 127.0.0.1:9001 with pages, policy r2, \
                     a key to be made in not-there/credentials.toml, data not-there"
                )
            );
        }
    }
}
