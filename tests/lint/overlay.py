"""Charts for tests: one of two base charts under an overlay, as a folder or a package.

An overlay is a small YAML file: `base` names the chart; `replace` edits its files, `write`,
`bytes` and `pad` add some, `rename` and `remove` do what they say, `many` adds that many
empty files, `links` adds links, `folder` names the chart's folder; `package` makes a package
of it all, with `add`ed entries, something at its `tail`, or `cut` to that many bytes.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

BASES = Path(__file__).parent / "cases" / "base"
FIXTURES = Path(__file__).parent / "fixtures"
KEYS = {
    *("base", "profile", "rule", "helm", "folder", "replace", "write", "bytes", "pad"),
    *("rename", "remove", "many", "links", "package"),
}


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay as it is written."""

    told: Mapping[str, object]

    @classmethod
    def read(cls, file: Path) -> Overlay:
        """An overlay from its file; a key that means nothing fails."""
        told = YAML(typ="safe").load(file)
        assert isinstance(told, dict)
        assert told.keys() <= KEYS, told.keys() - KEYS
        return cls(told)

    def text(self, key: str, default: str) -> str:
        """A text of the overlay."""
        return str(self.told.get(key, default))

    def build(self, folder: Path) -> Path:
        """Makes the chart below `folder`; returns the path to lint."""
        root = folder / self.text("folder", "examplellm")
        shutil.copytree(BASES / self.text("base", "v3") / "examplellm", root)
        self._edit(root)
        self._add(root)
        if "package" in self.told:
            return _package(root, _map(self.told["package"]))
        return root

    def _edit(self, root: Path) -> None:
        for name, edits in _map(self.told.get("replace")).items():
            for edit in _list(edits):
                replace(root / name, str(_map(edit)["old"]), str(_map(edit)["new"]))
        for name, renamed in _map(self.told.get("rename")).items():
            (root / name).rename(root / str(renamed))
        for removed in _list(self.told.get("remove")):
            (root / str(removed)).unlink()

    def _add(self, root: Path) -> None:
        for name, text in _map(self.told.get("write")).items():
            _write(root / name, str(text).encode())
        for name, digits in _map(self.told.get("bytes")).items():
            _write(root / name, bytes.fromhex(str(digits)))
        for name, size in _map(self.told.get("pad")).items():
            _write(root / name, b"." * int(str(size)))
        for name, target in _map(self.told.get("links")).items():
            (root / name).symlink_to(str(target))
        for number in range(int(str(self.told.get("many", 0)))):
            _write(root / "files" / f"{number}.txt", b"")


def replace(file: Path, old: str, new: str) -> None:
    """Replaces the first place of a file that says `old`; there has to be one."""
    text = file.read_text("utf-8")
    assert old in text, f"{file.name} does not say {old!r}"
    file.write_text(text.replace(old, new, 1), "utf-8")


def packed(root: Path, extra: Sequence[tuple[tarfile.TarInfo, bytes]] = ()) -> bytes:
    """A chart's folder as the bytes of a package, with further entries behind it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        archive.add(root, root.name)
        for entry, data in extra:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), mtime=0)


def _package(root: Path, told: Mapping[str, object]) -> Path:
    file = root.parent / f"{root.name}-1.0.0.tgz"
    if told.get("absent"):
        return file
    data = packed(root, [_entry(_map(one)) for one in _list(told.get("add"))])
    cut = int(str(told.get("cut", len(data))))
    file.write_bytes(data[:cut] + str(told.get("tail", "")).encode())
    return file


def _entry(told: Mapping[str, object]) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(str(told["name"]))
    entry.type = tarfile.DIRTYPE if told.get("kind") == "folder" else tarfile.REGTYPE
    return entry, str(told.get("text", "")).encode()


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
