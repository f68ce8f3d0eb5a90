"""Names in groups, for calls that take several at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice


def groups(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """As many as a call takes, until there are no more."""
    left = iter(names)
    while found := list(islice(left, size)):
        yield found
