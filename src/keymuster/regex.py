"""Regular expressions that are compiled when they are first asked something: to compile what a module
has takes longer than to import it, and most scans ask few of them. And what the simplest are asked, without one."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def later(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, but for its type. A mistake shows when it is first asked something."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))


def is_made_of(text: str, first: str, *others: str) -> bool:
    """Whether a text has these in this order, with anything between them: what `.*` between them would say."""
    if not others:
        return text == first
    *inner, last = others
    at, end = len(first), len(text) - len(last)
    if end < at or not text.startswith(first) or not text.endswith(last):
        return False
    for one in inner:
        found = text.find(one, at, end)
        if found < 0:
            return False
        at = found + len(one)
    return True


class _Later:
    """Stands for an expression that is not compiled yet; afterwards it has what that has, at no cost."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # who copies it asks for those
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "split"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
