"""What is said in settings, conditions and answers, however deep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def texts(value: Any) -> Iterator[str]:
    """Every text in a value as JSON has them, and every name of a field."""
    match value:
        case str():
            yield value
        case dict():
            for name, one in value.items():
                yield str(name)
                yield from texts(one)
        case list() | tuple():
            for one in value:
                yield from texts(one)
