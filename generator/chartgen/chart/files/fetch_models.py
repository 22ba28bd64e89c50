"""Fetch the model files an engine serves from a Hugging Face hub, once, and keep them.

Run as ``python3 fetch_models.py PLAN.json`` before the engine starts; HF_ENDPOINT names a
mirror, HF_TOKEN opens gated models. Each folder keeps a record of the commit it holds and of
the files found right, so that later starts stay with that commit and need no network.
Exit codes: 0 all files are there, 1 temporary trouble, 2 a person has to act.
"""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import quote, urljoin, urlsplit

T = TypeVar("T")
OWN = ".chartgen-"  # begins the name of every file here that is not the model's
COMMIT, DIGEST = "[0-9a-f]{40}", "[0-9a-f]{40}|[0-9a-f]{64}"
CHUNK, JSON_LIMIT, SIZE_LIMIT = 2**20, 2**25, 2**50
ATTEMPTS, REDIRECTS, PROGRESS_SECONDS, LONGEST_BACKOFF, LONGEST_WAIT = 8, 8, 10.0, 60.0, 300.0
MALFORMED = (LookupError, TypeError, AttributeError, ValueError, RecursionError)
NETWORK = (OSError, HTTPException, ValueError)


class FetchError(Exception):
    """A trouble told in one sentence; a person has to act on it."""

    code = 2


class TemporaryError(FetchError):
    """A trouble that may pass; `wait` is the pause in seconds that the hub asks for."""

    code, wait = 1, 0.0


def _log(text: str) -> None:
    print(text.encode("ascii", "backslashreplace").decode(), flush=True)  # whatever the locale


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"


