//! CopyObject.

use aws_sdk_s3::operation::copy_object::builders::CopyObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, MetadataDirective};

use crate::checks::{Checks, Failed, ODD_KEY, Outcome, causes, refused, same, same_bytes};

pub async fn run(checks: &Checks) {
    checks
        .check("a copy has the body and the metadata of its source", async |bucket| plain(checks, bucket).await)
        .await;
    checks.check("a copy onto itself needs a change", async |bucket| onto_itself(checks, bucket).await).await;
    checks.check("conditions on the source of a copy", async |bucket| conditions(checks, bucket).await).await;
    let name = "a copy that asks for a checksum is refused by name, or passes where policy and store have it";
    checks.check(name, async |bucket| with_checksum(checks, bucket).await).await;
}

/// Stores what the checks copy; returns its ETag.
async fn source(checks: &Checks, bucket: &str) -> Result<String, Failed> {
    let put = checks.client.put_object().bucket(bucket).key(ODD_KEY).body(ByteStream::from_static(b"body"));
    let stored = put.content_type("text/css").metadata("colour", "red").send().await.map_err(causes)?;
    Ok(stored.e_tag.unwrap_or_default())
}

/// The SDK leaves the encoding of the source to its user.
fn copy(checks: &Checks, bucket: &str, key: &str) -> CopyObjectFluentBuilder {
    let from = format!("{bucket}/a%20b/%C5%BC%2Bc.txt");
    checks.client.copy_object().bucket(bucket).key(key).copy_source(from)
}

async fn plain(checks: &Checks, bucket: &str) -> Outcome {
    let etag = source(checks, bucket).await?;
    let answer = copy(checks, bucket, "to").send().await.map_err(causes)?;
    same(answer.copy_object_result().and_then(|result| result.e_tag()), Some(etag.as_str()))?;
    same_bytes(&checks.get(bucket, "to").await?, b"body")?;
    let head = checks.client.head_object().bucket(bucket).key("to").send().await.map_err(causes)?;
    same((head.content_type(), head.metadata().map(|metadata| metadata.len())), (Some("text/css"), Some(1)))
}

async fn onto_itself(checks: &Checks, bucket: &str) -> Outcome {
    source(checks, bucket).await?;
    refused(400, "InvalidRequest", "", copy(checks, bucket, ODD_KEY).send().await)?;
    let replaced =
        copy(checks, bucket, ODD_KEY).metadata_directive(MetadataDirective::Replace).content_type("text/html");
    replaced.send().await.map_err(causes)?;
    let head = checks.client.head_object().bucket(bucket).key(ODD_KEY).send().await.map_err(causes)?;
    same(head.content_type(), Some("text/html"))
}

async fn conditions(checks: &Checks, bucket: &str) -> Outcome {
    let etag = source(checks, bucket).await?;
    copy(checks, bucket, "to").copy_source_if_match(&etag).send().await.map_err(causes)?;
    let unless = copy(checks, bucket, "other").copy_source_if_none_match(&etag).send().await;
    refused(412, "PreconditionFailed", "", unless)?;
    same(checks.keys(bucket).await?, vec![ODD_KEY.to_owned(), "to".to_owned()])
}

async fn with_checksum(checks: &Checks, bucket: &str) -> Outcome {
    source(checks, bucket).await?;
    let asked = copy(checks, bucket, "to").checksum_algorithm(ChecksumAlgorithm::Sha256).send().await;
    checks.refused_header(("x-amz-checksum-algorithm", "SHA256"), "CopyObject", asked)
}
