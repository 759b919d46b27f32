//! Reads the `<Error>` in a store's answer, if it is one.

use super::reader::{Element, parse};

/// The most bytes an error document may have; S3's have some hundred.
pub const MAX_ERROR_BYTES: usize = 64 * 1024;

/// The longest `<Code>` that is taken for one, in bytes; S3's longest has about 60.
const MAX_CODE_BYTES: usize = 128;

/// A store's error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorDocument {
    /// `<Code>`: letters, digits and a few signs, never empty.
    pub code: String,
    /// `<Message>`, empty if there is none.
    pub message: String,
    /// `<Region>`: the right one, where the request named another.
    pub region: Option<String>,
    /// `<Endpoint>`: the host to ask instead.
    pub endpoint: Option<String>,
    /// `<BucketName>`, as the store calls it.
    pub bucket_name: Option<String>,
}

impl ErrorDocument {
    /// Reads a document with or without a namespace, with whatever further elements. `None` for what is not S3's:
    /// pages of a proxy in between, JSON, nothing at all.
    pub fn parse(document: &[u8]) -> Option<ErrorDocument> {
        if document.len() > MAX_ERROR_BYTES {
            return None;
        }
        let root = parse(document.trim_ascii_start(), "Error").ok()?;
        let mut error = ErrorDocument::default();
        for child in root.children().ok()? {
            error.read(child);
        }
        is_code(&error.code).then_some(error)
    }

    /// Of elements that come twice the last one counts; of those with elements inside none.
    fn read(&mut self, child: &Element) {
        let Ok(text) = child.leaf() else { return };
        let text = text.trim().to_owned();
        match child.name.as_str() {
            "Code" => self.code = text,
            "Message" => self.message = text,
            "Region" => self.region = Some(text),
            "Endpoint" => self.endpoint = Some(text),
            "BucketName" => self.bucket_name = Some(text),
            _ => {}
        }
    }
}

fn is_code(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (1..=MAX_CODE_BYTES).contains(&text.len()) && text.bytes().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> ErrorDocument {
        ErrorDocument { code: code.to_owned(), message: message.to_owned(), ..ErrorDocument::default() }
    }

    #[test]
    fn errors_of_stores() {
        let some = |text: &str| Some(text.to_owned());
        for (document, expected) in [
            (
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key \
                 does not exist.</Message><Key>a&amp;b</Key><RequestId>1</RequestId><HostId>h=</HostId></Error>",
                error("NoSuchKey", "The specified key does not exist."),
            ),
            (
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>PermanentRedirect</Code><Message>m</Message>\
                 <Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint><Bucket>b</Bucket></Error>",
                ErrorDocument { endpoint: some("b.s3.eu-west-1.amazonaws.com"), ..error("PermanentRedirect", "m") },
            ),
            (
                "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-1</Region>\
                 </Error>",
                ErrorDocument { region: some("eu-west-1"), ..error("AuthorizationHeaderMalformed", "m") },
            ),
            // Ceph: no declaration, no message.
            (
                "<Error><Code>NoSuchBucket</Code><BucketName>b</BucketName><RequestId>tx</RequestId></Error>",
                ErrorDocument { bucket_name: some("b"), ..error("NoSuchBucket", "") },
            ),
            (
                "<s:Error xmlns:s=\"urn:x\"><s:Code> SlowDown\n</s:Code><s:More><s:A/></s:More></s:Error>\n",
                error("SlowDown", ""),
            ),
            (" \n<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>", error("InternalError", "")),
        ] {
            assert_eq!(ErrorDocument::parse(document.as_bytes()), Some(expected), "{document}");
        }
    }

    #[test]
    fn what_is_no_error_of_s3() {
        let long = format!("<Error><Code>A</Code><Message>{}</Message></Error>", "x".repeat(MAX_ERROR_BYTES));
        let long_code = format!("<Error><Code>{}</Code></Error>", "x".repeat(MAX_CODE_BYTES + 1));
        for document in [
            "",
            " ",
            "Bad Gateway",
            "{\"Code\": \"NoSuchKey\"}",
            "<html><head><title>502 Bad Gateway</title></head><body><hr></body></html>",
            "<!DOCTYPE html><html></html>",
            "<Error/>",
            "<Error>x<Code>A</Code></Error>",
            "<Error><Code></Code><Message>m</Message></Error>",
            "<Error><Code>a b</Code></Error>",
            "<Error><Code><Code>A</Code></Code></Error>",
            "<Error><Code>A</Code>",
            "<ErrorResponse><Error><Code>A</Code></Error></ErrorResponse>",
            long.as_str(),
            long_code.as_str(),
        ] {
            assert_eq!(ErrorDocument::parse(document.as_bytes()), None, "{document:.60}");
        }
        assert_eq!(ErrorDocument::parse(b"<Error><Code>\xff</Code></Error>"), None);
    }
}
