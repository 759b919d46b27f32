//! Buckets, objects, keys, metadata, ranges, conditions, listings, checksums.

use std::collections::HashMap;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, Delete, ObjectCannedAcl, ObjectIdentifier, ServerSideEncryption,
};

use crate::checks::{Checks, MIB, Outcome, causes, collected, payload, refused, same, same_bytes};

pub async fn run(checks: &Checks) {
    checks.check("a bucket comes and goes", async |_| bucket_comes_and_goes(checks).await).await;
    for (name, body) in
        [("a small object", "Grüße\n".into()), ("an empty object", vec![]), ("20 MiB", payload(20 * MIB))]
    {
        let name = format!("{name} keeps every byte");
        checks.check(&name, async |bucket| keeps_every_byte(checks, bucket, &body).await).await;
    }
    checks.check("a file keeps every byte", async |bucket| file(checks, bucket).await).await;
    checks.check("what is not there", async |bucket| what_is_not_there(checks, bucket).await).await;
    checks.check("metadata comes back as it was given", async |bucket| metadata(checks, bucket).await).await;
    checks.check("odd keys are put, read and listed as they are", async |bucket| odd_keys(checks, bucket).await).await;
    checks.check("ranges", async |bucket| ranges(checks, bucket).await).await;
    checks.check("conditions on writes", async |bucket| conditions(checks, bucket).await).await;
    checks.check("delete many", async |bucket| delete_many(checks, bucket).await).await;
    checks.check("listings in pages, with a delimiter", async |bucket| listings(checks, bucket).await).await;
    checks.check("checksums are verified and returned", async |bucket| checksums(checks, bucket).await).await;
    let name = "an ACL, tags and encryption are refused by name, or pass where policy and store have them";
    checks.check(name, async |bucket| refused_headers(checks, bucket).await).await;
}

async fn bucket_comes_and_goes(checks: &Checks) -> Outcome {
    let (client, name) = (&checks.client, checks.free_name());
    client.create_bucket().bucket(&name).send().await.map_err(causes)?;
    let buckets = client.list_buckets().send().await.map_err(causes)?.buckets.unwrap_or_default();
    same(buckets.iter().any(|bucket| bucket.name.as_ref() == Some(&name)), true)?;
    checks.put(&name, "k", b"x").await?;
    refused(409, "BucketNotEmpty", "", client.delete_bucket().bucket(&name).send().await)?;
    client.delete_object().bucket(&name).key("k").send().await.map_err(causes)?;
    client.delete_bucket().bucket(&name).send().await.map_err(causes)?;
    let gone =
        client.head_bucket().bucket(&name).send().await.err().and_then(|error| error.into_service_error().into());
    same(gone.is_some_and(|error| error.is_not_found()), true)
}

async fn keeps_every_byte(checks: &Checks, bucket: &str, body: &[u8]) -> Outcome {
    let etag = checks.put(bucket, "k", body).await?;
    let answer = checks.client.get_object().bucket(bucket).key("k").send().await.map_err(causes)?;
    same((answer.e_tag(), answer.content_length()), (Some(etag.as_str()), i64::try_from(body.len()).ok()))?;
    same_bytes(&collected(answer.body).await?, body)
}

/// Read from the disk while it is sent: the checksum comes in the trailer.
async fn file(checks: &Checks, bucket: &str) -> Outcome {
    let (path, body) = (std::env::temp_dir().join(bucket), payload(3 * MIB));
    std::fs::write(&path, &body).map_err(causes)?;
    let stream = ByteStream::from_path(&path).await.map_err(causes)?;
    let put = checks.client.put_object().bucket(bucket).key("k").content_encoding("gzip").body(stream);
    put.send().await.map_err(causes)?;
    std::fs::remove_file(&path).map_err(causes)?;
    same_bytes(&checks.get(bucket, "k").await?, &body)?;
    let head = checks.client.head_object().bucket(bucket).key("k").send().await.map_err(causes)?;
    same(head.content_encoding(), Some("gzip"))
}

