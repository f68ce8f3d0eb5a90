"""The records of many targets in one inventory, as if the files of each lay in a folder that has its name.

What stands in files is known by its path: `terraform:infra:aws_iam_role.ci`, and two repositories may have the same. What
a service tells of, and the fingerprint of a secret, is one thing wherever it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from keymuster.model import FileLocation, Grant, Observation, Resource
from keymuster.model.ids import in_id

_HERE = "."
_ROOT = frozenset({_HERE, ""})
"""What ids call the folder that was scanned."""

_BASED = frozenset({"codeowners", "repository"})
"""Types of resources with a setting `base`: the beginning of the paths that they are about."""

_AGENT = "agent:"
"""What an agent may do, it may do in a folder."""

_S = TypeVar("_S", bound=Struct)
_Word = Callable[[str], str]


class Placed(NamedTuple):
    """A record as it is among those of all targets, and the id that it has in its own."""

    record: Observation
    own: str


def placed(folder: str, observations: Iterable[Observation]) -> Iterator[Placed]:
    """The records of one target, with their files in a folder of its name (without a `/` at its end)."""
    every = list(observations)
    word = cache(_renaming(folder, every))
    for one in every:
        moved = _struct(one, folder, word)
        if isinstance(moved, Resource) and moved.type in _BASED:
            base = f"{folder}/{moved.settings.get('base', '')}"
            moved = replace(moved, settings={**moved.settings, "base": base})
        if isinstance(moved, Grant) and moved.id.startswith(_AGENT):
            resources = tuple(_within(folder, path) for path in moved.resources)
            moved = replace(moved, resources=resources)
        yield Placed(moved, one.id)


def _renaming(folder: str, every: Iterable[Observation]) -> _Word:
    """How to say an id, or a text with ids in it: each has the path of a file, or of its folder, between colons
    behind a word that says of what it is the path."""
    paths, words = {*_ROOT}, set()
    names: dict[str, str] = {}
    for one in every:
        place = one.location
        if not isinstance(place, FileLocation) or one.id.startswith("secret:"):
            continue
        own = _own_paths(place)
        paths |= own
        before = {word for word, path in _pairs(one.id) if path in own}
        words |= before
        if not before and not any(path in one.id for path in own - _ROOT):
            names[one.id] = _named(folder, one.id)

    def renamed(text: str) -> str:
        if ":" not in text:
            return text
        if text in names:
            return names[text]
        parts = _PARTS.split(text)
        for at in range(2, len(parts), 2):
            if parts[at] not in paths:
                continue
            before = parts[at - 1]
            if (before == ":" and _last_word(parts[at - 2]) in words) or (
                before == "#" and parts[at]
            ):
                parts[at] = _within(folder, parts[at])
        return "".join(parts)

    return renamed


def _within(folder: str, path: str) -> str:
    return folder if path in _ROOT else f"{folder}/{path}"


_PARTS = re.compile(r"([:#\]])")
_WORD = re.compile(r"[\w-]+\Z")


def _pairs(id: str) -> Iterator[tuple[str, str]]:
    """Each word before a colon, with what is behind it. Behind the first that may be nothing: the root."""
    parts = _PARTS.split(id)
    for at in range(2, len(parts), 2):
        if parts[at - 1] == ":" and (word := _last_word(parts[at - 2])) and (parts[at] or at == 2):
            yield word, parts[at]


def _last_word(text: str) -> str:
    found = _WORD.search(text)
    return found[0] if found else ""


def _own_paths(place: FileLocation) -> set[str]:
    """Its own, and those of all folders above it, as ids have them."""
    found = {place.name, place.path}
    folder = place.path
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        found.add(folder)
    return {*map(in_id, found), *_ROOT}


def _named(folder: str, id: str) -> str:
    """Of what has no path in its id, as a secret that workflows know by its name: `github:secret/NAME`."""
    before, slash, name = id.rpartition("/")
    return f"{before}/{folder}/{name}" if slash else f"{id}@{folder}"


def _struct(one: _S, folder: str, word: _Word) -> _S:
    changed: dict[str, Any] = {}
    for field in one.__struct_fields__:
        value = getattr(one, field)
        if isinstance(one, FileLocation):
            if field == "path":
                changed[field] = _within(folder, value)
        elif value and (moved := _value(value, folder, word)) is not value:
            changed[field] = moved
    return replace(one, **changed) if changed else one


def _value(value: Any, folder: str, word: _Word) -> Any:
    """The value itself if nothing in it is about files of the target."""
    if type(value) is str:  # and no enum
        moved = word(value)
        return value if moved == value else moved
    match value:
        case Struct():
            return _struct(value, folder, word)
        case dict():
            made = {word(key): _value(one, folder, word) for key, one in value.items()}
            return made if made != value else value
        case tuple() | list():
            several = [_value(one, folder, word) for one in value]
            return type(value)(several) if several != [*value] else value
        case _:
            return value
