"""What tags say of who answers for a thing, and of what it is for, by the names that settings give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Identity
from keymuster.model.unknown import is_unknown


def purpose(identity: Identity, names: Iterable[str]) -> str:
    """What it says itself, or else a tag; `unknown` if tags are set that the declaration does not tell."""
    return identity.purpose or tagged(identity.tags, names)


def tagged(tags: Mapping[str, str], names: Iterable[str]) -> str:
    """The value of the first of these tags; names are compared without case and separators."""
    known = {_plain(name): value for name, value in tags.items()}
    for name in names:
        if value := known.get(_plain(name)):
            return value
    return UNKNOWN if any(map(is_unknown, tags)) else ""


def named_tags(tags: Mapping[str, str], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """These tags, in the order of the names, as they are written, with their values; without those whose value the
    declaration does not tell."""
    written = {_plain(name): name for name in tags}
    for wanted in dict.fromkeys(map(_plain, names)):
        name = written.get(wanted)
        if name is not None and tags[name] and not is_unknown(tags[name]):
            yield name, tags[name]


def is_untold(tags: Mapping[str, str], names: Iterable[str]) -> bool:
    """Whether one of these tags may be set to something that the declaration does not tell."""
    wanted = set(map(_plain, names))
    return any(
        is_unknown(name) or (_plain(name) in wanted and is_unknown(value))
        for name, value in tags.items()
    )


def _plain(name: str) -> str:
    """`acme:Cost-Center` and `cost_center` are one: what stands before a colon or slash says whose it is."""
    last = name.replace("/", ":").rpartition(":")[2]
    return "".join(filter(str.isalnum, last.lower()))
