"""An answer of a market source: whether the client takes it at all, and its JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chartgen.lint.finding import Place, Problem
from chartgen.market.check_asking import Reply
from chartgen.market.check_shapes import NotJson, Object, Wrong, nuls, read_json, seen

JSON_TYPE = re.compile(r"(?:application|text)/[^;]*json", re.IGNORECASE)
"""A content type that the client reads as JSON (Olares market contract 1.1)."""

HASH = "api/v1/appstore/hash"
INFO = "api/v1/appstore/info"
DETAILS = "api/v1/applications/info"


@dataclass(frozen=True, slots=True)
class Read:
    """An answer's object, or the reasons why there is none."""

    document: Object | None
    problems: tuple[Problem, ...] = ()


def problem(rule: str, where: str, message: str, remedy: str, value: object = None) -> Problem:
    """A problem of the answer at `where`; `value` is what stood there, as JSON."""
    return Problem(rule, Place(where), "" if value is None else seen(value), message, remedy)


def read(reply: Reply, where: str, *, typed: bool = True) -> Read:
    """The object of an answer; `typed` where the client looks at the content type."""
    refused = [*_transport(reply, where), *(_typed(reply, where) if typed else ())]
    if refused:
        return Read(None, tuple(refused))
    try:
        document = read_json(reply.body)
    except NotJson as error:
        remedy = "Send one JSON value in UTF-8, without a mark before it or anything after."
        return Read(None, (problem("C04", where, f"The answer is no JSON: {error}.", remedy),))
    if not isinstance(document, Object):
        wrong = Wrong("the answer", document, "an object")
        return Read(None, (wrong_type("C05", where, wrong, "The client gives it up."),))
    return Read(document)


def _transport(reply: Reply, where: str) -> Iterator[Problem]:
    if reply.lost_body:
        message = (
            f"The POST is redirected with {reply.lost_body}, and goes on as a GET without ids."
        )
        remedy = "Answer it where it is asked, or redirect with 307 or 308."
        yield problem("C02", where, message, remedy, reply.lost_body)
    elif reply.trouble:
        message = f"There is no answer that a client can read: {reply.trouble}."
        yield problem("C02", where, message, "Ask it with `curl -i` to see what comes.")
    elif reply.status != 200:
        message = f"The status is {reply.status}; a client takes 200 alone."
        yield problem("C02", where, message, "Answer with status 200.", reply.status)


def _typed(reply: Reply, where: str) -> Iterator[Problem]:
    kind = reply.content_type
    if kind is not None and not reply.trouble and not JSON_TYPE.match(kind.strip()):
        message = f"Content-Type: a client reads {kind or 'an empty type'} as no JSON."
        yield problem("C03", where, message, "Send `Content-Type: application/json`.", kind)


def wrong_type(rule: str, where: str, wrong: Wrong, effect: str) -> Problem:
    """A field whose type the client does not take, and what follows from it."""
    message = f"{wrong.path} is not {wrong.wanted}. {effect}"
    remedy = f"Make {wrong.path} {wrong.wanted}, or leave it out."
    return problem(rule, where, message, remedy, wrong.value)


def nul_problems(rule: str, where: str, value: object, path: str, effect: str) -> list[Problem]:
    """Fields with a NUL, which the client's database refuses."""
    remedy = "Take the character U+0000 out."
    return [
        problem(rule, where, f"{found} holds a NUL. {effect}", remedy)
        for found in nuls(value, path)
    ]


def twice(where: str, value: object, path: str) -> list[Problem]:
    """Keys that stand twice in an object of apps."""
    keys = value.twice if isinstance(value, Object) else ()
    message = "{} is there twice; the client keeps the last one."
    remedy = "Give every app one entry."
    return [problem("C12", where, message.format(f"{path}.{key}"), remedy, key) for key in keys]
