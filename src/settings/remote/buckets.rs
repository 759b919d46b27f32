//! `[upstream.buckets]`: the clients' and the store's names of buckets.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::s3::names::BucketName;
use crate::settings::findings::Findings;
use crate::upstream::buckets::SharedTarget;
use crate::upstream::{Addressing, BucketMap, Dialect};

/// The map, one to one; `None` only if there is a fault. `addressing` and `dialect` are `None` if they are wrong.
pub(super) fn resolve(
    mut written: Vec<(Spanned<String>, Spanned<String>)>,
    only_mapped: Option<Spanned<bool>>,
    addressing: Option<Addressing>,
    dialect: Option<&Dialect>,
    any_tls: bool,
    findings: &mut Findings,
) -> Option<BucketMap> {
    // In the order of the file: of two lines that contradict each other the second is reported.
    written.sort_by_key(|(client, _)| client.location.line);
    if any_tls && addressing == Some(Addressing::Virtual) {
        findings.warnings.extend(written.iter().filter_map(|(_, upstream)| uncovered(upstream)));
    }
    let only_mapped = only_mapped.filter(|only| only.value);
    findings.warnings.extend(only_mapped.as_ref().filter(|_| written.is_empty()).map(no_bucket));
    let before = findings.faults.len();
    let mut map = BucketMap::new(only_mapped.is_some());
    for (client, upstream) in &written {
        let name = findings.good(client_name(client));
        let target = findings.good(upstream_name(upstream, addressing, dialect));
        if let Some((name, target)) = name.zip(target) {
            let added = map.map(name, target).map_err(|taken| shared(&taken, upstream, &written));
            findings.good(added);
        }
    }
    (findings.faults.len() == before).then_some(map)
}

fn no_bucket(only_mapped: &Spanned<bool>) -> Diagnostic {
    let advice = "name buckets there, or leave only_mapped out";
    only_mapped.fault("only_mapped leaves no bucket to reach, as [upstream.buckets] names none", advice)
}

/// A wildcard in a certificate is one part of a host name (RFC 9525, section 6.3).
fn uncovered(upstream: &Spanned<String>) -> Option<Diagnostic> {
    let message =
        format!("the dot in {:?} makes a host name that a certificate for *.HOST does not cover", upstream.value);
    upstream.value.contains('.').then(|| upstream.fault(message, "write addressing = \"path\""))
}

fn client_name(text: &Spanned<String>) -> Result<BucketName, Diagnostic> {
    BucketName::parse(&text.value).map_err(|_| {
        let advice =
            "R2's names are 3 to 63 lower-case letters, digits and inner hyphens; the client's name stands left";
        text.fault(format!("{:?} is no bucket's name on R2", text.value), advice)
    })
}

/// The upstream's name, which can be what S3 has allowed at some time: letters of both cases, digits, and inside also
/// dots, hyphens and underscores.
fn upstream_name(
    text: &Spanned<String>,
    addressing: Option<Addressing>,
    dialect: Option<&Dialect>,
) -> Result<String, Diagnostic> {
    let name = text.value.as_str();
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let edges =
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if !(3..=63).contains(&name.len()) || !name.bytes().all(inner) || !edges {
        let advice = "S3's names are 3 to 63 letters, digits and inner dots, hyphens and underscores";
        return Err(text.fault(format!("{name:?} is no bucket's name on S3"), advice));
    }
    if let Some(dialect) = dialect.filter(|dialect| dialect.reserves(name)) {
        let message = format!("{name:?} is no bucket with dialect = {:?} but the store's own interface", dialect.name);
        return Err(text.fault(message, "give the name of a bucket"));
    }
    let no_host = name.contains("..") || name.bytes().any(|b| b.is_ascii_uppercase() || b == b'_');
    if addressing == Some(Addressing::Virtual) && no_host {
        let message = format!("{name:?} cannot be part of a host name, as addressing = \"virtual\" makes it");
        return Err(text.fault(message, "write addressing = \"path\""));
    }
    Ok(name.to_owned())
}

fn shared(
    SharedTarget { first }: &SharedTarget,
    upstream: &Spanned<String>,
    written: &[(Spanned<String>, Spanned<String>)],
) -> Diagnostic {
    let line = written.iter().find(|(client, _)| client.value == first.as_str());
    let location = line.map(|(client, _)| format!(" at {}", client.location)).unwrap_or_default();
    let message = format!("{:?} has a client's name already: {first}{location}", upstream.value);
    upstream.fault(message, "give each of the upstream's buckets one name")
}
