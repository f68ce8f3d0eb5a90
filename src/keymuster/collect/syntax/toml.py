"""TOML as a tree of values with their places.

The standard library says whether a file is well-formed; what it does not say is where its values stand.
Dates and times are text as written.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

from keymuster import regex
from keymuster.collect.syntax.node import DEEPEST, MOST_NODES, Broken, File, Node, Scalar, Value

_BLANK = regex.later(r"(?:[ \t]++|\#[^\n]*+|\r?\n)*+")
_SPACE = regex.later(r"[ \t]*+")
_KEY = regex.later(
    r"(?P<bare>[A-Za-z0-9_-]++)|\"(?P<basic>(?:[^\"\\\n]|\\.)*+)\"|'(?P<plain>[^'\n]*+)'"
)
_TEXT = regex.later(
    r"""(?x)
    \"\"\"(?P<basic_lines>(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*+)(?P<basic_end>"{3,5}) |
    '''(?P<plain_lines>(?:[^']|'{1,2}(?!'))*+)(?P<plain_end>'{3,5}) |
    "(?P<basic>(?:[^"\\\n]|\\.)*+)" | '(?P<plain>[^'\n]*+)' """
)
_SCALAR = regex.later(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:][^\s,\]}#]*+|[^\s,\]}#]++")
_ESCAPE = regex.later(
    r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[ \t]*+\r?\n\s*+|([^uU\s]))|\\[ \t]*+\r?\n\s*+"
)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
_WORDS: dict[str, Scalar] = {"true": True, "false": False}
_LINE = regex.later(r"\(at line ([0-9]+), column [0-9]+\)")


def parse(text: str, file: File) -> Node:
    """The table that a file is; Broken for one that is not well-formed, too deep or too large."""
    root = _Parser(text, file).whole()
    try:
        tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise Broken(line, str(error).partition(" (at ")[0]) from None
    except (ValueError, RecursionError):  # a date or a number there is not
        raise Broken(1, "holds a value that TOML does not allow") from None
    return root


class _Parser:
    """Takes what is well-formed as it is meant; of the rest, stops where it makes no sense at all."""

    def __init__(self, text: str, file: File) -> None:
        self._text = text
        self._file = file
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._left = MOST_NODES

    def whole(self) -> Node:
        root = self._node({}, 0, 0)
        open_tables = [root]
        at = self._skip(0)
        while at < len(self._text):
            begin = at
            if self._text[at] == "[":
                brackets = 2 if self._text.startswith("[[", at) else 1
                keys, at = self._keys(at + brackets)
                if not self._text.startswith("]" * brackets, at):
                    raise self._broken(begin, "the head of a table does not end")
                at += brackets
                open_tables = self._opened(root, keys, begin, at, is_list=brackets == 2)
            else:
                at = self._entry(open_tables[-1], at, 0)
                for table in open_tables:
                    table.end_line, table.end_column = self._place(at)
            at = self._skip(at)
        return root

    def _opened(
        self, root: Node, keys: list[str], begin: int, end: int, *, is_list: bool
    ) -> list[Node]:
        """The tables from the root to the one that a head names, made where there are none."""
        path, table = [root], root
        for number, key in enumerate(keys):
            entries = table.value if isinstance(table.value, dict) else {}
            found = entries.get(key)
            last = number == len(keys) - 1
            if found is None:
                found = self._node([] if last and is_list else {}, begin, end)
                entries[key] = found
            if isinstance(found.value, list):
                if last and is_list:
                    found.value.append(self._node({}, begin, end))
                if not found.value:
                    raise self._broken(begin, "a table stands in a list that is empty")
                path.append(found)
                found = found.value[-1]
            if not isinstance(found.value, dict):
                raise self._broken(begin, f"`{key}` is a table and a value")
            path.append(found)
            table = found
        for one in path:
            one.end_line, one.end_column = self._place(end)
        return path

    def _entry(self, table: Node, at: int, depth: int) -> int:
        """`a.b = value`, put into a table; where it ends."""
        begin = at
        keys, at = self._keys(at)
        if not self._text.startswith("=", at):
            raise self._broken(begin, "a key has no value")
        node, at = self._value(self._space(at + 1), depth + len(keys))
        node.line, node.column = self._place(begin)
        for key in keys[:-1]:
            entries = table.value if isinstance(table.value, dict) else {}
            found = entries.setdefault(key, self._node({}, begin, at))
            found.end_line, found.end_column = self._place(at)
            table = found
        if not isinstance(table.value, dict):
            raise self._broken(begin, f"`{keys[-1]}` stands in what is no table")
        table.value[keys[-1]] = node
        return at

    def _keys(self, at: int) -> tuple[list[str], int]:
        keys: list[str] = []
        while True:
            found = _KEY.match(self._text, self._space(at))
            if found is None:
                raise self._broken(at, "a key is missing")
            if len(keys) >= DEEPEST:
                raise self._broken(at, "is nested too deeply")
            basic = found["basic"]
            keys.append(_unescaped(basic) if basic is not None else found[found.lastgroup or 0])
            at = self._space(found.end())
            if not self._text.startswith(".", at):
                return keys, at
            at += 1

    def _value(self, at: int, depth: int) -> tuple[Node, int]:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise self._broken(at, "is nested too deeply, or holds too many values")
        begin = at
        value: Value
        if self._text.startswith("[", at):
            value, at = self._list(at + 1, depth)
        elif self._text.startswith("{", at):
            table = self._node({}, at, at)
            at = self._inline(table, at + 1, depth)
            value = table.value
        elif found := _TEXT.match(self._text, at):
            value, at = _string(found), found.end()
        elif self._text.startswith(('"', "'"), at):
            raise self._broken(at, "a text does not end")
        elif found := _SCALAR.match(self._text, at):
            value, at = _scalar(found[0]), found.end()
        else:
            raise self._broken(at, "a value is missing")
        return self._node(value, begin, at), at

    def _list(self, at: int, depth: int) -> tuple[list[Node], int]:
        items: list[Node] = []
        while True:
            at = self._skip(at)
            if self._text.startswith("]", at):
                return items, at + 1
            node, at = self._value(at, depth + 1)
            items.append(node)
            at = self._skip(at)
            if self._text.startswith(",", at):
                at += 1
            elif not self._text.startswith("]", at):
                raise self._broken(at, "a list does not end")

    def _inline(self, table: Node, at: int, depth: int) -> int:
        while True:
            at = self._skip(at)
            if self._text.startswith("}", at):
                return at + 1
            at = self._skip(self._entry(table, at, depth + 1))
            if self._text.startswith(",", at):
                at += 1
            elif not self._text.startswith("}", at):
                raise self._broken(at, "a table does not end")

    def _skip(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at

    def _space(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _node(self, value: Value, begin: int, end: int) -> Node:
        line, column = self._place(begin)
        end_line, end_column = self._place(end)
        return Node(
            value=value, file=self._file, line=line, column=column, end_line=end_line,
            end_column=end_column, style='"' if isinstance(value, str) else "",
        )  # fmt: skip

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def _broken(self, at: int, problem: str) -> Broken:
        return Broken(self._place(min(at, len(self._text)))[0], problem)


def _string(found: re.Match[str]) -> str:
    if (lines := found["basic_lines"]) is not None:
        return _unescaped(_first_line(lines)) + found["basic_end"][3:]
    if (lines := found["plain_lines"]) is not None:
        return (_first_line(lines) + found["plain_end"][3:]).replace("\r\n", "\n")
    return found["plain"] if found["basic"] is None else _unescaped(found["basic"])


def _first_line(text: str) -> str:
    """A line break right behind the opening quotes is not part of the text."""
    return (
        text.removeprefix("\r").removeprefix("\n")
        if text[:2] == "\r\n"
        else text.removeprefix("\n")
    )


def _unescaped(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        if point := found[1] or found[2]:
            return chr(int(point, 16)) if int(point, 16) < 0x110000 else ""
        return _ESCAPED.get(found[3], found[3]) if found[3] else ""

    return _ESCAPE.sub(one, text)


def _scalar(word: str) -> Scalar:
    if word in _WORDS:
        return _WORDS[word]
    plain = word.replace("_", "")
    try:
        return int(plain, 0) if len(plain) < 30 else word
    except ValueError:
        pass
    try:
        return float(plain)
    except ValueError:
        return word
