"""The settings of each contestant. tests/bench/README.md has the reasons."""

import os

from .processes import CORES
from .signing import KEY_ID, REGION, SECRET

_NGINX = """
{user}
daemon off;
worker_processes {cores};
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
    access_log {log};
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    keepalive_requests 100000000;
    sendfile on;
    tcp_nopush on;
    default_type application/octet-stream;
{body}
}}
"""

# Objects from the disk. An upload is read whole, kept in memory, and forgotten.
_STORE = """
    upstream sink {{ server unix:{folder}/sink.sock; keepalive 128; }}
    server {{
        listen unix:{folder}/sink.sock;
        add_header ETag '"00000000000000000000000000000000"' always;
        location / {{ return 200 ""; }}
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {root}; }}
        location /bench/put- {{
            client_body_buffer_size 9m;
            proxy_pass http://sink;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            proxy_pass_request_body off;
        }}
    }}
"""

_PROXY = """
    upstream store {{ server 127.0.0.1:{store}; keepalive 128; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port}{tls};
        {certificate}
        location / {{
            proxy_pass http://store;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
        }}
    }}
"""

_HAPROXY = """
global
    nbthread {cores}
    maxconn 8192
    {log_to}
defaults
    mode http
    timeout connect 5s
    timeout client 120s
    timeout server 120s
    {log}
frontend front
    bind 127.0.0.1:{port} {tls}
    default_backend store
backend store
    http-reuse always
    server store 127.0.0.1:{store}
"""

# In front of servers that each have an address for health. Reads may be sent twice; a write only if nothing of it was sent.
_HAPROXY_FLEET = """
global
    nbthread {cores}
    maxconn 8192
    stats socket {folder}/haproxy.sock mode 600
defaults
    mode http
    timeout connect 2s
    timeout client 150s
    timeout server 150s
    timeout http-request 20s
    {defaults}
frontend front
    bind 127.0.0.1:{port}
    default_backend fleet
backend fleet
    balance leastconn
    {backend}
    {servers}
"""

# Further settings of haproxy, by name: lines of `defaults`, lines of the backend, words of a server.
_FLEET_WAYS = {
    "plain": ([], [], ""),
    "checked": (
        [],
        ["option httpchk GET /readyz"],
        "check port {admin} inter 500ms fall 2 rise 1",
    ),
    "retrying": (
        ["retries 3", "option redispatch 1"],
        [
            "option httpchk GET /readyz",
            "retry-on conn-failure empty-response",
            "http-request disable-l7-retry if !{ method GET HEAD }",
        ],
        "check port {admin} inter 500ms fall 2 rise 1 observe layer4 error-limit 5 on-error mark-down",
    ),
}
FLEET_WAYS = tuple(_FLEET_WAYS)

_R2SHIM = """
listen = ["127.0.0.1:{port}"]
admin = "{admin}"
control = "off"

[[key]]
access_key_id = "{key}"
secret_access_key = "{secret}"
permission = "admin-read-write"

{tls}
[upstream]
{upstream}
"""


def _nginx(folder, body, log):
    user = "user root;" if os.geteuid() == 0 else ""
    file = f"{folder}/access.log" if log else "off"
    return _NGINX.format(user=user, cores=CORES, folder=folder, log=file, body=body)


def nginx_store(folder, port, root):
    return _nginx(folder, _STORE.format(folder=folder, port=port, root=root), False)


def nginx_proxy(folder, port, store, tls, log):
    names = f"ssl_certificate {tls}/tls.crt; ssl_certificate_key {tls}/tls.key;" if tls else ""
    spoken = " ssl http2" if tls else ""
    return _nginx(folder, _PROXY.format(port=port, store=store, tls=spoken, certificate=names), log)


def haproxy(port, store, tls, log):
    bind = f"ssl crt {tls}/tls.pem alpn h2,http/1.1" if tls else ""
    log_to = "log stdout format raw local0" if log else ""
    log = "log global\n    option httplog" if log else ""
    return _HAPROXY.format(cores=CORES, port=port, store=store, tls=bind, log_to=log_to, log=log)


def haproxy_fleet(folder, port, servers, way):
    """Servers are pairs of ports, of requests and of health. `way` is one of FLEET_WAYS."""
    defaults, backend, words = _FLEET_WAYS[way]
    lines = [
        f"server r2shim-{number} 127.0.0.1:{served} {words.format(admin=admin)}"
        for number, (served, admin) in enumerate(servers, 1)
    ]
    joined = ["\n    ".join(each) for each in (defaults, backend, lines)]
    names = dict(zip(("defaults", "backend", "servers"), joined, strict=True))
    return _HAPROXY_FLEET.format(cores=CORES, folder=folder, port=port, **names)


def r2shim(port, tls, store=None, data=None, stores=(), admin="off"):
    """In front of one store or several nodes of it, by port, or on a folder."""
    stores = stores or ([store] if store else [])
    if stores:
        endpoints = ", ".join(f'"http://127.0.0.1:{each}"' for each in stores)
        lines = ['kind = "s3"', 'dialect = "minio"', f'region = "{REGION}"', f"endpoints = [{endpoints}]"]
        lines += [f'access_key_id = "{KEY_ID}"', f'secret_access_key = "{SECRET}"']
    else:
        lines = ['kind = "local"', f'path = "{data}"']
    certificate = f'[tls]\ncertificate = "{tls}/tls.crt"\nkey = "{tls}/tls.key"\n' if tls else ""
    upstream = "\n".join(lines)
    return _R2SHIM.format(port=port, admin=admin, key=KEY_ID, secret=SECRET, tls=certificate, upstream=upstream)
