// Buckets, objects, keys, metadata, ranges, conditions.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";

import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  waitUntilBucketExists,
} from "@aws-sdk/client-s3";

import { bytes, get, head, put, text } from "./calls.mjs";
import {
  binary,
  check,
  freeName,
  lacks,
  MIB,
  refused,
  refusedByR2,
  refusedHeader,
  s3,
  sameBytes,
  store,
} from "./harness.mjs";

check("a bucket comes and goes", async () => {
  const Bucket = freeName();
  await s3.send(new CreateBucketCommand({ Bucket }));
  await waitUntilBucketExists({ client: s3, maxWaitTime: 10 }, { Bucket });
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  assert.ok(Buckets.some(({ Name }) => Name === Bucket));
  await put(Bucket, "k", "x");
  await refused(s3.send(new DeleteBucketCommand({ Bucket })), 409, "BucketNotEmpty");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await assert.rejects(s3.send(new HeadBucketCommand({ Bucket })), NotFound);
});

const BODIES = { "a small object": "Grüße\n", "an empty object": "", "an object of 20 MiB": binary(20 * MIB) };

for (const [name, body] of Object.entries(BODIES)) {
  check(`${name} keeps every byte`, async (bucket) => {
    const { ETag } = await put(bucket, "k", body);
    const answer = await get(bucket, "k");
    assert.equal(answer.ContentLength, Buffer.byteLength(body));
    assert.equal(ETag, `"${createHash("md5").update(body).digest("hex")}"`);
    assert.equal(answer.ETag, ETag);
    sameBytes(await bytes(answer), Buffer.from(body));
  });
}

check("a stream of known length keeps every byte", async (bucket) => {
  const body = binary(3 * MIB);
  await put(bucket, "k", Readable.from([body.subarray(0, 7), body.subarray(7)]), { ContentLength: body.length });
  sameBytes(await bytes(await get(bucket, "k")), body);
  assert.equal((await head(bucket, "k")).ContentEncoding, undefined);
});

check("what is not there", async (bucket) => {
  await assert.rejects(get(bucket, "nothing"), NoSuchKey);
  await assert.rejects(head(bucket, "nothing"), NotFound);
  await refused(get(freeName(), "k"), 404, "NoSuchBucket");
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "nothing" }));
});

check("metadata comes back as it was given", async (bucket) => {
  const given = {
    CacheControl: "max-age=60",
    ContentDisposition: 'attachment; filename="a b.txt"',
    ContentEncoding: "gzip",
    ContentLanguage: "de, en",
    ContentType: "text/plain; charset=utf-8",
    Metadata: { colour: "red", "with-dash": "a  b", empty: "" },
  };
  await put(bucket, "k", "x", { ...given, Expires: new Date("2030-01-02T03:04:05Z") });
  const answer = await head(bucket, "k");
  for (const [name, value] of Object.entries(given)) assert.deepEqual(answer[name], value);
  assert.equal(answer.ExpiresString, "Wed, 02 Jan 2030 03:04:05 GMT");
});

check("a stream keeps its own content encoding", async (bucket) => {
  await put(bucket, "k", Readable.from(["zipped"]), { ContentLength: 6, ContentEncoding: "gzip" });
  assert.equal((await head(bucket, "k")).ContentEncoding, "gzip");
});

const KEYS = [
  "a b",
  " a ",
  "a+b",
  "100%",
  "a%2Fb",
  "a//b",
  "/a",
  "a/",
  "a/./b/../c",
  "../../etc/passwd",
  "żółw",
  "🐢/🐇",
  "it's \"quoted\"",
  "(a)[b]{c}*~!",
  "a&b<c>d",
  "a?b=c#d",
  "a=b,c;d:e@f$g",
  "a\\b|c^d`e",
  "tab\tand line\nend",
  "k".repeat(1024),
];

