//! One request as an example of a finding: enough to recognise it, and nothing secret.

use crate::s3::customer_key::has_customer_key;

/// The most bytes of an example.
const MAX_EXAMPLE: usize = 512;

/// Parameters whose values are never shown: signatures, and what temporary keys consist of.
const SECRET: [&str; 6] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "signature",
    "awsaccesskeyid",
    "x-amz-server-side-encryption-customer-key-md5",
];

/// Method and target of a request, as sent but for the values of secret parameters, which are `...`.
pub fn example(method: &str, target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut text = format!("{method} {path}");
    for (index, parameter) in query.split('&').filter(|parameter| !parameter.is_empty()).enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if is_secret(name) => text.extend([name, "=..."]),
            _ => text.push_str(parameter),
        }
    }
    let end = text.floor_char_boundary(MAX_EXAMPLE);
    text.truncate(end);
    text
}

/// A name with an escape may be any name, so its value is not shown either.
fn is_secret(name: &str) -> bool {
    name.contains('%') || has_customer_key(name) || SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret))
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
}
