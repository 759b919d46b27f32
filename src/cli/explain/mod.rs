//! `explain`: a request from the command line, judged as `serve` would judge it, without sending it.
//!
//! [`report::judge`] decides; the rest reads the request and writes the report.

mod request;
mod curl;
pub mod report;
mod render;
mod json;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub use request::Request;

use crate::access::BucketScope;
use crate::cli::arguments::Explain;
use crate::cli::failure::Failure;
use crate::diagnostics::{Diagnostic, Location};
use crate::filters::{KnownKeys, Limits, Mode, Rules};
use crate::routing::{TrustedProxies, foreign_host};
use crate::s3::Timestamp;
use crate::server::local;
use crate::settings::{self, Upstream};
use report::Verdict;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::SystemTime;

/// Explains a request.
///
/// # Errors
/// [`Failure::Found`] if it would be refused, and faults if the request or the settings cannot be read.
pub(super) fn run(arguments: &Explain, out: &mut dyn Write) -> Result<(), Failure> {
    let now = arguments.at.as_deref().map_or_else(|| Ok(Timestamp::from(SystemTime::now())), parse_time)?;
    let request = read(arguments, now)?;
    let host = request.head().header("host").unwrap_or_default();
    let foreign = foreign_host::read(host)
        .map_err(|not| Diagnostic::new(Location::from_name("URL"), format!("{host} {}", not.what), not.advice))?;
    let loaded = settings::load_rules(&arguments.sources.flags(), &|name| std::env::var(name))?;
    let name = loaded.policy.name().to_owned();
    let keys = if loaded.keyring.is_empty() {
        KnownKeys::Nothing
    } else {
        KnownKeys::OfRules { without_secret: &loaded.without_secret }
    };
    let mut domains = loaded.domains;
    // The request is judged as if r2shim stood there.
    domains.extend(foreign.iter().map(|foreign| foreign.domain.clone()));
    // The data folder is not opened: a server may have it.
    let stored = matches!(loaded.upstream, Upstream::Local) && local::may_store_cors_rules(&loaded.policy);
    let cors = if stored { loaded.cors.without_the_stored() } else { loaded.cors };
    let rules = Rules {
        limits: Limits::from(loaded.limits),
        domains,
        cors,
        keyring: loaded.keyring,
        signing_keys: Arc::default(),
        policy: Arc::new(loaded.policy),
        public: BucketScope::none(),
        trusted_proxies: TrustedProxies::default(),
        mode: Mode::from_settings(loaded.mode, &loaded.upstream),
    };
    let report = report::judge(&request, &rules, &loaded.upstream, keys, now);
    let text = if arguments.json {
        json::render(&request, foreign.as_ref(), &name, &report, now)
            .map_err(|error| Failure::Stopped(format!("the report cannot be written: {error}")))?
    } else {
        render::render(&request, foreign.as_ref(), &name, &report, settings::policy_line)
    };
    out.write_all(text.as_bytes())?;
    if report.verdict() == Verdict::Refused { Err(Failure::Found) } else { Ok(()) }
}

/// The request of the arguments: METHOD and URL, or a command line of curl as words, as one text or on stdin.
fn read(arguments: &Explain, now: Timestamp) -> Result<Request, Failure> {
    let size_of = |file: &str| std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
    let from_curl = |words: &[String]| match words.first().map(String::as_str) {
        Some("curl") => Ok(curl::request(words, &size_of, now)?),
        _ => Err(usage("this is no command line of curl").into()),
    };
    match (arguments.method.as_deref(), arguments.url.as_deref()) {
        (None, _) => from_curl(&arguments.command),
        (Some("-"), None) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|_| usage("what is on stdin cannot be read as text"))?;
            from_curl(&curl::words(&text)?)
        }
        (Some(text), None) if text.starts_with("curl ") => from_curl(&curl::words(text)?),
        (Some(method), Some(url)) => Ok(Request::parse(method, url, &arguments.headers)?),
        (Some(_), None) => Err(usage("the request has no URL").into()),
    }
}

fn usage(message: &str) -> Diagnostic {
    let advice = "write r2shim explain METHOD URL, or r2shim explain curl OPTIONS URL, or paste a curl command into \
                  r2shim explain -";
    Diagnostic::new(Location::from_name("explain"), message, advice)
}

fn parse_time(text: &str) -> Result<Timestamp, Diagnostic> {
    let found = Timestamp::parse_amz_date(text).or_else(|| Timestamp::parse_iso_8601(text));
    found.ok_or_else(|| {
        let advice = "write UTC as 20261126T093000Z or 2026-11-26T09:30:00Z";
        Diagnostic::new(Location::from_name("--at"), format!("{text:?} is no time"), advice)
    })
}

/// `explain curl -X PUT ...` with `--` before the curl command line, so that clap does not read curl's options.
pub(super) fn with_curl_set_apart(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let explains = words.get(1).is_some_and(|word| word == "explain");
    let curl = words.iter().position(|word| word == "curl" || word == "--");
    if let Some(at) = curl.filter(|at| explains && words.get(*at).is_some_and(|word| word == "curl")) {
        words.insert(at, "--".into());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_curl_are_set_apart() {
        for (line, expected) in [
            ("r2shim explain curl -X PUT u", "r2shim explain -- curl -X PUT u"),
            ("r2shim explain --json curl -I u", "r2shim explain --json -- curl -I u"),
            ("r2shim explain -- curl -I u", "r2shim explain -- curl -I u"),
            ("r2shim explain PUT u", "r2shim explain PUT u"),
            ("r2shim serve curl", "r2shim serve curl"),
        ] {
            let words = with_curl_set_apart(line.split(' ').map(OsString::from));
            assert_eq!(words.join(" ".as_ref()), OsString::from(expected));
        }
    }

    #[test]
    fn times_are_read_in_two_forms() {
        assert_eq!(parse_time("20261126T093000Z").unwrap(), parse_time("2026-11-26T09:30:00Z").unwrap());
        assert!(parse_time("yesterday").is_err());
    }
}