async fn what_is_not_there(checks: &Checks, bucket: &str) -> Outcome {
    let get = |bucket: &str| checks.client.get_object().bucket(bucket).key("nothing").send();
    let missing = get(bucket).await.err().is_some_and(|error| error.into_service_error().is_no_such_key());
    same(missing, true)?;
    refused(404, "NoSuchBucket", "", get(&checks.free_name()).await)?;
    checks.client.delete_object().bucket(bucket).key("nothing").send().await.map(drop).map_err(causes)
}

async fn metadata(checks: &Checks, bucket: &str) -> Outcome {
    let put = checks.client.put_object().bucket(bucket).key("k").body(ByteStream::from_static(b"x"));
    let put = put.content_type("text/plain; charset=utf-8").cache_control("max-age=60");
    let put = put.content_disposition("attachment; filename=\"a b.txt\"").content_language("de, en");
    put.metadata("colour", "red").metadata("with-dash", "a  b").send().await.map_err(causes)?;
    let head = checks.client.head_object().bucket(bucket).key("k").send().await.map_err(causes)?;
    same(head.content_type(), Some("text/plain; charset=utf-8"))?;
    same(head.cache_control(), Some("max-age=60"))?;
    same(head.content_disposition(), Some("attachment; filename=\"a b.txt\""))?;
    same(head.content_language(), Some("de, en"))?;
    let given = [("colour", "red"), ("with-dash", "a  b")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    same(head.metadata, Some(HashMap::from(given)))
}

const KEYS: &[&str] = &[
    " a ",
    "(a)[b]{c}*~!",
    "../../etc/passwd",
    "/a",
    "100%",
    "a b",
    "a%2Fb",
    "a&b<c>d",
    "a+b",
    "a/",
    "a/./b/../c",
    "a//b",
    "a=b,c;d:e@f$g",
    "a?b=c#d",
    "a\\b|c^d`e",
    "it's \"quoted\"",
    "tab\tand line\nend",
    "żółw",
    "🐢/🐇",
];

/// Whether MinIO keeps such a key: keys are paths there.
fn is_path(key: &str) -> bool {
    !key.strip_suffix('/').unwrap_or(key).split('/').any(|segment| ["", ".", ".."].contains(&segment))
}

async fn odd_keys(checks: &Checks, bucket: &str) -> Outcome {
    let (kept, refused): (Vec<&str>, Vec<&str>) = KEYS.iter().partition(|key| checks.local || is_path(key));
    for key in &kept {
        checks.put(bucket, key, key.as_bytes()).await?;
    }
    for key in &kept {
        same_bytes(&checks.get(bucket, key).await?, key.as_bytes())?;
    }
    for key in refused {
        same(checks.put(bucket, key, b"").await.is_err(), true)?;
    }
    same(checks.keys(bucket).await?, kept.iter().map(ToString::to_string).collect())
}

async fn ranges(checks: &Checks, bucket: &str) -> Outcome {
    checks.put(bucket, "k", b"0123456789").await?;
    let get = |range: &str| checks.client.get_object().bucket(bucket).key("k").range(range).send();
    for (range, expected) in [("bytes=0-0", "0"), ("bytes=3-5", "345"), ("bytes=8-", "89"), ("bytes=-3", "789")] {
        same_bytes(&collected(get(range).await.map_err(causes)?.body).await?, expected.as_bytes())?;
    }
    refused(416, "InvalidRange", "", get("bytes=10-").await)
}

async fn conditions(checks: &Checks, bucket: &str) -> Outcome {
    let put =
        |body: &'static [u8]| checks.client.put_object().bucket(bucket).key("k").body(ByteStream::from_static(body));
    let first = put(b"first").if_none_match("*").send().await.map_err(causes)?;
    refused(412, "PreconditionFailed", "", put(b"second").if_none_match("*").send().await)?;
    refused(412, "PreconditionFailed", "", put(b"second").if_match("\"another\"").send().await)?;
    same_bytes(&checks.get(bucket, "k").await?, b"first")?;
    put(b"second").set_if_match(first.e_tag).send().await.map_err(causes)?;
    same_bytes(&checks.get(bucket, "k").await?, b"second")
}

async fn delete_many(checks: &Checks, bucket: &str) -> Outcome {
    let wanted = ["a", "b & c", "<d>", "e\nf", "żółw", "never was"];
    for key in ["a", "b & c", "<d>", "e\nf", "żółw", "kept"] {
        checks.put(bucket, key, b"x").await?;
    }
    let named = wanted.map(|key| ObjectIdentifier::builder().key(key).build());
    let named: Result<Vec<_>, _> = named.into_iter().collect();
    let list = Delete::builder().set_objects(Some(named.map_err(causes)?)).build().map_err(causes)?;
    let answer = checks.client.delete_objects().bucket(bucket).delete(list).send().await.map_err(causes)?;
    same(answer.deleted().iter().filter_map(|entry| entry.key()).collect::<Vec<_>>(), wanted.to_vec())?;
    same(checks.keys(bucket).await?, vec!["kept".to_owned()])
}

async fn listings(checks: &Checks, bucket: &str) -> Outcome {
    for key in ["a", "b/1", "b/2/x", "b/2/y", "b/3", "c", "d e/1"] {
        checks.put(bucket, key, b"").await?;
    }
    for size in [1, 2, 3, 1000] {
        let asked = checks.client.list_objects_v2().bucket(bucket).delimiter("/").max_keys(size);
        let mut pages = asked.into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(causes)?;
            seen.extend(page.contents().iter().filter_map(|entry| entry.key()).map(str::to_owned));
            seen.extend(page.common_prefixes().iter().filter_map(|entry| entry.prefix()).map(str::to_owned));
        }
        seen.sort();
        same(seen, ["a", "b/", "c", "d e/"].map(str::to_owned).to_vec())?;
    }
    Ok(())
}

