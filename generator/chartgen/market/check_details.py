"""What the details of apps lose: rows, batches, fields (Olares market contract 1.5 and 1.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chartgen.lint.finding import Problem
from chartgen.market.check_answers import DETAILS, nul_problems, problem, read, twice, wrong_type
from chartgen.market.check_asking import BATCH, Market, question
from chartgen.market.check_info import Told, id_problems
from chartgen.market.check_layout import mentions
from chartgen.market.check_shapes import DETAIL, Wrong, objects, seen, texts
from chartgen.quantities import MAX_VERSION_LENGTH

Row = Mapping[str, object]

GONE = "The app is gone, without an error."
BATCH_LOST = "It loses every new and changed app of its batch of ten."
DROPPED = "The client drops it."
LONGEST_NAME = 100
"""Characters of an app's name that the client's database keeps."""

HIDING = ("suspend", "remove")
STRANGER = "00000000"
"""An id that no app has."""

LARGEST_RATING = 3.4028234663852886e38
"""The largest number that fits a 4-byte float; 1e39 lost its batch (contract 1.5)."""

MISSPELT = {
    "requiredCpu": "requiredCPU",
    "limitedCpu": "limitedCPU",
    "requiredGpu": "requiredGPU",
    "limitedGpu": "limitedGPU",
    "requiredGPUMemory": "requiredGPU",
    "limitedGPUMemory": "limitedGPU",
}
"""The manifest's spellings, which a client does not read in a catalogue."""


