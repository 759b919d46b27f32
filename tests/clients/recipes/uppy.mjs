// The site of the recipe for Uppy, and Chromium as its visitor. Usage: node uppy.mjs POLICY CHROMIUM

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { build } from "esbuild";

import { s3 } from "./lib/storage.js";
import { sign } from "./sign.js";

const [policy, chromium] = process.argv.slice(2);
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--remote-debugging-port=0"];

const bundle = await build({ entryPoints: ["uppy_page.mjs"], bundle: true, format: "esm", write: false });

let report;
const reported = new Promise((resolve) => (report = resolve));
const routes = {
  "/": () => ["text/html", '<!doctype html><script type="module" src="page.js"></script>'],
  "/page.js": () => ["text/javascript", bundle.outputFiles[0].text],
  "/sign": async (request) => ["application/json", JSON.stringify(await sign(await json(request)))],
  "/report": async (request) => report(await json(request)) ?? ["application/json", "null"],
  "/favicon.ico": () => ["image/x-icon", ""],
};
const site = createServer(async (request, response) => {
  const [type, body] = await routes[request.url](request);
  response.writeHead(200, { "content-type": type }).end(body);
}).listen(0, "127.0.0.1");
await once(site, "listening");

const profile = await mkdtemp("profile-");
const address = `http://localhost:${site.address().port}/`;
const options = { stdio: "ignore", timeout: 60_000 };
const browser = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, address], options);
const gone = once(browser, "exit");
const { uploaded, failed } = await Promise.race([reported, gone.then(() => assert.fail("the page said nothing"))]);
browser.kill();
await gone;
site.closeAllConnections();
site.close();

assert.deepEqual(failed, []);
assert.deepEqual(uploaded, ["small.bin", "large.bin"]);

// What Uppy asks when an upload is resumed.
const { UploadId: uploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: "media", Key: "resumed" }));
const { url } = await sign({ method: "GET", key: "resumed", uploadId });
assert.equal((await fetch(url)).status, policy === "r2" ? 501 : 200);
