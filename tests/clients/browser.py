"""A real browser, Chromium without a window, and the sites whose pages it opens.

Pages do the checks: they send their report back to their own site, so nothing has to steer the browser.
"""

import json
import queue
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPORT_SECONDS = 60

TYPES = {"html": "text/html; charset=utf-8", "mjs": "text/javascript", "js": "text/javascript"}

# Neither this machine's other services nor any of the browser's own are a page's business. A container has no sandbox.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


class Site:
    """An origin with pages in memory. `reports` gets what its pages send to /report."""

    def __init__(self, host, reports):
        self.files = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(reports))
        self._server.daemon_threads = True
        self.origin = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(site, reports):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = site.files.get(self.path.removeprefix("/"))
                self.send_response(404 if body is None else 200)
                self.send_header("content-type", TYPES.get(self.path.rsplit(".", 1)[-1], "text/plain"))
                self.end_headers()
                self.wfile.write((body or "").encode())

            def do_POST(self):
                reports.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def visit(program, url, pages, reports, folder):
    """Opens the page at `url` and waits for the reports of all pages in it: names of checks and what was found."""
    log = folder / "browser.log"
    with log.open("wb") as output:
        browser = subprocess.Popen(
            [program, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}", url],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        found = {}
        try:
            while len(found) < pages:
                report = reports.get(timeout=REPORT_SECONDS)
                found[report["page"]] = report["found"]
        except queue.Empty:
            wrote = log.read_text(errors="replace")
            raise AssertionError(f"only {list(found)} reported; the browser wrote:\n{wrote}") from None
        finally:
            browser.terminate()
            browser.wait(30)
    return found
