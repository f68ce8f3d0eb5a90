"""Where something stands inside a value: the line of an expression or a command in a block of text."""

from __future__ import annotations

import re

from keymuster import regex
from keymuster.collect.syntax.node import Node
from keymuster.model import FileLocation

_MARK = regex.later(r"\$\{\{")


class Places:
    """The lines of a file. A value that YAML folds has other lines than the file; so what is looked for
    is counted there."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def head(self, node: Node) -> FileLocation:
        """Only the first line of what a key names."""
        length = len(self._line(node.line).rstrip())
        last = max(length + 1, node.column)
        if node.end_line == node.line:
            last = node.end_column
        return _at(node, node.line, node.column, node.line, last)

    def has_comment(self, number: int) -> bool:
        """Whether a comment stands on a line, behind what it says, or alone on the line before."""
        return bool(
            re.search(r"\s#", self._line(number)) or self._line(number - 1).lstrip().startswith("#")
        )

    def from_to(self, first: Node, last: FileLocation) -> FileLocation:
        """From where one thing begins to where another ends."""
        return _at(first, first.line, first.column, last.end_line, last.end_column)

    def line(self, node: Node, index: int) -> FileLocation:
        """A line of a block of text, counted from 0."""
        number = node.line + index + (1 if node.style in ("|", ">") else 0)
        text = self._line(number)
        if number == node.line or number > node.end_line or not text.strip():
            return self.head(node)
        begin = len(text) - len(text.lstrip())
        return _at(node, number, begin + 1, number, len(text.rstrip()) + 1)

    def expression(self, node: Node, index: int) -> FileLocation:
        """The expression that is number `index` of a value, counted from 0."""
        for number in range(node.line, node.end_line + 1):
            text = self._line(number)
            start = node.column - 1 if number == node.line else 0
            for found in _MARK.finditer(text, start):
                if index == 0:
                    end = text.find("}}", found.end())
                    last = end + 3 if end >= 0 else len(text) + 1
                    return _at(node, number, found.start() + 1, number, last)
                index -= 1
        return self.head(node)

    def _line(self, number: int) -> str:
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""


def _at(node: Node, line: int, column: int, end_line: int, end_column: int) -> FileLocation:
    return FileLocation(
        path=node.file.path, member=node.file.member, object=node.file.object,
        line=line, column=column, end_line=end_line, end_column=end_column,
    )  # fmt: skip
