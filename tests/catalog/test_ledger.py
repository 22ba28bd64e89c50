"""The ledger: what it says survives, its rows only grow, and a broken line is named."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartgen.catalog import Ledger, Release, Resume, Row, Suspend
from chartgen.catalog.ledger import parse_ledger
from chartgen.errors import CatalogBroken
from chartgen.spec import Text

PROSE = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30).map("a{}".format)
TEXTS = st.builds(Text, PROSE | st.just("a\u2028b\u0085c\x0bd\x1ce"), PROSE)
NAMES = st.text("abc123", min_size=1, max_size=30)
DATES = st.dates()
OTHERS: st.SearchStrategy[Row] = st.one_of(
    st.builds(Suspend, name=NAMES, since=DATES, because=TEXTS, successor=st.none() | NAMES),
    st.builds(Resume, name=NAMES),
)


def release(version: str, name: str = "alpha", changes: str = "First.") -> Release:
    return Release(
        name=name,
        version=version,
        sha256="a" * 64,
        spec_sha256="b" * 64,
        released=date(2026, 11, 21),
        changes=Text(changes, "首次。"),
    )


ROWS = st.lists(TEXTS, max_size=5).flatmap(
    lambda texts: st.tuples(
        st.just(
            tuple(
                release(f"1.0.{index}").model_copy(update={"changes": text})
                for index, text in enumerate(texts)
            )
        ),
        st.lists(OTHERS, max_size=5).map(tuple),
    )
)


@given(ROWS)
def test_a_ledger_is_read_back_as_it_was(rows: tuple[tuple[Release, ...], tuple[Row, ...]]) -> None:
    ledger = Ledger((*rows[0], *rows[1]))
    assert parse_ledger(ledger.text(), "ledger.jsonl").rows == ledger.rows


@given(ROWS, OTHERS)
def test_a_longer_ledger_begins_with_the_shorter(
    rows: tuple[tuple[Release, ...], tuple[Row, ...]], more: Row
) -> None:
    ledger = Ledger((*rows[0], *rows[1]))
    longer = ledger.extended([more]).text()
    assert longer.startswith(ledger.text())
    assert len(longer) > len(ledger.text())


def test_a_row_is_one_line_of_plain_json() -> None:
    (line,) = Ledger((release("1.0.0"),)).text().splitlines()
    assert json.loads(line) == {
        "name": "alpha",
        "event": "release",
        "version": "1.0.0",
        "sha256": "a" * 64,
        "spec_sha256": "b" * 64,
        "released": "2026-11-21",
        "changes": {"en": "First.", "zh": "首次。"},
    }


def test_it_knows_the_newest_and_each_release() -> None:
    ledger = Ledger((release("1.0.0"), release("2.0.0", "beta"), release("1.0.10")))
    newest = ledger.newest("alpha")
    assert newest is not None
    assert newest.version == "1.0.10"
    assert newest.filename == "alpha-1.0.10.tgz"
    assert [row.version for row in ledger.releases["alpha"]] == ["1.0.0", "1.0.10"]
    assert ledger.release("alpha", "1.0.0") == ledger.rows[0]
    assert ledger.release("alpha", "2.0.0") is None
    assert ledger.newest("gamma") is None


def test_the_last_word_on_suspension_counts() -> None:
    stop = Suspend(name="alpha", since=date(2026, 1, 2), because=Text("Old.", "旧。"))
    assert Ledger((release("1.0.0"), stop)).suspended == {"alpha": stop}
    assert Ledger((release("1.0.0"), stop, Resume(name="alpha"))).suspended == {}
    again = stop.model_copy(update={"successor": "beta"})
    assert Ledger((stop, Resume(name="alpha"), again)).suspended == {"alpha": again}


@pytest.mark.parametrize("second", ["1.0.9", "1.0.10", "1.0.10-rc.1", "0.9.0"])
def test_versions_only_rise(second: str) -> None:
    text = Ledger((release("1.0.10"), release(second))).text()
    with pytest.raises(
        CatalogBroken, match=f"alpha {second} stands after 1.0.10".replace("+", r"\+")
    ):
        parse_ledger(text, "ledger.jsonl")


GOOD = Ledger((release("1.0.0"),)).text().rstrip("\n")


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "{}",
        "",
        "[]",
        GOOD[:-1],
        GOOD.replace('"release"', '"remove"'),
        GOOD.replace('"1.0.0"', '"1.0"'),
        GOOD.replace('"1.0.0"', '"1.0.0-rc.20261120"'),
        GOOD.replace('"alpha"', '"Alpha"'),
        GOOD.replace('"alpha"', '"../up"'),
        GOOD.replace("a" * 64, "a" * 63),
        GOOD.replace("2026-11-21", "2026-13-21"),
        GOOD.replace('"name"', '"nickname"'),
        GOOD.replace('"name"', '"more": 1, "name"'),
    ],
    ids=range(14),
)
def test_a_broken_line_is_named(line: str) -> None:
    text = f"{GOOD.replace('alpha', 'beta')}\n{line}\n{GOOD.replace('alpha', 'gamma')}\n"
    with pytest.raises(CatalogBroken, match=r"^ledger\.jsonl:2: .+Restore the ledger from git"):
        parse_ledger(text, "ledger.jsonl")
