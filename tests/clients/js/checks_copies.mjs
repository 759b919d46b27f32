// CopyObject.

import assert from "node:assert/strict";

import { CopyObjectCommand } from "@aws-sdk/client-s3";

import { get, head, put, text } from "./calls.mjs";
import { check, refused, refusedHeader, s3 } from "./harness.mjs";

const FROM = "a b/ż+c.txt";

const copy = (Bucket, Key, more) =>
  s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: encodeURIComponent(`${Bucket}/${FROM}`), ...more }));

check("a copy has the body and the metadata of its source", async (bucket) => {
  const { ETag } = await put(bucket, FROM, "body", { ContentType: "text/css", Metadata: { colour: "red" } });
  const { CopyObjectResult } = await copy(bucket, "to");
  assert.equal(CopyObjectResult.ETag, ETag);
  const answer = await get(bucket, "to");
  assert.deepEqual([answer.ContentType, answer.Metadata, await text(answer)], ["text/css", { colour: "red" }, "body"]);
});

check("a copy with metadata of its own", async (bucket) => {
  await put(bucket, FROM, "body", { ContentType: "text/css", Metadata: { colour: "red" } });
  const replaced = { MetadataDirective: "REPLACE", ContentType: "text/html", Metadata: { size: "small" } };
  await copy(bucket, "to", replaced);
  const answer = await head(bucket, "to");
  assert.deepEqual([answer.ContentType, answer.Metadata], ["text/html", { size: "small" }]);
});

check("a copy onto itself needs a change", async (bucket) => {
  await put(bucket, FROM, "body");
  await refused(copy(bucket, FROM), 400, "InvalidRequest");
  await copy(bucket, FROM, { MetadataDirective: "REPLACE", Metadata: { colour: "blue" } });
  assert.deepEqual((await head(bucket, FROM)).Metadata, { colour: "blue" });
});

check("conditions on the source of a copy", async (bucket) => {
  const { ETag } = await put(bucket, FROM, "body");
  await copy(bucket, "to", { CopySourceIfMatch: ETag });
  await refused(copy(bucket, "other", { CopySourceIfNoneMatch: ETag }), 412, "PreconditionFailed");
  await refused(get(bucket, "other"), 404, "NoSuchKey");
});

check("a copy that asks for a checksum is refused by name, or passes where policy and store have it", async (bucket) => {
  await put(bucket, FROM, "body");
  const asked = copy(bucket, "to", { ChecksumAlgorithm: "SHA256" });
  await refusedHeader("x-amz-checksum-algorithm", "SHA256", "CopyObject", asked);
});

check("a copy of what is not there", async (bucket) => {
  await refused(copy(bucket, "to"), 404, "NoSuchKey");
});
