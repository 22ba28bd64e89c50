"""The record of a folder: which commit it holds, and which files were found right."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .content import publish
from .hub import Hub
from .listing import list_files
from .plan import COMMIT, MALFORMED, OWN, Blob, Model, check
from .telling import log


@dataclass
class Record:
    """What `folder` holds of a repository: files of `commit` chosen by `patterns`.

    Without a usable record of the model's repository and branch, the commit is empty.
    """

    folder: Path
    repo: str
    branch: str
    commit: str = ""
    patterns: set[str] = field(default_factory=set)
    files: dict[str, Blob] = field(default_factory=dict)

    def save(self, *found: Blob) -> None:
        """Note files as they were found, and keep the record on disk; raises OSError."""
        self.files |= {blob.path: blob for blob in found}
        draft = self.folder / f"{OWN}record.new"
        draft.unlink(missing_ok=True)
        with draft.open("xb") as file:
            file.write(json.dumps(self._data(), indent=1).encode())
            publish(file, draft, _place(self.folder))

    def _data(self) -> dict[str, object]:
        return {
            "repo": self.repo,
            "branch": self.branch,
            "commit": self.commit,
            "patterns": sorted(self.patterns),
            "files": [asdict(blob) for blob in self.files.values()],
        }


def _place(folder: Path) -> Path:
    return folder / f"{OWN}record.json"


def _load(folder: Path, model: Model) -> Record:
    record = Record(folder, model.repo, model.branch)
    try:
        return _parse(_place(folder).read_bytes(), record)
    except FileNotFoundError:
        return record
    except MALFORMED as fault:
        log(f"{folder}: the record is unusable ({fault}), files are checked anew")
        return record


def _parse(text: bytes, empty: Record) -> Record:
    data = json.loads(text)
    check(data["commit"], COMMIT)
    ours = (data["repo"], data["branch"]) == (empty.repo, empty.branch)
    return replace(
        empty,
        commit=data["commit"] if ours else "",
        patterns=set(map(str, data["patterns"])),
        files={item["path"]: Blob(**item) for item in data["files"]},
    )


def settle(hub: Hub, model: Model, folder: Path) -> Record:
    """Return the record of the commit to hold: the pinned, else the held, else the newest.

    Needs the hub only where the record does not tell all; raises FetchError, OSError.
    """
    held = _load(folder, model)
    stays = held.commit != "" and model.revision in (None, held.commit)
    commit = held.commit if stays else model.revision
    commit = commit or list_files(hub, model.repo, model.branch, ()).commit
    _tell(model, commit)
    patterns = set(model.files) | (held.patterns if stays else set())
    if stays and patterns == held.patterns and not model.absent(held.files):
        return held
    return _list_anew(hub, model, replace(held, commit=commit, patterns=patterns))


def _tell(model: Model, commit: str) -> None:
    if model.revision:
        log(f"{model.repo}: pinned: commit {commit}")
    else:
        told = f"branch {model.branch} is unpinned: staying with commit {commit} from now on"
        log(f"{model.repo}: {told}")


def _list_anew(hub: Hub, model: Model, record: Record) -> Record:
    listed = list_files(hub, model.repo, record.commit, record.patterns).files
    # A file that is the same in both commits need not be checked again.
    marks = {replace(blob, mtime_ns=None): blob for blob in record.files.values()}
    record.files = {blob.path: marks.get(blob, blob) for blob in listed}
    model.choose(record.files)  # a plan that cannot be met must not be recorded
    record.save()
    return record
