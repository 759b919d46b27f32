"""What each contestant is told. tests/bench/README.md has the reasons."""

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

_R2SHIM = """
listen = ["127.0.0.1:{port}"]
admin = "off"
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
    told = f"ssl crt {tls}/tls.pem alpn h2,http/1.1" if tls else ""
    log_to = "log stdout format raw local0" if log else ""
    log = "log global\n    option httplog" if log else ""
    return _HAPROXY.format(cores=CORES, port=port, store=store, tls=told, log_to=log_to, log=log)


def r2shim(port, tls, store=None, data=None):
    if store:
        lines = ['kind = "s3"', 'dialect = "minio"', f'region = "{REGION}"']
        lines += [f'endpoints = ["http://127.0.0.1:{store}"]']
        lines += [f'access_key_id = "{KEY_ID}"', f'secret_access_key = "{SECRET}"']
    else:
        lines = ['kind = "local"', f'path = "{data}"']
    certificate = f'[tls]\ncertificate = "{tls}/tls.crt"\nkey = "{tls}/tls.key"\n' if tls else ""
    return _R2SHIM.format(port=port, key=KEY_ID, secret=SECRET, tls=certificate, upstream="\n".join(lines))