@dataclass(frozen=True, slots=True)
class Details:
    """The apps that a client stores, by id, and what is wrong; `asked` is False where the
    source cannot be asked for details."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    asked: bool = True


def check_details(market: Market, told: Told) -> Details:
    """Asks for the details of every listed app, in batches as a client does."""
    ids = list(told.listed)
    rows: dict[str, Row] = {}
    problems: list[Problem] = []
    size = max(len(ids), 1) if market.whole else BATCH
    for start in range(0, max(len(ids), 1), size):
        batch = ids[start : start + size]
        found = _batch(market, batch, told.version)
        if found is None:
            return Details(asked=False)
        rows |= {key: row for key, row in found.rows.items() if key in batch}
        problems += found.problems
    if not problems and not market.whole:
        problems += _stranger(market, told.version)
    problems += [one for key, row in rows.items() for one in _row(key, row, told)]
    problems += _same_names(rows)
    return Details(rows, tuple(problems))


def _batch(market: Market, ids: Sequence[str], version: str) -> Details | None:
    reply = market.ask(f"/{DETAILS}", {}, question(ids, version))
    if reply is None:
        return None
    answer = read(reply, DETAILS)
    if answer.document is None:
        return Details(problems=answer.problems)
    apps = answer.document.get("apps")
    if not isinstance(apps, dict):
        wrong = Wrong("apps", apps, "an object")
        return Details(problems=(wrong_type("C05", DETAILS, wrong, "All its apps are gone."),))
    problems = twice(DETAILS, apps, "apps")
    problems += [_missing(key, apps) for key in ids if key not in objects(apps)]
    problems += [_unasked(key) for key in apps if key not in ids]
    return Details(objects(apps), tuple(problems))


def _stranger(market: Market, version: str) -> Iterator[Problem]:
    """How an id is answered that no app has: a client asks for such after a removal."""
    reply = market.ask(f"/{DETAILS}", {}, question([STRANGER], version))
    apps = None if reply is None else read(reply, DETAILS).document
    if apps is None or apps.get("apps") != {}:
        message = f"The id {STRANGER}, which no app has, is not answered with an empty `apps`."
        remedy = "Answer 200 with the apps that were asked for alone, and the others in not_found."
        yield problem("C25", DETAILS, message, remedy)


def _missing(key: str, apps: Row) -> Problem:
    if key in apps:
        return wrong_type("C13", DETAILS, Wrong(f"apps.{key}", apps[key], "an object"), GONE)
    message = f"apps.{key} is missing, though the info lists it. {GONE}"
    return problem("C13", DETAILS, message, "Answer with every app that the info lists.", key)


def _unasked(key: str) -> Problem:
    message = f"apps.{key} was not asked for; the client stores it all the same, and again always."
    return problem("C13", DETAILS, message, "Answer with the apps that were asked for alone.", key)


def _row(key: str, row: Row, told: Told) -> Iterator[Problem]:
    path = f"apps.{key}"
    yield from _labels(path, row, told)
    yield from _version(f"{path}.version", row.get("version"))
    yield from _identity(path, key, row)
    yield from _bounds(path, row)
    for name, shape in DETAIL.items():
        for wrong in shape(row.get(name), f"{path}.{name}"):
            yield wrong_type("C16", DETAILS, wrong, DROPPED)
    for spelt, wanted in MISSPELT.items():
        if spelt in row and wanted not in row:
            message = f"{path}.{spelt} is the manifest's spelling. {DROPPED}"
            yield problem("C17", DETAILS, message, f"Call it {wanted}.", row[spelt])
    yield from _compare(path, row, told.listed.get(key, {}))


def _labels(path: str, row: Row, told: Told) -> Iterator[Problem]:
    labels = row.get("appLabels")
    hidden = is_hidden(row)
    if hidden and _is_offered(str(row.get("name")), told):
        message = f"{path}.appLabels hides the app, while lists still offer it. {GONE}"
        remedy = "Take the label off, or the app out of tops, latest, topics and recommendations."
        yield problem("C18", DETAILS, message, remedy, labels)
    elif not hidden and labels is not None and _means_to_hide(labels):
        message = f"{path}.appLabels does not hide the app."
        remedy = 'Write ["suspend"] or ["remove"], or leave the label out.'
        yield problem("C19", DETAILS, message, remedy, labels)
    elif labels is not None and not hidden and not isinstance(labels, list):
        message = f"{path}.appLabels is no array, and is not read."
        yield problem("C19", DETAILS, message, "Write an array of strings.", labels)


def is_hidden(row: Row) -> bool:
    """Whether labels keep an app off devices that do not have it."""
    return any(label.lower() in HIDING for label in texts(row.get("appLabels")))


def _means_to_hide(labels: object) -> bool:
    return any(word in seen(labels).lower() for word in HIDING)


def _is_offered(name: str, told: Told) -> bool:
    """Whether lists name the app; with no list of the newest nobody can tell that it is
    hidden on purpose, unless it is the only app."""
    named = any(mention.name == name for mention in mentions(told.data))
    return named or (not told.data.get("latest") and len(told.listed) > 1)


def _version(path: str, version: object) -> Iterator[Problem]:
    if not isinstance(version, str) or not version.strip():
        wrong = Wrong(path, version, "a string that is not empty")
        yield wrong_type("C14", DETAILS, wrong, GONE)
    elif len(version.strip()) > MAX_VERSION_LENGTH:
        message = f"{path} has {len(version.strip())} characters. {BATCH_LOST}"
        remedy = f"Use at most {MAX_VERSION_LENGTH}."
        yield problem("C14", DETAILS, message, remedy, version)


def _identity(path: str, key: str, row: Row) -> Iterator[Problem]:
    name = row.get("name")
    yield from id_problems(DETAILS, path, key, name)
    for told in ("id", "appID"):
        if isinstance(row.get(told), str) and row[told] not in (key, ""):
            message = f"{path}.{told} is not the key of its entry."
            yield problem("C11", DETAILS, message, f"Write {key}.", row[told])
    if not name:
        message = f"{path}.name is missing; the client asks for a package of the name {key}."
        yield problem("C16", DETAILS, message, "Tell the app's name.", name)


def _bounds(path: str, row: Row) -> Iterator[Problem]:
    yield from nul_problems("C15", DETAILS, row, path, BATCH_LOST)
    name, rating = row.get("name"), row.get("rating")
    if isinstance(name, str) and len(name) > LONGEST_NAME:
        message = f"{path}.name has {len(name)} characters. {BATCH_LOST}"
        yield problem("C15", DETAILS, message, f"Use at most {LONGEST_NAME}.", name)
    if isinstance(rating, int | float) and abs(rating) > LARGEST_RATING:
        message = f"{path}.rating is too large to be stored. {BATCH_LOST}"
        yield problem("C15", DETAILS, message, "Leave it out.", rating)


def _compare(path: str, row: Row, summary: Row) -> Iterator[Problem]:
    for name in ("name", "version"):
        listed, own = summary.get(name), row.get(name)
        if isinstance(listed, str) and isinstance(own, str) and listed.strip() != own.strip():
            message = f"{path}.{name} is {own!r}, but {listed!r} in the info."
            yield problem("C24", DETAILS, message, "Tell the same in both answers.", own)


def _same_names(rows: Mapping[str, Row]) -> Iterator[Problem]:
    ids: dict[object, str] = {}
    for key, row in rows.items():
        name = row.get("name")
        if isinstance(name, str) and name and (first := ids.setdefault(name, key)) != key:
            message = f"apps.{key}.name is that of {first} too; devices list the app twice."
            yield problem("C12", DETAILS, message, "Give every app one id.", name)
