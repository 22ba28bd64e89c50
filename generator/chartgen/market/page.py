"""The page that a person sees at the market's address: what is in it, and how to add it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from chartgen.market.site import Site


def page(site: Site, headers: Mapping[str, str]) -> bytes:
    """The page as HTML; the address shown is the one it was asked under."""
    host = _first(headers, "x-forwarded-host", "host")
    scheme = _first(headers, "x-forwarded-proto", "x-chartgen-scheme") or "http"
    base = _first(headers, "x-forwarded-prefix", "x-chartgen-base").rstrip("/")
    url = f"{scheme}://{host}{base}"
    apps = sorted(site.apps.values(), key=lambda item: item.detail["title"].lower())
    return _template().render(site=site, apps=apps, url=url, base=base).encode()


def _first(headers: Mapping[str, str], *names: str) -> str:
    """The first header that is there; each proxy on the way appends to its list."""
    found = next((headers[name] for name in names if headers.get(name)), "")
    return found.partition(",")[0].strip()


@cache
def _template() -> Template:
    text = (files("chartgen.market") / "page.html").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(text)
