"""What of that which was seen may be kept: nothing that may hold a secret's text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keymuster import regex
from keymuster.collect.base import Context, Observed
from keymuster.collect.kept import Said
from keymuster.model import Credential, FileLocation, Secret, Trouble

if TYPE_CHECKING:
    from keymuster.redaction import Redactor


class Harmless:
    """Says of what was seen whether it may be kept: nothing in it is what was found to be a secret in the same files,
    and the engine, which masks what people write, finds nothing to mask in it. `joined` are the files that were put
    together, by what stands for them."""

    def __init__(
        self,
        context: Context,
        observed: Iterable[Observed],
        joined: Mapping[bytes, Collection[str]] | None = None,
    ) -> None:
        self._context = context
        self._joined = joined or {}
        self._found: dict[str, set[str]] = {}
        for one in observed:
            if isinstance(one, Credential) and one.fingerprint:
                self._found.setdefault(_path(one), set()).add(one.fingerprint)

    def __call__(self, said: Said) -> bool:
        told = (*said.records, *said.troubles)
        paths = {*map(_path, told), *self._joined.get(said.origin, ())}
        found = {one for path in paths for one in self._found.get(path, ())}
        if found and any(self._is_among(found, text) for text in {*_texts(said)}):
            return False
        return all(map(self._is_unmasked, told))

    def _is_unmasked(self, record: Any) -> bool:
        [shown] = self._redactor.observations([record])
        return bool(shown == record)

    def _is_among(self, found: set[str], text: str) -> bool:
        key = self._context.fingerprint_key
        words = {text, *_WORD.findall(text)}
        return any(
            Secret(one.encode("utf-8", "surrogatepass")).fingerprint(key) in found for one in words
        )

    @cached_property
    def _redactor(self) -> Redactor:
        from keymuster.redaction import Redactor

        return Redactor(self._context.rules)


def _path(one: Observed) -> str:
    """Which file something was seen in; of a version of the past, which object."""
    if isinstance(one, Trouble):
        return one.scope.removeprefix("object ")
    place = getattr(one, "location", None)
    return place.path or place.object or "" if isinstance(place, FileLocation) else ""


_WORD = regex.later(r"[^\s\"'`=:;,@/()\[\]{}<>|&]{4,200}")


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, but where it stands."""
    match value:
        case str():
            if type(value) is str:  # and no word of ours
                yield value
        case Struct():
            for field in value.__struct_fields__:
                if field not in _PLACES:
                    yield from _texts(getattr(value, field))
        case dict():
            for key, one in value.items():
                yield from _texts(key)
                yield from _texts(one)
        case tuple() | list():
            for one in value:
                yield from _texts(one)


_PLACES = frozenset({"location", "origin", "joined"})
