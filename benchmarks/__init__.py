"""Measurements: whole processes, side by side with a peer in one run."""
