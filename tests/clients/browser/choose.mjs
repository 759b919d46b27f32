// A person at the page of docs/local.md: chooses a file and reads what the page says.

import { equal, report } from "/checks.mjs";

async function said(name) {
  const line = document.querySelector("p");
  while (!line.textContent) await new Promise((done) => setTimeout(done, 20));
  equal(line.textContent, `${name} is in the bucket`);
}

await report("local", {
  async "the page of docs/local.md uploads a file in parts"() {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(6 << 20).fill(98)], "film.bin", { type: "video/mp4" }));
    const input = document.querySelector("input");
    input.files = files.files;
    input.dispatchEvent(new Event("change"));
    await said("film.bin");
  },
});
