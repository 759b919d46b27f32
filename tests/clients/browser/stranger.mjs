// A page whose origin is in no rule. It has the same addresses, and they do not help.

import { equal, refused, report, task } from "./checks.mjs";

const { media, laptop } = await task();

await report("stranger", {
  async "cannot upload"() {
    await refused(media.stolen, { method: "PUT", body: "from a stranger" });
  },
  async "cannot read"() {
    await refused(media.old);
  },
  async "is let in by --cors '*'"() {
    const answer = await fetch(laptop.put, { method: "PUT", body: "from anyone" });
    equal(answer.status, 200);
    equal(/^"[0-9a-f]{32}"$/.test(answer.headers.get("etag")), true);
    equal(answer.headers.get("x-amz-request-id").length, 16);
  },
});
