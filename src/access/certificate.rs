//! Certificates of clients, as a key names the one that it comes with.

use std::fmt;

/// The SHA-256 of a certificate in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateDigest([u8; 32]);

const PREFIX: &str = "sha256:";

impl CertificateDigest {
    /// That of this digest.
    pub fn from_digest(digest: [u8; 32]) -> CertificateDigest {
        CertificateDigest(digest)
    }

    /// Reads `sha256:` and 64 hexadecimal digits, in any case and with or without colons between bytes, as
    /// `openssl x509 -fingerprint -sha256` writes them.
    pub fn parse(text: &str) -> Option<CertificateDigest> {
        let digits = text.strip_prefix(PREFIX)?;
        let by_bytes: Vec<&str> = digits.split(':').collect();
        let is_plain = by_bytes.len() == 1 || by_bytes.iter().all(|byte| byte.len() == 2);
        let bytes = hex::decode(by_bytes.concat()).ok().filter(|_| is_plain)?;
        bytes.try_into().ok().map(CertificateDigest)
    }
}

impl fmt::Display for CertificateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_tools_write_them() {
        let plain = "0f".repeat(32);
        let colons = ["0F"; 32].join(":");
        for good in [format!("sha256:{plain}"), format!("sha256:{}", plain.to_uppercase()), format!("sha256:{colons}")]
        {
            assert_eq!(CertificateDigest::parse(&good), Some(CertificateDigest([15; 32])), "{good}");
        }
        assert_eq!(CertificateDigest([15; 32]).to_string(), format!("sha256:{plain}"));
        for bad in [
            String::new(),
            plain.clone(),
            format!("sha1:{plain}"),
            format!("sha256:{plain}0f"),
            format!("sha256:{}", &plain[2..]),
            format!("sha256:{colons}:"),
            format!("sha256:0:f{}", &plain[2..]),
        ] {
            assert_eq!(CertificateDigest::parse(&bad), None, "{bad}");
        }
    }
}
