//! `[[cors]]` and `--cors`: which pages of other origins may use the server from a browser.

use crate::access::BucketScope;
use crate::cors::rule::MAX_AGE_SECONDS;
use crate::cors::{BucketRule, CorsRule, CorsRules, HeaderPattern, OriginPattern};
use crate::diagnostics::{Diagnostic, Location, Spanned};
use crate::s3::operation::Method;
use crate::settings::choice::one_of;
use crate::settings::findings::Findings;
use crate::settings::keys;
use crate::settings::written::WrittenCors;
use http::HeaderName;

const ORIGIN_FORM: &str = "write scheme, host and port as browsers send them, as \"https://app.example.com\" or \
                           \"http://localhost:3000\"; one '*' may stand for a part, or for all";

/// The texts of a list in the file.
type Texts = Spanned<Vec<Spanned<String>>>;

/// The rules of the file, or one for the origins of the flag if there are any.
pub(super) fn resolve(written: Vec<WrittenCors>, flag: &[String], findings: &mut Findings) -> CorsRules {
    if flag.is_empty() {
        return CorsRules::new(written.into_iter().filter_map(|rule| rule_of(rule, findings)).collect());
    }
    findings.warnings.extend(overruled(written.len()));
    let texts = flag.iter().map(|text| Spanned::new(text.clone(), Location::from_name("--cors")));
    let origins = each(texts.collect(), origin, findings);
    findings.warnings.extend(origins.iter().filter_map(|(text, origin)| trap(text, origin)));
    let rule = CorsRule::open_to(origins.into_iter().map(|(_, origin)| origin).collect());
    CorsRules::new(vec![BucketRule { buckets: BucketScope::All, rule }])
}

fn overruled(count: usize) -> Option<Diagnostic> {
    let rules = match count {
        0 => return None,
        1 => "the [[cors]]".to_owned(),
        _ => format!("the {count} [[cors]]"),
    };
    let message = format!("--cors is given, so {rules} of the settings file will not count");
    Some(Diagnostic::new(Location::from_name("--cors"), message, "leave the flag out to use those of the file"))
}

/// The rule, or `None` and every fault in it.
fn rule_of(written: WrittenCors, findings: &mut Findings) -> Option<BucketRule> {
    let before = findings.faults.len();
    let buckets = keys::scope(written.buckets, "rule", &mut findings.faults);
    let place = written.location;
    let origins = each(needed("allowed_origins", written.allowed_origins, &place, findings), origin, findings);
    findings.warnings.extend(origins.iter().filter_map(|(text, origin)| trap(text, origin)));
    let methods = each(needed("allowed_methods", written.allowed_methods, &place, findings), method, findings);
    let headers = each(given("allowed_headers", written.allowed_headers, findings), header, findings);
    let expose = each(given("expose_headers", written.expose_headers, findings), exposed, findings);
    let max_age = written.max_age_seconds.and_then(|seconds| findings.good(max_age(&seconds)));
    let rule = CorsRule {
        origins: values(origins),
        methods: values(methods),
        headers: values(headers),
        expose: values(expose),
        max_age,
        on_errors: written.on_errors.is_some_and(|on| on.value),
    };
    let buckets = buckets?;
    (findings.faults.len() == before).then_some(BucketRule { buckets, rule })
}

/// The texts of a list that a rule must have.
fn needed(name: &str, list: Option<Texts>, rule: &Location, findings: &mut Findings) -> Vec<Spanned<String>> {
    if list.is_none() {
        let message = format!("this [[cors]] has no {name}");
        let advice =
            "a rule needs both: allowed_origins = [\"http://localhost:3000\"], allowed_methods = [\"GET\", \"PUT\"]";
        findings.faults.push(Diagnostic::new(rule.clone(), message, advice));
    }
    given(name, list, findings)
}

/// The texts of a list that is not empty if it is there.
fn given(name: &str, list: Option<Texts>, findings: &mut Findings) -> Vec<Spanned<String>> {
    let Some(list) = list else { return Vec::new() };
    if list.value.is_empty() {
        findings.faults.push(list.fault(format!("`{name}` names none"), "name some, or leave it out"));
    }
    list.value
}

/// The meaning of each text, with the text. A text with the same meaning as an earlier one is a fault.
fn each<T: PartialEq>(
    texts: Vec<Spanned<String>>,
    read: impl Fn(&Spanned<String>) -> Result<T, Diagnostic>,
    findings: &mut Findings,
) -> Vec<(Spanned<String>, T)> {
    let mut values: Vec<(Spanned<String>, T)> = Vec::new();
    for text in texts {
        let Some(value) = findings.good(read(&text)) else { continue };
        if values.iter().any(|(_, other)| *other == value) {
            findings.faults.push(text.fault(format!("{:?} is named twice", text.value), "name it once"));
        } else {
            values.push((text, value));
        }
    }
    values
}

fn values<T>(read: Vec<(Spanned<String>, T)>) -> Vec<T> {
    read.into_iter().map(|(_, value)| value).collect()
}

fn origin(text: &Spanned<String>) -> Result<OriginPattern, Diagnostic> {
    if text.value.contains('@') {
        // The text may hold a password, so it is not shown.
        return Err(text.fault("this origin names a user", ORIGIN_FORM));
    }
    OriginPattern::parse(&text.value)
        .map_err(|bad| text.fault(format!("{:?} is no origin: {bad}", text.value), ORIGIN_FORM))
}

/// A warning for a pattern that also matches foreign domains.
fn trap(text: &Spanned<String>, origin: &OriginPattern) -> Option<Diagnostic> {
    let message = format!("{origin} also lets {} in, a name that anyone can register", origin.stranger()?);
    Some(text.fault(message, "put the '*' in front of a dot, as \"https://*.example.com\""))
}

fn method(text: &Spanned<String>) -> Result<Method, Diagnostic> {
    one_of(text, "method of S3", &Method::ALL.map(|method| (method.name(), method)))
}

fn header(text: &Spanned<String>) -> Result<HeaderPattern, Diagnostic> {
    let advice = "write names as \"content-type\"; one '*' may stand for a part, as \"x-amz-*\", or for all";
    HeaderPattern::parse(&text.value).map_err(|bad| text.fault(format!("{:?} is no header: {bad}", text.value), advice))
}

fn exposed(text: &Spanned<String>) -> Result<HeaderName, Diagnostic> {
    let name = HeaderName::from_bytes(text.value.as_bytes()).ok().filter(|_| !text.value.contains('*'));
    name.ok_or_else(|| {
        let advice = "name each header that pages may read, as \"etag\" or \"x-amz-meta-owner\"; S3 has no '*' here";
        text.fault(format!("{:?} is no header", text.value), advice)
    })
}

fn max_age(seconds: &Spanned<u64>) -> Result<u32, Diagnostic> {
    let good = u32::try_from(seconds.value).ok().filter(|_| seconds.value <= MAX_AGE_SECONDS);
    good.ok_or_else(|| {
        let message = format!("a max_age_seconds of {} is too long", seconds.value);
        seconds.fault(message, format!("it is in seconds: write {MAX_AGE_SECONDS} (a day) or less"))
    })
}
