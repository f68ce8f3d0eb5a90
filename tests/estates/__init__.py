"""Estates that somebody made up, to be scanned as a whole."""
