//! The rules that clients store with a bucket (PutBucketCors).

use crate::cors::origin::OriginPattern;
use crate::cors::rule::{CorsRule, HeaderPattern, MAX_AGE_SECONDS};
use crate::s3::operation::Method;
use crate::s3::xml::{CorsConfiguration, CorsRuleElement};
use crate::s3::{Code, S3Error};
use http::HeaderName;
use std::fmt::Display;

/// The rules in a document.
///
/// # Errors
/// `MalformedXML` for an origin that no browser sends, a method or a header that is none, and an age beyond R2's limit:
/// such a rule would never match. R2 refuses them, too (release notes, 2023-10-23 and 2024-01-30).
pub fn stored_rules(configuration: &CorsConfiguration) -> Result<Vec<CorsRule>, S3Error> {
    configuration.rules.iter().map(stored_rule).collect()
}

fn stored_rule(element: &CorsRuleElement) -> Result<CorsRule, S3Error> {
    Ok(CorsRule {
        origins: each("AllowedOrigin", &element.origins, OriginPattern::parse)?,
        methods: each("AllowedMethod", &element.methods, |text| {
            Method::parse(text).ok_or("methods are GET, HEAD, PUT, POST and DELETE")
        })?,
        headers: each("AllowedHeader", &element.headers, HeaderPattern::parse)?,
        expose: each("ExposeHeader", &element.expose, |text| HeaderName::from_bytes(text.as_bytes()))?,
        max_age: element.max_age.map(max_age).transpose()?,
        on_errors: false,
    })
}

fn each<T, E: Display>(name: &str, texts: &[String], read: impl Fn(&str) -> Result<T, E>) -> Result<Vec<T>, S3Error> {
    texts.iter().map(|text| read(text).map_err(|why| no_rule(name, text, why))).collect()
}

fn max_age(seconds: u32) -> Result<u32, S3Error> {
    if u64::from(seconds) <= MAX_AGE_SECONDS {
        Ok(seconds)
    } else {
        Err(no_rule("MaxAgeSeconds", &seconds.to_string(), format!("the most is {MAX_AGE_SECONDS}")))
    }
}

fn no_rule(name: &str, text: &str, why: impl Display) -> S3Error {
    let start: String = text.chars().take(100).collect();
    S3Error::new(Code::MALFORMED_XML).message(format!("{} {name} '{start}': {why}.", Code::MALFORMED_XML.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element() -> CorsRuleElement {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        CorsRuleElement {
            id: Some("pages".into()),
            origins: texts(&["https://app.example", "https://*.app.example"]),
            methods: texts(&["GET", "PUT"]),
            headers: texts(&["content-type", "x-amz-*"]),
            expose: texts(&["ETag"]),
            max_age: Some(86_400),
        }
    }

    #[test]
    fn a_document_becomes_rules() {
        let configuration =
            CorsConfiguration { rules: vec![element(), CorsRuleElement { max_age: None, ..element() }] };
        let rules = stored_rules(&configuration).unwrap();
        assert_eq!(rules.len(), 2);
        assert_eq!(rules[0].methods, [Method::Get, Method::Put]);
        assert_eq!(rules[0].expose, [HeaderName::from_static("etag")]);
        assert_eq!((rules[0].max_age, rules[1].max_age, rules[0].on_errors), (Some(86_400), None, false));
        assert!(rules[0].origins[1].matches("https://x.app.example"));
    }

    #[test]
    fn what_would_never_match_is_refused_and_named() {
        let one = |text: &str| vec![text.to_owned()];
        for (element, said) in [
            (
                CorsRuleElement { origins: one("https://a.example/"), ..element() },
                "AllowedOrigin 'https://a.example/': ",
            ),
            (CorsRuleElement { origins: one("a.example"), ..element() }, "AllowedOrigin 'a.example': "),
            (CorsRuleElement { methods: one("PATCH"), ..element() }, "AllowedMethod 'PATCH': methods are GET"),
            (CorsRuleElement { methods: one("get"), ..element() }, "AllowedMethod 'get': "),
            (CorsRuleElement { headers: one(""), ..element() }, "AllowedHeader '': "),
            (CorsRuleElement { headers: one("x-*-*"), ..element() }, "AllowedHeader 'x-*-*': "),
            (CorsRuleElement { expose: one("a b"), ..element() }, "ExposeHeader 'a b': "),
            (CorsRuleElement { max_age: Some(86_401), ..element() }, "MaxAgeSeconds '86401': the most is 86400."),
        ] {
            let error = stored_rules(&CorsConfiguration { rules: vec![element] }).unwrap_err();
            assert_eq!(error.code, "MalformedXML");
            let expected = format!("{} {said}", Code::MALFORMED_XML.message);
            assert!(error.message.starts_with(&expected), "{}", error.message);
        }
    }
}
