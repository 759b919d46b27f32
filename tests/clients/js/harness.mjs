// Runs the checks one after the other, each in a bucket of its own, and prints a line for each.

import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";

import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";

export const MIB = 1 << 20;

/**
 * The policy the server runs under, `r2` or `open`; the store behind it, `local` or `minio`; and what the names of all
 * buckets begin with, before two digits.
 */
export const [policy, store, prefix] = process.argv.slice(2);

/** Whether neither policy nor store lets through what R2 lacks. MinIO has it where all is open. */
export const lacks = policy === "r2" || store === "local";

/** The client as it comes: keys, endpoint and region are in the environment. */
export const s3 = new S3Client();

const checks = [];

/** Registers a check: `body` is called with the name of an empty bucket. */
export function check(name, body) {
  checks.push({ name, body });
}

/** Runs all checks; prints `ok NAME` or `not ok NAME: why` for each. */
export async function run() {
  for (const { name, body } of checks) {
    try {
      await body(await newBucket());
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`not ok ${name}: ${describe(error)}`);
    }
  }
}

let names = 0;

/** The name of a bucket that is not there yet. */
export const freeName = () => prefix + String((names += 1)).padStart(2, "0");

async function newBucket() {
  const name = freeName();
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  return name;
}

/** An error on one line, with the place in the checks where it happened. */
function describe(error) {
  const place = error.stack?.split("\n").find((line) => /checks.*\.mjs:/.test(line)) ?? "";
  return `${error.name}: ${error.message} ${place}`.replace(/\s+/g, " ");
}

/** `size` bytes that do not compress; always the same. */
export function binary(size) {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** Demands that two bodies are the same, without printing megabytes where they are not. */
export function sameBytes(actual, expected) {
  const same = Buffer.from(actual).equals(Buffer.from(expected));
  assert.ok(same, `${actual.length} bytes that are not the ${expected.length} stored`);
}

/** Demands that the server refuses a call with this status, code and, where given, these words. */
export async function refused(call, status, code, words = "") {
  const error = await call.then(
    () => assert.fail("the call should have been refused"),
    (error) => error,
  );
  assert.deepEqual([error.$metadata?.httpStatusCode, error.name], [status, code], error.message);
  assert.ok(error.message.includes(words), `'${error.message}' does not say '${words}'`);
}

/**
 * Demands that a header is refused by name: by `r2` because R2 lacks it, where all is open because the local store does.
 * In front of MinIO it passes there.
 */
export async function refusedHeader(header, value, operation, call) {
  const lacking = `${header} on ${operation} not implemented by the local store`;
  const words = policy === "r2" ? `Header '${header}' with value '${value}' not implemented` : lacking;
  await (lacks ? refused(call, 501, "NotImplemented", words) : call);
}

/** Demands that `r2` refuses a call with a 501 in these words, and that it passes where all is open. */
export async function refusedByR2(words, call) {
  await (policy === "r2" ? refused(call, 501, "NotImplemented", words) : call);
}
