// Cloudflare's local R2 with S3's interface and the buckets that the arguments name. Prints its address when it is up.
// The key is in KEY and SECRET. It ends with its standard input.

import { Miniflare } from "miniflare";

const { KEY: accessKeyId, SECRET: secretAccessKey } = process.env;
const s3Credentials = { accessKeyId, secretAccessKey };
const buckets = process.argv.slice(2).map((id, number) => [`B${number}`, { id, s3Credentials }]);

const miniflare = new Miniflare({
  port: 0,
  modules: true,
  script: "export default { fetch() { return new Response('ok') } }",
  compatibilityDate: "2026-07-01",
  r2Buckets: Object.fromEntries(buckets),
});
console.log(String(await miniflare.ready));
process.stdin.resume();
process.stdin.on("end", () => miniflare.dispose().then(() => process.exit(0)));
