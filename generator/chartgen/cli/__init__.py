"""Words, options and exit codes; everything else is in the library."""
