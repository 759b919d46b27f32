"""Where a MinIO under test sends its audit log."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class AuditLog:
    """Where MinIO sends its audit log. `lines` are what came, a request each; `environment` has MinIO send it."""

    def __init__(self):
        self.lines = []
        self._news = threading.Condition()
        log = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self):
                log._take(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        url = "http://127.0.0.1:%d/" % self._server.server_address[1]
        self.environment = {"MINIO_AUDIT_WEBHOOK_ENABLE_DAY": "on", "MINIO_AUDIT_WEBHOOK_ENDPOINT_DAY": url}
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, line):
        with self._news:
            self.lines.append(line.strip())
            self._news.notify_all()

    def wait_for(self, text):
        """Waits until a line with this text has come."""
        with self._news:
            assert self._news.wait_for(lambda: any(text in line for line in self.lines), 60), "MinIO sends no audit log"

    def write(self, file):
        """Writes what came as a log."""
        file.write_bytes(b"\n".join(self.lines) + b"\n")

    def stop(self):
        self._server.shutdown()
