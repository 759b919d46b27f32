// Checksums: what the SDK sends by itself, in headers and trailers, and what it is asked to send.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";

import { get, head, put, text } from "./calls.mjs";
import { check, refused } from "./harness.mjs";

const CRC32 = Buffer.from(crc32("body").toString(16).padStart(8, "0"), "hex").toString("base64");

check("the default checksum is CRC32, verified and returned", async (bucket) => {
  assert.equal((await put(bucket, "k", "body")).ChecksumCRC32, CRC32);
  const answer = await head(bucket, "k", { ChecksumMode: "ENABLED" });
  assert.deepEqual([answer.ChecksumCRC32, answer.ChecksumType], [CRC32, "FULL_OBJECT"]);
});

check("the default checksum of a stream comes in the trailer", async (bucket) => {
  const answer = await put(bucket, "k", Readable.from(["bo", "dy"]), { ContentLength: 4 });
  assert.equal(answer.ChecksumCRC32, CRC32);
  assert.equal(await text(await get(bucket, "k")), "body");
});

for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  check(`${ChecksumAlgorithm} asked for, of bytes and of a stream`, async (bucket) => {
    const field = `Checksum${ChecksumAlgorithm}`;
    const ofBytes = await put(bucket, "bytes", "body", { ChecksumAlgorithm });
    const stream = Readable.from(["bo", "dy"]);
    const ofStream = await put(bucket, "stream", stream, { ChecksumAlgorithm, ContentLength: 4 });
    assert.ok(ofBytes[field]);
    assert.equal(ofStream[field], ofBytes[field]);
    const answer = await get(bucket, "stream", { ChecksumMode: "ENABLED" });
    assert.equal(answer[field], ofBytes[field]);
    assert.equal(await text(answer), "body");
  });
}

check("a body that is not what its digest says is not stored", async (bucket) => {
  const wrong = createHash("sha256").update("another").digest("base64");
  await refused(put(bucket, "k", "body", { ChecksumSHA256: wrong }), 400, "BadDigest");
  await refused(get(bucket, "k"), 404, "NoSuchKey");
});
