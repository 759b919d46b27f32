//! Hosts of other S3 services: which part of them is the domain below which buckets are host names.
//!
//! People paste requests that an application sent to R2 or AWS. `explain` judges them as if r2shim had that domain.
//!
//! Sources: R2 "S3 API" and "Data location" (jurisdictions); AWS "Amazon S3 endpoints and quotas", "Virtual hosting of
//! general purpose buckets", "Website endpoints".

use serde::Serialize;

/// The meaning of a host to another service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignHost {
    /// The service.
    pub service: &'static str,
    /// The host without the bucket's name, in lower case.
    pub domain: String,
    /// The account in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The jurisdiction of R2 in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// The region in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The bucket in it; `None` where the path has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
}

/// A host of another service that no S3 request can be for: why, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotS3 {
    /// What it is.
    pub what: &'static str,
    /// What to write.
    pub advice: &'static str,
}

/// A label of a host, from the right.
#[derive(Debug, Clone, Copy)]
enum Label {
    /// This text.
    Is(&'static str),
    /// This text and the name of a region behind it.
    BeforeRegion(&'static str),
    /// The name of a region.
    Region,
    /// An account.
    Account,
    /// A jurisdiction of R2.
    Jurisdiction,
}

use Label::{Account, BeforeRegion, Is, Jurisdiction, Region};

const JURISDICTIONS: &[&str] = &["eu", "fedramp"];

/// Endpoints of S3 APIs: service, suffix, and the labels before the suffix, from the left. Of those that fit a host the
/// longest counts.
const ENDPOINTS: &[(&str, &str, &[Label])] = &[
    ("Cloudflare R2", R2, &[Account]),
    ("Cloudflare R2", R2, &[Account, Jurisdiction]),
    ("Amazon S3", AWS, &[Is("s3")]),
    ("Amazon S3", AWS, &[Is("s3"), Region]),
    ("Amazon S3", AWS, &[Is("s3"), Is("dualstack"), Region]),
    ("Amazon S3", AWS, &[BeforeRegion("s3-")]),
    ("Amazon S3", AWS, &[Is("s3-external-1")]),
    ("Amazon S3", AWS, &[Is("s3-accelerate")]),
    ("Amazon S3", AWS, &[Is("s3-accelerate"), Is("dualstack")]),
    ("Amazon S3", AWS, &[Is("s3-fips"), Region]),
    ("Amazon S3", AWS, &[Is("s3-fips"), Is("dualstack"), Region]),
    ("Amazon S3", AWS_CHINA, &[Is("s3"), Region]),
    ("Amazon S3", AWS_CHINA, &[Is("s3"), Is("dualstack"), Region]),
];

const R2: &str = "r2.cloudflarestorage.com";
const AWS: &str = "amazonaws.com";
const AWS_CHINA: &str = "amazonaws.com.cn";

const WEBSITE: NotS3 = NotS3 {
    what: "is a website endpoint of Amazon S3, which speaks no S3 API",
    advice: "write the address of the S3 API: https://BUCKET.s3.REGION.amazonaws.com/KEY",
};
const ACCESS_POINT: NotS3 = NotS3 {
    what: "is an access point, and R2 has none",
    advice: "write the address of the bucket: https://BUCKET.s3.REGION.amazonaws.com/KEY",
};
const CONTROL: NotS3 =
    NotS3 { what: "is the control API of Amazon S3, which R2 does not have", advice: "write the address of a bucket" };
const EXPRESS: NotS3 = NotS3 {
    what: "is for directory buckets, and R2 has none",
    advice: "write the address of a general purpose bucket",
};
const PUBLIC: NotS3 = NotS3 {
    what: "is a public address of an R2 bucket, which speaks no S3 API",
    advice: "write the address of the S3 API: https://ACCOUNT.r2.cloudflarestorage.com/BUCKET/KEY",
};

/// Endpoints that speak no S3 API, or one for what R2 does not have: suffix, the start of a label before it, and why.
const OTHERS: &[(&str, &str, NotS3)] = &[
    (AWS, "s3-website", WEBSITE),
    (AWS, "s3-accesspoint", ACCESS_POINT),
    (AWS, "s3-object-lambda", ACCESS_POINT),
    (AWS, "s3-outposts", ACCESS_POINT),
    (AWS, "s3-control", CONTROL),
    (AWS, "s3express", EXPRESS),
    (AWS_CHINA, "s3-website", WEBSITE),
    ("r2.dev", "", PUBLIC),
];

/// What a `Host` value is to another service; `None` where no service is known by it.
///
/// # Errors
/// A host that no S3 request can be for.
pub fn read(host: &str) -> Result<Option<ForeignHost>, NotS3> {
    let host = normalised(host);
    if let Some(other) = OTHERS.iter().find(|(suffix, start, _)| is_other(&host, suffix, start)) {
        return Err(other.2.clone());
    }
    let fitting = ENDPOINTS.iter().filter_map(|endpoint| fit(&host, endpoint));
    // The longest domain leaves the shortest name of a bucket.
    Ok(fitting.max_by_key(|found| found.domain.len()))
}

/// In lower case, without port and final dot.
fn normalised(host: &str) -> String {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn is_other(host: &str, suffix: &str, start: &str) -> bool {
    let before = host.strip_suffix(suffix).and_then(|before| before.strip_suffix('.'));
    before.is_some_and(|before| before.split('.').any(|label| label.starts_with(start)))
}

fn fit(host: &str, (service, suffix, labels): &(&'static str, &str, &[Label])) -> Option<ForeignHost> {
    let before = host.strip_suffix(suffix)?.strip_suffix('.')?;
    let given: Vec<&str> = before.split('.').collect();
    let (bucket, given) = given.split_at(given.len().checked_sub(labels.len())?);
    let mut found =
        ForeignHost { service, domain: String::new(), account: None, jurisdiction: None, region: None, bucket: None };
    for (label, text) in labels.iter().zip(given) {
        match label {
            Is(name) if text == name => {}
            BeforeRegion(start) => found.region = Some(region(text.strip_prefix(start)?)?),
            Region => found.region = Some(region(text)?),
            Account if !text.is_empty() && !JURISDICTIONS.contains(text) => found.account = Some((*text).to_owned()),
            Jurisdiction if JURISDICTIONS.contains(text) => found.jurisdiction = Some((*text).to_owned()),
            _ => return None,
        }
    }
    found.domain = format!("{}.{suffix}", given.join("."));
    let bucket = bucket.join(".");
    found.bucket = (!bucket.is_empty()).then_some(bucket);
    Some(found)
}

/// A region's name: words joined by hyphens, the last of them a number.
fn region(text: &str) -> Option<String> {
    let (place, number) = text.rsplit_once('-')?;
    let good = place.contains('-') && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty();
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `service domain bucket`, what it is not, or nothing.
    fn said(host: &str) -> String {
        match read(host) {
            Ok(Some(found)) => {
                let text = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
                let (account, region) = (text(found.account), text(found.jurisdiction.or(found.region)));
                format!("{} | {} | {account} | {region} | {}", found.service, found.domain, text(found.bucket))
            }
            Ok(None) => String::new(),
            Err(not) => not.what.to_owned(),
        }
    }

    #[test]
    fn hosts_of_other_services() {
        for (host, expected) in [
            ("acc.r2.cloudflarestorage.com", "Cloudflare R2 | acc.r2.cloudflarestorage.com | acc | - | -"),
            (
                "Media.ACC.r2.CloudflareStorage.com:443",
                "Cloudflare R2 | acc.r2.cloudflarestorage.com | acc | - | media",
            ),
            ("acc.eu.r2.cloudflarestorage.com", "Cloudflare R2 | acc.eu.r2.cloudflarestorage.com | acc | eu | -"),
            ("m.acc.eu.r2.cloudflarestorage.com", "Cloudflare R2 | acc.eu.r2.cloudflarestorage.com | acc | eu | m"),
            (
                "acc.fedramp.r2.cloudflarestorage.com.",
                "Cloudflare R2 | acc.fedramp.r2.cloudflarestorage.com | acc | fedramp | -",
            ),
            ("r2.cloudflarestorage.com", ""),
            ("eu.r2.cloudflarestorage.com", ""),
            ("pub-0123.r2.dev", PUBLIC.what),
            ("s3.amazonaws.com", "Amazon S3 | s3.amazonaws.com | - | - | -"),
            ("media.s3.amazonaws.com", "Amazon S3 | s3.amazonaws.com | - | - | media"),
            ("s3.eu-west-1.amazonaws.com", "Amazon S3 | s3.eu-west-1.amazonaws.com | - | eu-west-1 | -"),
            ("a.b.s3.eu-west-1.amazonaws.com", "Amazon S3 | s3.eu-west-1.amazonaws.com | - | eu-west-1 | a.b"),
            (
                "s3.s3.us-gov-west-1.amazonaws.com",
                "Amazon S3 | s3.us-gov-west-1.amazonaws.com | - | us-gov-west-1 | s3",
            ),
            ("m.s3-us-west-2.amazonaws.com", "Amazon S3 | s3-us-west-2.amazonaws.com | - | us-west-2 | m"),
            (
                "m.s3.dualstack.us-west-2.amazonaws.com",
                "Amazon S3 | s3.dualstack.us-west-2.amazonaws.com | - | us-west-2 | m",
            ),
            ("m.s3-accelerate.amazonaws.com", "Amazon S3 | s3-accelerate.amazonaws.com | - | - | m"),
            (
                "m.s3-accelerate.dualstack.amazonaws.com",
                "Amazon S3 | s3-accelerate.dualstack.amazonaws.com | - | - | m",
            ),
            ("m.s3.cn-north-1.amazonaws.com.cn", "Amazon S3 | s3.cn-north-1.amazonaws.com.cn | - | cn-north-1 | m"),
            ("m.s3-website.eu-west-1.amazonaws.com", WEBSITE.what),
            ("m.s3-website-us-east-1.amazonaws.com", WEBSITE.what),
            ("point-1.s3-accesspoint.eu-west-1.amazonaws.com", ACCESS_POINT.what),
            ("1.s3-control.eu-west-1.amazonaws.com", CONTROL.what),
            ("m--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com", EXPRESS.what),
            ("ec2.eu-west-1.amazonaws.com", ""),
            ("s3.example.com", ""),
            ("127.0.0.1:9000", ""),
            ("localhost", ""),
        ] {
            assert_eq!(said(host), expected, "{host}");
        }
    }
}
