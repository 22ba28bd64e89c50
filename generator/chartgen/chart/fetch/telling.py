"""What the program tells a person: its log lines and its troubles."""

from __future__ import annotations

import contextlib


class FetchError(Exception):
    """A trouble told in one sentence; a person has to act on it."""

    code = 2


class TemporaryError(FetchError):
    """A trouble that may pass; `wait` is the pause in seconds that the hub asks for."""

    code = 1

    def __init__(self, told: str, wait: float = 0.0) -> None:
        super().__init__(told)
        self.wait = wait


def log(text: str) -> None:
    """Write one line to the log, in ASCII whatever the locale."""
    line = text.encode("ascii", "backslashreplace").decode()
    with contextlib.suppress(OSError):  # a log that nobody takes must not end a download
        print(line, flush=True)


def gib(size: int) -> str:
    """Return a number of bytes in GiB, for people."""
    return f"{size / 2**30:.2f} GiB"
