// Miniflare with one bucket, `media`, as `wrangler dev` starts it. Usage: node miniflare.mjs PORT DATA FOLDER, where
// FOLDER has node_modules. The key is in KEY and SECRET.

import { createRequire } from "node:module";

const [port, data, folder] = process.argv.slice(2);
const { Miniflare } = createRequire(`${folder}/package.json`)("miniflare");
const { KEY: accessKeyId, SECRET: secretAccessKey } = process.env;

const miniflare = new Miniflare({
  port: Number(port),
  modules: true,
  script: "export default { fetch() { return new Response('ok') } }",
  compatibilityDate: "2026-07-01",
  r2Persist: data,
  r2Buckets: { MEDIA: { id: "media", s3Credentials: { accessKeyId, secretAccessKey } } },
});
await miniflare.ready;
process.on("SIGTERM", () => miniflare.dispose().then(() => process.exit(0)));
