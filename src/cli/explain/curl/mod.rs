//! A pasted `curl` command line, and the request that curl would send for it.
//!
//! Options that do not change the request are ignored. An unknown option could change it, so it is a fault.
//!
//! Source: curl(1).

mod ansi_c;
mod options;
#[cfg(test)]
mod tests;

use crate::cli::explain::request::Request;
use crate::diagnostics::{Diagnostic, Location, nearest};
use crate::s3::Timestamp;
use crate::sigv4::{KeyCache, PayloadHash, Secret, Signer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RANGE};
use options::{Meaning, OPTIONS};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const AMZ_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// A parsed command line. It has no `Debug`, because it may hold a secret.
#[derive(Default)]
struct Command {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<String>,
    /// Headers of options, which those of `-H` replace.
    implied: Vec<(HeaderName, String)>,
    data: Vec<String>,
    /// Whether some of the data is in a file.
    data_in_file: bool,
    upload: Option<String>,
    form: bool,
    head: bool,
    get: bool,
    user: Option<String>,
    sigv4: Option<String>,
    faults: Vec<Diagnostic>,
}

/// The words of a command line as a shell reads them.
///
/// # Errors
/// A quote that is not closed.
pub(super) fn words(text: &str) -> Result<Vec<String>, Diagnostic> {
    let open = || fault("a quote in the command line is not closed", "paste the command whole");
    // The parser makes an empty word of a line that continues on the next one.
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    ansi_c::plain(&joined).and_then(|text| shlex::split(&text)).ok_or_else(open)
}

/// The request that curl sends for these words, of which the first is `curl`. `size_of` is the size of a file; `now` is
/// when curl signs, if it does.
///
/// # Errors
/// Every unknown option, and arguments that do not make a request.
pub(super) fn request(
    words: &[String],
    size_of: &dyn Fn(&str) -> Option<u64>,
    now: Timestamp,
) -> Result<Request, Vec<Diagnostic>> {
    let command = Command::read(words.get(1..).unwrap_or_default());
    if !command.faults.is_empty() {
        return Err(command.faults);
    }
    command.request(size_of, now)
}

fn fault(message: impl Into<String>, advice: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Location::from_name("curl"), message, advice)
}

impl Command {
    fn read(words: &[String]) -> Command {
        let mut command = Command::default();
        let mut words = words.iter().map(String::as_str);
        let mut only_urls = false;
        while let Some(word) = words.next() {
            match word {
                "--" if !only_urls => only_urls = true,
                _ if only_urls || !word.starts_with('-') || word == "-" => command.take_url(word),
                _ => match word.strip_prefix("--") {
                    Some(name) => command.long(name, &mut words),
                    None => command.letters(&word[1..], &mut words),
                },
            }
        }
        if command.url.is_none() && command.faults.is_empty() {
            command.faults.push(fault("the command has no URL", "write curl [OPTION]... URL"));
        }
        command
    }

