"""What objects of Azure mean. They are spoken of in the words of Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure import authorization, credentials, literals, workloads
from keymuster.model import Observation

_ASPECTS: dict[ModuleType, tuple[str, ...]] = {
    authorization: ("identity", "grant", "trust"),
    credentials: ("credential",),
    workloads: ("identity", "use"),
    literals: ("credential",),
}
"""Each has `TYPES`, as this has; one object may be several of it. And the sorts of records that
policies ask for, which come of each."""


def _meaning(one: Declared) -> Iterator[Observation]:
    for aspect in _ASPECTS:
        if one.type in aspect.TYPES:
            yield from aspect.TYPES[one.type](one)


def subjects(types: Iterable[str]) -> tuple[str, ...]:
    """The sorts of records that things of these types become, or say more of."""
    types = tuple(types)
    return tuple(
        sorted(
            {
                subject
                for type in types
                for aspect, several in _ASPECTS.items()
                if type in aspect.TYPES
                for subject in several
            }
        )
    )


TYPES = {type: _meaning for aspect in _ASPECTS for type in aspect.TYPES}
