"""This market's own answers, asked in this process, with something changed in them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from chartgen.lint.finding import Finding, Severity
from chartgen.lint.report import ChartReport
from chartgen.market.answer import Request, answer
from chartgen.market.check import check_market
from chartgen.market.check_asking import Reply
from chartgen.market.site import Site

HASH, INFO = "/api/v1/appstore/hash", "/api/v1/appstore/info"
DETAILS = "/api/v1/applications/info"
CATALOG, TAXONOMY = "/api/v2/catalog", "/api/v2/taxonomy"
APPLICATIONS = "/api/v2/applications"
CHART = "/api/v1/applications/alpha/chart"
TWIN = "/api/v2/applications/alpha/chart"
ALPHA = "2c1743a3"
"""The id of the app alpha."""

ICON = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 256, 256)
GONE = object()
"""In place of a value: it is taken out."""

Change = Callable[[Reply], Reply]
Step = str | int


@dataclass
class Source:
    """A market in this process; `changes` by path are made to its answers."""

    site: Site
    changes: Mapping[str, Change] = field(default_factory=dict)
    icon: Reply | None = field(default_factory=lambda: Reply(body=ICON))
    whole: bool = False
    asked: list[str] = field(default_factory=list)

    def ask(self, path: str, query: Mapping[str, str], body: bytes | None = None) -> Reply | None:
        """The market's answer, changed where a test wants it."""
        self.asked.append(path)
        request = Request("GET" if body is None else "POST", path, query, body=body or b"")
        told = answer(self.site, request)
        reply = Reply(told.status, told.body, told.content_type)
        return self.changes[path](reply) if path in self.changes else reply

    def picture(self, url: str) -> Reply | None:
        """The same icon for every address."""
        self.asked.append(url)
        return self.icon


def checked(site: Site, changes: Mapping[str, Change], icon: Reply | None = None) -> ChartReport:
    """What the check says of the market with changed answers."""
    source = Source(site, changes, icon or Reply(body=ICON))
    return check_market(source, "a market").charts[0]


def errors(report: ChartReport) -> list[Finding]:
    """The findings that refuse."""
    return [one for one in report.findings if one.severity is Severity.ERROR]


def typed(content_type: str) -> Change:
    """Another content type."""
    return lambda reply: replace(reply, content_type=content_type)


def status(code: int) -> Change:
    """Another status."""
    return lambda reply: replace(reply, status=code)


def body(data: bytes) -> Change:
    """Another body."""
    return lambda reply: replace(reply, body=data)


def put(path: str, value: object, within: str = "") -> Change:
    """Another value at a dotted path; details are changed in answers that hold `within`."""

    def change(reply: Reply) -> Reply:
        document = json.loads(reply.body)
        if within and within not in document["apps"]:
            return reply
        _set(document, path.split("."), value)
        return replace(reply, body=json.dumps(document).encode())

    return change


def detail(path: str, value: object) -> Mapping[str, Change]:
    """Another value in the details of alpha, wherever they are told."""
    return {DETAILS: put(f"apps.{ALPHA}.{path}", value, ALPHA)}


def _set(document: object, steps: list[str], value: object) -> None:
    *above, last = steps
    for step in above:
        document = _inside(document)[int(step) if step.isdecimal() else step]
    held = _inside(document)
    key: Step = int(last) if isinstance(document, list) else last
    if value is GONE:
        held.pop(cast("str", key))
    else:
        held[key] = value


def _inside(document: object) -> dict[Step, object]:
    """Objects and lists alike take an index."""
    return cast("dict[Step, object]", document)
