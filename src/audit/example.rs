//! One request as an example of a finding, and the answer to it: enough to recognise them, and nothing secret.

use crate::s3::secrecy::text_without;

/// The most bytes of an example.
const MAX_EXAMPLE: usize = 512;

/// What stands in the place of a secret, and of the name of a key.
const HIDDEN: &str = "...";

/// Method and target of a request, as sent but for the values that are not for everybody, which are `...`.
pub fn example(method: &str, target: &str) -> String {
    let target = match target.split_once('?') {
        Some((path, "")) => path,
        _ => target,
    };
    let mut text = format!("{method} {}", without_secrets(target));
    let end = text.floor_char_boundary(MAX_EXAMPLE);
    text.truncate(end);
    text
}

/// The message of an error. It may repeat a presigned address that a client has sent in the wrong place.
pub(super) fn without_secrets(text: &str) -> String {
    text_without(text, |_| Some(HIDDEN)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_no_secrets() {
        for (method, target, expected) in [
            ("PUT", "/media/a.txt?tagging", "PUT /media/a.txt?tagging"),
            ("GET", "/b/k?x-id=GetObject&versionId=1", "GET /b/k?x-id=GetObject&versionId=1"),
            (
                "GET",
                "/b/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Signature=abc&x-amz-security-TOKEN=t&versionId=1",
                "GET /b/k?X-Amz-Credential=...&X-Amz-Signature=...&x-amz-security-TOKEN=...&versionId=1",
            ),
            (
                "GET",
                "/b/k?X-Amz-Server-Side-Encryption-Customer-Key=a&x-amz-copy-source-server-side-encryption-customer-key=b",
                "GET /b/k?X-Amz-Server-Side-Encryption-Customer-Key=...&\
                 x-amz-copy-source-server-side-encryption-customer-key=...",
            ),
            ("GET", "/b/k?X%2DAmz-Signature=abc", "GET /b/k?X%2DAmz-Signature=..."),
            (
                "GET",
                "/b/k?AWSAccessKeyId=a&Signature=b&Expires=1",
                "GET /b/k?AWSAccessKeyId=...&Signature=...&Expires=1",
            ),
            ("GET", "/", "GET /"),
        ] {
            assert_eq!(example(method, target), expected);
        }
        assert_eq!(example("GET", &format!("/{}", "k".repeat(9999))).len(), MAX_EXAMPLE);
    }

    #[test]
    fn a_message_has_no_secrets() {
        for (sent, expected) in [
            ("Header 'x-amz-date' with value 'now' is no date", "Header 'x-amz-date' with value 'now' is no date"),
            (
                "Date provided (GET /b/k?AWSAccessKeyId=a&Signature=b&Expires=1) didn't parse",
                "Date provided (GET /b/k?AWSAccessKeyId=...&Signature=...&Expires=1) didn't parse",
            ),
        ] {
            assert_eq!(without_secrets(sent), expected);
        }
    }
}
