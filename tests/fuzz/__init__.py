"""Fuzzing: a slow command of its own (see README.md), no part of the tests."""
