"""The contract of an output format."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar, Protocol, TextIO

from msgspec import Struct

from keymuster.model import Report


class Style(Struct, frozen=True, kw_only=True):
    """How a person wants to read: with colour, with the accepted findings and the evidence."""

    color: bool = False
    verbose: bool = False


class Reporter(Protocol):
    """Writes a report. It gets no secret text, so it cannot leak one. One that shows who there is says
    that it `wants_roll`."""

    name: ClassVar[str]
    wants_roll: ClassVar[bool] = False

    def __init__(self, style: Style) -> None: ...

    def write(self, report: Report, out: TextIO) -> None: ...


def readable(text: str) -> str:
    """A path or name as printable text: bytes that are not UTF-8 and control characters, which a
    terminal would obey, become escapes."""
    if text.isprintable():  # then there is no such byte, and no such character
        return text
    with suppress(UnicodeEncodeError):  # half of a pair, as JSON may have it, stands for no byte
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