/** Whether the store keeps such a key. Keys are paths for MinIO, and segments names of folders. */
const keepable = (key) =>
  store === "local" ||
  key.replace(/\/$/, "").split("/").every((segment) => !["", ".", ".."].includes(segment) && segment.length < 256);

const KEPT = KEYS.filter(keepable);

check("odd keys are put, read, listed and deleted as they are", async (bucket) => {
  for (const key of KEPT) await put(bucket, key, key);
  for (const key of KEPT) assert.equal(await text(await get(bucket, key)), key);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  const byBytes = KEPT.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(Contents.map(({ Key }) => Key), byBytes);
  for (const Key of KEPT) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount, 0);
  for (const key of KEYS.filter((key) => !keepable(key))) await refused(put(bucket, key, ""), 400, "InvalidObjectName");
});

check("ranges", async (bucket) => {
  await put(bucket, "k", "0123456789");
  const ranges = { "bytes=0-0": "0", "bytes=3-5": "345", "bytes=8-": "89", "bytes=-3": "789" };
  for (const [Range, expected] of Object.entries(ranges)) {
    const answer = await get(bucket, "k", { Range });
    assert.deepEqual([answer.$metadata.httpStatusCode, await text(answer)], [206, expected]);
  }
  await refused(get(bucket, "k", { Range: "bytes=10-" }), 416, "InvalidRange");
});

check("conditions on reads", async (bucket) => {
  const { ETag } = await put(bucket, "k", "x");
  assert.equal(await text(await get(bucket, "k", { IfMatch: ETag })), "x");
  await refused(get(bucket, "k", { IfMatch: '"another"' }), 412, "PreconditionFailed");
  const unchanged = await get(bucket, "k", { IfNoneMatch: ETag }).catch((error) => error);
  assert.equal(unchanged.$metadata.httpStatusCode, 304);
});

check("conditions on writes", async (bucket) => {
  const { ETag } = await put(bucket, "k", "first", { IfNoneMatch: "*" });
  await refused(put(bucket, "k", "second", { IfNoneMatch: "*" }), 412, "PreconditionFailed");
  await refused(put(bucket, "k", "second", { IfMatch: '"another"' }), 412, "PreconditionFailed");
  assert.equal(await text(await get(bucket, "k")), "first");
  await put(bucket, "k", "second", { IfMatch: ETag });
  assert.equal(await text(await get(bucket, "k")), "second");
});

check("delete many", async (bucket) => {
  const keys = ["a", "b & c", "<d>", "e\nf", "żółw"];
  for (const key of [...keys, "kept"]) await put(bucket, key, "x");
  const Objects = [...keys, "never was"].map((Key) => ({ Key }));
  const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  assert.deepEqual(Deleted.map(({ Key }) => Key), [...keys, "never was"]);
  assert.equal(Errors, undefined);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  assert.deepEqual(Contents.map(({ Key }) => Key), ["kept"]);
});

check("an ACL is refused by name, or passes where all is open", async (bucket) => {
  const words = "Header 'x-amz-acl' with value 'public-read' not implemented";
  await refusedByR2(words, put(bucket, "k", "x", { ACL: "public-read" }));
});

check("tags are refused by name, or pass where policy and store have them", async (bucket) => {
  await refusedHeader("x-amz-tagging", "a=b", "PutObject", put(bucket, "k", "x", { Tagging: "a=b" }));
});

check("encryption is refused by name, or by a store without keys for it", async (bucket) => {
  const encrypted = put(bucket, "k", "x", { ServerSideEncryption: "AES256" });
  await (lacks
    ? refusedHeader("x-amz-server-side-encryption", "AES256", "PutObject", encrypted)
    : refused(encrypted, 501, "NotImplemented"));
});

check("an operation R2 lacks is refused by name, or passes where policy and store have it", async (bucket) => {
  await put(bucket, "k", "x");
  const tags = s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: "k" }));
  await (lacks ? refused(tags, 501, "NotImplemented", "GetObjectTagging not implemented") : tags);
});
