"""The `data` of a Kubernetes Secret, in YAML and JSON: each value is base64, however short."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from keymuster import regex

GATE = r"kind[\"']?[ \t]{0,8}:[ \t]{0,8}[\"']?Secret(?:[\"',\s}]|\Z)"
"""Ends one past the kind of a Secret."""

BEFORE, AFTER = 1024 * 1024, 2 * 1024 * 1024
"""Bytes of the document that are read on either side of its kind."""

_DATA = regex.later(
    rb"(?<![\w-])data[\"']?[ \t]{0,8}:[ \t]{0,8}(?:(?P<json>\s{0,200}\{(?!\{))|(?:[&!][^\s]{1,80}[ \t]{0,8})?(?:#[^\n]{0,200})?\r?(?=\n))"
)
_INDENT = regex.later(rb"([ \t]*)(?:- )?[\"']?")
_YAML = regex.later(
    rb"(?:\r?\n[ \t]*+(?:#[^\n]*+)?(?=\r?\n))*+\r?\n(?P<indent>[ \t]++)[\"']?(?P<key>[\w.-]{1,253})"
    rb"[\"']?[ \t]*+:[ \t]*+(?:![!\w]{1,20}[ \t]++)?(?:[|>][+-]?[ \t]*+\r?\n[ \t]*+)?[\"']?"
)
_JSON = regex.later(
    rb"(?P<indent>)\s*+,?\s*+[\"']?(?P<key>[\w.-]{1,253})[\"']?\s*+:\s*+[\"']?",
)
_OTHER = regex.later(rb"\r?\n(?P<indent>[ \t]*+)(?P<template>\{\{)?[^\r\n]*+")
"""A line of a mapping that is no entry: more of the value before it, or a step of a template."""

_REST = regex.later(rb"[\"']?[^\r\n]*+")
_REST_JSON = regex.later(rb"[\"']?")


class Entry(Struct, frozen=True):
    """A key of a Secret, the span of its value, and the bytes which that stands for."""

    key: bytes
    start: int
    end: int
    content: bytes

    def __repr__(self) -> str:
        return f"Entry({self.start}, {self.end})"


def entries(text: bytes, ends: Iterable[int]) -> Iterator[Entry]:
    """The entries of the Secrets whose kind ends at these offsets, each once."""
    read = 0
    for end in ends:
        if end < read:
            continue
        floor = max(read, end - BEFORE)
        start = max(floor, text.rfind(b"\n---", floor, end))
        stop = text.find(b"\n---", end - 1, end + AFTER)
        read = stop if stop >= 0 else min(len(text), end + AFTER)
        for found in _DATA.finditer(text, start, read):
            if found["json"] is not None:
                yield from _of_mapping(text, found.end(), read, _JSON, _REST_JSON, 0)
                continue
            line = max(start, text.rfind(b"\n", start, found.start()) + 1)
            if indent := _INDENT.fullmatch(text, line, found.start()):
                yield from _of_mapping(text, found.end(), read, _YAML, _REST, len(indent[1]) + 1)


def _of_mapping(
    text: bytes, at: int, stop: int, entry: re.Pattern[bytes], rest: re.Pattern[bytes], least: int
) -> Iterator[Entry]:
    """The entries of one mapping, which are indented by `least` columns at least."""
    from keymuster.detect.encodings.base64 import decoded, run_at  # few files have a Secret

    while True:
        found = entry.match(text, at, stop)
        if found is None:
            line = _OTHER.match(text, at, stop) if entry is _YAML else None
            if line is None or (len(line["indent"]) < least and not line["template"]):
                return
            at = line.end()
            continue
        if len(found["indent"]) < least:
            return
        value = run_at(text, found.end())
        after = rest.match(text, value.end)
        assert after is not None
        at = after.end()
        if value.letters and (content := decoded(value.letters)):
            yield Entry(found["key"], value.start, value.end, content)
