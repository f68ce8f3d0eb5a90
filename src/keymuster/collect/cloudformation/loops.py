"""`Fn::ForEach` of CloudFormation templates: an entry of a map that stands for one for each of several texts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from keymuster.collect.syntax.node import Broken, Node

PREFIX = "Fn::ForEach::"

_MOST_NODES = 200_000
"""Values that the loops of a template may make together."""


class Loops:
    """Writes loops out. `texts` gives those that a loop goes through; what is not known is one of them.
    Broken for loops that make more than any template may hold."""

    def __init__(self, texts: Callable[[Node], Iterable[str]]) -> None:
        self._texts = texts
        self._left = _MOST_NODES

    def written_out(self, entries: Iterable[tuple[str, Node]]) -> Iterator[tuple[str, Node]]:
        """The entries of a map, with those that loops in it stand for in the place of each."""
        for key, node in entries:
            parts = node.items()
            if not key.startswith(PREFIX) or len(parts) != 3:
                yield key, node
                continue
            name, collection, body = parts
            for text in self._texts(collection):
                made = _Turn(name.text(), text, self._spend).of(body)
                yield from self.written_out(made.entries())

    def _spend(self, node: Node) -> None:
        self._left -= 1
        if self._left < 0:
            raise Broken(node.line, "is in loops that stand for too many values")


class _Turn:
    """One turn of a loop: its name stands for this text."""

    def __init__(self, name: str, text: str, spend: Callable[[Node], None]) -> None:
        self._name = name
        self._text = text
        self._spend = spend
        self._written = re.compile(r"[$&]\{" + re.escape(name) + r"\}")

    def of(self, node: Node) -> Node:
        self._spend(node)
        if self._is_reference(node):
            return node.holding(self._text)
        made = node.holding(node.value)
        made.tag, made.style = node.tag, node.style
        match node.value:
            case str() as text:
                made.value = self._filled(text)
            case dict() as entries:
                made.value = {self._filled(key): self.of(one) for key, one in entries.items()}
            case list() as items:
                made.value = [self.of(one) for one in items]
        return made

    def _filled(self, text: str) -> str:
        return self._written.sub(lambda _: self._text, text)

    def _is_reference(self, node: Node) -> bool:
        """`!Ref Name`, or `{"Ref": "Name"}`."""
        if node.tag == "!Ref":
            return node.value == self._name
        if not isinstance(node.value, dict) or len(node.value) != 1:
            return False
        asked = node.get("Ref")
        return asked is not None and asked.value == self._name
