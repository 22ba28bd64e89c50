"""The page that a person sees at the market's address: what is in it, and how to add it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from chartgen.market.site import Site


def page(site: Site, headers: Mapping[str, str]) -> bytes:
    """The page as HTML; the address shown is the one it was asked under."""
    host = headers.get("x-forwarded-host") or headers.get("host", "")
    scheme = headers.get("x-forwarded-proto", headers.get("x-chartgen-scheme", "http"))
    base = headers.get("x-forwarded-prefix", headers.get("x-chartgen-base", "")).rstrip("/")
    url = f"{scheme}://{host}{base}"
    apps = sorted(site.apps.values(), key=lambda item: item.detail["title"].lower())
    return _template().render(site=site, apps=apps, url=url, base=base).encode()


@cache
def _template() -> Template:
    text = (files("chartgen.market") / "page.html").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(text)
