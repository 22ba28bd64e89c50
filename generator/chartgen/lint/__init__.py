"""Checks of a rendered chart, by real Helm and by our own rules."""
