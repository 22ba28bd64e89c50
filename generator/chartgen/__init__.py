"""chartgen: a compiler for GPU model-app markets.

Importing the package loads nothing but this line; each room below is imported
by whoever needs it.
"""

__version__ = "0.1.0"