async fn checksums(checks: &Checks, bucket: &str) -> Outcome {
    let put = || checks.client.put_object().bucket(bucket).key("k").body(ByteStream::from_static(b"body"));
    let head = || checks.client.head_object().bucket(bucket).key("k").checksum_mode(ChecksumMode::Enabled).send();
    let by_default = put().send().await.map_err(causes)?;
    same(by_default.checksum_crc32().is_some(), true)?;
    same(head().await.map_err(causes)?.checksum_crc32(), by_default.checksum_crc32())?;
    let sha256 = put().checksum_algorithm(ChecksumAlgorithm::Sha256).send().await.map_err(causes)?;
    same(sha256.checksum_sha256().is_some(), true)?;
    same(head().await.map_err(causes)?.checksum_sha256(), sha256.checksum_sha256())?;
    refused(400, "BadDigest", "", put().checksum_crc32("AAAAAA==").send().await)
}

async fn refused_headers(checks: &Checks, bucket: &str) -> Outcome {
    let put = || checks.client.put_object().bucket(bucket).key("k");
    let words = "Header 'x-amz-acl' with value 'public-read' not implemented";
    checks.refused_by_r2(words, put().acl(ObjectCannedAcl::PublicRead).send().await)?;
    let tagged = put().tagging("a=b").send().await;
    checks.refused_header(("x-amz-tagging", "a=b"), "PutObject", tagged)?;
    let encrypted = put().server_side_encryption(ServerSideEncryption::Aes256).send().await;
    if checks.lacks() {
        checks.refused_header(("x-amz-server-side-encryption", "AES256"), "PutObject", encrypted)
    } else {
        // MinIO has no keys to encrypt with.
        refused(501, "NotImplemented", "", encrypted)
    }
}
