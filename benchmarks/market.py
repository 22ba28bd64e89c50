"""Market repositories made for the purpose: any number of apps, of both engines."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TEMPLATES = ("vllmgemma426ba4bvisionone", "llamacppgemma426ba4bvisionone")


def make_market(root: Path, apps: int) -> Path:
    """A repository in `root` with that many apps, every one a variation of a real spec."""
    source = root / "charts_src"
    shutil.copytree(HERE / "charts_src", source, ignore=shutil.ignore_patterns("__pycache__"))
    texts = [(source / f"{name}.py").read_text("utf-8") for name in TEMPLATES]
    for name in TEMPLATES:
        (source / f"{name}.py").unlink()
    for number in range(apps):
        name = f"bench{number:05d}"
        text = _named(texts[number % len(texts)], name)
        (source / f"{name}.py").write_text(text, "utf-8")
    return root


def _named(text: str, name: str) -> str:
    text = re.sub(r'    name="\w+"', f'    name="{name}"', text, count=1)
    text = re.sub(r'    title="[^"]*"', f'    title="Bench {name}"', text, count=1)
    return re.sub(r"    suspended=Suspended\(.*?\n    \),\n", "", text, flags=re.DOTALL)
