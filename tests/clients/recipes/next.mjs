// What Next.js does with the files of the recipe: it answers the page's request with the route.

import assert from "node:assert/strict";

import { POST } from "./app/api/uploads/route.js";
import { upload } from "./lib/upload.js";

const outside = globalThis.fetch;
globalThis.fetch = (address, init) =>
  address === "/api/uploads" ? POST(new Request("http://page.test/api/uploads", init)) : outside(address, init);

const etag = await upload(new File(["hello"], "ä b.txt", { type: "text/plain" }));
assert.equal(etag, '"5d41402abc4b2a76b9719d911017c592"');

// Signed for one type, the address is refused to others.
const asked = { method: "POST", body: JSON.stringify({ name: "a.png", type: "image/png" }) };
const { url } = await (await fetch("/api/uploads", asked)).json();
const answer = await fetch(url, { method: "PUT", headers: { "content-type": "text/html" }, body: "<script>" });
assert.equal(answer.status, 403);
