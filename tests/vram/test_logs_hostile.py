"""Logs are hostile input: whatever they hold, reading them ends soon and with an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chartgen.engines.logs import LONGEST_LINE, MOST_LINES, log_lines
from chartgen.engines.reading import Log, read_log
from chartgen.errors import Faults
from chartgen.facts import Facts
from chartgen.spec import App
from tests.repository import LLAMACPP, PROJECT, VLLM, Repository
from tests.vram.logs import FOLDER, TODAY

HERE = Repository(PROJECT)
FACTS: Facts = HERE.facts()
APPS: Mapping[str, App] = {"vllm": HERE.app(VLLM), "llamacpp": HERE.app(LLAMACPP)}
LINES = sorted(
    {line for path in FOLDER.glob("*.log") for line in path.read_bytes().splitlines() if line}
)
PIECES = sorted({piece for line in LINES for piece in line.split(b" ") if piece})
SECONDS = 2.0
"""How long one hostile log may take; real ones take milliseconds."""


def read(engine: str, raw: bytes) -> Log | None:
    """What a reader makes of some bytes, None where it finds nothing."""
    app = APPS[engine]
    try:
        return read_log(app, FACTS.devices[app.device], raw, TODAY)
    except Faults:
        return None


def sound(log: Log | None) -> bool:
    """Whether every reading is ordered and quotes something, and each field comes once."""
    if log is None:
        return True
    fields = [one.field for one in log.settings]
    ordered = all(one.low <= one.value <= one.high and one.said for one in log.readings)
    return ordered and len(fields) == len(set(fields))


@given(st.sampled_from(sorted(APPS)), st.binary(max_size=2000))
def test_any_bytes(engine: str, raw: bytes) -> None:
    assert sound(read(engine, raw))


@example(
    "llamacpp",
    [
        b"llama_context: n_seq_max = 1\xff2",
        b"srv load_model: initializing, n_slots = 1, n_ctx_slot = 65536, kv_unified = 'false'",
    ],
)
@given(st.sampled_from(sorted(APPS)), st.lists(st.sampled_from(LINES), max_size=30))
def test_any_mixture_of_real_lines(engine: str, lines: list[bytes]) -> None:
    assert sound(read(engine, b"\n".join(lines)))


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(APPS)),
    st.lists(
        st.lists(
            st.one_of(st.sampled_from(PIECES), st.binary(max_size=12), st.just(b"9" * 40)),
            max_size=12,
        ),
        max_size=12,
    ),
)
def test_any_mixture_of_words_of_real_lines(engine: str, lines: list[list[bytes]]) -> None:
    assert sound(read(engine, b"\n".join(b" ".join(line) for line in lines)))


@given(
    st.sampled_from(sorted(APPS)),
    st.sampled_from(LINES),
    st.integers(0, 400),
    st.binary(max_size=8),
)
def test_a_real_line_with_a_wound(engine: str, line: bytes, place: int, inside: bytes) -> None:
    assert sound(read(engine, line[:place] + inside + line[place:]))


EVIL = {
    "digits": b"Model loading took " + b"9" * LONGEST_LINE,
    "blanks": b"model weights take" + b" " * LONGEST_LINE + b"x",
    "no blanks": b"x" * LONGEST_LINE + b" buffer size",
    "devices": b"CUDA0 " * 3000 + b"buffer size",
    "tables": b"- " * 9000 + b" = + (",
    "quotes": b"non-default args: " + b"'model': '" * 2000,
    "braces": b"non-default args: 'speculative_config': {" + b"{'method" * 2000,
    "equals": b"LLM engine (v0.1.0) with config: " + b"model=" * 3000,
    "paths": b"metadata " * 2000 + b"tensors from " + b"/x" * 4000,
    "types": b"K (f16): " * 2000,
    "colours": b"\x1b[" * 9000,
    "dates": b"2026-99-99T00:00 INFO 99-99 00:00:00 " * 400,
    "images": b"non-default args: " + b"limit_mm_per_prompt': {" * 800,
}


@pytest.mark.parametrize("engine", APPS)
@pytest.mark.parametrize("line", EVIL.values(), ids=EVIL.keys())
def test_no_line_takes_long(engine: str, line: bytes) -> None:
    """A hundred such lines: a pattern that backtracks would take minutes."""
    begin = time.perf_counter()
    assert sound(read(engine, b"\n".join([line] * 100)))
    assert time.perf_counter() - begin < SECONDS


def test_lines_are_cut_and_counted() -> None:
    assert [len(line) for line in log_lines(b"x" * (3 * LONGEST_LINE))] == [LONGEST_LINE]
    many = log_lines(b"\n".join(b"%d" % number for number in range(MOST_LINES + 10)))
    assert len(many) == MOST_LINES
    assert (many[0], many[-1]) == ("0", str(MOST_LINES + 9))


def test_what_remains_of_a_line_is_text() -> None:
    assert log_lines(b"\x1b[34m1.2\x1b[0m \x00\x07I\t[32mx\xff\r50%\r100%\n\n") == (
        "1.2 I\tx\N{REPLACEMENT CHARACTER}",
        "50%",
        "100%",
    )
