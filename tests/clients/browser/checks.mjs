// What the pages share: a table of checks, run one after the other, and the report of them to the page's own origin.

/** Runs the checks and reports each by its name: "ok", or what went wrong. */
export async function report(page, checks) {
  const found = {};
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      found[name] = "ok";
    } catch (error) {
      found[name] = String(error);
    }
  }
  await fetch("/report", { method: "POST", body: JSON.stringify({ page, found }) });
}

export function equal(found, expected) {
  if (found !== expected) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
}

/** The answer to a page that is let in; one that is not only sees a TypeError. */
export async function refused(url, options) {
  try {
    const answer = await fetch(url, options);
    throw new Error(`the page could read the answer: ${answer.status}`);
  } catch (error) {
    equal(error.constructor.name, "TypeError");
  }
}

export async function task() {
  return (await fetch("/task.json")).json();
}
