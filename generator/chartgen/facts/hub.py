"""A Hugging Face hub, read by range requests; weights are never downloaded."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

from chartgen.errors import Fault, Faults
from chartgen.facts.headers.faults import broken
from chartgen.facts.headers.strict_json import Json, JsonObject, parse_json, parse_object
from chartgen.facts.http import Answer, Http, Refused
from chartgen.facts.model import PublishedFile
from chartgen.facts.sources import MOST_FILES, is_named

__all__ = ["Hub", "HubSource", "hub_of"]

DEFAULT_ENDPOINT = "https://huggingface.co"
LARGEST_PAGE = 1 << 24
MOST_PAGES = 100
LARGEST_SKIP = 1 << 26
"""Bytes that are read and dropped where a server knows no ranges; headers are no longer."""

_ADDRESS = re.compile(r"https?://[\w.:\[\]-]+(/[\w./~-]+)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="?next"?')
_RANGE = re.compile(r"bytes (\d+)-")
_REDIRECTS = 8
_ATTEMPTS = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub: `token` goes to the endpoint's own host alone and into no message."""

    endpoint: str
    token: str = field(repr=False)
    http: Http
    sleep: Callable[[float], None] = time.sleep

    def open(self, repo: str, revision: str) -> HubSource:
        """A repository at a branch, tag or commit; raises `Faults` where it cannot be had."""
        url = f"{self.endpoint}/api/models/{repo}/revision/{quote(revision, '')}"
        data = self.ask(url, f"{repo} at {revision}", _page)
        commit = parse_object(data, f"{repo} at {revision}", LARGEST_PAGE).get("sha")
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise broken(f"hf:{repo}", "the hub names no commit of 40 digits", commit)
        return HubSource(self, repo, commit, self._tree(repo, commit))

    def _tree(self, repo: str, commit: str) -> Mapping[str, PublishedFile]:
        found: dict[str, PublishedFile] = {}
        url = f"{self.endpoint}/api/models/{repo}/tree/{commit}?recursive=true"
        what = f"the files of {repo}"
        for _ in range(MOST_PAGES):
            page, link = self.ask(url, what, lambda answer: (_page(answer), answer.header("Link")))
            entries = _published(parse_json(page, what, LARGEST_PAGE), repo)
            found |= {one.path: one for one in entries}
            following = self._following(url, link)
            if not following and len(found) <= MOST_FILES:
                return found
            url = following
        remedy = "Name the repository of one model."
        raise broken(f"hf:{repo}", "the hub lists more files than a model has", "", remedy)

    def _following(self, url: str, link: str) -> str:
        found = _NEXT.search(link)
        if found is None:
            return ""
        target = urljoin(url, str(found.group(1)))
        if urlsplit(target)[:2] != urlsplit(self.endpoint)[:2]:
            raise broken(self.endpoint, "its listing goes on at another host", target)
        return target

    def ask(
        self, url: str, what: str, use: Callable[[Answer], T], span: tuple[int, int] | None = None
    ) -> T:
        """What `use` makes of the answer, tried again where the trouble may pass.

        `span` is the first byte and the number of bytes; raises `Faults`.
        """
        attempt = 1
        while True:
            try:
                with self._follow(url, what, span) as answer:
                    return use(answer)
            except Refused as refused:
                if attempt == _ATTEMPTS or not refused.passing:
                    raise self._fault(refused, what) from None
            self.sleep(2.0**attempt)
            attempt += 1

    def _follow(self, url: str, what: str, span: tuple[int, int] | None) -> Answer:
        headers = {"User-Agent": "chartgen"}
        if span:
            headers["Range"] = f"bytes={span[0]}-{span[0] + span[1] - 1}"
        for _ in range(_REDIRECTS):
            own = urlsplit(url)[:2] == urlsplit(self.endpoint)[:2]
            secret = {"Authorization": f"Bearer {self.token}"} if own and self.token else {}
            answer = self.http.get(url, headers | secret)
            location = answer.header("Location")
            if not answer.redirects or not location:
                return answer.checked()
            answer.close()
            url = self._target(url, location, what)
        raise Refused(f"redirected more than {_REDIRECTS} times")

    def _target(self, url: str, location: str, what: str) -> str:
        target = quote(urljoin(url, location), safe="%/:=&?~#+!$,;'@()*[]")
        if urlsplit(target).scheme not in ("https", urlsplit(self.endpoint).scheme):
            raise broken(what, "the hub redirects to an address that is not protected")
        return target

    def _fault(self, refused: Refused, what: str) -> Faults:
        sent = f"a token was {'' if self.token else 'not '}sent"
        if refused.status in (401, 403):
            remedy = f"If it is gated, accept its licence and set HF_TOKEN ({sent})."
        elif refused.status == 404:
            remedy = f"Check the name and the revision; a private one needs HF_TOKEN ({sent})."
        else:
            remedy = "Try again later, or name another hub in HF_ENDPOINT."
        return Faults([Fault(f"{what}, {self.endpoint}", str(refused), remedy)])


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository at one commit; each read is one range request."""

    hub: Hub
    repo: str
    revision: str
    files: Mapping[str, PublishedFile]

    @property
    def where(self) -> str:
        """Names the source in facts and in messages."""
        return f"{self.repo} at {self.revision}"

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes of one file from `offset`; raises `Faults`."""
        if length == 0:
            return b""
        url = f"{self.hub.endpoint}/{self.repo}/resolve/{self.revision}/{quote(path)}"
        what = f"{path} of {self.where}"

        def content(answer: Answer) -> bytes:
            self._place(answer, offset, what)
            return answer.take(length)

        data = self.hub.ask(url, what, content, (offset, length))
        if len(data) < length:
            raise broken(what, "the hub's answer ends too early", f"{len(data)} of {length} bytes")
        return data

    def _place(self, answer: Answer, offset: int, what: str) -> None:
        """Moves to `offset`: there already in an answer to a range, else by dropping bytes."""
        begin = _RANGE.match(answer.header("Content-Range")) if answer.status == 206 else None
        if answer.status == 206 and (begin is None or int(begin[1]) != offset):
            raise broken(what, "the hub answers with another range", answer.header("Content-Range"))
        if answer.status == 200 and offset > LARGEST_SKIP:
            remedy = "Name another hub in HF_ENDPOINT."
            raise broken(what, "the hub serves no ranges", "", remedy)
        if answer.status == 200:
            answer.drop(offset)


