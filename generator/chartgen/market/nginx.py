"""nginx's form of a static export: two snippets that an own `server { }` includes.

An export is replaced as a whole, so what is somebody's own (port, certificate, root)
stays out of it. Every address is led to one file by name; nothing else is answered.
"""

from __future__ import annotations

from chartgen.market.answer import CORS, FOR_EVER, SHORT

FOUND = "(?:200|206|304)"
CHART = r"^/api/v[12]/applications/([a-z0-9]+)/chart"
VERSION = "[0-9A-Za-z.+-]+"

# The query decides which package is meant, so it can only be a map: from address,
# fileName and version (both as they were sent, never decoded) to a file.
MAPS = f"""\
# Belongs into http {{ }}. The server that includes nginx-server.conf looks like this:
#
#     server {{
#         listen 443 ssl;
#         ssl_certificate     /etc/ssl/market.pem;
#         ssl_certificate_key /etc/ssl/market.key;
#         root    /srv/market;
#         include /srv/market/nginx-server.conf;
#     }}

map "$uri $arg_fileName $arg_version" $chartgen_package {{
    default "-";
    "~{CHART}  $" api/v1/applications/$1/chart;
    "~{CHART} (\\1-{VERSION}\\.tgz) $" charts/$2;
    "~{CHART} (\\1-({VERSION})\\.tgz) \\3$" charts/$2;
    "~{CHART}  ({VERSION})$" charts/$1-$2.tgz;
}}

map "$status $chartgen_package" $chartgen_cache {{
    default            "no-store";
    "~^{FOUND} charts/" "{FOR_EVER}";
    "~^{FOUND} "        "{SHORT}";
}}
"""

SERVER = """\
# Belongs into server { }, beside `listen` and `root`; needs nginx.conf in http { }.
charset utf-8;
gzip off;
gzip_vary on;
server_tokens off;
client_max_body_size 64k;
default_type application/json;
types {
    text/html        html;
    image/png        png;
    application/gzip tgz;
    application/json json;
}
error_page 404 /404.json;
rewrite ^(/.+?)/+$ $1;

if ($request_method = OPTIONS) {
    return 204;
}

location / {
    return 404;
}
location = /404.json {
    internal;
}
location = / {
    gzip_static on;
    try_files /index.html =404;
}
location ~ ^/api/v[12]/appstore/(?:hash|info)$ {
    gzip_static on;
    try_files $uri =404;
}
location ~ ^/(?:healthz|api/v2/(?:catalog|taxonomy|browse/applications))$ {
    gzip_static on;
    try_files $uri =404;
}
location = /api/v2/applications {
    gzip_static on;
    try_files /api/v2/applications.json =404;
}
location ~ ^/api/v[12]/applications/[a-z0-9]+/chart$ {
    default_type application/gzip;
    try_files /$chartgen_package =404;
}
location ~ ^/icons/[a-z0-9]+\\.png$ {
    try_files $uri =404;
}
"""


def nginx_maps() -> str:
    """The snippet for `http { }`; equal for every export."""
    return MAPS


def nginx_server(upstream: str) -> str:
    """The snippet for `server { }`; `upstream` is a `chartgen serve`, for the POST."""
    # Headers stand at one level only: a location with one of its own would lose these.
    lines = [f'add_header {name} "{value}" always;' for name, value in CORS.items()]
    lines.append("add_header X-Content-Type-Options nosniff always;")
    lines.append("add_header Cache-Control $chartgen_cache always;")
    posts = [_post(f"/api/{version}/applications/info", upstream) for version in ("v1", "v2")]
    return SERVER + "\n".join([*lines, *posts, ""])


def _post(address: str, upstream: str) -> str:
    """The upstream sends the common headers too; they would stand there twice."""
    hidden = [*CORS, "Cache-Control", "X-Content-Type-Options"]
    inside = [f"proxy_pass {upstream}{address};", *(f"proxy_hide_header {n};" for n in hidden)]
    return "\n".join([f"location = {address} {{", *(f"    {line}" for line in inside), "}"])
