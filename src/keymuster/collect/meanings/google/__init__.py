"""What objects of Google Cloud mean, in the words of its Terraform provider. What only its APIs know is
spoken of in theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.google import credentials, hierarchy, iam, workloads
from keymuster.model import Observation

_ASPECTS: dict[ModuleType, tuple[str, ...]] = {
    hierarchy: (),
    iam: (),
    credentials: ("credential", "identity"),
    workloads: ("use", "identity"),
}
"""Each has `TYPES`, as this has; one object may be several of it. And the sorts of records that
policies ask for, which come of each; of `iam`, it depends on the type."""


def _meaning(one: Declared) -> Iterator[Observation]:
    for aspect in _ASPECTS:
        if one.type in aspect.TYPES:
            yield from aspect.TYPES[one.type](one)


def subjects(types: Iterable[str]) -> tuple[str, ...]:
    """The sorts of records that things of these types become."""
    found: set[str] = set()
    for type in types:
        for aspect, several in _ASPECTS.items():
            if type in aspect.TYPES:
                found.update(several or iam.SUBJECTS.get(aspect.TYPES[type], ()))
    return tuple(sorted(found))


TYPES = {type: _meaning for aspect in _ASPECTS for type in aspect.TYPES}
