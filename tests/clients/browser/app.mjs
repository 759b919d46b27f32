// The application's page. Its origin is in the rules, and all its addresses are presigned.

import { equal, refused, report, task } from "./checks.mjs";

const { media, errors } = await task();
const text = { "content-type": "text/plain" };
let etag;

async function part(address, size) {
  const answer = await fetch(address, { method: "PUT", body: new Uint8Array(size).fill(97) });
  equal(answer.status, 200);
  return answer.headers.get("etag");
}

await report("app", {
  async "uploads and reads the ETag"() {
    const answer = await fetch(media.put, { method: "PUT", headers: text, body: "from a page" });
    equal(answer.status, 200);
    etag = answer.headers.get("etag");
    equal(/^"[0-9a-f]{32}"$/.test(etag), true);
  },
  async "uploads in parts and completes"() {
    const etags = [await part(media.parts[0], 5 << 20), await part(media.parts[1], 10)];
    const parts = etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
    const answer = await fetch(media.complete, { method: "POST", body });
    equal(answer.status, 200);
    equal((await answer.text()).includes("-2"), true);
  },
  async "reads what it uploaded"() {
    const answer = await fetch(media.get);
    equal(await answer.text(), "from a page");
    equal(answer.headers.get("etag"), etag);
  },
  async "reads a range"() {
    const answer = await fetch(media.get, { headers: { range: "bytes=0-3" } });
    equal(answer.status, 206);
    equal(await answer.text(), "from");
  },
  async "learns that nothing has changed"() {
    const answer = await fetch(media.get, { headers: { "if-none-match": etag }, cache: "no-store" });
    equal(answer.status, 304);
  },
  async "cannot read a header that is not exposed"() {
    equal((await fetch(media.get)).headers.get("x-amz-request-id"), null);
  },
  async "cannot read an error"() {
    await refused(media.none);
  },
  async "reads an error where a rule has on_errors"() {
    const answer = await fetch(errors.none);
    equal(answer.status, 404);
    equal((await answer.text()).includes("<Code>NoSuchKey</Code>"), true);
  },
  async "cannot send a header that is not allowed"() {
    await refused(media.put, { method: "PUT", headers: { "x-amz-meta-a": "b" }, body: "another text" });
    equal(await (await fetch(media.get)).text(), "from a page");
  },
  async "cannot send a method that is not allowed"() {
    await refused(media.delete, { method: "DELETE" });
  },
});
