// Shows requests as they come. Without it, a reload of the page shows the same.
"use strict";

const table = document.getElementById("requests");
const rows = table.tBodies[0];
const state = document.getElementById("state");
const pause = document.getElementById("pause");
const limit = Number(table.dataset.limit);

let after = table.dataset.after;
let source = null;
let isPaused = false;

function say(text) {
  if (state.textContent !== text) state.textContent = text;
}

function show(row) {
  rows.insertAdjacentHTML("afterbegin", row);
  rows.firstElementChild.classList.add("new");
  while (rows.children.length > limit) rows.lastElementChild.remove();
  document.getElementById("empty").hidden = true;
}

function showMissed(count) {
  const cell = document.createElement("td");
  cell.colSpan = 5;
  cell.setAttribute("role", "cell");
  cell.textContent = `${count} requests came too fast to be shown`;
  const row = document.createElement("tr");
  row.className = "missed";
  row.setAttribute("role", "row");
  row.append(cell);
  rows.prepend(row);
}

function open() {
  if (source || isPaused || document.hidden) return;
  source = new EventSource(`/events?show=${table.dataset.show}&after=${after}`);
  source.addEventListener("open", () => say("Live"));
  source.addEventListener("request", (event) => {
    after = event.lastEventId;
    show(event.data);
  });
  source.addEventListener("missed", (event) => showMissed(event.data));
  // The server was started again: what is shown here is of the one before.
  source.addEventListener("reset", () => rows.replaceChildren());
  source.addEventListener("error", () => {
    const isRefused = source.readyState === EventSource.CLOSED;
    if (isRefused) close();
    say(isRefused ? "Not live: too many pages are open. Reload to see new requests." : "The server is not there. Trying again.");
  });
}

function close() {
  source?.close();
  source = null;
}

pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? "Go on" : "Pause";
  if (isPaused) {
    close();
    say("Paused");
  } else {
    open();
  }
});

// Browsers have few connections to one server, so a page that nobody sees keeps none.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));

pause.hidden = false;
say("Connecting");
open();
