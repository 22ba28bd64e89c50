"""What static hosts read: `_headers` and `_redirects` (Netlify, Cloudflare Pages), `vercel.json`.

Patterns, not a line for each app. A host joins the values of rules that overlap, so
every header is set by one rule for any address.
"""

from __future__ import annotations

import json

from chartgen.market.answer import CORS, SHORT

JSON = "application/json"
GZIP = "application/gzip"
TYPES = {
    "/healthz": JSON,
    "/api/v1/appstore/*": JSON,
    "/api/v2/appstore/*": JSON,
    "/api/v2/catalog": JSON,
    "/api/v2/taxonomy": JSON,
    "/api/v2/applications": JSON,
    "/api/v2/browse/*": JSON,
    "/api/v1/applications/:app/chart": GZIP,
    "/api/v2/applications/:app/chart": GZIP,
    "/charts/*": GZIP,
}
"""The content type of every address whose file's name does not tell it."""

COMMON = {**CORS, "X-Content-Type-Options": "nosniff", "Cache-Control": SHORT}
PREFIXES = ("/api/v1", "/api/v2")
LISTING = "/api/v2/applications"
FILE = "[a-z0-9]+-[0-9A-Za-z.+-]+\\.tgz"


def headers_file() -> str:
    """`_headers`: the types and the common headers."""
    lines = ["/*", *(f"  {name}: {value}" for name, value in COMMON.items())]
    for pattern, kind in TYPES.items():
        lines += [pattern, f"  Content-Type: {kind}"]
    return "\n".join([*lines, ""])


def redirects_file(upstream: str) -> str:
    """`_redirects`: a package by its `fileName`, the listing that is also a folder, the POST.

    `200!` answers in place, before any file; a host cannot reach an upstream without TLS.
    """
    lines = [
        f"{prefix}/applications/:app/chart fileName=:file /charts/:file 200!" for prefix in PREFIXES
    ]
    lines.append(f"{LISTING} {LISTING}.json 200!")
    lines += [f"{path} {upstream}{path} 200!" for path in _posts(upstream)]
    return "\n".join([*lines, ""])


def vercel_file(upstream: str) -> str:
    """`vercel.json`: the same; files come before rewrites, so a package is redirected to."""
    headers = [{"source": "/(.*)", "headers": _pairs(COMMON)}]
    headers += [
        {"source": pattern.replace("*", "(.*)"), "headers": _pairs({"Content-Type": kind})}
        for pattern, kind in TYPES.items()
    ]
    rewrites = [{"source": LISTING, "destination": f"{LISTING}.json"}]
    rewrites += [{"source": path, "destination": f"{upstream}{path}"} for path in _posts(upstream)]
    asked = {"type": "query", "key": "fileName", "value": f"(?<file>{FILE})"}
    redirects = [
        {
            "source": f"{prefix}/applications/:app/chart",
            "has": [asked],
            "destination": "/charts/:file",
            "statusCode": 307,
        }
        for prefix in PREFIXES
    ]
    rules = {"headers": headers, "redirects": redirects, "rewrites": rewrites}
    return json.dumps(rules, indent=1) + "\n"


def _posts(upstream: str) -> list[str]:
    """The addresses of the POST, where a host can reach the upstream."""
    reachable = upstream.startswith("https://")
    return [f"{prefix}/applications/info" for prefix in PREFIXES] if reachable else []


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in headers.items()]
