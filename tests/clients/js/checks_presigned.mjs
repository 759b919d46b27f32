// Presigned addresses, used by plain HTTP.

import assert from "node:assert/strict";

import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

import { get, head, put, text } from "./calls.mjs";
import { check, policy, refused, s3 } from "./harness.mjs";

const KEY = "a b/ż+c.txt";

check("a presigned GET", async (Bucket) => {
  await put(Bucket, KEY, "body");
  const address = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: KEY, ResponseContentType: "text/odd" }));
  const answer = await fetch(address);
  assert.deepEqual([answer.status, answer.headers.get("content-type"), await answer.text()], [200, "text/odd", "body"]);
  assert.equal((await fetch(address.replace("a%20b", "other"))).status, 403);
});

// The SDK signs the CRC32 of the body it does not have into the address; only an upload of nothing can match it.
check("a presigned PUT has the CRC32 of no body in its address, and is refused as on R2", async (Bucket) => {
  const address = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: KEY }));
  assert.match(address, /x-amz-checksum-crc32=AAAAAA%3D%3D/);
  const answer = await fetch(address, { method: "PUT", body: "from a browser" });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /<Code>BadDigest</);
  await refused(get(Bucket, KEY), 404, "NoSuchKey");
  assert.equal((await fetch(address, { method: "PUT" })).status, 200);
});

/** The client as those set it up who presign uploads. */
const presigner = new S3Client({ requestChecksumCalculation: "WHEN_REQUIRED" });

check("a presigned PUT by a client that adds checksums only where they must be", async (Bucket) => {
  const address = await getSignedUrl(presigner, new PutObjectCommand({ Bucket, Key: KEY }), { expiresIn: 60 });
  const answer = await fetch(address, { method: "PUT", body: "from a browser" });
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(await text(await get(Bucket, KEY)), "from a browser");
});

check("a presigned PUT carries its metadata in the query", async (Bucket) => {
  const command = new PutObjectCommand({ Bucket, Key: KEY, Metadata: { colour: "green" } });
  const address = await getSignedUrl(presigner, command);
  assert.match(address, /x-amz-meta-colour=green/);
  const answer = await fetch(address, { method: "PUT", body: "x" });
  assert.equal(answer.status, 200, await answer.text());
  assert.deepEqual((await head(Bucket, KEY)).Metadata, { colour: "green" });
});

check("a presigned PUT with an ACL is refused by name, or passes where all is open", async (Bucket) => {
  const address = await getSignedUrl(presigner, new PutObjectCommand({ Bucket, Key: KEY, ACL: "public-read" }));
  const answer = await fetch(address, { method: "PUT", body: "x" });
  const words = policy === "r2" ? "Header &apos;x-amz-acl&apos; with value &apos;public-read&apos;" : "";
  assert.equal(answer.status, policy === "r2" ? 501 : 200);
  assert.ok((await answer.text()).includes(words));
});
