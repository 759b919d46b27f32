//! The document of PutBucketCors and of the answer to GetBucketCors. What its texts mean is in [`crate::cors`].

use super::reader::{Element, malformed, parse, set_once};
use super::writer::document;
use crate::s3::S3Error;

/// The most rules of a bucket (S3 user guide, Elements of a CORS configuration).
const MAX_RULES: usize = 100;

/// The most bytes of the document (S3 API reference, PutBucketCors: 64 KB).
const MAX_BYTES: usize = 64 << 10;

const ROOT: &str = "CORSConfiguration";

/// The CORS rules of a bucket as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsConfiguration {
    /// One to a hundred rules, in the order in which they are asked.
    pub rules: Vec<CorsRuleElement>,
}

/// One `<CORSRule>`. An element that is not there is an empty list or `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsRuleElement {
    /// `<ID>`.
    pub id: Option<String>,
    /// `<AllowedOrigin>`, at least one.
    pub origins: Vec<String>,
    /// `<AllowedMethod>`, at least one.
    pub methods: Vec<String>,
    /// `<AllowedHeader>`.
    pub headers: Vec<String>,
    /// `<ExposeHeader>`.
    pub expose: Vec<String>,
    /// `<MaxAgeSeconds>`.
    pub max_age: Option<u32>,
}

impl CorsConfiguration {
    /// Reads the document.
    ///
    /// # Errors
    /// `MalformedXML`: R2 refuses elements that it does not know (release notes, 2022-11-30).
    pub fn parse(bytes: &[u8]) -> Result<CorsConfiguration, S3Error> {
        if bytes.len() > MAX_BYTES {
            return Err(malformed(format!("{} bytes", bytes.len())));
        }
        let root = parse(bytes, ROOT)?;
        let mut rules = Vec::new();
        for child in root.children()? {
            match child.name.as_str() {
                "CORSRule" => rules.push(CorsRuleElement::read(child)?),
                _ => return Err(root.unexpected(child)),
            }
        }
        if (1..=MAX_RULES).contains(&rules.len()) {
            Ok(CorsConfiguration { rules })
        } else {
            Err(malformed(format!("{} rules", rules.len())))
        }
    }

    /// The document for these rules.
    pub fn to_document(&self) -> String {
        document(ROOT, |root| {
            for rule in &self.rules {
                root.inside("CORSRule", |element| {
                    element.optional("ID", rule.id.as_deref());
                    rule.lists()
                        .into_iter()
                        .for_each(|(name, texts)| texts.iter().for_each(|text| element.text(name, text)));
                    element.optional("MaxAgeSeconds", rule.max_age.map(|seconds| seconds.to_string()).as_deref());
                });
            }
        })
    }
}

impl CorsRuleElement {
    fn lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("AllowedOrigin", &self.origins),
            ("AllowedMethod", &self.methods),
            ("AllowedHeader", &self.headers),
            ("ExposeHeader", &self.expose),
        ]
    }

    fn read(element: &Element) -> Result<CorsRuleElement, S3Error> {
        let mut rule = CorsRuleElement::default();
        for child in element.children()? {
            let text = child.leaf()?.to_owned();
            match child.name.as_str() {
                "ID" => set_once(&mut rule.id, text)?,
                "AllowedOrigin" => rule.origins.push(text),
                "AllowedMethod" => rule.methods.push(text),
                "AllowedHeader" => rule.headers.push(text),
                "ExposeHeader" => rule.expose.push(text),
                "MaxAgeSeconds" => set_once(&mut rule.max_age, seconds(&text)?)?,
                _ => return Err(element.unexpected(child)),
            }
        }
        if rule.origins.is_empty() || rule.methods.is_empty() {
            return Err(malformed("a rule without an origin or without a method"));
        }
        Ok(rule)
    }
}

fn seconds(text: &str) -> Result<u32, S3Error> {
    text.trim().parse().map_err(|_| malformed("<MaxAgeSeconds> is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";

    fn parsed(rules: &str) -> Result<CorsConfiguration, S3Error> {
        CorsConfiguration::parse(format!("<CORSConfiguration>{rules}</CORSConfiguration>").as_bytes())
    }

    #[test]
    fn a_document_says_what_it_was_made_of() {
        let full = "<CORSRule><ID>a&amp;b</ID><AllowedOrigin>https://a.example</AllowedOrigin><AllowedOrigin>https://b.example\
                    </AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedHeader>*\
                    </AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>";
        for rules in [RULE, full, &RULE.repeat(MAX_RULES)] {
            let document = parsed(rules).unwrap().to_document();
            assert!(document.ends_with(&format!("{rules}</CORSConfiguration>")), "{document:.200}");
            assert_eq!(CorsConfiguration::parse(document.as_bytes()), parsed(rules));
        }
    }

    #[test]
    fn other_documents_are_malformed() {
        let with = |element: &str| RULE.replace("</CORSRule>", &format!("{element}</CORSRule>"));
        for rules in [
            String::new(),
            "<CORSRule/>".into(),
            "<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>".into(),
            "<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>".into(),
            with("<MaxAgeSeconds>x</MaxAgeSeconds>"),
            with("<MaxAgeSeconds>-1</MaxAgeSeconds>"),
            with("<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>1</MaxAgeSeconds>"),
            with("<ID>a</ID><ID>b</ID>"),
            with("<Unknown/>"),
            with("<AllowedHeader><a/></AllowedHeader>"),
            format!("{RULE}<Other/>"),
            with(&format!("<ID>{}</ID>", "x".repeat(MAX_BYTES))),
            RULE.repeat(MAX_RULES + 1),
        ] {
            assert_eq!(parsed(&rules).unwrap_err().code, "MalformedXML", "{rules:.200}");
        }
    }
}
