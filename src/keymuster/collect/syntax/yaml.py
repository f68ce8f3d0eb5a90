"""YAML and the JSON that is YAML, as trees of values with their places.

Plain scalars are read as YAML 1.2 has them: `yes` and `on` are text. Keys are text as written.
"""

from __future__ import annotations

from typing import Any

import yaml as pyyaml

from keymuster import regex
from keymuster.collect.syntax.node import (
    DEEPEST,
    MOST_NODES,
    Broken,
    File,
    Node,
    Scalar,
    Value,
    written,
)

_LOADER: Any = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)
_SCALAR = pyyaml.ScalarEvent

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", "")),
}
_WHOLE = regex.later(r"[-+]?(?:0|[1-9][0-9]{0,17})")
"""Not what begins with a zero: an account id, a file mode, a date."""
_FLOAT = regex.later(r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?")
_OF_NUMBERS = frozenset("-+.0123456789")
"""What a number begins with."""

_MERGE = "<<"


def parse(text: str, file: File) -> list[Node]:
    """The documents of a file; Broken for one that is not well-formed, too deep or too large."""
    builder = _Builder(file)
    try:
        loader = _LOADER(text)
        try:
            next_event, take = loader.get_event, builder.take
            while (event := next_event()) is not None:
                take(event)
        finally:
            loader.dispose()
    except pyyaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        line = min(mark.line, text.rstrip("\n").count("\n")) + 1 if mark else 1
        raise Broken(line, str(error.problem or error.context)) from None
    except (pyyaml.YAMLError, ValueError):
        raise Broken(1, "holds characters that YAML does not allow") from None
    return builder.documents


class _Open:
    """A map or list that is being read, with the key that waits for its value, and the weight of what
    is in it: the values, those that aliases repeat counted each time."""

    __slots__ = ("anchor", "entries", "items", "key", "start", "tag", "weight")

    def __init__(self, start: Any, is_map: bool, anchor: str | None, tag: str) -> None:
        self.start = start
        self.entries: dict[str, Node] | None = {} if is_map else None
        self.items: list[Node] = []
        self.key: tuple[str, Any] | None = None
        self.anchor = anchor
        self.tag = tag
        self.weight = 1


class _Builder:
    def __init__(self, file: File) -> None:
        self.documents: list[Node] = []
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is _SCALAR:
            self._scalar(event)
        elif kind is pyyaml.MappingStartEvent or kind is pyyaml.SequenceStartEvent:
            if len(self._open) >= DEEPEST:
                raise Broken(_line(event), "is nested too deeply")
            is_map = kind is pyyaml.MappingStartEvent
            self._open.append(_Open(event, is_map, event.anchor, _tag(event)))
        elif kind is pyyaml.MappingEndEvent or kind is pyyaml.SequenceEndEvent:
            done = self._open.pop()
            value: Value = done.items if done.entries is None else done.entries
            node = self._node(value, done.start.start_mark, event.end_mark)
            node.tag = done.tag
            if not done.start.flow_style and (last := _last(value)) is not None:
                node.end_line, node.end_column = last.end_line, last.end_column
            if done.anchor:
                self._anchors[done.anchor] = node, done.weight
            self._add(node, done.weight, event)
        elif kind is pyyaml.AliasEvent:
            if event.anchor not in self._anchors:
                raise Broken(_line(event), "an alias has no anchor before it")
            node, weight = self._anchors[event.anchor]
            self._add(node, weight, event)
        elif kind is pyyaml.DocumentStartEvent:
            self._anchors = {}

    def _scalar(self, event: Any) -> None:
        """Four events of five: what is called for each is most of what reading YAML takes."""
        inside = self._open[-1] if self._open else None
        if inside is None or inside.entries is None or event.anchor:
            node = self._node(_scalar(event), event.start_mark, event.end_mark)
            node.tag, node.style = _tag(event), event.style or ""
            if event.anchor:
                self._anchors[event.anchor] = node, 1
            self._add(node, 1, event)
            return
        inside.weight += 1
        if inside.weight > MOST_NODES:
            raise Broken(_line(event), "holds too many values")
        if inside.key is None:  # nothing else is kept of a key
            value = _scalar(event)
            key = value if isinstance(value, str) else written(value)
            inside.key = key, event.start_mark
            return
        (key, mark), inside.key = inside.key, None
        if key == _MERGE:  # no map: there is nothing to merge
            return
        end = event.end_mark
        line, column = end.line + 1, end.column + 1
        if column == 1 and line > event.start_mark.line + 1:  # as below
            line -= 1
        inside.entries[key] = Node(
            value=_scalar(event), file=self._file, line=mark.line + 1, column=mark.column + 1,
            end_line=line, end_column=column, tag=_tag(event) if event.tag else "",
            style=event.style or "",
        )  # fmt: skip

    def _node(self, value: Value, start: Any, end: Any) -> Node:
        first, line, column = start.line + 1, end.line + 1, end.column + 1
        if column == 1 and line > first:  # a block of text ends where the next line begins
            line -= 1
        return Node(
            value=value, file=self._file, line=first, column=start.column + 1,
            end_line=line, end_column=column,
        )  # fmt: skip

    def _add(self, node: Node, weight: int, event: Any) -> None:
        if not self._open:
            self.documents.append(node)
            return
        inside = self._open[-1]
        inside.weight += weight
        if inside.weight > MOST_NODES:
            raise Broken(_line(event), "holds too many values")
        if inside.entries is None:
            inside.items.append(node)
        elif inside.key is None:
            inside.key = node.text() if node.value is not None else "", event.start_mark
        else:
            key, mark = inside.key
            inside.key = None
            self._enter(inside.entries, key, mark, node, type(event) is pyyaml.AliasEvent)

    def _enter(
        self, entries: dict[str, Node], key: str, mark: Any, node: Node, is_alias: bool
    ) -> None:
        if key == _MERGE:
            for one in node.items():
                for name, value in one.entries():
                    entries.setdefault(name, value)
            return
        if is_alias:
            node = node.holding(node.value)
            node.end_line, node.end_column = mark.line + 1, mark.column + 1 + len(key)
        node.line, node.column = mark.line + 1, mark.column + 1
        entries[key] = node


def _last(value: Value) -> Node | None:
    """The last of what is in a map or list: the end of a block that is marked by nothing."""
    match value:
        case dict() if value:
            return next(reversed(value.values()))
        case list() if value:
            return value[-1]
        case _:
            return None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _tag(event: Any) -> str:
    return event.tag if event.tag and not event.tag.startswith("tag:yaml.org,2002:") else ""


def _scalar(event: Any) -> Scalar:
    text: str = event.value
    if event.style or (event.tag and event.tag != "!") or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _OF_NUMBERS:  # most are words
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
