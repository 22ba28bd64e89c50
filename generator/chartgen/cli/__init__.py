"""Words, options and exit codes; everything else is in the library."""

INTERRUPTED = 130
"""The exit code of an interrupted run, as shells count it (128 + SIGINT)."""

INTERRUPTED_WORDS = "chartgen: interrupted; the catalog is as it was."
