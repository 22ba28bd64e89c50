"""An nginx configuration for a static export."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.market.answer import FOR_EVER, SHORT

HEAD = """\
# Serves a chartgen export. Put the folder where `root` says, the certificate where
# `ssl_certificate` says, and keep a `chartgen serve` running for the one POST.
server {
    listen 8080;
    # listen 443 ssl;
    # ssl_certificate     /etc/ssl/market.pem;
    # ssl_certificate_key /etc/ssl/market.key;
    root /srv/market;
    default_type application/json;
    types {
        text/html        html;
        image/png        png;
        application/gzip tgz;
        application/json json;
    }
    charset utf-8;
    etag on;
    gzip on;
    gzip_types application/json;
    gzip_min_length 512;
    server_tokens off;
    client_max_body_size 64k;
"""


def nginx_conf(paths: Mapping[str, str], upstream: str, headers: Mapping[str, str]) -> str:
    """The configuration: each address led to its file, the POST to `upstream`."""
    common = [f'    add_header {name} "{value}" always;' for name, value in headers.items()]
    lines = [HEAD.rstrip(), *common]
    lines += [_post(prefix, upstream) for prefix in ("/api/v1", "/api/v2")]
    lines += [
        _location(address, path, common) for address, path in paths.items() if address != f"/{path}"
    ]
    return "\n".join([*lines, "}", ""])


def _post(prefix: str, upstream: str) -> str:
    return f"    location = {prefix}/applications/info {{ proxy_pass {upstream}; }}"


def _location(address: str, path: str, common: list[str]) -> str:
    """A package may be kept for ever only under an address that names its version."""
    cache = SHORT
    chosen = ""
    if address.endswith("/chart"):
        chosen = f' if ($arg_version) {{ add_header Cache-Control "{FOR_EVER}"; }}'
        cache = ""
    told = f' add_header Cache-Control "{cache}";' if cache else chosen
    again = " ".join(line.strip() for line in common)
    return f"    location = {address} {{ {again}{told} try_files /{path} =404; }}"
