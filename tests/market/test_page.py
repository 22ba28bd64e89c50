"""The page that a person sees at the market's address."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from chartgen.market.answer import Request, answer
from chartgen.market.site import Site, load_site
from tests.market.shop import Made, shop

HOSTILE = "<script>alert(1)</script>\"'>&"
WARNING = "https addresses only"


class Seen(HTMLParser):
    """The tags, the addresses and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(site: Site, **headers: str) -> Seen:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    told = answer(site, Request("GET", "/", headers=named))
    assert (told.status, told.content_type) == (200, "text/html; charset=utf-8")
    page = Seen()
    page.feed(told.body.decode("utf-8"))
    page.close()
    return page


def test_it_lists_every_app_with_its_icon(site: Site) -> None:
    page = seen(site, host="shop.example")
    assert all(title in page.text for title in ("Alpha", "Beta", "Gamma", "1.1.0", "A test market"))
    assert page.sources == [f"/icons/{name}.png" for name in ("alpha", "beta", "gamma")]


def test_it_shows_the_address_it_was_asked_under_and_warns(site: Site) -> None:
    page = seen(site, host="127.0.0.1:8080")
    assert "http://127.0.0.1:8080" in page.text
    assert WARNING in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "shop.example", "x_chartgen_scheme": "https", "x_chartgen_base": "/market"},
        {
            "host": "10.0.0.1:8080",
            "x_forwarded_host": "shop.example",
            "x_forwarded_proto": "https",
            "x_forwarded_prefix": "/market",
        },
        {
            "host": "10.0.0.1:8080",
            "x_forwarded_host": "shop.example, inner",
            "x_forwarded_proto": "https,http",
            "x_forwarded_prefix": "/market/",
        },
    ],
)
def test_with_https_and_behind_proxies(site: Site, headers: dict[str, str]) -> None:
    page = seen(site, **headers)
    assert "https://shop.example/market\n" in f"{page.text}".replace(" ", "\n")
    assert WARNING not in page.text
    assert all(source.startswith("/market/icons/") for source in page.sources)


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    hostile = Made(name="alpha", title=HOSTILE, description=HOSTILE)
    plain = seen(load_site(shop(tmp_path / "plain", Made(name="alpha")).root), host="h")
    page = seen(load_site(shop(tmp_path / "hostile", hostile).root), host="h")
    assert page.tags == plain.tags
    assert page.text.count(HOSTILE) == 2


@pytest.mark.parametrize(
    "name", ["host", "x_forwarded_host", "x_forwarded_prefix", "x_forwarded_proto"]
)
def test_hostile_headers_stay_texts(site: Site, name: str) -> None:
    assert seen(site, **{"host": "h", name: HOSTILE}).tags == seen(site, host="h").tags or (
        name == "x_forwarded_proto"
    )
    assert "script" not in seen(site, **{"host": "h", name: HOSTILE}).tags


def test_a_suspended_app_says_so(tmp_path: Path) -> None:
    made = shop(tmp_path / "catalog", Made(name="alpha"))
    made.suspend("alpha")
    assert "suspended" in seen(load_site(made.root), host="h").text
