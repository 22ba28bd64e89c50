"""An export as files: what is in it, when it is replaced, what it refuses."""

from __future__ import annotations

import fnmatch
import gzip
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.catalogs import make_catalog
from chartgen.catalog.index import content_digest
from chartgen.errors import CatalogBroken, Faults
from chartgen.market import Request, answer, load_site
from chartgen.market.export import Exported, export_static
from chartgen.market.v2 import MAX_PAGE_SIZE
from tests.repository import LLAMACPP, VLLM, Repository

OLARES = "1.12.7"
UPSTREAM = "http://127.0.0.1:8080"
MARK = ".chartgen-export.json"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_catalog(tmp_path_factory.mktemp("few") / "catalog", 3)


@pytest.fixture
def own(catalog: Path, tmp_path: Path) -> Path:
    """A catalog that a test may break."""
    return shutil.copytree(catalog, tmp_path / "catalog")


def export(catalog: Path, folder: Path, olares: str = OLARES, upstream: str = UPSTREAM) -> Exported:
    return export_static(load_site(catalog), folder, olares, upstream)


def files(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def times(folder: Path) -> dict[str, int]:
    return {path: (folder / path).stat().st_mtime_ns for path in files(folder)}


def tree(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_every_release_is_there_and_the_newest_at_the_bare_address(
    repository: Repository, tmp_path: Path
) -> None:
    repository.build()
    old = next((repository.catalog / "charts").glob(f"{VLLM}-*"))
    repository.set(VLLM, version='"9.0.0"')
    repository.edit(VLLM, "changes=Text(\n", 'changes=Text(\n        "Next. "\n')
    repository.build()
    done = export(repository.catalog, tmp_path / "out")
    made = files(tmp_path / "out")
    packages = {f"charts/{file.name}": file.read_bytes() for file in old.parent.iterdir()}
    assert len(packages) == 3
    assert {path: made[path] for path in made if path.startswith("charts/")} == packages
    for prefix in ("v1", "v2"):
        bare = f"api/{prefix}/applications/{VLLM}/chart"
        assert made[bare] == packages[f"charts/{VLLM}-9.0.0.tgz"] != packages[f"charts/{old.name}"]
    assert done.apps == 2
    assert done.files == len(made)
    assert done.bytes == sum(map(len, made.values()))
    assert f"icons/{LLAMACPP}.png" in made


def test_the_files_are_the_answers(catalog: Path, tmp_path: Path) -> None:
    export(catalog, tmp_path / "out")
    site = load_site(catalog)
    addresses = ["/healthz", *(f"/api/v2/{leaf}" for leaf in ("catalog", "taxonomy"))]
    addresses += [f"/api/{v}/appstore/{leaf}" for v in ("v1", "v2") for leaf in ("hash", "info")]
    addresses += [f"/icons/{name}.png" for name in site.by_name]
    addresses += [f"/api/v1/applications/{name}/chart" for name in site.by_name]
    for address in addresses:
        told = answer(site, Request("GET", address, {"version": OLARES}))
        if address.endswith("/chart"):
            told = answer(site, Request("GET", address))
        assert (tmp_path / "out" / address.lstrip("/")).read_bytes() == told.body, address


def test_a_compressed_file_lies_beside_each_text(catalog: Path, tmp_path: Path) -> None:
    export(catalog, tmp_path / "out")
    made = files(tmp_path / "out")
    packed = {path for path in made if path.endswith(".gz")}
    assert {"api/v1/appstore/info.gz", "api/v2/applications.json.gz", "index.html.gz"} <= packed
    for path in packed:
        assert gzip.decompress(made[path]) == made[path.removesuffix(".gz")]
        assert made[path][4:8] == bytes(4), "a time makes the same content other bytes"


def test_the_same_catalog_makes_the_same_bytes(catalog: Path, tmp_path: Path) -> None:
    export(catalog, tmp_path / "one")
    export(catalog, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_only_what_changed_gets_a_new_time(own: Path, tmp_path: Path) -> None:
    """nginx makes its ETag from time, in seconds, and size."""
    out = tmp_path / "out"
    export(own, out)
    first, before = files(out), times(out)
    export(own, out)
    assert {path for path, at in times(out).items() if at != before[path]} == {MARK}
    index = json.loads((own / "index.json").read_text("utf-8"))
    index["source"]["title"] = "Another title"
    parts = {key: index[key] for key in ("olares", "removed", "source")}
    content = {"data": index["info"]["data"], "details": index["details"]["apps"], **parts}
    index["info"]["hash"] = index["hash"]["hash"] = content_digest(content)
    (own / "index.json").write_text(json.dumps(index), "utf-8")
    export(own, out)
    after, now = files(out), times(out)
    changed = {path for path in after if after[path] != first[path]}
    assert {"api/v1/appstore/hash", "healthz"} <= changed
    assert {path for path in now if now[path] // 10**9 != before[path] // 10**9} == changed


@pytest.mark.parametrize("apps", [0, 1, MAX_PAGE_SIZE, MAX_PAGE_SIZE + 1])
def test_the_listing_is_one_page_whatever_its_length(tmp_path: Path, apps: int) -> None:
    catalog = make_catalog(tmp_path / "catalog", apps)
    export(catalog, tmp_path / "out")
    for leaf in ("applications.json", "browse/applications"):
        data = json.loads((tmp_path / "out" / "api" / "v2" / leaf).read_bytes())["data"]
        ids = [item["app_id"] for item in data["items"]]
        assert ids == sorted(load_site(catalog).apps)
        assert (data["has_more"], data["total"], data["page"]) == (False, apps, 1)
        assert data["page_size"] >= apps


def test_apps_that_the_olares_version_excludes_are_not_in_it(catalog: Path, tmp_path: Path) -> None:
    assert export(catalog, tmp_path / "out", olares="1.11.0").apps == 0
    made = files(tmp_path / "out")
    assert not [path for path in made if path.startswith(("charts/", "icons/"))]
    assert json.loads(made["api/v1/appstore/info"])["data"]["apps"] == {}


def test_a_web_server_can_read_it_whatever_the_umask_is(catalog: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        export(catalog, tmp_path / "out")
    finally:
        os.umask(before)
    there = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in there}
    assert modes == {(True, 0o755), (False, 0o644)}


def test_apps_that_left_are_not_in_the_next_export(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(make_catalog(tmp_path / "more", 3), out)
    export(make_catalog(tmp_path / "fewer", 2), out)
    assert sorted(path.name for path in (out / "icons").iterdir()) == [
        "bench00000.png",
        "bench00001.png",
    ]
    assert tree(tmp_path) == ["fewer", "more", "out"]


def test_a_folder_that_is_no_export_is_refused_and_left_alone(
    catalog: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "mine" / "letter.txt"
    kept.parent.mkdir()
    kept.write_text("Dear all", "utf-8")
    with pytest.raises(CatalogBroken, match="holds no export"):
        export(catalog, kept.parent)
    with pytest.raises(CatalogBroken, match="no folder"):
        export(catalog, kept)
    assert kept.read_text("utf-8") == "Dear all"


def test_the_catalog_itself_is_refused(own: Path) -> None:
    before = files(own.parent)
    for folder in (own, own.parent, own / "static"):
        with pytest.raises(CatalogBroken):
            export(own, folder)
    assert files(own.parent) == before


def test_a_catalog_below_an_export_is_refused(own: Path) -> None:
    (own.parent / MARK).write_text("{}", "utf-8")
    with pytest.raises(CatalogBroken, match="lies in it"):
        export(own, own.parent)
    assert own.is_dir()


@pytest.mark.parametrize("broken", ["cut", "gone", "icon"])
def test_a_package_that_broke_is_named_and_the_last_export_stays(
    own: Path, tmp_path: Path, broken: str
) -> None:
    """It breaks after the catalog was read: an export reads every file again."""
    out = tmp_path / "out"
    export(own, out)
    before = files(out)
    site = load_site(own)
    package = next((own / "charts").glob("bench00001-*"))
    if broken == "cut":
        package.write_bytes(package.read_bytes()[:-1])
    else:
        (package if broken == "gone" else own / "icons" / "bench00001.png").unlink()
    with pytest.raises(CatalogBroken, match="bench00001"):
        export_static(site, out, OLARES, UPSTREAM)
    assert files(out) == before
    assert tree(tmp_path) == ["catalog", "out"]


@pytest.mark.parametrize(
    ("olares", "upstream", "option"),
    [
        ("newest", UPSTREAM, "--olares"),
        ("", UPSTREAM, "--olares"),
        (OLARES, "", "--upstream"),
        (OLARES, "127.0.0.1:8080", "--upstream"),
        (OLARES, "http://a; } server { return 200", "--upstream"),
        (OLARES, "http://a/$uri", "--upstream"),
        (OLARES, "https://a\nb", "--upstream"),
    ],
)
def test_settings_that_are_none_are_faults(
    catalog: Path, tmp_path: Path, olares: str, upstream: str, option: str
) -> None:
    with pytest.raises(Faults) as caught:
        export(catalog, tmp_path / "out", olares, upstream)
    assert [fault.path for fault in caught.value.faults] == [option]
    assert not (tmp_path / "out").exists()


def test_the_page_shows_the_address_it_will_have(catalog: Path, tmp_path: Path) -> None:
    site = load_site(catalog)
    export_static(site, tmp_path / "out", OLARES, UPSTREAM, "https://market.example.com/llm/")
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "https://market.example.com/llm<" in page
    assert 'src="/llm/icons/bench00000.png"' in page
    assert "http://" not in page


def rules(text: str) -> dict[str, dict[str, str]]:
    """The form of `_headers`: a pattern, and its headers indented below."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if line.startswith("  "):
            name, _, value = line.strip().partition(": ")
            found[next(reversed(found))][name] = value
        else:
            found[line] = {}
    return found


def matching(found: Mapping[str, dict[str, str]], address: str, header: str) -> list[str]:
    """Every value that a host would join: `*` is anything, `:name` one segment."""
    return [
        headers[header]
        for pattern, headers in found.items()
        if header in headers
        and fnmatch.fnmatchcase(address, pattern.replace(":app", "*"))
        and ("*" in pattern or pattern.count("/") == address.count("/"))
    ]


def test_headers_gives_every_address_one_type_and_one_cache(catalog: Path, tmp_path: Path) -> None:
    export(catalog, tmp_path / "out")
    made = files(tmp_path / "out")
    found = rules(made["_headers"].decode())
    served = [f"/{path}" for path in made if path.startswith(("api/", "charts/", "healthz"))]
    bare = [path for path in served if not path.endswith((".gz", ".json"))]
    assert len(bare) == 8 + 3 * 3
    for address in [*bare, "/api/v2/applications"]:
        package = "chart" in address
        wanted = "application/gzip" if package else "application/json"
        assert matching(found, address, "Content-Type") == [wanted], address
        assert matching(found, address, "Cache-Control") == ["public, max-age=0, must-revalidate"]


def test_the_rules_are_as_long_for_many_apps_as_for_none(tmp_path: Path) -> None:
    few, many = (make_catalog(tmp_path / str(apps), apps) for apps in (0, 40))
    export(few, tmp_path / "few")
    export(many, tmp_path / "many")
    for name in ("nginx.conf", "nginx-server.conf", "_headers", "_redirects", "vercel.json"):
        assert (tmp_path / "few" / name).read_bytes() == (tmp_path / "many" / name).read_bytes()


def test_hosts_lead_to_files_that_are_there(catalog: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(catalog, out, upstream="https://live.example.com")
    vercel = json.loads((out / "vercel.json").read_text("utf-8"))
    lines = [line.split() for line in (out / "_redirects").read_text("utf-8").splitlines()]
    listing = [line[1] for line in lines if line[0] == "/api/v2/applications"]
    listing += [
        rule["destination"]
        for rule in vercel["rewrites"]
        if rule["source"] == "/api/v2/applications"
    ]
    assert listing == ["/api/v2/applications.json"] * 2
    assert (out / listing[0].lstrip("/")).is_file()
    posts = [f"/api/{version}/applications/info" for version in ("v1", "v2")]
    wanted = {path: f"https://live.example.com{path}" for path in posts}
    assert {line[0]: line[1] for line in lines if line[0] in posts} == wanted
    rewrites = {rule["source"]: rule["destination"] for rule in vercel["rewrites"]}
    assert {path: rewrites[path] for path in posts} == wanted


def test_hosts_are_not_sent_to_an_upstream_that_they_cannot_reach(
    catalog: Path, tmp_path: Path
) -> None:
    export(catalog, tmp_path / "out")
    for name in ("_redirects", "vercel.json"):
        assert "127.0.0.1" not in (tmp_path / "out" / name).read_text("utf-8")
