// The AWS SDK for JavaScript v3 with its default settings, doing what its users do. Usage: node main.mjs
// POLICY STORE PREFIX

import "./checks_objects.mjs";
import "./checks_listing.mjs";
import "./checks_checksums.mjs";
import "./checks_presigned.mjs";
import "./checks_copies.mjs";
import "./checks_uploads.mjs";
import { run } from "./harness.mjs";

await run();
