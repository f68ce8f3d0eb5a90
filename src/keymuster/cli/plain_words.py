"""The words of `keymuster scan` understood without click, where they are plain: to load it takes a fifth of the time
for a small tree. Whatever is not plain, a mistake or an option of a service, is left to click, which explains it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from keymuster.cli.options import Number, Option, Takes
from keymuster.cli.scan_options import ABOUT_SERVICES, EVERY

_LEFT_TO_CLICK = {*ABOUT_SERVICES.split(), "--timings"}


def understood(words: Sequence[str]) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """Paths and options as click would pass them, but those of services; None for words that are not plain."""
    known = {flag: one for one in EVERY for flag in one.flags.split() if flag not in _LEFT_TO_CLICK}
    given = {one.parameter: one.otherwise for one in EVERY}
    paths: list[str] = []
    left = list(reversed(words))
    while left:
        word = left.pop()
        if not word.startswith("-"):
            paths.append(word)
            continue
        flag, equals, value = word.partition("=")
        if (one := known.get(flag)) is None or (equals and not flag.startswith("--")):
            return None
        if one.takes is Takes.NOTHING:
            if equals:
                return None
            given[one.parameter] = given[one.parameter] + 1 if one.counts else True
            continue
        if not equals:
            if not left:
                return None
            value = left.pop()
        if (taken := _taken(one, value)) is None:
            return None
        given[one.parameter] = (*given[one.parameter], taken) if one.several else taken
    return (tuple(paths), given) if all(map(_may_be_read, paths)) else None


def _taken(one: Option, value: str) -> str | int | None:
    """The value of an option; None if it may be none for it."""
    if one.takes is Takes.TEXT:
        return value
    if one.takes is Takes.PATH:
        return value if _may_be_read(value) else None
    if isinstance(one.takes, Number):
        if not (value.isascii() and value.isdecimal()) or len(value) > _DIGITS:
            return None
        number = int(value)
        return number if _is_in(number, one.takes) else None
    return value if not isinstance(one.takes, Takes) and value in one.takes else None


_DIGITS = 9


def _is_in(number: int, range: Number) -> bool:
    return range.least <= number and (range.most is None or number <= range.most)


def _may_be_read(path: str) -> bool:
    """Click says of what is there, and may not be read."""
    return os.access(path, os.R_OK) or not os.path.lexists(path)
