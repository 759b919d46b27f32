// Listing: pages, prefixes, delimiters.

import assert from "node:assert/strict";

import { ListObjectsV2Command, paginateListObjectsV2 } from "@aws-sdk/client-s3";

import { put } from "./calls.mjs";
import { check, s3 } from "./harness.mjs";

const TREE = ["a", "b/1", "b/2/x", "b/2/y", "b/3", "c", "d e/1"];

const store = (bucket, keys) => Promise.all(keys.map((key) => put(bucket, key, "")));

check("a listing with delimiter and prefix", async (Bucket) => {
  await store(Bucket, TREE);
  const listing = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/", Prefix: "b/" }));
  assert.deepEqual(listing.Contents.map(({ Key }) => Key), ["b/1", "b/3"]);
  assert.deepEqual(listing.CommonPrefixes.map(({ Prefix }) => Prefix), ["b/2/"]);
  assert.equal(listing.KeyCount, 3);
});

check("pages of any size show the same", async (Bucket) => {
  await store(Bucket, TREE);
  for (const pageSize of [1, 2, 3, 1000]) {
    const seen = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize }, { Bucket, Delimiter: "/" })) {
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key));
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
    }
    assert.deepEqual(seen.sort(), ["a", "b/", "c", "d e/"]);
  }
});

check("url-encoded listings, start-after and owners", async (Bucket) => {
  await store(Bucket, TREE);
  const asked = { Bucket, EncodingType: "url", StartAfter: "b/3", FetchOwner: true };
  const { Contents } = await s3.send(new ListObjectsV2Command(asked));
  assert.deepEqual(Contents.map(({ Key }) => Key), ["c", "d%20e/1"]);
  assert.ok(Contents.every(({ Owner }) => Owner.ID));
});
