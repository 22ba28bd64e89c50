"""Calls that may never end: their answers, their errors, and how long they are waited for."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chartgen.lint.lanes import Lanes


def test_answers_and_errors_come_back() -> None:
    lanes: Lanes[int] = Lanes(60)
    assert lanes.call(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        lanes.call(lambda: 1 // 0)
    assert lanes.call(lambda: 6) == 6


def test_what_does_not_end_is_left_behind() -> None:
    lanes: Lanes[bool] = Lanes(0.05)
    never = threading.Event()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        lanes.call(never.wait)
    assert time.monotonic() - start < 10
    assert lanes.call(lambda: True)
    never.set()


def test_a_thread_is_used_again() -> None:
    lanes: Lanes[int] = Lanes(60)
    assert len({lanes.call(threading.get_ident) for _ in range(20)}) == 1


def test_calls_do_not_wait_for_each_other() -> None:
    lanes: Lanes[int] = Lanes(60)
    meeting = threading.Barrier(3)
    with ThreadPoolExecutor(3) as workers:
        met = list(workers.map(lambda _: lanes.call(lambda: meeting.wait(30)), range(3)))
    assert sorted(met) == [0, 1, 2]
