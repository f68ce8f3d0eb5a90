"""What reading an object store gives, and the one way in which it refuses."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from keymuster.errors import Unreadable

WIDTHS = {"sha1": 20, "sha256": 32}
"""Bytes of an id, by the algorithm that makes it."""


class Unsupported(Unreadable):
    """The store is of a kind this reader does not know, or not what it claims to be: ask git. The
    message is a clause about the file at fault."""


Rows: TypeAlias = bytes


class Family(Struct, frozen=True):
    """Work for one `read`: whole trees of blobs that were made from each other, or a part of a tree
    too large for one. `bytes` is what its `count` blobs are said to hold; `rows` is for `read`."""

    count: int
    bytes: int
    rows: Rows
    width: int
    """Bytes of an id."""

    def parts(self) -> list[str]:
        """The ids of the blobs."""
        ids = self.ids()
        return [ids[at : at + self.width].hex() for at in range(0, len(ids), self.width)]

    def ids(self) -> Rows:
        """The same in one piece."""
        rows = layout(self.width).iter_unpack(self.rows)
        return b"".join([id for *_, silent, id in rows if not silent])

    def __repr__(self) -> str:
        return f"a family of {self.count:,} blobs"


def layout(width: int) -> struct.Struct:
    """One object of a family: the source and where in it its compressed bytes begin and end, how many
    they are inflated, its size, the row of its base or NONE, whether it is only a base of others, its
    id. A base stands before what is made from it."""
    return struct.Struct(f"=IQQQQI?{width}s")


class Listing(Struct, frozen=True):
    """Where the objects of a store are: the paths of its packs, each with its size and its last bytes,
    which are a checksum; and the ids of those with files of their own."""

    packs: dict[bytes, tuple[int, bytes]]
    loose: frozenset[bytes]


class TooLarge(Struct, frozen=True):
    """A blob above the limit that was given. Others may have been made from it."""

    id: str
    size: int


class Damaged(Struct, frozen=True):
    """An object that could not be read. Its type is not always known. `base` is the version it was
    to be made from, if that was yielded. One that `is_too_much` says to be so large, or is made of
    what says so, that nobody should be asked for it."""

    id: str
    reason: str
    base: str | None = None
    is_too_much: bool = False


class Version(Struct, frozen=True):
    """One blob.

    `base` was yielded before it by the same call. `kept` are the stretches copied from it: (offset
    here, offset in the base, length), ascending. `children` is how many of the versions and damaged
    objects still to come have this one as their base.
    """

    id: str
    data: bytes
    base: str | None
    kept: Sequence[tuple[int, int, int]]
    children: int

    def __repr__(self) -> str:  # without its text
        return f"Version({self.id!r})"
