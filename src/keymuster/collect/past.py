"""File versions of the past, read from packs by families, by git in chains, or one by one where neither will do."""

from __future__ import annotations

from binascii import hexlify, unhexlify
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from keymuster.collect.base import Blob, Read
from keymuster.collect.contents import Contents
from keymuster.collect.likeness import Likeness, differing
from keymuster.collect.packs.base import Damaged, Family
from keymuster.collect.packs.store import Store
from keymuster.collect.successions import Chain, Without
from keymuster.detect.loops import Kept
from keymuster.model import Storage, Trouble

FAMILY_BYTES = 16 * 1024 * 1024
"""A family is read to its end, whatever the user does meanwhile."""

_LEAST_KEPT = 160
"""Bytes of a stretch from which something is to be had that was seen in another version."""

_LEAST_KEPT_IN_CHAINS = 512
"""The same where no accelerator is: to search some bytes takes less than one more step of Python."""


class Versions:
    """Reads versions from a repository, of which `store` are the packs, if they can be read. What stands in packs that
    are doubted is held against its name. `unread` tells of an object that could not be read, and why; versions carry
    their digests if what is seen in them `is_noted`."""

    def __init__(
        self, contents: Contents, store: Store | None, largest: int, unread: Callable[[str, str], Trouble], *,
        is_doubted: bool, is_noted: bool,
    ) -> None:  # fmt: skip
        self._contents = contents
        self._store = store
        self._largest = largest
        self._unread = unread
        self._is_doubted = is_doubted
        self._is_noted = is_noted

    def of_family(self, family: Family) -> Iterator[Read]:
        """Those of a family, with what readers noted of those they were made of, or are like."""
        assert self._store is not None
        notes: dict[str, tuple[dict[str, Any], int]] = {}
        damaged: dict[str, str] = {}
        likeness = Likeness(_LEAST_KEPT)
        for one in self._store.read(family, _LEAST_KEPT):
            before: dict[str, Any] = {}
            base = one.base
            if base is not None:
                before, left = notes.pop(base)
                if left > 1:
                    notes[base] = before, left - 1
            if isinstance(one, Damaged):
                if one.is_too_much:
                    yield self._unread(one.id, one.reason)
                else:
                    damaged[one.id] = one.reason
                continue
            if self._is_doubted and not _is_named(one.id, one.data):
                damaged[one.id] = "what stands in its place is another"
                continue
            noted: dict[str, Any] = {}
            kept: Kept = one.kept
            if base is None:
                before, kept = likeness.to(one.data)
            yield self._blob(one.id, one.data, noted, before, kept)
            if base is None:
                likeness.add(one.data, noted)
            if one.children:
                notes[one.id] = noted, one.children
        yield from self.by_git(damaged)

    def of_chain(self, chain: Chain) -> Iterator[Read]:
        """Those of a chain, made by git, with what readers noted of the one before. What git has not is
        read as a part of a family."""
        failed: set[bytes] = set()
        other = b""
        before: dict[str, Any] = {}
        for id, kind, content in self._contents.of(chain.parts()):
            if content is None or kind != "blob":
                failed.add(unhexlify(id))
                continue
            kept = differing(content, other, _LEAST_KEPT_IN_CHAINS)
            noted: dict[str, Any] = {}
            yield self._blob(id, content, noted, before if kept else {}, kept)
            other, before = content, noted
        if failed:
            yield from self._otherwise(failed)

    def _otherwise(self, failed: set[bytes]) -> Iterator[Read]:
        """What git has not: from the packs that were there at the start, or else once more from git."""
        assert self._store is not None
        left = {hexlify(id).decode("ascii"): "" for id in failed}
        for one in self._store.families(self._largest, FAMILY_BYTES, Without(failed)):
            match one:
                case Family():
                    for id in one.parts():
                        left.pop(id, None)
                    yield from self.of_family(one)
                case Damaged() if one.id in left:
                    left[one.id] = one.reason
        yield from self.by_git(left)

    def by_git(self, reasons: Mapping[str, str]) -> Iterator[Read]:
        """Objects that git is asked for, each with the reason why it was not read here, if it was to
        be."""
        for id, kind, content in self._contents.of([*reasons]):
            if content is None:
                yield self._unread(id, reasons[id])
            elif kind == "blob":
                yield Blob(
                    path="", data=content, storage=Storage.HISTORY, object=id,
                    digests=self._digests(id),
                )  # fmt: skip

    def _blob(
        self, id: str, data: bytes, noted: dict[str, Any], before: dict[str, Any], kept: Kept
    ) -> Blob:
        return Blob(
            path="", data=data, storage=Storage.HISTORY, object=id,
            notes=noted, before=before, kept=kept, digests=self._digests(id),
        )  # fmt: skip

    def _digests(self, id: str) -> tuple[bytes, ...]:
        return (unhexlify(id),) if self._is_noted else ()


def _is_named(id: str, data: bytes) -> bool:
    import hashlib  # slow to import, and nothing else needs it

    kind = hashlib.sha1 if len(id) == 40 else hashlib.sha256
    made = kind(b"blob %d\0" % len(data), usedforsecurity=False)
    made.update(data)
    return made.hexdigest() == id
