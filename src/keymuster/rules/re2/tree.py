"""An expression as a tree."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

LONGEST = 4096
"""Where a repeat without an end (`*`, `+`, `{8,}`) ends."""

ANY = (1 << 256) - 1


class Chars(Struct, frozen=True):
    """One byte out of a set, given as a mask of 256 bits."""

    mask: int


class Anchor(Struct, frozen=True):
    """A place between bytes. `before` are the bytes that may follow it, None if any may."""

    text: str
    before: int | None = None


class Group(Struct, frozen=True):
    """What a pair of brackets captures, counted from 1."""

    number: int
    item: Node
    name: str = ""


class Sequence_(Struct, frozen=True):
    """One after the other."""

    items: tuple[Node, ...]


class Choice(Struct, frozen=True):
    """The first of several that fits."""

    branches: tuple[Node, ...]


class Repeat(Struct, frozen=True):
    """Between `least` and `most` times, as few as possible if `lazy`."""

    item: Node
    least: int
    most: int
    lazy: bool = False


Node: TypeAlias = Chars | Anchor | Group | Sequence_ | Choice | Repeat

NOTHING = Sequence_(())
