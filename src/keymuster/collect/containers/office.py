"""The text of office documents: what a person reads, without the markup inside it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import ClassVar

from keymuster.collect.containers.base import Budget, Container, Content, Form, Member, Skipped
from keymuster.collect.magic import is_office_xml

_LINES = frozenset(
    (
        *("p", "br", "cr", "h", "line-break"),  # paragraphs of OOXML and OpenDocument
        *("si", "row", "tr", "table-row", "comment"),
    )
)
"""Elements that end a line, by their name without a namespace."""
_GAPS = frozenset(("tab", "c", "tc", "table-cell", "s"))
"""Elements that part two words."""


class Office(Container):
    """A part of a document (OOXML, OpenDocument), as lines of plain text. An editor cuts the text
    of a paragraph into runs wherever it likes, in the middle of a password, too."""

    name: ClassVar[str] = "office"
    form: ClassVar[Form] = Form.VIEW
    streams: ClassVar[bool] = False

    def recognizes(self, data: bytes) -> bool:
        return data.startswith((b"<?xml", b"\xef\xbb\xbf<?xml")) and is_office_xml(data)

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        text = _text(content.whole)
        budget.spend(len(text))
        if text.strip():
            yield Member("text", BytesIO(text))


def _text(xml: bytes) -> bytes:
    """The character data. A document type is refused, because only there can entities be made that
    grow; no office program writes one."""
    from xml.parsers import expat

    parts: list[str] = []

    def refuse(*_: object) -> None:
        raise Skipped("XML that declares entities")

    def end(name: str) -> None:
        word = name.rpartition(":")[2]
        if word in _LINES:
            parts.append("\n")
        elif word in _GAPS:
            parts.append("\t")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.CharacterDataHandler = parts.append
    parser.EndElementHandler = end
    parser.Parse(xml, True)
    return "".join(parts).encode("utf-8", "replace")
