"""Calls every secret and every non-human identity of an estate to roll-call."""

__version__ = "0.1.0"
