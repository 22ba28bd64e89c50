"""From a start-up log to a recorded run: evidence in the place of a prediction.

The log tells what the server measured and most of what it was told to do; the app's
spec gives the rest. Where the two contradict each other there is no record: it would
speak for a deployment that nobody ran.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from chartgen.engines import Memory, Term, engine_of
from chartgen.engines.reading import Log, read_log
from chartgen.errors import Fault, Faults
from chartgen.facts import Deployment, Device, Facts, Quantity, Reading, Run
from chartgen.spec import App

__all__ = ["About", "Calibration", "Range", "Row", "calibrate"]

Unit = Literal["bytes", "tokens", "requests"]

UNITS: Mapping[Quantity, Unit] = {
    "kv_tokens": "tokens",
    "block_size": "tokens",
    "max_model_len": "tokens",
    "concurrency": "requests",
}
"""Quantities that are not sizes."""

MEASURED: Mapping[str, tuple[Quantity, ...]] = {
    "weights": ("weights",),
    "KV cache": ("needed_kv", "kv_cache"),
    "recurrent state": ("recurrent",),
    "recurrent states": ("recurrent",),
    "compute": ("compute",),
    "activations": ("activation",),
    "CUDA graphs": ("cuda_graphs",),
    "vision tower": ("vision_weights",),
    "vision compute": ("vision_compute",),
    "drafter": ("draft_weights",),
    "drafter's KV cache": ("draft_kv",),
    "drafter's states": ("draft_recurrent",),
    "drafter's compute": ("draft_compute",),
    "MTP KV cache": ("draft_kv",),
    "MTP compute": ("draft_compute",),
}
"""Which readings measure which terms of a sum."""

MEASURED_ON_HOST: Mapping[str, tuple[Quantity, ...]] = {
    "embeddings": ("host_weights",),
    "host compute": ("host_compute",),
}
"""The same for the terms of the host's RAM."""

MODEL = "models.weights"
"""The one setting that a log must tell itself: without it nothing ties it to the app."""

CACHE = "KV cache"
"""The term that is not taken off before an engine says what is left for it."""


LEAST_NAME, MOST_NAME = 3, 1000
"""Characters of a record's sentences, such as who measured (`chartgen.facts`)."""


