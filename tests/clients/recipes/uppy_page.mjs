// A visitor of the page: chooses two files, of which the second goes up in parts, and reports what Uppy says.

import { uppy } from "./uploader.js";

const MIB = 2 ** 20;
for (const [name, size] of [["small.bin", 1000], ["large.bin", 12 * MIB]]) {
  uppy.addFile({ name, type: "application/octet-stream", data: new File([new Uint8Array(size)], name) });
}
const { successful, failed } = await uppy.upload();
const report = {
  uploaded: successful.map(({ name }) => name),
  failed: failed.map(({ name, error }) => `${name}: ${error}`),
};
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
