"""YAML and the JSON that is YAML, as trees of values with their places.

Plain scalars are read as YAML 1.2 has them: `yes` and `on` are text. Keys are text as written.
"""

from __future__ import annotations

from typing import Any

import yaml as pyyaml

from keymuster import regex
from keymuster.collect.syntax.node import DEEPEST, MOST_NODES, Broken, File, Node, Scalar, Value

_LOADER: Any = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", "")),
}
_WHOLE = regex.later(r"[-+]?(?:0|[1-9][0-9]{0,17})")
"""Not what begins with a zero: an account id, a file mode, a date."""
_FLOAT = regex.later(r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?")

_MERGE = "<<"


def parse(text: str, file: File) -> list[Node]:
    """The documents of a file; Broken for one that is not well-formed, too deep or too large."""
    builder = _Builder(file)
    events = pyyaml.parse(text, Loader=_LOADER)
    try:
        for event in events:
            builder.take(event)
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
        match event:
            case pyyaml.ScalarEvent():
                node = self._node(event, _scalar(event), event.start_mark, event.end_mark)
                node.tag, node.style = _tag(event), event.style or ""
                if event.anchor:
                    self._anchors[event.anchor] = node, 1
                self._add(node, 1, event)
            case pyyaml.MappingStartEvent() | pyyaml.SequenceStartEvent():
                if len(self._open) >= DEEPEST:
                    raise Broken(_line(event), "is nested too deeply")
                is_map = isinstance(event, pyyaml.MappingStartEvent)
                self._open.append(_Open(event, is_map, event.anchor, _tag(event)))
            case pyyaml.MappingEndEvent() | pyyaml.SequenceEndEvent():
                done = self._open.pop()
                value: Value = done.items if done.entries is None else done.entries
                node = self._node(done.start, value, done.start.start_mark, event.end_mark)
                node.tag = done.tag
                if not done.start.flow_style and (last := _last(value)) is not None:
                    node.end_line, node.end_column = last.end_line, last.end_column
                if done.anchor:
                    self._anchors[done.anchor] = node, done.weight
                self._add(node, done.weight, event)
            case pyyaml.AliasEvent():
                if event.anchor not in self._anchors:
                    raise Broken(_line(event), "an alias has no anchor before it")
                node, weight = self._anchors[event.anchor]
                self._add(node, weight, event)
            case pyyaml.DocumentStartEvent():
                self._anchors = {}

    def _node(self, event: Any, value: Value, start: Any, end: Any) -> Node:
        line, column = end.line + 1, end.column + 1
        if column == 1 and line > start.line + 1:  # a block of text ends where the next line begins
            line, column = line - 1, 1
        return Node(
            value=value, file=self._file, line=start.line + 1, column=start.column + 1,
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
            self._enter(inside.entries, key, mark, node, isinstance(event, pyyaml.AliasEvent))

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
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
