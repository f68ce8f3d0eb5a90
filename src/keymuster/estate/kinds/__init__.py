"""Kinds of targets: a module each, found by its name."""
