"""The page in a real browser: what a person sees, and what no text of an app can do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.market.server import serving
from tests.market.shop import Made, shop
from tests.repository import Repository

HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=3000",
    "--dump-dom",
)


def browser() -> str:
    """The browser that `tools/system.sh` makes sure of."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, "no browser: run tools/system.sh"
    return found


def shown(url: str, profile: Path) -> str:
    """The document after its scripts and pictures, as the browser holds it."""
    command = (browser(), *FLAGS, f"--user-data-dir={profile}", url)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_person_sees_the_apps_and_the_address(repository: Repository, tmp_path: Path) -> None:
    repository.build()
    with serving(repository.catalog, folder=tmp_path) as running:
        page = shown(f"{running.base}/", tmp_path / "profile")
        address = running.base
    assert "Gemma 4 26B Vision One" in page
    assert f">{address}</code>" in page
    assert "suspended" in page
    assert len(re.findall(r'<img src="/icons/\w+\.png"', page)) == 2


def test_no_text_of_an_app_runs_in_the_browser(tmp_path: Path) -> None:
    hostile = Made(name="alpha", title="<b>An app</b>", description=HOSTILE)
    made = shop(tmp_path / "catalog", hostile)
    with serving(made.root, folder=tmp_path) as running:
        page = shown(f"{running.base}/", tmp_path / "profile")
    assert "<title>A test market</title>" in page
    assert "&lt;img src=x" in page
    assert "<b>An app</b>" not in page
