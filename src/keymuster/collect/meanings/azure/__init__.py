"""What objects of Azure mean. They are spoken of in the words of Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure import authorization, credentials, literals, workloads
from keymuster.model import Observation

_ASPECTS = (authorization, credentials, workloads, literals)
"""Each has `TYPES`, as this has; one object may be several of it."""


def _meaning(one: Declared) -> Iterator[Observation]:
    for aspect in _ASPECTS:
        if one.type in aspect.TYPES:
            yield from aspect.TYPES[one.type](one)


TYPES = {type: _meaning for aspect in _ASPECTS for type in aspect.TYPES}
