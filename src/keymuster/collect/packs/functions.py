"""The inner loops: in C where that was built, else in Python."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from keymuster import accelerator
from keymuster.collect.packs import plain

try:
    from keymuster.collect.packs import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]


Source: TypeAlias = tuple[int, int, int, bool, int, Any, Any, Any, Any, bytes]
"""The numbers of the first object and behind the last, the number of the pack or of the first folder, and
whether it is a pack; of a pack where objects end, and by its objects offsets, lengths of headers,
positions in the index and stored sizes, else by its objects the numbers of folders; all ids."""


class Functions(Struct, frozen=True):
    """See `plain.py` for what each does. The last four are only there in C: `declare` fills in what deltas
    make (`_Heads` in objects.py), as far as a chunk tells, `part` cuts off the next family, and `make`
    reads, inflates and expands an object, if nothing about it is unusual (`_made` in reading.py). `walk` says whether
    it has written into a file what commits and all before them brought in (`Store.walk`): not if it has found anything
    that it does not know."""

    expand: Callable[[bytes, bytes, int, int], tuple[bytes, list[tuple[int, int, int]]]]
    ascending: Callable[[array[int]], tuple[array[int], array[int]]]
    rising: Callable[[bytes, int], bool]
    headers: Callable[
        [bytes, int, array[int], int, int, bool, bytearray, array[int], bytearray, array[int]], int
    ]
    roots: Callable[[bytearray, array[int]], bytearray]
    arrange: Callable[[bytearray, array[int]], tuple[array[int], array[int]]]
    declare: Callable[..., int] | None = None
    part: Callable[..., tuple[int, int, int, bytes]] | None = None
    make: Callable[..., tuple[bytes, list[tuple[int, int, int]]] | None] | None = None
    walk: Callable[..., bool] | None = None


PLAIN = Functions(
    plain.expand, plain.ascending, plain.rising, plain.headers, plain.roots, plain.arrange
)


def accelerated() -> Functions | None:
    """The same in C; None where it was not built."""
    if _accelerator is None:
        return None
    return Functions(
        _accelerator.expand, _ascending, _accelerator.rising, _accelerator.headers,
        _accelerator.roots, _arrange, _accelerator.declare, _accelerator.part,
        # Windows reads files in another way
        getattr(_accelerator, "make", None), getattr(_accelerator, "walk", None),
    )  # fmt: skip


def fastest() -> Functions:
    """What there is, or, if that is not wanted, what there is in any case."""
    return accelerated() or PLAIN if accelerator.is_wanted() else PLAIN


def _ascending(offsets: array[int]) -> tuple[array[int], array[int]]:
    places, sorted = _accelerator.ascending(offsets)
    return array("I", places), array("Q", sorted)


def _arrange(wanted: bytearray, bases: array[int]) -> tuple[array[int], array[int]]:
    order, places = _accelerator.arrange(wanted, bases)
    return array("I", order), array("I", places)