def _page(answer: Answer) -> bytes:
    return answer.take(LARGEST_PAGE + 1)


def _published(page: Json, repo: str) -> list[PublishedFile]:
    if not isinstance(page, list):
        raise broken(f"hf:{repo}", "the hub's listing of the files is no list")
    entries = (entry for entry in page if isinstance(entry, dict) and entry.get("type") == "file")
    named = (
        entry for entry in entries if isinstance(path := entry.get("path"), str) and is_named(path)
    )
    return [_one(entry, repo) for entry in named]


def _one(entry: JsonObject, repo: str) -> PublishedFile:
    path, size, lfs = entry.get("path"), entry.get("size"), entry.get("lfs")
    if not isinstance(path, str) or type(size) is not int or size < 0:
        raise broken(f"hf:{repo}", "the hub's listing has a file without name or size", path)
    digest = lfs.get("oid") if isinstance(lfs, dict) else None
    known = isinstance(digest, str) and _DIGEST.fullmatch(digest)
    return PublishedFile(path=path, size=size, sha256=str(digest) if known else None)


def hub_of(environ: Mapping[str, str], http: Http | None = None) -> Hub:
    """The hub that HF_ENDPOINT and HF_TOKEN choose; raises `Faults` for a bad address."""
    endpoint = environ.get("HF_ENDPOINT", "").strip().rstrip("/") or DEFAULT_ENDPOINT
    if not _ADDRESS.fullmatch(endpoint):
        remedy = "Set it to the http or https address of a hub, or not at all."
        raise Faults([Fault("HF_ENDPOINT", "this is no address of a hub", remedy)])
    token = environ.get("HF_TOKEN", "").strip()
    if token and not re.fullmatch(r"[!-~]+", token):
        raise Faults([Fault("HF_TOKEN", "this is no token", "Set it to one word, or not at all.")])
    return Hub(endpoint, token, http or Http())
