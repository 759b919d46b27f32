//! Multipart uploads.

use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::upload_part::builders::UploadPartFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, StorageClass};

use crate::checks::{Checks, Failed, MIB, ODD_KEY, Outcome, causes, collected, payload, refused, same, same_bytes};

pub async fn run(checks: &Checks) {
    checks.check("100 MiB in parts, and read one by one", async |bucket| parts(checks, bucket).await).await;
    checks.check("parts that are wrong are refused", async |bucket| wrong_parts(checks, bucket).await).await;
    checks.check("an upload that is aborted is gone", async |bucket| aborted(checks, bucket).await).await;
    checks
        .check("an object put together from ranges of another", async |bucket| part_copies(checks, bucket).await)
        .await;
    let name = "ListParts is refused by name, or lists where all is open";
    checks.check(name, async |bucket| list_parts(checks, bucket).await).await;
    let name = "an upload with a storage class is refused by name, or passes where all is open";
    checks.check(name, async |bucket| storage_class(checks, bucket).await).await;
}

/// An upload that has begun.
struct Upload<'a> {
    checks: &'a Checks,
    bucket: &'a str,
    key: &'a str,
    id: String,
}

impl<'a> Upload<'a> {
    async fn begin(checks: &'a Checks, bucket: &'a str, key: &'a str) -> Result<Self, Failed> {
        let begun = checks.client.create_multipart_upload().bucket(bucket).key(key).send().await.map_err(causes)?;
        Ok(Self { checks, bucket, key, id: begun.upload_id.unwrap_or_default() })
    }

    fn request(&self, number: i32, body: &[u8]) -> UploadPartFluentBuilder {
        let request = self.checks.client.upload_part().bucket(self.bucket).key(self.key).upload_id(&self.id);
        request.part_number(number).body(ByteStream::from(body.to_vec()))
    }

    /// Uploads a part; returns what `complete` wants of it.
    async fn part(&self, number: i32, body: &[u8]) -> Result<CompletedPart, Failed> {
        let answer = self.request(number, body).send().await.map_err(causes)?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag);
        Ok(part.set_checksum_crc32(answer.checksum_crc32).build())
    }

    fn complete(&self, parts: &[CompletedPart]) -> CompleteMultipartUploadFluentBuilder {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
        let request = self.checks.client.complete_multipart_upload().bucket(self.bucket).key(self.key);
        request.upload_id(&self.id).multipart_upload(parts)
    }
}

async fn parts(checks: &Checks, bucket: &str) -> Outcome {
    let body = payload(100 * MIB);
    let upload = Upload::begin(checks, bucket, ODD_KEY).await?;
    let mut done = Vec::new();
    for (number, piece) in (1..).zip(body.chunks(8 * MIB)) {
        done.push(upload.part(number, piece).await?);
    }
    upload.complete(&done).send().await.map_err(causes)?;
    same_bytes(&checks.get(bucket, ODD_KEY).await?, &body)?;
    let last = checks.client.get_object().bucket(bucket).key(ODD_KEY).part_number(13).send().await.map_err(causes)?;
    same(last.parts_count(), Some(13))?;
    same_bytes(&collected(last.body).await?, &body[96 * MIB..])
}

async fn wrong_parts(checks: &Checks, bucket: &str) -> Outcome {
    let upload = Upload::begin(checks, bucket, "k").await?;
    let (first, second) = (upload.part(1, b"too small").await?, upload.part(2, b"x").await?);
    let (in_order, reversed) = ([first.clone(), second.clone()], [second, first]);
    refused(400, "EntityTooSmall", "", upload.complete(&in_order).send().await)?;
    refused(400, "InvalidPartOrder", "", upload.complete(&reversed).send().await)?;
    let forged = CompletedPart::builder().part_number(1).e_tag("\"00000000000000000000000000000000\"").build();
    refused(400, "InvalidPart", "", upload.complete(&[forged]).send().await)?;
    same(checks.keys(bucket).await?, vec![])
}

async fn aborted(checks: &Checks, bucket: &str) -> Outcome {
    let upload = Upload::begin(checks, bucket, "k").await?;
    upload.part(1, b"x").await?;
    let open = || checks.client.list_multipart_uploads().bucket(bucket).send();
    same(
        open().await.map_err(causes)?.uploads().iter().filter_map(|each| each.upload_id()).collect(),
        vec![&*upload.id],
    )?;
    let abort = checks.client.abort_multipart_upload().bucket(bucket).key("k").upload_id(&upload.id);
    abort.send().await.map_err(causes)?;
    refused(404, "NoSuchUpload", "", upload.request(2, b"x").send().await)?;
    same(open().await.map_err(causes)?.uploads().len(), 0)
}

async fn part_copies(checks: &Checks, bucket: &str) -> Outcome {
    let body = payload(7 * MIB);
    checks.put(bucket, "from", &body).await?;
    let upload = Upload::begin(checks, bucket, "to").await?;
    let mut parts = Vec::new();
    for (number, range) in [(1, "bytes=0-5242879"), (2, "bytes=5242880-7340031")] {
        let copy = checks.client.upload_part_copy().bucket(bucket).key("to").upload_id(&upload.id).part_number(number);
        let answer =
            copy.copy_source(format!("{bucket}/from")).copy_source_range(range).send().await.map_err(causes)?;
        let etag = answer.copy_part_result.and_then(|result| result.e_tag);
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(etag).build());
    }
    upload.complete(&parts).send().await.map_err(causes)?;
    same_bytes(&checks.get(bucket, "to").await?, &body)
}

async fn list_parts(checks: &Checks, bucket: &str) -> Outcome {
    let upload = Upload::begin(checks, bucket, "k").await?;
    upload.part(1, b"x").await?;
    let listed = checks.client.list_parts().bucket(bucket).key("k").upload_id(&upload.id).send().await;
    let sizes = listed.as_ref().map(|answer| answer.parts().iter().filter_map(|part| part.size()).collect::<Vec<_>>());
    same(sizes.unwrap_or_default(), if checks.open { vec![1] } else { vec![] })?;
    checks.refused_by_r2("ListParts not implemented", listed)
}

async fn storage_class(checks: &Checks, bucket: &str) -> Outcome {
    let begin = checks.client.create_multipart_upload().bucket(bucket).key("k").storage_class(StorageClass::Standard);
    let words = "Header 'x-amz-storage-class' with value 'STANDARD' not implemented";
    checks.refused_by_r2(words, begin.send().await)
}
