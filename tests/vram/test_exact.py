"""What an engine's own program says, as a table and as facts, whichever engine it is."""

from __future__ import annotations

from chartgen.engines import Exact, ExactRow
from chartgen.vram.exact import exact_facts, exact_text

MIB = 1 << 20
SURE = ExactRow("KV cache", "bytes", 512.0 * MIB, 512.0 * MIB, 512.0 * MIB, 512.0 * MIB)
WIDE = ExactRow("compute", "bytes", 600.0 * MIB, 300.0 * MIB, 700.0 * MIB, 400.0 * MIB)
FEWER = ExactRow("blocks", "blocks", 1500, 1500, 1500, 2000)


def lines(*rows: ExactRow) -> list[str]:
    return exact_text(Exact("/bin/planner", "planner 1.2", rows, ("one word more",))).splitlines()


def test_each_row_shows_both_and_how_far_ours_is_off() -> None:
    head, names, first, second, third, note = lines(SURE, WIDE, FEWER)
    assert head == "exact: planner 1.2, run as /bin/planner"
    assert names.split() == ["ours", "between", "theirs", "ours", "-", "theirs"]
    assert first.split() == ["KV", "cache", "512.00", "MiB", "512.00", "MiB", "none"]
    assert " ".join(second.split()).endswith("300.00 to 700.00 400.00 MiB +200.00 (+50.00%)")
    assert " ".join(third.split()) == "blocks 1,500 blocks 2,000 blocks -500 (-25.00%)"
    assert note == "  one word more"
    assert len({len(line) for line in (names, first, second, third)}) == 1


def test_a_column_without_a_number_is_left_out() -> None:
    assert "between" not in lines(SURE, FEWER)[1]


def test_a_program_that_counted_nothing_has_no_table() -> None:
    assert lines() == ["exact: planner 1.2, run as /bin/planner", "  one word more"]


def test_nothing_at_all_has_no_share() -> None:
    (line,) = [
        line for line in lines(ExactRow("state", "bytes", 3.0 * MIB, 0, 0, 0)) if "3.00" in line
    ]
    assert line.endswith("+3.00")


def test_the_facts_are_in_the_units_that_are_named() -> None:
    found = exact_facts(Exact("/bin/planner", "planner 1.2", (WIDE,), ("one word more",)))
    assert found == {
        "program": "/bin/planner",
        "version": "planner 1.2",
        "rows": [
            {
                "name": "compute",
                "unit": "bytes",
                "ours": 600.0 * MIB,
                "low": 300.0 * MIB,
                "high": 700.0 * MIB,
                "theirs": 400.0 * MIB,
                "difference": 200.0 * MIB,
            }
        ],
        "notes": ["one word more"],
    }
