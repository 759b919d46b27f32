// Multipart uploads: by hand, and with the Upload of lib-storage.

import assert from "node:assert/strict";
import { Readable } from "node:stream";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

import { bytes, get, head, put } from "./calls.mjs";
import { binary, check, MIB, policy, refused, refusedByR2, s3, sameBytes } from "./harness.mjs";

const upload = (Bucket, Key, Body, more) => new Upload({ client: s3, params: { Bucket, Key, Body, ...more } }).done();

check("Upload of 100 MiB", async (bucket) => {
  const body = binary(100 * MIB);
  await upload(bucket, "k", body, { ContentType: "video/mp4", Metadata: { colour: "red" } });
  const answer = await get(bucket, "k");
  assert.match(answer.ETag, /^"[0-9a-f]{32}-20"$/);
  assert.deepEqual([answer.ContentType, answer.Metadata], ["video/mp4", { colour: "red" }]);
  sameBytes(await bytes(answer), body);
});

check("Upload of a stream of unknown length", async (bucket) => {
  const body = binary(12 * MIB + 1);
  const pieces = Array.from({ length: 13 }, (_, number) => body.subarray(number * MIB, (number + 1) * MIB));
  await upload(bucket, "k", Readable.from(pieces));
  const answer = await get(bucket, "k");
  assert.match(answer.ETag, /-3"$/);
  sameBytes(await bytes(answer), body);
});

check("Upload of little and of nothing", async (bucket) => {
  for (const body of ["little", ""]) {
    await upload(bucket, "k", Readable.from([Buffer.from(body)]));
    sameBytes(await bytes(await get(bucket, "k")), Buffer.from(body));
  }
});

check("Upload with a storage class is refused by name, or passes where all is open", async (bucket) => {
  const words = "Header 'x-amz-storage-class' with value 'STANDARD' not implemented";
  await refusedByR2(words, upload(bucket, "k", binary(6 * MIB), { StorageClass: "STANDARD" }));
});

async function begun(Bucket, Key, more) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return { Bucket, Key, UploadId };
}

async function part(where, PartNumber, Body, more) {
  const answer = await s3.send(new UploadPartCommand({ ...where, PartNumber, Body, ...more }));
  return { PartNumber, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 };
}

const complete = (where, ...Parts) =>
  s3.send(new CompleteMultipartUploadCommand({ ...where, MultipartUpload: { Parts } }));

check("parts by hand, and read one by one", async (bucket) => {
  const body = binary(6 * MIB);
  const where = await begun(bucket, "a b/ż");
  const second = await part(where, 2, body.subarray(5 * MIB));
  const first = await part(where, 1, body.subarray(0, 5 * MIB));
  await complete(where, first, second);
  sameBytes(await bytes(await get(bucket, "a b/ż")), body);
  const last = await get(bucket, "a b/ż", { PartNumber: 2 });
  assert.deepEqual([last.PartsCount, last.ContentLength], [2, MIB]);
  sameBytes(await bytes(last), body.subarray(5 * MIB));
});

check("parts that are wrong are refused", async (bucket) => {
  const where = await begun(bucket, "k");
  const first = await part(where, 1, "too small");
  const second = await part(where, 2, "x");
  await refused(complete(where, first, second), 400, "EntityTooSmall");
  await refused(complete(where, second, first), 400, "InvalidPartOrder");
  await refused(complete(where, { ...first, ETag: '"00000000000000000000000000000000"' }), 400, "InvalidPart");
  await refused(get(bucket, "k"), 404, "NoSuchKey");
});

check("an upload that is aborted is gone", async (bucket) => {
  const where = await begun(bucket, "k");
  await part(where, 1, "x");
  const listed = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  assert.deepEqual(listed.Uploads.map(({ Key, UploadId }) => ({ Key, UploadId })), [
    { Key: "k", UploadId: where.UploadId },
  ]);
  await s3.send(new AbortMultipartUploadCommand(where));
  await refused(part(where, 2, "x"), 404, "NoSuchUpload");
  assert.equal((await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads, undefined);
});

check("ListParts is refused by name, or lists where all is open", async (bucket) => {
  const where = await begun(bucket, "k");
  await part(where, 1, "x");
  const listed = s3.send(new ListPartsCommand(where));
  await refusedByR2("ListParts not implemented", listed);
  if (policy === "r2") return;
  assert.deepEqual((await listed).Parts.map(({ PartNumber, Size }) => [PartNumber, Size]), [[1, 1]]);
});

for (const ChecksumAlgorithm of ["CRC32C", "SHA256"]) {
  check(`an upload with ${ChecksumAlgorithm}`, async (bucket) => {
    await upload(bucket, "k", binary(11 * MIB), { ChecksumAlgorithm });
    const answer = await head(bucket, "k", { ChecksumMode: "ENABLED" });
    assert.match(answer[`Checksum${ChecksumAlgorithm}`], /-3$/);
    assert.equal(answer.ChecksumType, "COMPOSITE");
  });
}

check("an object put together from ranges of another", async (bucket) => {
  const body = binary(7 * MIB);
  await put(bucket, "from", body);
  const where = await begun(bucket, "to");
  const parts = [];
  for (const [PartNumber, CopySourceRange] of [[1, `bytes=0-${5 * MIB - 1}`], [2, `bytes=${5 * MIB}-${7 * MIB - 1}`]]) {
    const source = { CopySource: `${bucket}/from`, CopySourceRange };
    const { CopyPartResult } = await s3.send(new UploadPartCopyCommand({ ...where, PartNumber, ...source }));
    parts.push({ PartNumber, ETag: CopyPartResult.ETag, ChecksumCRC32: CopyPartResult.ChecksumCRC32 });
  }
  await complete(where, ...parts);
  sameBytes(await bytes(await get(bucket, "to")), body);
});

check("a condition on the source of a part is refused by name, or passes where all is open", async (bucket) => {
  const { ETag } = await put(bucket, "from", binary(MIB));
  const where = await begun(bucket, "to");
  const source = { CopySource: `${bucket}/from`, CopySourceIfMatch: ETag };
  const words = `Header 'x-amz-copy-source-if-match' with value '${ETag}' not implemented`;
  await refusedByR2(words, s3.send(new UploadPartCopyCommand({ ...where, PartNumber: 1, ...source })));
});
