"""JSON, with comments and trailing commas, as a tree of values with their places."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias

from keymuster import regex
from keymuster.collect.syntax.node import DEEPEST, MOST_NODES, Broken, File, Node, Scalar, Value

_BLANK = regex.later(r"(?:[ \t\r\n\ufeff]++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_TOKEN = regex.later(
    r'(?P<mark>[\[\]{},:])|(?P<text>"(?:[^"\\\n]|\\.)*+")|(?P<word>[-+.\w]++)'
)  # fmt: skip
_ESCAPE = regex.later(r'\\(?:u([0-9A-Fa-f]{4})|(["\\/bfnrt]))')
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SURROGATES = regex.later("[\ud800-\udbff][\udc00-\udfff]")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}


Place: TypeAlias = Callable[[int], tuple[int, int]]
"""Line and column of an offset."""


def parse(text: str, file: File, place: Place | None = None) -> Node:
    """The value of a file; Broken for one that is not well-formed, too deep or too large. `place`
    tells where an offset is, if the text stands somewhere inside the file."""
    return _Parser(text, file, place).whole()


class _Parser:
    def __init__(self, text: str, file: File, place: Place | None) -> None:
        self._text = text
        self._file = file
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._place = place or self._place_here
        self._left = MOST_NODES

    def whole(self) -> Node:
        kind, word, begin, at = self._token(0)
        node, at = self._value(kind, word, begin, at, 0)
        blank = _BLANK.match(self._text, at)
        if blank is not None and blank.end() < len(self._text):
            raise self._broken(blank.end(), "something follows the value")
        return node

    def _token(self, at: int) -> tuple[str, str, int, int]:
        """(kind, text, begin, end) of the next token."""
        blank = _BLANK.match(self._text, at)
        at = blank.end() if blank else at
        found = _TOKEN.match(self._text, at)
        if found is None:
            raise self._broken(at, "is no JSON from here on")
        return str(found.lastgroup), found[0], at, found.end()

    def _value(self, kind: str, word: str, begin: int, at: int, depth: int) -> tuple[Node, int]:
        self._left -= 1
        if self._left < 0:
            raise self._broken(begin, "holds too many values")
        if depth > DEEPEST:
            raise self._broken(begin, "is nested too deeply")
        value: Value
        if word == "{":
            value, at = self._entries(at, depth)
        elif word == "[":
            value, at = self._items(at, depth)
        elif kind == "text":
            value = _unescaped(word)
        elif kind == "word":
            value = self._scalar(word, begin)
        else:
            raise self._broken(begin, f"`{word}` stands where a value should be")
        return self._node(value, begin, at), at

    def _entries(self, at: int, depth: int) -> tuple[dict[str, Node], int]:
        entries: dict[str, Node] = {}
        while True:
            kind, word, begin, at = self._token(at)
            if word == "}" and kind == "mark":
                return entries, at
            if kind == "mark":
                raise self._broken(begin, f"`{word}` stands where a key should be")
            key = _unescaped(word) if kind == "text" else word
            kind, word, _, at = self._token(at)
            if word != ":":
                raise self._broken(begin, "a key has no value")
            node, at = self._value(*self._token(at), depth + 1)
            node.line, node.column = self._place(begin)
            entries[key] = node
            kind, word, begin, at = self._token(at)
            if word == "}":
                return entries, at
            if word != ",":
                raise self._broken(begin, "a comma is missing")

    def _items(self, at: int, depth: int) -> tuple[list[Node], int]:
        items: list[Node] = []
        while True:
            kind, word, begin, at = self._token(at)
            if word == "]" and kind == "mark":
                return items, at
            node, at = self._value(kind, word, begin, at, depth + 1)
            items.append(node)
            kind, word, begin, at = self._token(at)
            if word == "]":
                return items, at
            if word != ",":
                raise self._broken(begin, "a comma is missing")

    def _scalar(self, word: str, begin: int) -> Scalar:
        if word in _WORDS:
            return _WORDS[word]
        try:
            return int(word) if len(word) < 19 and word.lstrip("-").isdigit() else float(word)
        except ValueError:
            raise self._broken(begin, "a word stands where a value should be") from None

    def _node(self, value: Value, begin: int, end: int) -> Node:
        line, column = self._place(begin)
        end_line, end_column = self._place(end)
        return Node(
            value=value, file=self._file, line=line, column=column, end_line=end_line,
            end_column=end_column, style='"' if isinstance(value, str) else "",
        )  # fmt: skip

    def _place_here(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def _broken(self, at: int, problem: str) -> Broken:
        return Broken(self._place(min(at, len(self._text)))[0], problem)


def _unescaped(quoted: str) -> str:
    text = quoted[1:-1]
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2])

    text = _ESCAPE.sub(one, text)
    return _SURROGATES.sub(
        lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text
    )
