"""A record is written as TOML that says the same, beside what people wrote."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.errors import Faults
from chartgen.facts import Reading, Run
from chartgen.facts.write_evidence import WriteStatus, run_text, write_run
from tests.repository import PROJECT

FILE = "charts_src/evidence/gemma.toml"
SENTENCES = st.text(st.characters(exclude_categories=["Cs"]), min_size=3, max_size=60)
NUMBERS = st.floats(0, 1e13)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    low, value, high = sorted(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    said = draw(SENTENCES)
    return Reading(quantity="weights", value=value, low=low, high=high, said=said)


@st.composite
def records(draw: st.DrawFn) -> Run:
    """Any record that a log could give."""
    return Run(
        id=draw(st.from_regex(r"\A[a-z0-9][a-z0-9.-]{0,20}\Z")),
        outcome=draw(st.sampled_from(["served", "failed"])),
        date=draw(st.dates(date(2023, 1, 1), date(2030, 1, 1))),
        measured_by=draw(SENTENCES),
        source=draw(SENTENCES),
        said=draw(SENTENCES),
        engine="llamacpp",
        engine_version=draw(SENTENCES),
        model=draw(SENTENCES),
        kv_cache_dtype="f16/f16",
        context=draw(st.integers(1, 1 << 24)),
        sequences=1,
        batch=512,
        utilization=draw(st.none() | st.floats(0.01, 0.99)),
        vision=draw(st.booleans()),
        device="olares-one",
        settings=tuple(draw(st.lists(SENTENCES, max_size=3))),
        uncertain=draw(st.none() | SENTENCES),
        readings=tuple(draw(st.lists(readings(), max_size=3))),
    )


@given(records())
def test_a_record_says_the_same_as_toml(run: Run) -> None:
    (said,) = tomllib.loads(run_text(run))["runs"]
    assert Run.model_validate(said) == run


def plain(name: str = "one", said: str = "it was ready") -> Run:
    (run, *_) = tomllib.loads((PROJECT / "charts_src/evidence/gemma-4-26b-a4b.toml").read_text())[
        "runs"
    ]
    return Run.model_validate({**run, "id": name, "said": said})


def write(root: Path, run: Run, *, keep_day: bool = False) -> WriteStatus:
    (root / "charts_src" / "evidence").mkdir(parents=True, exist_ok=True)
    written = write_run(root, "gemma", run, keep_day=keep_day)
    assert written.file == FILE
    return written.status


def test_records_gather_in_one_file_with_its_comments(tmp_path: Path) -> None:
    assert write(tmp_path, plain("one")) == "added"
    path = tmp_path / FILE
    path.write_text(f"# by hand\n\n{path.read_text()}\n# after the first\n")
    assert write(tmp_path, plain("two")) == "added"
    assert write(tmp_path, plain("one", "it said more")) == "updated"
    text = path.read_text()
    assert [run["id"] for run in tomllib.loads(text)["runs"]] == ["one", "two"]
    assert text.startswith("# by hand\n")
    assert "# after the first" in text
    assert "it said more" in text
    assert write(tmp_path, plain("two")) == "unchanged"
    assert path.read_text() == text


def test_another_day_alone_changes_nothing_where_nobody_knows_the_day(tmp_path: Path) -> None:
    write(tmp_path, plain())
    later = plain().model_copy(update={"date": date(2027, 1, 1)})
    assert write(tmp_path, later, keep_day=True) == "unchanged"
    assert write(tmp_path, later) == "updated"


def test_a_record_stays_in_the_file_that_has_it(tmp_path: Path) -> None:
    write(tmp_path, plain())
    other = write_run(tmp_path, "another", plain("one", "it said more"), keep_day=False)
    assert (other.file, other.status) == (FILE, "updated")
    assert not (tmp_path / "charts_src/evidence/another.toml").exists()


@pytest.mark.parametrize("text", ["runs = 3\n", "[[runs]]\nid = 1\n", "no toml"])
def test_a_file_with_faults_is_left_alone(tmp_path: Path, text: str) -> None:
    write(tmp_path, plain())
    (tmp_path / FILE).write_text(text)
    with pytest.raises(Faults, match="not a file of recorded runs"):
        write_run(tmp_path, "gemma", plain("two"), keep_day=False)
    assert (tmp_path / FILE).read_text() == text
    assert [path.name for path in (tmp_path / FILE).parent.iterdir()] == ["gemma.toml"]
