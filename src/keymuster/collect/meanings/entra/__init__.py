"""What objects of Microsoft Entra mean. They are spoken of in Terraform's words, and what Terraform has
none for in those of Microsoft Graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.entra import agents, consents, credentials, directory, roles
from keymuster.model import Observation

_ASPECTS: dict[ModuleType, tuple[str, ...]] = {
    directory: ("identity", "grant"),
    agents: ("identity", "use", "grant"),
    credentials: ("credential", "trust"),
    roles: ("grant",),
    consents: ("grant",),
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
    found = {
        subject
        for type in types
        for aspect, several in _ASPECTS.items()
        if type in aspect.TYPES
        for subject in several
    }
    if any(
        type in credentials.TYPES or type in roles.TYPES or type in consents.TYPES for type in types
    ):
        found.add("identity")  # of which policies ask by what it proves itself with, and may do
    return tuple(sorted(found))


TYPES = {type: _meaning for aspect in _ASPECTS for type in aspect.TYPES}
