"""Where a command works: the repository of the present folder, and the apps in it."""

from __future__ import annotations

from pathlib import Path

from chartgen.errors import Fault, Faults


def repository(folder: Path) -> Path:
    """The folder, if it is a market repository; raises `Faults` otherwise."""
    if not (folder / "charts_src").is_dir():
        remedy = "Run chartgen in the top folder of a market repository."
        raise Faults([Fault(str(folder), "there is no charts_src/ here", remedy)])
    return folder


def app_names(incomplete: str) -> list[str]:
    """The apps of the present repository, for the shell's completion."""
    from chartgen.spec.load import app_files

    return [file.stem for file in app_files(Path.cwd()) if file.stem.startswith(incomplete)]
