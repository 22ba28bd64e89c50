"""What a hub has of a repository: the commit that a branch means, and its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from .hub import NETWORK, Hub
from .plan import COMMIT, MALFORMED, Blob, check, matching
from .telling import FetchError, TemporaryError

_LONGEST_LISTING = 2**25


@dataclass(frozen=True)
class Listing:
    """A commit and those of its files that were asked for."""

    commit: str
    files: list[Blob]


def list_files(hub: Hub, repo: str, revision: str, patterns: Iterable[str]) -> Listing:
    """Return what the hub has of a branch or commit; raises FetchError."""
    what = f"{repo} at {revision}"
    path = f"/api/models/{repo}/revision/{quote(revision, '')}?blobs=true"
    body = hub.persist(lambda: _read(hub, path, repo, what))
    try:
        return _parse(body, revision, patterns)
    except MALFORMED as fault:
        raise FetchError(f"{what}: the hub's listing is malformed: {fault}") from None


def _read(hub: Hub, path: str, repo: str, what: str) -> bytes:
    with hub.ask(path, repo, what) as answer:
        try:
            body = answer.read(_LONGEST_LISTING)
            json.loads(body)  # a page that some proxy sent instead may be gone next time
        except (*NETWORK, RecursionError) as fault:
            raise TemporaryError(f"{what}: no listing: {fault}") from None
    return body


def _parse(body: bytes, revision: str, patterns: Iterable[str]) -> Listing:
    data = json.loads(body)
    check(data["sha"], revision if re.fullmatch(COMMIT, revision) else COMMIT)
    items = {item["rfilename"]: item for item in data["siblings"]}
    files = []
    for name in matching(items, patterns):
        item = items[name]
        # Git names what LFS holds by another file: there the hash of LFS counts.
        if "size" not in item:
            raise ValueError("it tells no sizes; use another mirror, or the hub itself")
        digest = item["lfs"]["sha256"] if item.get("lfs") else item["blobId"]
        files.append(Blob(name, item["size"], digest))
    return Listing(data["sha"], files)
