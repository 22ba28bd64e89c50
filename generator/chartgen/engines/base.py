"""What an engine tells the rest: its command, its memory, what could be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chartgen.errors import Fault
from chartgen.facts import Checkpoint, Deployment, Device, Facts, ModelFacts
from chartgen.quantities import Bytes, Estimate
from chartgen.spec import App

MODELS = "/models"
"""Where the model files lie in the engine's container."""

CACHE = "/cache"
"""Where compiled kernels are kept from one start to the next."""


@dataclass(frozen=True, slots=True)
class Term:
    """One summand: how large, by which formula, from which source."""

    name: str
    estimate: Estimate
    formula: str
    source: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What the sum is held against, and how that number comes about."""

    size: Bytes
    formula: str
    source: str


@dataclass(frozen=True, slots=True)
class Requests:
    """How many requests at full context run at once."""

    value: float
    low: float
    high: float
    tokens_each: int


@dataclass(frozen=True, slots=True)
class Memory:
    """The GPU memory of one deployment.

    `caveats` name what takes memory and is not in the sum; a sum with caveats
    cannot prove that something fits. `refusals` are reasons for which the engine does
    not start whatever the sum says, in its own words where it has some. `host` are
    the terms of the host's RAM; `prints` makes, when it is asked, what the engine will
    print about its memory, in the meaning of its version: words that a solver never reads.
    """

    terms: tuple[Term, ...]
    limit: Limit
    requests: Requests
    caveats: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    host: tuple[Term, ...] = ()
    prints: Callable[[], tuple[str, ...]] = tuple


@dataclass(frozen=True, slots=True)
class Variant:
    """The same app with one field changed so that it needs less."""

    field: str
    before: str
    after: str
    app: App


@dataclass(frozen=True, slots=True)
class Axis:
    """A field that a solver moves, from its smallest useful value to its largest.

    `step` is the distance of two values; `at` gives the app with the field at a value.
    """

    field: str
    least: int
    most: int
    step: int
    at: Callable[[App, int], App]


@dataclass(frozen=True, slots=True)
class Axes:
    """Context and sequences, under the engine's own field names.

    A solver asks for memory on a grid of both; more of either never needs less.
    """

    context: Axis
    sequences: Axis


@dataclass(frozen=True, slots=True)
class Command:
    """How a server is started and asked whether it is well."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    port: int
    health_path: str


@dataclass(frozen=True, slots=True)
class ExactRow:
    """One quantity twice: as the sum has it, with its ends, and as the engine's own
    program has it; `unit` is bytes, tokens, blocks or requests."""

    name: str
    unit: str
    ours: float
    low: float
    high: float
    theirs: float


@dataclass(frozen=True, slots=True)
class Exact:
    """What the engine's own planning program says of an app, row by row beside the sum.

    `notes` say what the program could not be told, or what it said in words.
    """

    program: str
    version: str
    rows: tuple[ExactRow, ...]
    notes: tuple[str, ...] = ()


class Engine(Protocol):
    """What every engine's folder provides. All methods are pure."""

    def command(self, app: App) -> Command:
        """The server's command line and environment."""
        ...

    def faults(self, app: App, facts: Facts) -> list[Fault]:
        """What is wrong with this app on this engine, in the light of the facts."""
        ...

    def memory(self, app: App, facts: Facts, device: Device) -> Memory:
        """The sum, for an app without faults; fast enough to be asked ten thousand times."""
        ...

    def deployment(self, app: App) -> Deployment | None:
        """What decides memory, or None while the engine's version is unknown."""
        ...

    def needs_no_less(self, more: Deployment, less: Deployment) -> bool:
        """Whether `more` needs at least the memory of `less` for certain, so that what
        holds one holds the other; False where the laws leave a doubt."""
        ...

    def variants(self, app: App) -> Iterator[Variant]:
        """Changes of one field each that could free memory."""
        ...

    def axes(self, app: App, facts: Facts) -> Axes:
        """What a solver moves: the field of the context and that of the sequences."""
        ...

    def with_vision(self, app: App, facts: Facts, *, on: bool) -> App:
        """The app with images or without; raises `Faults` where no facts give it eyes."""
        ...

    def blank(
        self, model: ModelFacts, checkpoint: Checkpoint, device: Device | None = None
    ) -> App | None:
        """The app that the engine's own defaults make of a model on a device, or None for
        a checkpoint in a form that this engine does not read. Without a device the
        defaults are those of a small card."""
        ...

    def quotes(self, app: App) -> Mapping[str, str]:
        """The facts that texts may quote, as people write them."""
        ...

    def exact(self, app: App, facts: Facts, device: Device, program: Path | None) -> Exact:
        """Ask the engine's own planning program, found by itself or given, without a GPU;
        raises `Faults` where there is none."""
        ...
