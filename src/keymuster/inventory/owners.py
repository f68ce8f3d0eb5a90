"""Who answers for an identity, and what it is for: what its tags say, by the names that settings give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Identity
from keymuster.model.unknown import is_unknown


def owner(identity: Identity, names: Iterable[str]) -> str:
    """The owner by a tag of one of these names, or else the first hint; empty if nobody is named, and
    `unknown` if tags are set that the declaration does not tell."""
    said = tagged(identity.tags, names)
    if said and said != UNKNOWN:
        return said
    return identity.owner_hints[0].name if identity.owner_hints else said


def purpose(identity: Identity, names: Iterable[str]) -> str:
    """The same of what it is for."""
    return identity.purpose or tagged(identity.tags, names)


def tagged(tags: Mapping[str, str], names: Iterable[str]) -> str:
    """The value of the first of these tags; names are compared without case and separators."""
    known = {_plain(name): value for name, value in tags.items()}
    for name in names:
        if value := known.get(_plain(name)):
            return value
    return UNKNOWN if any(map(is_unknown, tags)) else ""


def _plain(name: str) -> str:
    """`acme:Cost-Center` and `cost_center` are one: what stands before a colon or slash says whose it is."""
    last = name.replace("/", ":").rpartition(":")[2]
    return "".join(filter(str.isalnum, last.lower()))
