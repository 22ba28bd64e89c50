"""`python -m chartgen`."""

from chartgen.cli.entry import main

main()
