"""nginx and haproxy in front of r2shim, each with few connections to it that all of its clients share."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

START_SECONDS = 30
POLL_SECONDS = 0.02
# Ports are picked before the proxy binds them, so another process may be faster.
ATTEMPTS = 3

NGINX = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    # Its workers may be of another user, who cannot open files in this folder.
    proxy_max_temp_file_size 0;
    upstream r2shim {{
        server {behind};
        keepalive 1;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://r2shim;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Forwarded "";
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    log stderr local0
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    option forwardfor
    http-reuse always
frontend clients
    bind {address}
    http-request del-header Forwarded
    http-request set-header X-Forwarded-Proto http
    default_backend r2shim
backend r2shim
    server r2shim {behind}
"""

# The settings of each, and how it is started in the foreground.
FRONTS = {
    "nginx": (NGINX, lambda program, folder, settings: [program, "-e", "stderr", "-p", folder, "-c", settings]),
    "haproxy": (HAPROXY, lambda program, folder, settings: [program, "-db", "-f", settings]),
}


class Front:
    """A running proxy; `endpoint` is its URL."""

    def __init__(self, name, program, folder, behind):
        """`behind` is the URL of what it forwards to."""
        self._settings, self._argv = FRONTS[name]
        self._program, self._folder, self._behind = program, folder, urlsplit(behind).netloc
        if not any(self._started() for _ in range(ATTEMPTS)):
            raise AssertionError(f"{name} does not come up:\n" + (folder / "log").read_text(errors="replace"))

    def _started(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = free.getsockname()
        address = "%s:%d" % self.address
        self.endpoint = f"http://{address}"
        settings = self._folder / "settings"
        settings.write_text(self._settings.format(folder=self._folder, behind=self._behind, address=address))
        with (self._folder / "log").open("ab") as log:
            argv = self._argv(self._program, self._folder, settings)
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self._wait()

    def _wait(self):
        """Whether it forwards at last; not if it ended before."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                urllib.request.urlopen(self.endpoint, timeout=5).close()
            except urllib.error.HTTPError as refused:
                # A stranger is refused by r2shim, with an id; a proxy's own error has none.
                if refused.headers["x-amz-request-id"]:
                    return True
            except OSError:
                time.sleep(POLL_SECONDS)
        self.stop()
        return False

    def stop(self):
        self._process.terminate()
        self._process.wait(START_SECONDS)
