"""What HTTP wants of the answers: methods, caching, paths, packages, limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.catalog.index import app_id
from chartgen.market.answer import FOR_EVER, MAX_BODY, SHORT, Answer, Request, answer
from chartgen.market.site import Site, load_site
from chartgen.market.v1 import MAX_IDS
from tests.market.shop import PICTURE, Made, shop

ADDRESSES = (
    *("/", "/healthz", "/icons/alpha.png", "/api/v2/catalog", "/api/v2/taxonomy"),
    *("/api/v2/applications", "/api/v2/browse/applications"),
    *(f"/api/{one}/appstore/{leaf}" for one in ("v1", "v2") for leaf in ("hash", "info")),
    *(f"/api/{one}/applications/alpha/chart" for one in ("v1", "v2")),
)
DETAILS = ("/api/v1/applications/info", "/api/v2/applications/info")
EVERY_ADDRESS = pytest.mark.parametrize("path", ADDRESSES)


def get(site: Site, path: str, method: str = "GET", **query: str) -> Answer:
    return answer(site, Request(method, path, query))


def post(site: Site, body: bytes, path: str = DETAILS[0]) -> Answer:
    return answer(site, Request("POST", path, body=body))


def reason(told: Answer) -> str:
    """What an answer says was wrong; every such answer says it as JSON, for nobody to keep."""
    assert (told.content_type, told.cache) == ("application/json", "no-store")
    said = json.loads(told.body)["error"]
    assert isinstance(said, str)
    assert said
    return said


@EVERY_ADDRESS
def test_head_is_get(site: Site, path: str) -> None:
    """The body is left out by the server; all that is told of it is the same."""
    assert get(site, path, "HEAD") == get(site, path)


@EVERY_ADDRESS
def test_every_answer_may_be_read_by_any_page_and_has_a_mark(site: Site, path: str) -> None:
    told = get(site, path)
    assert told.status == 200
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in told.headers["Access-Control-Expose-Headers"]
    assert told.headers["ETag"].startswith('"')


@EVERY_ADDRESS
def test_what_is_known_is_not_sent_again(site: Site, path: str) -> None:
    mark = get(site, path).headers["ETag"]
    for known in (mark, f"W/{mark}", f'"x", {mark}', "*"):
        told = answer(site, Request("GET", path, headers={"if-none-match": known}))
        assert (told.status, told.body, told.headers["ETag"]) == (304, b"", mark)
    told = answer(site, Request("GET", path, headers={"if-none-match": '"other"'}))
    assert told == get(site, path)


@EVERY_ADDRESS
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get"])
def test_other_methods_are_refused(site: Site, path: str, method: str) -> None:
    told = get(site, path, method)
    assert told.status == 405
    assert told.headers["Allow"] == "GET, HEAD"
    assert reason(told)


@pytest.mark.parametrize("path", DETAILS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_details_take_post_only(site: Site, path: str, method: str) -> None:
    told = get(site, path, method)
    assert (told.status, told.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", [*ADDRESSES, *DETAILS])
def test_a_browser_may_ask_before_it_asks(site: Site, path: str) -> None:
    told = get(site, path, "OPTIONS")
    assert (told.status, told.body) == (204, b"")
    assert {"GET", "HEAD", "POST"} <= set(told.headers["Access-Control-Allow-Methods"].split(", "))
    assert told.headers["Access-Control-Allow-Headers"] == "*"


def test_health_tells_the_state(site: Site) -> None:
    told = json.loads(get(site, "/healthz").body)
    assert told == {"apps": 3, "hash": site.hash, "status": "ok"}
    stale = json.loads(answer(site, Request("GET", "/healthz"), "the ledger is broken").body)
    assert stale == told | {"status": "stale", "trouble": "the ledger is broken"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body"),
        (b"no json", "the body"),
        (b"[]", "it must be an object"),
        (b"null", "it must be an object"),
        (b'"x"', "it must be an object"),
        (b"{}", "app_ids must be a list of strings"),
        (b'{"app_ids":null}', "app_ids must be a list of strings"),
        (b'{"app_ids":"x"}', "app_ids must be a list of strings"),
        (b'{"app_ids":{"a":1}}', "app_ids must be a list of strings"),
        (b'{"app_ids":["a",1]}', "app_ids must be a list of strings"),
        (b'{"app_ids":[["a"]]}', "app_ids must be a list of strings"),
        (b'{"app_ids":[]}x', "the body"),
        (b'{"app_ids":[]', "the body"),
        (b"\xff\xfe\xfa", "the body"),
        (b'{"app_ids":["\xff"]}', "the body"),
        (b"\0" * 9, "the body"),
        (b'{"app_ids":[' + b"9" * 5000 + b"]}", "the body"),
        (b"[" * 30_000, "the body"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "the body"),
        (json.dumps({"app_ids": ["a"] * (MAX_IDS + 1)}).encode(), "at most"),
    ],
)
def test_a_body_that_is_no_question_is_told_why(site: Site, body: bytes, said: str) -> None:
    for path in DETAILS:
        told = post(site, body, path)
        assert told.status == 400
        assert said in reason(told)


@pytest.mark.parametrize(
    "strange", ["\0", "\ud800", "\udfff\ud800", "../x", '"', "\\", "😀", "x" * 9000]
)
def test_strange_ids_are_not_found(site: Site, strange: str) -> None:
    told = post(site, json.dumps({"app_ids": [strange, app_id("alpha")]}).encode())
    document = json.loads(told.body.decode("utf-8"))
    assert list(document["apps"]) == [app_id("alpha")]
    assert len(document["not_found"]) == 1


@pytest.mark.parametrize("version", [None, 1, [], {}, "x", "\0", "9" * 99, 1e300])
def test_a_strange_version_in_a_body_is_the_lowest(site: Site, version: object) -> None:
    told = json.loads(post(site, json.dumps({"app_ids": [], "version": version}).encode()).body)
    assert told["version"] == "1.12.6"


def test_as_many_ids_as_allowed_are_answered(site: Site) -> None:
    ids = [f"{number:08x}" for number in range(MAX_IDS)]
    told = post(site, json.dumps({"app_ids": ids}).encode())
    assert json.loads(told.body)["not_found"] == ids


def test_a_body_has_a_limit(site: Site) -> None:
    fits = b'{"app_ids":[]}'.ljust(MAX_BODY)
    assert post(site, fits).status == 200
    assert post(site, fits + b" ").status == 413


@given(st.binary(max_size=60) | st.text(max_size=30).map(lambda text: json.dumps(text).encode()))
def test_any_body_is_answered(site: Site, body: bytes) -> None:
    assert post(site, body).status in (200, 400)


TRICKS = (
    *("/api/v1/applications/../chart", "/api/v1/applications/%2e%2e/chart", "/api/v1/../healthz"),
    *("/icons/../index.json", "/icons/..%2findex.png", "/icons/%2e%2e/%2e%2e/etc/passwd.png"),
    *("/icons//etc/passwd.png", "/icons/alpha.png\0", "/icons/alpha\0.png", "/icons/alpha.png\n"),
    *(
        "/icons/ALPHA.png",
        "/icons/álpha.png",
        "/icons/\uff41lpha.png",
        "/icons/.png",
        "/icons/nobody.png",
    ),
    *("/icons/alpha.svg", "/icons", "/icons/" + "a" * 5000 + ".png", "\\icons\\alpha.png"),
    *("/api/v1/applications/alpha/chart/..", "/api/v1/applications/alpha//chart"),
    *("/api/v1/applications/alpha%2fchart", "/api/v1/applications//chart", "/index.json"),
    *("/ledger.jsonl", "/charts/alpha-1.0.0.tgz", "/api/v3/appstore/hash", "/api/v1/catalog"),
    *(
        "/api/v1/appstore",
        "/api/v1/appstore/hash\n",
        "/API/V1/appstore/hash",
        "/api/v1/applications",
    ),
    *("//etc/passwd", "/..", "/.", "/api/v1/appstore/hash/x", "*", "", "x"),
)


@pytest.mark.parametrize("path", [one for one in TRICKS if one])
def test_no_path_leads_anywhere_else(site: Site, path: str) -> None:
    told = get(site, path)
    assert told.status == 404
    assert reason(told)
    assert get(site, path, "HEAD") == told


@given(st.text(max_size=60))
def test_any_path_is_answered(site: Site, path: str) -> None:
    assert get(site, f"/{path}").status in (200, 404)


@pytest.mark.parametrize("path", ["/api/v1/appstore/hash/", "/healthz/"])
def test_a_slash_at_the_end_is_forgiven(site: Site, path: str) -> None:
    assert get(site, path) == get(site, path[:-1])


def chart(site: Site, name: str = "alpha", **query: str) -> Answer:
    told = get(site, f"/api/v1/applications/{name}/chart", **query)
    assert told == get(site, f"/api/v2/applications/{name}/chart", **query)
    return told


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_every_version_can_be_fetched_and_is_kept_for_ever(site: Site, version: str) -> None:
    file = f"alpha-{version}.tgz"
    told = chart(site, fileName=file, version=version)
    assert (told.status, told.content_type, told.cache) == (200, "application/gzip", FOR_EVER)
    assert told.body == (site.root / "charts" / file).read_bytes()
    assert chart(site, fileName=file) == told


def test_a_version_alone_names_its_package(site: Site) -> None:
    assert chart(site, version="1.0.0") == chart(site, fileName="alpha-1.0.0.tgz")


def test_without_a_version_it_is_the_newest_for_now(site: Site) -> None:
    told = chart(site)
    assert told.cache == SHORT
    assert told.body == chart(site, version="1.1.0").body


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("alpha", {"fileName": "beta-1.0.0.tgz"}),
        ("alpha", {"fileName": "beta-1.0.0.tgz", "version": "1.0.0"}),
        ("alpha", {"fileName": "alpha-1.0.0.tgz", "version": "1.1.0"}),
        ("alpha", {"fileName": "alpha-1.1.0.tgz", "version": "1.0.0"}),
        ("alpha", {"version": "9.9.9"}),
        ("alpha", {"fileName": "alpha-9.9.9.tgz"}),
        ("alpha", {"fileName": "../index.json"}),
        ("alpha", {"fileName": "/etc/passwd"}),
        ("alpha", {"fileName": "alpha-1.0.0.tgz\0"}),
        ("nobody", {}),
        ("nobody", {"fileName": "alpha-1.0.0.tgz", "version": "1.0.0"}),
    ],
)
def test_a_package_that_is_not_there(site: Site, name: str, query: dict[str, str]) -> None:
    told = chart(site, name, **query)
    assert told.status == 404
    assert reason(told)


def test_a_package_of_an_excluded_app_can_still_be_fetched(site: Site) -> None:
    assert chart(site, "gamma", version="1.0.0").status == 200


def test_an_icon(site: Site) -> None:
    told = get(site, "/icons/alpha.png")
    assert (told.content_type, told.body, told.cache) == ("image/png", PICTURE + b"alpha", SHORT)


@EVERY_ADDRESS
def test_only_an_address_that_names_a_version_is_kept(site: Site, path: str) -> None:
    assert get(site, path).cache == SHORT


def test_a_lost_or_changed_file_is_never_served(tmp_path: Path) -> None:
    """A broken new catalog leaves the last good one: what it cannot serve it says."""
    made = shop(tmp_path / "catalog", Made(name="alpha"))
    site = load_site(made.root)
    package = made.root / "charts" / "alpha-1.0.0.tgz"
    good = chart(site, version="1.0.0")
    package.write_bytes(b"something else")
    assert chart(site, version="1.0.0").body in (good.body, *_no_body(site))
    package.unlink()
    assert chart(site, version="1.0.0").body in (good.body, *_no_body(site))


def _no_body(site: Site) -> tuple[bytes, ...]:
    told = chart(site, version="1.0.0")
    return (told.body,) if told.status >= 500 else ()


def test_a_lost_icon_is_no_crash(tmp_path: Path) -> None:
    made = shop(tmp_path / "catalog", Made(name="alpha"))
    site = load_site(made.root)
    (made.root / "icons" / "alpha.png").unlink()
    assert get(site, "/icons/alpha.png").status in (200, 404, 503)


def test_two_sites_of_one_catalog_answer_alike(site: Site) -> None:
    again = load_site(site.root)
    for path in ADDRESSES:
        assert get(again, path) == get(site, path)
    assert replace(again) is not site
