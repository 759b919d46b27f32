//! The document of PutBucketEncryption and of the answer to GetBucketEncryption.

use super::reader::{Element, malformed, parse, set_once};
use super::requests::truth;
use super::writer::document;
use crate::s3::{Code, S3Error};

const ROOT: &str = "ServerSideEncryptionConfiguration";
/// The one way in which R2 encrypts what it stores (release notes, 2022-05-05).
const AES256: &str = "AES256";

/// How a bucket's objects are encrypted: always with `AES256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketEncryption {
    /// `<BucketKeyEnabled>`.
    pub bucket_key: bool,
}

/// That of a bucket that was never given one (Cloudflare's simulator, captured from a real bucket).
impl Default for BucketEncryption {
    fn default() -> BucketEncryption {
        BucketEncryption { bucket_key: true }
    }
}

impl BucketEncryption {
    /// Reads the document.
    ///
    /// # Errors
    /// `MalformedXML`; `NotImplemented` for another algorithm than `AES256`, and for keys and types of encryption,
    /// which R2 does not have.
    pub fn parse(bytes: &[u8]) -> Result<BucketEncryption, S3Error> {
        let root = parse(bytes, ROOT)?;
        let mut rule = None;
        for child in root.children()? {
            match child.name.as_str() {
                "Rule" => set_once(&mut rule, read_rule(child)?)?,
                _ => return Err(root.unexpected(child)),
            }
        }
        rule.ok_or_else(|| malformed("no <Rule>"))
    }

    /// The document for this configuration.
    pub fn to_document(self) -> String {
        document(ROOT, |root| {
            root.inside("Rule", |rule| {
                rule.inside("ApplyServerSideEncryptionByDefault", |default| default.text("SSEAlgorithm", AES256));
                rule.value("BucketKeyEnabled", self.bucket_key);
            });
        })
    }
}

fn read_rule(rule: &Element) -> Result<BucketEncryption, S3Error> {
    let (mut algorithm, mut bucket_key) = (None, None);
    for child in rule.children()? {
        match child.name.as_str() {
            "ApplyServerSideEncryptionByDefault" => set_once(&mut algorithm, check_algorithm(child)?)?,
            "BucketKeyEnabled" => set_once(&mut bucket_key, truth(child)?)?,
            "BlockedEncryptionTypes" => return Err(not_implemented(&child.name)),
            _ => return Err(rule.unexpected(child)),
        }
    }
    algorithm.ok_or_else(|| malformed("no <ApplyServerSideEncryptionByDefault>"))?;
    Ok(BucketEncryption { bucket_key: bucket_key.unwrap_or_default() })
}

fn check_algorithm(default: &Element) -> Result<(), S3Error> {
    let mut algorithm = None;
    for child in default.children()? {
        match child.name.as_str() {
            "SSEAlgorithm" => set_once(&mut algorithm, child.leaf()?)?,
            "KMSMasterKeyID" => return Err(not_implemented(&child.name)),
            _ => return Err(default.unexpected(child)),
        }
    }
    match algorithm {
        Some(AES256) => Ok(()),
        Some("aws:kms" | "aws:kms:dsse") => Err(not_implemented("SSEAlgorithm with another value than AES256")),
        _ => Err(malformed("no <SSEAlgorithm> that S3 has")),
    }
}

fn not_implemented(element: &str) -> S3Error {
    S3Error::new(Code::NOT_IMPLEMENTED).message(format!("PutBucketEncryption element {element} not implemented"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(rule: &str) -> Result<BucketEncryption, S3Error> {
        BucketEncryption::parse(format!("<{ROOT}>{rule}</{ROOT}>").as_bytes())
    }

    fn rule(algorithm: &str, more: &str) -> String {
        let default = "ApplyServerSideEncryptionByDefault";
        format!("<Rule><{default}><SSEAlgorithm>{algorithm}</SSEAlgorithm></{default}>{more}</Rule>")
    }

    #[test]
    fn aes256_is_all_there_is() {
        for (rule, bucket_key) in [
            (rule(AES256, ""), false),
            (rule(AES256, "<BucketKeyEnabled>true</BucketKeyEnabled>"), true),
            (rule(AES256, "<BucketKeyEnabled>false</BucketKeyEnabled>"), false),
        ] {
            let encryption = parsed(&rule).unwrap();
            assert_eq!(encryption, BucketEncryption { bucket_key });
            assert_eq!(BucketEncryption::parse(encryption.to_document().as_bytes()), Ok(encryption));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (document, code) in [
            (String::new(), "MalformedXML"),
            ("<Rule/>".into(), "MalformedXML"),
            (rule("AES128", ""), "MalformedXML"),
            (rule("", ""), "MalformedXML"),
            (rule(AES256, "<BucketKeyEnabled>x</BucketKeyEnabled>"), "MalformedXML"),
            (rule(AES256, "<Unknown/>"), "MalformedXML"),
            (rule(AES256, "").repeat(2), "MalformedXML"),
            (rule("aws:kms", ""), "NotImplemented"),
            (rule(AES256, "<BlockedEncryptionTypes/>"), "NotImplemented"),
            (
                rule(AES256, "").replace("<SSEAlgorithm>", "<KMSMasterKeyID>k</KMSMasterKeyID><SSEAlgorithm>"),
                "NotImplemented",
            ),
        ] {
            assert_eq!(parsed(&document).unwrap_err().code, code, "{document}");
        }
    }
}
