"""Compiled Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from msgspec import Struct

from keymuster.collect.containers.base import (
    DAMAGED,
    UNSUPPORTED,
    Budget,
    Container,
    Content,
    Cursor,
    Form,
    Joined,
    Member,
    Skipped,
)

_MOST = 32 * 1024 * 1024
_DEEPEST = 150
"""Objects inside each other; the compiler stops at fewer."""

_MOST_TIMES = 4
"""Instructions that are looked at, for each byte of the file: code may be referred to again, but
what refers to it is longer than most of that."""

_Object: TypeAlias = "bytes | list[_Object] | None"
_Objects: TypeAlias = "list[_Object]"


class Pyc(Container):
    """The texts among the constants, a line each; with the name they are assigned to, if they are.

    `marshal.loads` is not made for data from strangers: a made-up file can crash the process. This
    reads the same format, makes nothing but texts of it, and takes no count for granted.
    """

    name: ClassVar[str] = "pyc"
    form: ClassVar[Form] = Form.VIEW
    streams: ClassVar[bool] = False

    def recognizes(self, data: bytes) -> bool:
        return data[2:4] == b"\r\n" and _layout(data[:2]) is not None

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        data = content.whole
        layout = _layout(data[:2])
        if layout is None or len(data) > _MOST:
            raise Skipped(UNSUPPORTED)
        reader = _Reader(data, layout, budget)
        reader.object()
        yield Member("constants", Joined(_lines(reader)))


class _Layout(Struct, frozen=True):
    """How a version of Python writes a module: bytes before the code, numbers at the start of a
    code object, objects at its end, and the instructions that load a constant and store it under a
    name, as an attribute or as a local, and that widen the argument of the next one (none for
    versions before 3.6, whose instructions vary in length)."""

    header: int
    numbers: int
    last: int
    load: int = -1
    to_name: tuple[int, ...] = ()
    to_attribute: int = -1
    to_local: int = -1
    wide: int = -1


_LAYOUTS = (
    # first magic number of each; from pycore_magic_number.h and the `opcode` module of each version
    (3600, _Layout(16, 5, 2, 82, (115, 116), 110, 112, wide=69)),
    (3550, _Layout(16, 5, 2, 83, (113, 114), 108, 110, wide=71)),
    (3450, _Layout(16, 5, 2, 100, (90, 97), 95, 125, wide=144)),
    (3410, _Layout(16, 6, 1, 100, (90, 97), 95, 125, wide=144)),
    (3392, _Layout(16, 5, 1, 100, (90, 97), 95, 125, wide=144)),
    (3370, _Layout(12, 5, 1, 100, (90, 97), 95, 125, wide=144)),
    (3210, _Layout(12, 5, 1)),
    (3000, _Layout(8, 5, 1)),
)
_LAST = 4000
_PYTHON_2_7 = 62211


def _layout(magic: bytes) -> _Layout | None:
    number = int.from_bytes(magic, "little")
    if number == _PYTHON_2_7:
        return _Layout(8, 4, 1)
    if number >= _LAST:
        return None
    return next((layout for first, layout in _LAYOUTS if number >= first), None)


def _lines(reader: _Reader) -> Iterator[bytes]:
    """Assignments, then every other text once."""
    named = set()
    for name, value in reader.assigned:
        named.add(value)
        yield name + b' = "' + value + b'"\n'
    for text in dict.fromkeys(reader.texts):
        if text not in named:
            yield text + b"\n"


class _Reader(Cursor):
    """One pass over a marshalled object, which collects its texts."""

    def __init__(self, data: bytes, layout: _Layout, budget: Budget) -> None:
        super().__init__(data, layout.header)
        self.texts: list[bytes] = []
        self.assigned: dict[tuple[bytes, bytes], None] = {}
        self._layout = layout
        self._budget = budget
        self._seen: list[_Object] = []
        self._interned: list[_Object] = []
        self._depth = 0
        self._instructions = _MOST_TIMES * len(data)

    def object(self) -> _Object:
        """The next object: a text or a sequence; None for all else."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Skipped(DAMAGED)
        kind = self._byte()
        if not kind & 0x80:
            made = self._of(chr(kind))
        else:
            place = len(self._seen)
            self._seen.append(None)
            made = self._seen[place] = self._of(chr(kind & 0x7F))
        self._depth -= 1
        return made

    def _of(self, kind: str) -> _Object:
        match kind:
            case "0" | "N" | "F" | "T" | "S" | ".":
                return None
            case "i":
                self._bytes(4)
            case "I" | "g":
                self._bytes(8)
            case "y":
                self._bytes(16)
            case "l":
                self._bytes(2 * abs(self._number(signed=True)))
            case "f":
                self._bytes(self._byte())
            case "x":
                self._bytes(self._byte())
                self._bytes(self._byte())
            case "s" | "u" | "a" | "A":
                return self._text(self._number())
            case "t":
                text = self._text(self._number())
                self._interned.append(text)
                return text
            case "z" | "Z":
                return self._text(self._byte())
            case "r":
                return self._referred(self._seen)
            case "R":
                return self._referred(self._interned)
            case ")":
                return self._sequence(self._byte())
            case "(" | "[" | "<" | ">":
                return self._sequence(self._number())
            case ":":
                return self._sequence(3)
            case "{":
                while self._data[self._at : self._at + 1] != b"0":
                    self._sequence(2)
                self._byte()
            case "c":
                self._code()
            case _:
                raise Skipped(DAMAGED)
        return None

    def _code(self) -> None:
        layout = self._layout
        self._bytes(4 * layout.numbers)
        code, constants, names, variables, *_ = self._sequence(8)
        self._bytes(4)
        self._sequence(layout.last)
        if isinstance(code, bytes) and len(code) <= self._instructions:
            self._instructions -= len(code)
            self._assignments(code, _listed(constants), _listed(names), _listed(variables))

    def _assignments(
        self, code: bytes, constants: _Objects, names: _Objects, variables: _Objects
    ) -> None:
        """Texts that are stored right after they were loaded."""
        layout = self._layout
        loaded: _Object = None
        before: _Object = None
        high = 0
        for at in range(0, len(code) - 1 if layout.load >= 0 else 0, 2):
            operation, argument = code[at], high | code[at + 1]
            if not operation:  # room for the interpreter, between two instructions
                continue
            high = 0
            if operation == layout.wide:
                high = argument << 8 & 0xFFFFFF
                continue
            name: _Object = None
            if operation in layout.to_name:
                name = _at(names, argument)
            elif operation == layout.to_local:
                name = _at(variables, argument)
            elif operation == layout.to_attribute:  # what it is an attribute of, is loaded last
                name, loaded = _at(names, argument), before
            if isinstance(name, bytes) and isinstance(loaded, bytes) and _is_text(loaded):
                self.assigned[name, loaded] = None
            before = loaded
            loaded = _at(constants, argument) if operation == layout.load else None

    def _sequence(self, count: int) -> _Objects:
        self._budget.seconds()
        return [self.object() for _ in range(count)]

    def _text(self, size: int) -> bytes:
        text = self._bytes(size)
        if _is_text(text):
            self.texts.append(text)
        return text

    def _referred(self, seen: _Objects) -> _Object:
        number = self._number()
        if number >= len(seen):
            raise Skipped(DAMAGED)
        return seen[number]

    def _number(self, *, signed: bool = False) -> int:
        return int.from_bytes(self._bytes(4), "little", signed=signed)


def _listed(value: _Object) -> _Objects:
    return value if isinstance(value, list) else []


def _at(values: _Objects, place: int) -> _Object:
    return values[place] if place < len(values) else None


_NO_TEXT = bytes((*range(9), 11, 12, *range(14, 32), 127))


def _is_text(value: bytes) -> bool:
    """Bytecode and tables of lines are bytes, too."""
    return value.translate(None, _NO_TEXT) == value and bool(value)
