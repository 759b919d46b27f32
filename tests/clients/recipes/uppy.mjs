// Uppy as the recipe sets it up, in Node: files go in, and what the page would send is sent. Two things stand in for the
// browser: XMLHttpRequest, as far as Uppy uses it, and the route `/sign`.

import assert from "node:assert/strict";

import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";

import { s3 } from "./lib/storage.js";
import { sign } from "./sign.js";

const sent = [];

globalThis.XMLHttpRequest = class {
  status = 0;
  upload = {};
  #headers = {};
  #aborting = new AbortController();
  open(method, address) {
    Object.assign(this, { method, address });
  }
  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }
  getResponseHeader(name) {
    return this.answer?.headers.get(name) ?? null;
  }
  abort() {
    this.#aborting.abort();
  }
  async send(body) {
    try {
      const { method, address } = this;
      const asked = { method, headers: this.#headers, body: body ?? undefined, signal: this.#aborting.signal };
      this.answer = await fetch(address, asked);
      this.responseText = this.response = await this.answer.text();
      this.status = this.answer.status;
      sent.push([method, this.status]);
      this.onload?.();
    } catch (error) {
      this.onerror?.(error);
    }
  }
};
globalThis.window = globalThis;

const outside = globalThis.fetch;
globalThis.fetch = async (address, init) =>
  address === "/sign" ? Response.json(await sign(JSON.parse(init.body))) : outside(address, init);

const { uppy } = await import("./uploader.js");
const MIB = 2 ** 20;
for (const [name, size] of [["small.bin", 1000], ["large.bin", 12 * MIB]]) {
  uppy.addFile({ name, type: "application/octet-stream", data: new File([new Uint8Array(size)], name) });
}
const { successful, failed } = await uppy.upload();
assert.deepEqual(failed.map(({ name, error }) => [name, error]), []);
assert.equal(successful.length, 2);
// One POST begins the upload of three parts, and one ends it.
assert.deepEqual(sent.map(([method]) => method).sort(), ["POST", "POST", "PUT", "PUT", "PUT", "PUT"]);

// What Uppy asks when an upload is resumed.
const { UploadId: uploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: "media", Key: "resumed" }));
const { url } = await sign({ method: "GET", key: "resumed", uploadId });
assert.equal((await fetch(url)).status, process.argv[2] === "r2" ? 501 : 200);