@dataclass(frozen=True, slots=True)
class About:
    """What a log cannot tell: who measured, the day (None: the log's, else today), on which
    device (None: the app's own) and what today is."""

    measured_by: str
    today: date
    day: date | None = None
    gpu: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """A predicted number with its interval, in the unit of its row."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """One term: as it was predicted, as it was measured, or both."""

    name: str
    unit: Unit
    predicted: Range | None
    measured: Reading | None

    @property
    def inside(self) -> bool | None:
        """Whether the measurement meets the predicted interval; None without both."""
        if self.predicted is None or self.measured is None:
            return None
        low, high = self.predicted.low, self.predicted.high
        return self.measured.high >= low and self.measured.low <= high


@dataclass(frozen=True, slots=True)
class Calibration:
    """A record that a log gives, beside what was predicted of the same deployment.

    `assumed` are fields that the spec alone gives, `missing` readings that such a log
    often has. `day_known` says whether the log or a person named the day. `speaks_for`
    is whether the record is of the very deployment that the spec describes.
    """

    app: str
    device: Device
    model: str
    run: Run
    rows: tuple[Row, ...]
    assumed: tuple[str, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    day_known: bool
    speaks_for: bool


def calibrate(app: App, facts: Facts, raw: bytes, about: About) -> Calibration:
    """The record of a log that should be of this app.

    Raises `Faults`: each difference of log and spec by its name, or that the log shows
    neither a server that is ready nor one that failed for memory.
    """
    shown = app if about.gpu is None else replace(app, device=about.gpu)
    if faults := [*_about_faults(about), *engine_of(shown).faults(shown, facts)]:
        raise Faults(faults)
    device = facts.devices[shown.device]
    log = read_log(shown, device, raw, about.today)
    if faults := [*_differences(shown, log), *_version_faults(shown, log), *_unclear(log)]:
        raise Faults(faults)
    known = _with_version(shown, log)
    run = _run(known, log, raw, about)
    weights = shown.model("weights")
    found = facts.find(weights.repo, weights.file) if weights else None
    return Calibration(
        app=app.name,
        device=device,
        model=found[0].name if found else app.name,
        run=run,
        rows=tuple(_rows(engine_of(known).memory(known, facts, device), run.readings)),
        assumed=log.assumed,
        missing=log.missing,
        notes=(*log.notes, *_version_notes(shown, known)),
        day_known=bool(about.day or log.day),
        speaks_for=engine_of(app).deployment(app) == run.deployment,
    )


def _about_faults(about: About) -> Iterator[Fault]:
    if not LEAST_NAME <= len(about.measured_by.strip()) <= MOST_NAME:
        problem = f"a name has {LEAST_NAME} to {MOST_NAME} characters"
        remedy = "Say who ran the server."
        yield Fault("measured_by", problem, remedy, repr(about.measured_by[:80]))
    if about.day and about.day > about.today:
        remedy = "Give the day on which the server ran."
        yield Fault("date", "this day is yet to come", remedy, about.day.isoformat())


def _differences(app: App, log: Log) -> Iterator[Fault]:
    for one in log.differences:
        remedy = "Calibrate the app that this log is of, or change the spec to what was run."
        seen = f"log {one.log}, spec {one.spec}"
        path = one.field if one.field.startswith("device.") else f"{app.name}.{one.field}"
        yield Fault(path, "the log is of another deployment", remedy, seen)
    weights = app.model("weights")
    pinned = weights.revision if weights else None
    if log.revision and isinstance(pinned, str) and log.revision != pinned:
        remedy = "Pin the commit that was run, or run the pinned one."
        path = f"{app.name}.models.weights.revision"
        yield Fault(path, "the log is of another commit", remedy, f"log {log.revision}")


def _version_faults(app: App, log: Log) -> Iterator[Fault]:
    path, spec = f"{app.name}.engine.image.engine_version", app.engine.image.engine_version
    if log.version is None and not isinstance(spec, str):
        remedy = "Give the image's engine_version, or a log from the server's first line on."
        yield Fault(path, "neither the log nor the spec names the engine's version", remedy)
    elif log.version and isinstance(spec, str) and not _same_version(spec, log.version):
        remedy = "Calibrate with a log of this version, or set the version that was run."
        seen = f"log {log.version}, spec {spec}"
        yield Fault(path, "the log is of another version of the engine", remedy, seen)


def _same_version(spec: str, log: str) -> bool:
    """A log may add what the build was made from (`0.20.2rc1.dev67+g1a2b3c`)."""
    found = log.removeprefix("v")
    return spec.removeprefix("v") in (found, found.partition("+")[0])


def _unclear(log: Log) -> Iterator[Fault]:
    if log.outcome is None:
        problem = "it shows neither a server that is ready nor one that ran out of memory"
        remedy = "Give the whole output, until the server is ready or ends."
        yield Fault("log", problem, remedy)
    if MODEL in log.assumed:
        remedy = "Give the whole output, from the server's first line on."
        yield Fault("log", "it does not name the model: it could be of any server", remedy)


def _with_version(app: App, log: Log) -> App:
    """The app with the version that was run, where its spec has none."""
    image = app.engine.image
    if isinstance(image.engine_version, str) or log.version is None:
        return app
    found = replace(image, engine_version=log.version)
    return replace(app, engine=replace(app.engine, image=found))


def _version_notes(app: App, known: App) -> Iterator[str]:
    if app is not known:
        version = known.engine.image.engine_version
        yield (
            "the spec does not know its engine's version: this record speaks for the app "
            f'once its image has engine_version="{version}"'
        )


def _run(app: App, log: Log, raw: bytes, about: About) -> Run:
    deployment = engine_of(app).deployment(app)
    if deployment is None or log.outcome is None:
        raise LookupError(f"{app.name}: a deployment without a version")
    digest = hashlib.sha256(raw).hexdigest()
    weights, image = app.model("weights"), app.engine.image
    pinned = weights.revision if weights and isinstance(weights.revision, str) else None
    day = about.day or log.day
    values: dict[str, object] = {
        "id": _identity(app.name, digest, deployment),
        "outcome": log.outcome,
        "date": day or about.today,
        "measured_by": about.measured_by,
        "source": f"start-up log, SHA-256 {digest}",
        "said": log.said,
        "uncertain": _uncertain(log, day_known=day is not None),
        "image_digest": image.digest if isinstance(image.digest, str) else None,
        "model_revision": pinned or log.revision,
        "readings": log.readings,
        **{name: getattr(deployment, name) for name in Deployment.__slots__},
    }
    return Run.model_validate(values)


def _identity(app: str, digest: str, deployment: Deployment) -> str:
    """The same log for the same deployment is the same record."""
    key = hashlib.sha256(f"{digest} {deployment}".encode()).hexdigest()
    return f"{re.sub('[^a-z0-9.-]', '-', app.lower())}-log-{key[:12]}"


def _uncertain(log: Log, *, day_known: bool) -> str | None:
    parts = [f"from the spec, not in the log: {', '.join(log.assumed)}"] if log.assumed else []
    parts += [] if log.version else ["the log does not name the engine's version"]
    parts += [] if day_known else ["the day of the run"]
    return "; ".join([*parts, *log.notes])[:1000] or None


def _rows(memory: Memory, readings: Sequence[Reading]) -> Iterator[Row]:
    """Every term of the sum, then what was measured and is no term of it."""
    left = {one.quantity: one for one in readings}
    for term in memory.terms:
        yield _row(term, _take(left, MEASURED.get(term.name, ())))
    for term in memory.host:
        if measured := _take(left, MEASURED_ON_HOST.get(term.name, ())):
            yield _row(term, measured)
    for name, quantity, predicted in _derived(memory):
        if measured := _take(left, (quantity,)):
            yield Row(name, UNITS.get(quantity, "bytes"), predicted, measured)
    for quantity, reading in sorted(left.items()):
        yield Row(quantity.replace("_", " "), UNITS.get(quantity, "bytes"), None, reading)


def _row(term: Term, measured: Reading | None) -> Row:
    size = term.estimate
    return Row(term.name, "bytes", Range(size.value, size.low, size.high), measured)


def _take(left: dict[Quantity, Reading], quantities: Sequence[Quantity]) -> Reading | None:
    found = next((one for one in quantities if one in left), None)
    return left.pop(found) if found else None


def _derived(memory: Memory) -> Iterator[tuple[str, Quantity, Range]]:
    """What follows from the sum: the memory left for the cache, and full requests at once."""
    rest = [term.estimate for term in memory.terms if term.name != CACHE]
    value, low, high = (
        memory.limit.size - sum(getattr(size, end) for size in rest)
        for end in ("value", "high", "low")
    )
    yield "left for the KV cache", "available_kv", Range(value, low, high)
    found = memory.requests
    yield "full requests at once", "concurrency", Range(found.value, found.low, found.high)
