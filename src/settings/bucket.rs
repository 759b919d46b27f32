//! Buckets that are made at the start if they are missing: `[[bucket]]` and `--bucket`.

use crate::diagnostics::{Diagnostic, Spanned};
use crate::s3::names::BucketName;
use crate::settings::findings::Findings;
use crate::settings::resolved::Upstream;
use crate::settings::written::WrittenBucket;

const FORM: &str = "a bucket's name is 3 to 63 lower-case letters, digits and inner hyphens, as on R2";

/// The buckets of the file, then those of flags that the file does not have: a flag adds to the buckets of the file.
pub(super) fn buckets(
    written: Vec<WrittenBucket>,
    flags: Vec<Spanned<String>>,
    upstream: &Upstream,
    findings: &mut Findings,
) -> Vec<BucketName> {
    let named = |bucket: WrittenBucket| {
        let missing = || Diagnostic::new(bucket.location, "this bucket has no name", "write name = \"media\"");
        bucket.name.ok_or_else(missing)
    };
    let of_file: Vec<_> = written.into_iter().filter_map(|bucket| findings.good(named(bucket))).collect();
    let mut buckets = names(&of_file, upstream, findings);
    let of_flags = names(&flags, upstream, findings);
    buckets.extend(of_flags.into_iter().filter(|name| !of_file.iter().any(|other| other.value == name.as_str())));
    buckets
}

/// The names of one source, where each may come once.
fn names(written: &[Spanned<String>], upstream: &Upstream, findings: &mut Findings) -> Vec<BucketName> {
    let mut names = Vec::new();
    for text in written {
        let Some(name) = findings.good(name(text, upstream)) else { continue };
        if names.contains(&name) {
            findings.faults.push(text.fault(format!("the bucket {name} is named twice"), "name it once"));
        } else {
            names.push(name);
        }
    }
    names
}

fn name(text: &Spanned<String>, upstream: &Upstream) -> Result<BucketName, Diagnostic> {
    let name = BucketName::parse(&text.value)
        .map_err(|_| text.fault(format!("{:?} is no name of a bucket", text.value), FORM))?;
    match upstream {
        Upstream::Remote(remote) if remote.upstream_bucket(&name).is_none() => {
            let message = format!("clients cannot reach a bucket {name}: [upstream.buckets] hides it");
            Err(text.fault(message, "map the name to a bucket of the store, or leave it out here"))
        }
        _ => Ok(name),
    }
}