def _check(value: object, pattern: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(f"unexpected value {str(value)[:80]!r}")


@dataclass(frozen=True)
class Blob:
    """A file as it must be: bytes, and SHA-256 or (40 digits) git blob id in hex."""

    path: str
    size: int
    digest: str
    mtime_ns: int | None = None  # of the file on disk when it was found right

    def __post_init__(self) -> None:
        name = self.path if self.path.isprintable() and len(self.path) <= 1000 else ""
        parts, ours = name.split("/"), name.startswith(OWN) or f"/{OWN}" in name
        bad = any(part in ("", ".", "..") or len(part.encode()) > 180 for part in parts)
        if bad or ours or "\\" in name:
            raise ValueError(f"refused the file name {self.path[:80]!r}")
        if type(self.size) is not int or not 0 <= self.size < SIZE_LIMIT:
            raise ValueError(f"unexpected size of {name}")
        _check(self.digest, DIGEST)


@dataclass(frozen=True)
class Model:
    """What to take of a repository; `known` is what the chart pins of path, size and sha256."""

    role: str
    repo: str
    branch: str
    revision: str | None
    into: str
    files: list[str]
    known: list[dict[str, str | int | None]]

    def __post_init__(self) -> None:
        _check(self.into, r"\w[\w.-]*")
        _check(self.repo, r"\w[\w.-]*/\w[\w.-]*")
        _check(self.revision or self.branch, COMMIT if self.revision else ".+")
        _check("".join(self.files + [str(known["path"]) for known in self.known]), ".+")

    def absent(self, names: Iterable[str]) -> list[str]:
        """Return what is asked for by name but not in `names`, or all when nothing is there."""
        plain = {pattern for pattern in self.files if not re.search(r"[*?[]", pattern)}
        chosen = _matching(names, self.files)
        missing = (plain | {str(known["path"]) for known in self.known}) - set(chosen)
        return sorted(missing) if missing or chosen else self.files

    def choose(self, files: Mapping[str, Blob]) -> list[Blob]:
        """Return the files wanted, agreed with what is pinned; raises FetchError."""
        if absent := self.absent(files):
            raise FetchError(f"{self.repo} has no file {', '.join(absent)}")
        pinned = {str(known["path"]): known for known in self.known}
        return [_agree(files[n], **pinned.get(n, {})) for n in _matching(files, self.files)]


def _matching(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    return [name for name in names if any(fnmatch.fnmatchcase(name, p) for p in patterns)]


def _agree(blob: Blob, size: object = None, sha256: object = None, **_: object) -> Blob:
    if size not in (None, blob.size):
        raise FetchError(f"{blob.path}: {size} bytes are pinned, the hub has {blob.size}")
    if sha256 not in (None, blob.digest) and len(blob.digest) == 64:
        raise FetchError(f"{blob.path}: SHA-256 {sha256} is pinned, the hub has {blob.digest}")
    if sha256 in (None, blob.digest):
        return blob
    return replace(blob, digest=str(sha256), mtime_ns=None)  # in place of the git blob id


def read_plan(path: Path) -> tuple[Path, int, dict[str, Model]]:
    """Return the root, the bytes to leave free and a model per folder; raises FetchError."""
    try:
        plan, models = json.loads(path.read_bytes()), dict[str, Model]()
        for item in plan["models"]:
            new = Model(**item)
            old = models.get(new.into, new)
            if (old.repo, old.branch, old.revision) != (new.repo, new.branch, new.revision):
                raise ValueError(f"two models share {new.into} but not repository and revision")
            files, known = [*old.files, *new.files], [*old.known, *new.known]
            models[new.into] = replace(new, files=files, known=known)
        return Path(plan["root"]), int(plan["margin_bytes"]), models
    except (OSError, *MALFORMED) as fault:
        raise FetchError(f"bad plan {path}: {type(fault).__name__}: {fault}") from None


class Content:
    """What an open `file` holds of the wanted file: its bytes so far and their hash."""

    def __init__(self, file: IO[bytes], want: Blob) -> None:
        self.file, self.want = file, want
        self._read()

    def _read(self) -> None:
        by_git = hashlib.sha1(b"blob %d\0" % self.want.size, usedforsecurity=False)
        self.hash = by_git if len(self.want.digest) == 40 else hashlib.sha256()
        self.size = self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            self.hash.update(chunk)
            self.size += len(chunk)

    def append(self, chunk: bytes) -> None:
        """Add bytes and hand them to the system, lest a kill loses them."""
        self.file.write(chunk)
        self.file.flush()
        self.hash.update(chunk)
        self.size += len(chunk)

    def restart(self) -> None:
        """Forget all bytes."""
        self.file.truncate(0)
        self._read()

    def progress(self, rate: float) -> str:
        """Return how far this is, at so many bytes a second."""
        done, of, left = self.size, self.want.size, (self.want.size - self.size) / rate / 60
        share = f"{100 * done // of}% of {_gib(of)}"
        return f"{self.want.path}: {share}, {rate / 2**20:.1f} MiB/s, {left:.0f} min left"

    def right(self) -> bool:
        """Tell whether this is the wanted file, whole."""
        return self.size == self.want.size and self.hash.hexdigest() == self.want.digest


@dataclass(frozen=True)
class Hub:
    """A Hugging Face hub and the world around it; `timeout` (s) bounds each wait for bytes."""

    endpoint: str
    token: str
    opener: urllib.request.OpenerDirector  # hands on redirects and refusals as they are
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    free: Callable[[Path], int] = lambda root: shutil.disk_usage(root).free
    timeout: float = 60.0

    def ask(self, path: str, repo: str, what: str, offset: int = 0) -> HTTPResponse:
        """Return the answer for `path` from byte `offset`; raises FetchError on refusals."""
        url, headers = self.endpoint + path, {"User-Agent": "chartgen"}
        headers |= {"Range": f"bytes={offset}-"} if offset else {}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            for _ in range(REDIRECTS):
                request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked
                answer: HTTPResponse = self.opener.open(request, timeout=self.timeout)
                if answer.status in (200, 206, 416):
                    return answer
                answer.close()
                old, new = urlsplit(url), urljoin(url, answer.headers.get("Location", ""))
                if answer.status not in (301, 302, 303, 307, 308):
                    raise self._refusal(answer, old.netloc, repo, what)
                url = quote(new, safe="%/:=&?~#+!$,;'@()*[]")
                if urlsplit(url).scheme not in ("https", old.scheme):
                    raise FetchError(f"{what}: refused a redirect away from {old.scheme}")
                if urlsplit(url)[:2] != old[:2]:
                    headers.pop("Authorization", None)  # it is for the hub alone
        except NETWORK as fault:
            raise TemporaryError(f"{what}: {type(fault).__name__}: {fault}") from None
        raise FetchError(f"{what}: redirected more than {REDIRECTS} times")

    def _refusal(self, answer: HTTPResponse, host: str, repo: str, what: str) -> FetchError:
        told = f"{what}: {host} answered {answer.status}"
        sent = f"a token was {'' if self.token else 'not '}sent"
        if answer.status in (401, 403) and host == urlsplit(self.endpoint).netloc:
            return FetchError(
                f"{told}, {sent}. If the model is gated, accept its licence on "
                f"{self.endpoint}/{repo} and set the Hugging Face token in Olares' settings; "
                "hubs also answer so where there is no such repository"
            )
        if answer.status == 404:
            return FetchError(f"{told}: not found, or private ({sent})")
        if answer.status not in (401, 403, 408, 425, 429) and answer.status < 500:
            return FetchError(told)
        trouble, wait = TemporaryError(told), answer.headers.get("Retry-After", "")
        trouble.wait = min(float(wait), LONGEST_WAIT) if wait.isdecimal() else 0.0
        return trouble

    def persist(self, attempt: Callable[[], T], progress: Callable[[], int] = int) -> T:
        """Return what `attempt` does, tried again while it progresses; raises TemporaryError."""
        failures, best = 0, progress()
        while True:
            try:
                return attempt()
            except TemporaryError as fault:
                failures, best = (0 if progress() > best else failures) + 1, max(best, progress())
                if failures == ATTEMPTS:
                    raise TemporaryError(f"{fault}; gave up after {ATTEMPTS} attempts") from None
                pause = max(min(2.0**failures, LONGEST_BACKOFF), fault.wait)
                _log(f"{fault}; next attempt in {pause:.0f} s")
            self.sleep(pause)

    def listing(self, repo: str, revision: str, files: Iterable[str]) -> tuple[str, list[Blob]]:
        """Return the commit that `revision` means and what it has of `files`; raises FetchError."""
        path, what = f"/api/models/{repo}/revision/{quote(revision, '')}", f"{repo} at {revision}"

        def read() -> bytes:
            with self.ask(f"{path}?blobs=true", repo, what) as answer:
                try:
                    body = answer.read(JSON_LIMIT)
                    json.loads(body)
                except (*NETWORK, RecursionError) as fault:
                    raise TemporaryError(f"{what}: no listing: {fault}") from None
            return body

        try:
            data = json.loads(self.persist(read))
            _check(data["sha"], revision if re.fullmatch(COMMIT, revision) else COMMIT)
            items = {item["rfilename"]: item for item in data["siblings"]}
            found = [items[name] for name in _matching(items, files)]
            for item in found:  # git names what LFS holds by another file: the LFS hash counts
                item["digest"] = item["lfs"]["sha256"] if item.get("lfs") else item["blobId"]
            blobs = [Blob(item["rfilename"], item["size"], item["digest"]) for item in found]
            return data["sha"], blobs
        except MALFORMED as fault:
            raise FetchError(f"{what}: the hub's listing is malformed: {fault}") from None


class Shelf:
    """The folder of one model, locked as long as `stack` is open, and its settled commit."""

    def __init__(self, hub: Hub, root: Path, model: Model, stack: contextlib.ExitStack) -> None:
        self.hub, self.model, self.folder = hub, model, root / model.into
        if not self.folder.resolve().is_relative_to(root.resolve()):
            raise FetchError(f"{self.folder} is a link that leads out of {root}")
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = stack.enter_context((self.folder / f"{OWN}lock").open("ab"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _log(f"{self.folder}: waiting for another copy to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        self._settle()

    def _load(self) -> tuple[str, set[str], dict[str, Blob]]:
        try:
            data = json.loads((self.folder / f"{OWN}record.json").read_bytes())
            _check(data["commit"], COMMIT)
            files = {item["path"]: Blob(**item) for item in data["files"]}
            ours = (data["repo"], data["branch"]) == (self.model.repo, self.model.branch)
            return data["commit"] if ours else "", set(map(str, data["patterns"])), files
        except FileNotFoundError:
            pass
        except MALFORMED as fault:
            _log(f"{self.folder}: the record is unusable ({fault}), files are checked anew")
        return "", set(), {}

    def _save(self, *found: Blob) -> None:
        self.files |= {blob.path: blob for blob in found}
        draft, model = self.folder / f"{OWN}record.new", self.model
        record = {"repo": model.repo, "branch": model.branch, "commit": self.commit}
        lists = {"patterns": sorted(self.patterns), "files": [*map(asdict, self.files.values())]}
        draft.unlink(missing_ok=True)
        with draft.open("xb") as file:
            file.write(json.dumps(record | lists, indent=1).encode())
            _publish(file, draft, self.folder / f"{OWN}record.json")

    def _settle(self) -> None:
        model, hub = self.model, self.hub
        held, patterns, kept = self._load()
        stay = held != "" and model.revision in (None, held)
        named = held if stay else model.revision
        self.commit = named or hub.listing(model.repo, model.branch, ())[0]
        self.patterns = set(model.files) | (patterns if stay else set())
        self.files = kept
        told = "pinned:" if model.revision else f"branch {model.branch} is unpinned: staying with"
        _log(f"{model.repo}: {told} commit {self.commit}{'' if model.revision else ' from now on'}")
        if not stay or self.patterns != patterns or model.absent(kept):
            _, listed = hub.listing(model.repo, self.commit, self.patterns)
            marks = {replace(blob, mtime_ns=None): blob for blob in kept.values()}
            self.files = {blob.path: marks.get(blob, blob) for blob in listed}
            model.choose(self.files)
            self._save()

    def _paths(self, want: Blob) -> tuple[Path, Path]:
        path = self.folder / want.path
        if not path.parent.resolve().is_relative_to(self.folder.resolve()):
            raise FetchError(f"{path.parent} is a link that leads out of {self.folder}")
        # The part is named after the wanted content, so that no two contents are mixed.
        return path, path.with_name(f"{OWN}{path.name}.{want.digest[:16]}.part")

    def missing(self) -> list[Blob]:
        """Return the files that are not there whole and right, and drop useless parts."""
        wanted = self.model.choose(self.files)
        parts = {self._paths(blob)[1] for blob in (*self.files.values(), *wanted)}
        for path in set(self.folder.rglob(f"{OWN}*.part")) - parts:
            path.unlink()
        return [blob for blob in wanted if not self._holds(blob)]

    def _holds(self, want: Blob) -> bool:
        path, _ = self._paths(want)
        if path.is_symlink() or not path.is_file() or path.stat().st_size != want.size:
            return False
        mtime_ns = path.stat().st_mtime_ns
        if mtime_ns != want.mtime_ns:
            _log(f"{want.path}: checking what is on disk")
            with path.open("rb") as file:
                if not Content(file, want).right():
                    _log(f"{want.path}: the file on disk is not the wanted one")
                    return False
            self._save(replace(want, mtime_ns=mtime_ns))
        _log(f"{want.path}: kept, {_gib(want.size)}")
        return True

    def rest(self, want: Blob) -> int:
        """Return how many bytes of a file are still to come."""
        _, part = self._paths(want)
        have = part.stat().st_size if part.is_file() else 0
        return want.size - (have if have <= want.size else 0)

    def fetch(self, want: Blob) -> None:
        """Bring one file; raises FetchError."""
        path, part = self._paths(want)
        path.parent.mkdir(parents=True, exist_ok=True)
        if part.is_symlink():
            part.unlink()
        with part.open("a+b") as file:
            content = Content(file, want)
            for _ in range(2):
                self.hub.persist(lambda: self._stream(content), lambda: content.size)
                if content.right():
                    _publish(file, part, path)
                    self._save(replace(want, mtime_ns=path.stat().st_mtime_ns))
                    return _log(f"{want.path}: done, {_gib(want.size)}")
                _log(f"{want.path}: what came has a wrong hash")
                content.restart()
        part.unlink()
        raise FetchError(f"{want.path}: the hub sent wrong content twice")

    def _stream(self, content: Content) -> None:
        want, repo = content.want, self.model.repo
        if content.size > want.size:
            content.restart()
        if content.size == want.size:
            return
        path = f"/{repo}/resolve/{self.commit}/{quote(want.path)}"
        with self.hub.ask(path, repo, f"{repo}/{want.path}", content.size) as answer:
            _begin(answer, content)
            since, before = self.hub.clock(), content.size
            while content.size < want.size:
                try:
                    chunk = answer.read1(min(CHUNK, want.size - content.size))
                except NETWORK as fault:
                    raise TemporaryError(f"{want.path}: {type(fault).__name__}: {fault}") from None
                if not chunk:
                    raise TemporaryError(f"{want.path}: the connection ended early")
                content.append(chunk)
                if (seconds := self.hub.clock() - since) >= PROGRESS_SECONDS:
                    _log(content.progress((content.size - before) / seconds))
                    since, before = self.hub.clock(), content.size


def _begin(answer: HTTPResponse, content: Content) -> None:
    length, span = answer.headers.get("Content-Length"), answer.headers.get("Content-Range", "")
    size, offset = content.want.size, content.size
    if answer.status == 206 and re.fullmatch(rf"bytes {offset}-\d+/({size}|\*)", span):
        return
    if answer.status == 200 and length not in (None, str(size)):
        raise TemporaryError(f"{content.want.path}: {length} bytes announced, not {size}")
    content.restart()
    if answer.status != 200:
        raise TemporaryError(f"{content.want.path}: the hub cannot continue at {offset}")


def _publish(file: IO[bytes], draft: Path, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # or a power cut takes the new name
    os.close(folder)


def fetch(plan: Path, hub: Hub) -> None:
    """Bring all files of a plan to their folders; raises FetchError, OSError."""
    root, margin, models = read_plan(plan)
    with contextlib.ExitStack() as stack:  # in one order, lest two copies wait for each other
        shelves = [Shelf(hub, root, models[into], stack) for into in sorted(models)]
        jobs = [(shelf, blob) for shelf in shelves for blob in shelf.missing()]
        left = sum(shelf.rest(blob) for shelf, blob in jobs)
        if jobs and (free := hub.free(root)) < left + margin:
            numbers = f"{_gib(left)} to fetch, {_gib(margin)} to leave free, {_gib(free)} free"
            raise FetchError(f"too little disk in {root}: {numbers}")
        for shelf, blob in jobs:
            shelf.fetch(blob)


Adjust = Callable[[Hub], Hub]


def connect(environ: Mapping[str, str]) -> Hub:
    """Return the hub that the environment names; raises FetchError."""
    endpoint = environ.get("HF_ENDPOINT", "").strip().rstrip("/") or "https://huggingface.co"
    token, opener = environ.get("HF_TOKEN", "").strip(), urllib.request.OpenerDirector()
    if not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w./~-]+)?", endpoint, re.ASCII):
        raise FetchError("HF_ENDPOINT has to be the http or https address of a hub")
    if not re.fullmatch("[!-~]*", token):
        raise FetchError("HF_TOKEN has characters that no token has")
    # No other handlers: a redirect must not lead to a file, and Hub.ask wants to see each answer.
    for handler in ("ProxyHandler", "HTTPHandler", "HTTPSHandler"):
        opener.add_handler(getattr(urllib.request, handler)())
    return Hub(endpoint, token, opener)


def main(argv: list[str], environ: Mapping[str, str], adjust: Adjust = replace) -> int:
    """Fetch what the plan in `argv` asks for from the `adjust`ed hub; return the exit code."""
    try:
        if len(argv) != 1:
            raise FetchError("usage: fetch_models.py PLAN.json")
        fetch(Path(argv[0]), adjust(connect(environ)))
    except KeyboardInterrupt:
        _log("stopped; what has come so far is kept")
        return 1
    except (FetchError, OSError) as fault:
        _log(f"error: {fault}")
        return fault.code if isinstance(fault, FetchError) else 2
    _log("all model files are there")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # process 1 has no handler else
    sys.exit(main(sys.argv[1:], os.environ))