    fn long<'w>(&mut self, name: &str, words: &mut impl Iterator<Item = &'w str>) {
        let found = OPTIONS.iter().find(|(_, known, _)| *known == name);
        match found {
            Some((_, _, meaning)) => self.option(*meaning, &format!("--{name}"), None, words),
            None => {
                let names: Vec<&str> = OPTIONS.iter().map(|(_, name, _)| *name).collect();
                let near = nearest(name, &names).map(|near| format!("did you mean --{near}?"));
                self.unknown(&format!("--{name}"), near);
            }
        }
    }

    /// `-sSXPUT`: letters of options. The value of an option follows its letter.
    fn letters<'w>(&mut self, letters: &str, words: &mut impl Iterator<Item = &'w str>) {
        for (at, letter) in letters.char_indices() {
            let Some((_, _, meaning)) = OPTIONS.iter().find(|(known, _, _)| *known == letter && letter != ' ') else {
                return self.unknown(&format!("-{letter}"), None);
            };
            let rest = letters.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            self.option(*meaning, &format!("-{letter}"), rest, words);
            if meaning.takes_value() {
                return;
            }
        }
    }

    fn unknown(&mut self, option: &str, near: Option<String>) {
        let advice = near.unwrap_or_else(|| "leave it out if it does not change the request".to_owned());
        self.faults.push(fault(format!("the option {option} of curl is not known here"), advice));
    }

    fn option<'w>(
        &mut self,
        meaning: Meaning,
        name: &str,
        attached: Option<&str>,
        words: &mut impl Iterator<Item = &'w str>,
    ) {
        if !meaning.takes_value() {
            return self.switch(meaning);
        }
        match attached.or_else(|| words.next()) {
            Some(value) => self.value(meaning, value),
            None => self.faults.push(fault(format!("the option {name} has no value"), "paste the command whole")),
        }
    }

    fn switch(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Head => self.head = true,
            Meaning::Get => self.get = true,
            Meaning::Compressed => self.implied.push((ACCEPT_ENCODING, "deflate, gzip".to_owned())),
            _ => {}
        }
    }

    fn value(&mut self, meaning: Meaning, value: &str) {
        match meaning {
            Meaning::Method => self.method = Some(value.to_owned()),
            // "Name;" is a header without a value, and "Name:" is one that is left out.
            Meaning::Header => self.headers.push(value.to_owned()),
            Meaning::Upload => self.upload = Some(value.to_owned()),
            Meaning::Data => self.take_data(value.to_owned()),
            Meaning::RawData => self.data.push(value.to_owned()),
            Meaning::EncodedData => self.take_data(encoded(value)),
            Meaning::Json => {
                self.implied.push((CONTENT_TYPE, "application/json".to_owned()));
                self.take_data(value.to_owned());
            }
            Meaning::Form => self.form = true,
            Meaning::Url => self.take_url(value),
            Meaning::User => self.user = Some(value.to_owned()),
            Meaning::SigV4 => self.sigv4 = Some(value.to_owned()),
            Meaning::Bearer => self.implied.push((AUTHORIZATION, format!("Bearer {value}"))),
            Meaning::ValueOf(name) => self.implied.push((HeaderName::from_static(name), value.to_owned())),
            Meaning::Range => self.implied.push((RANGE, format!("bytes={value}"))),
            Meaning::Head | Meaning::Get | Meaning::Compressed | Meaning::NothingOf | Meaning::Nothing => {}
        }
    }

    fn take_url(&mut self, url: &str) {
        if self.url.replace(url.to_owned()).is_some() {
            self.faults.push(fault("the command has more than one URL", "explain one request at a time"));
        }
    }

    fn take_data(&mut self, value: String) {
        self.data_in_file |= value.starts_with('@');
        self.data.push(value);
    }

    /// The method as curl chooses it.
    fn method(&self) -> &str {
        let chosen = match () {
            () if self.head => "HEAD",
            () if self.upload.is_some() => "PUT",
            () if self.form || (!self.data.is_empty() && !self.get) => "POST",
            () => "GET",
        };
        self.method.as_deref().unwrap_or(chosen)
    }

    fn url(&self) -> String {
        let url = self.url.clone().unwrap_or_default();
        let mut url = if url.contains("://") { url } else { format!("http://{url}") };
        if let Some(name) = self.upload.as_deref().filter(|_| url.ends_with('/')) {
            url.push_str(name.rsplit('/').next().unwrap_or_default());
        }
        if self.get && !self.data.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&self.data.join("&"));
        }
        url
    }

    fn request(mut self, size_of: &dyn Fn(&str) -> Option<u64>, now: Timestamp) -> Result<Request, Vec<Diagnostic>> {
        // Headers that curl would set and that "-H Name:" leaves out.
        let left_out: Vec<String> =
            self.headers.iter().filter_map(|text| text.trim_end().strip_suffix(':')).map(str::to_lowercase).collect();
        self.headers.retain(|text| !text.trim_end().ends_with(':'));
        let headers: Vec<String> = self.headers.iter().map(|text| given(text)).collect();
        let mut request = Request::parse("GET", &self.url(), &headers)?;
        request.set_method(self.method());
        for (name, value) in self.implied.iter().filter(|(name, _)| !left_out.contains(&name.to_string())) {
            request.set_default(name, value);
        }
        let mut request = self.with_body(request, size_of);
        self.authorise(&mut request, now)?;
        Ok(request)
    }

    fn with_body(&self, mut request: Request, size_of: &dyn Fn(&str) -> Option<u64>) -> Request {
        if self.form {
            request.set_default(&CONTENT_TYPE, "multipart/form-data; boundary=-");
            return request;
        }
        if let Some(file) = &self.upload {
            if let Some(size) = size_of(file) {
                request.set_default(&CONTENT_LENGTH, &size.to_string());
            }
            return request;
        }
        if self.data.is_empty() || self.get {
            return request.with_body(Vec::new());
        }
        request.set_default(&CONTENT_TYPE, "application/x-www-form-urlencoded");
        if self.data_in_file { request } else { request.with_body(self.data.join("&").into_bytes()) }
    }

    /// Signs as curl does, or adds the user and password.
    fn authorise(&self, request: &mut Request, now: Timestamp) -> Result<(), Vec<Diagnostic>> {
        let Some(user) = &self.user else { return Ok(()) };
        let Some(sigv4) = &self.sigv4 else {
            request.set_default(&AUTHORIZATION, &format!("Basic {}", STANDARD.encode(user)));
            return Ok(());
        };
        let parts: Vec<&str> = sigv4.split(':').collect();
        let (Some((id, secret)), ["aws", "amz", region, service]) = (user.split_once(':'), &parts[..]) else {
            return Err(vec![fault(
                "--aws-sigv4 and --user do not say how to sign",
                "write --aws-sigv4 aws:amz:REGION:s3 --user ID:SECRET",
            )]);
        };
        let payload = match request.body() {
            Some(body) => PayloadHash::Digest(Sha256::digest(body).into()),
            None => PayloadHash::Unsigned,
        };
        request.set_default(&AMZ_SHA256, &payload.text());
        request.set_default(&AMZ_DATE, &now.amz_date());
        let payload = request.head().header(AMZ_SHA256.as_str()).and_then(|text| PayloadHash::parse(text).ok());
        let (secret, cache) = (Secret::new(secret), KeyCache::default());
        let signer = Signer { access_key_id: id, secret: &secret, region, service, cache: &cache };
        let signed = signer.sign(&request.head(), &payload.unwrap_or(PayloadHash::Unsigned), now);
        request.set_default(&AUTHORIZATION, &signed.authorization);
        Ok(())
    }
}

/// A header as `-H` writes it: "Name;" is one with an empty value.
fn given(text: &str) -> String {
    match text.trim_end().strip_suffix(';').filter(|name| !name.contains(':')) {
        Some(name) => format!("{name}:"),
        None => text.to_owned(),
    }
}

/// `--data-urlencode`: `content`, `=content` or `name=content`.
fn encoded(text: &str) -> String {
    let encode = |content: &str| utf8_percent_encode(content, NON_ALPHANUMERIC).to_string();
    match text.split_once('=') {
        Some(("", content)) => encode(content),
        Some((name, content)) => format!("{name}={}", encode(content)),
        None if text.starts_with('@') => text.to_owned(),
        None => encode(text),
    }
}
