"""A program of Pulumi in YAML with its expressions worked out: configuration by its defaults, variables,
functions. What only a deployment knows stays text that names what it depends on: `${role.arn}`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from keymuster.collect.pulumi.words import bare, in_terraforms_words, reference_to, snake
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform import documents
from keymuster.collect.terraform.values import (
    Budget,
    derived,
    encoded,
    text_of,
    unknown,
    unknown_at,
)
from keymuster.model.unknown import is_unknown

STEPS = 250_000
LONGEST_TEXT = 1_000_000
DEEPEST = 60
"""Variables that ask for each other, and calls inside each other."""

_GAP = re.compile(r"(\$?)\$\{([^{}]*)\}")
_STEP = re.compile(r"\.?([^.\[\]\"]+)|\[(\d+)\]|\[\"([^\"]*)\"\]|\.?\"([^\"]*)\"")
_BLOCKS = frozenset(("statement", "principals", "not_principals", "condition", "binding"))


class Program:
    """What stands in a file, or in one of the components that it defines."""

    def __init__(self, document: Node, project: Node | None = None) -> None:
        self._resources = dict(_entries(document, "resources"))
        self._variables = dict(_entries(document, "variables"))
        self._config = dict(_entries(document, "inputs" if project else "config"))
        self._config |= dict(_entries(document, "configuration"))
        self._known: dict[str, Node] = {}
        self._depth = 0
        self.budget = Budget(STEPS)

    def resources(self) -> Iterator[tuple[str, str, Node, Node]]:
        """Name, type and settings of each, and where it stands. What is only looked up is none."""
        for name, one in self._resources.items():
            type = one.get("type")
            if type is None or not type.text() or one.get("get") is not None:
                continue
            properties = one.get("properties")
            self._depth = 0
            made = self.resolved(properties) if properties is not None else one.holding({})
            if isinstance(made.value, dict):
                yield name, type.text(), made, one

    def resolved(self, node: Node) -> Node:
        self.budget.spend()
        match node.value:
            case dict() as entries:
                if len(entries) == 1:
                    [(name, argument)] = entries.items()
                    if name.lower().startswith("fn::"):
                        return self._called(name[4:], argument, node)
                return node.holding({key: self.resolved(one) for key, one in entries.items()})
            case list() as items:
                return node.holding([self.resolved(one) for one in items])
            case str() as text if "${" in text:
                return self._filled(text, node)
            case _:
                return node

    # --- names -------------------------------------------------------------------------------

    def _filled(self, text: str, at: Node) -> Node:
        whole = _GAP.fullmatch(text)
        if whole and not whole[1]:
            return self._named(whole[2].strip(), at)

        def value(found: re.Match[str]) -> str:
            if found[1]:
                return "${" + found[2] + "}"
            node = self._named(found[2].strip(), at)
            made = text_of(node, self.budget)
            return made if made is not None else "${" + bare(found[2]) + "}"

        return self._text(_GAP.sub(value, text), at)

    def _text(self, text: str, at: Node) -> Node:
        self.budget.spend(len(text) // 100)
        if len(text) > LONGEST_TEXT:
            return unknown_at(at, "${text}")
        if is_unknown(text) and not text.lstrip().startswith(("{", "[")):
            return unknown_at(at, text)
        made = at.holding(text)
        made.style = at.style
        return made

    def _named(self, path: str, at: Node) -> Node:
        steps = [next(filter(None, one.groups()), "") for one in _STEP.finditer(path)]
        if not steps:
            return unknown_at(at, "${expression}")
        root, *rest = steps
        if root in self._resources:
            return unknown_at(at, "${" + self._reference(root, rest) + "}")
        if root in self._variables:
            return self._inside(self._variable(root, at), rest, path, at)
        config = self._config.get(root)
        if config is not None:
            for key in ("default", "value"):
                if (known := config.get(key)) is not None:
                    return self._inside(known, rest, path, at)
            return unknown_at(at, "${config." + bare(path) + "}")
        return unknown_at(at, "${" + ("" if root == "pulumi" else "config.") + bare(path) + "}")

    def _reference(self, root: str, rest: list[str]) -> str:
        type = self._resources[root].get("type")
        is_bridged = type is not None and "-native" not in type.text().partition(":")[0]
        steps = [snake(one) if is_bridged else one for one in rest] or ["id"]
        return reference_to(root, ".".join(map(bare, steps)))

    def _variable(self, name: str, at: Node) -> Node:
        if name not in self._known:
            self._known[name] = unknown_at(at, "${" + bare(name) + "}")  # one that asks for itself
            if self._depth < DEEPEST:
                self._depth += 1
                self._known[name] = self.resolved(self._variables[name])
                self._depth -= 1
        return self._known[name]

    def _inside(self, node: Node, steps: list[str], path: str, at: Node) -> Node:
        for step in steps:
            inner: Node | None = None
            if isinstance(node.value, dict):
                inner = node.value.get(step)
            elif isinstance(node.value, list) and step.isdecimal() and len(step) < 9:
                inner = node.value[int(step)] if int(step) < len(node.value) else None
            if inner is None:
                return unknown_at(at, "${" + bare(path) + "}")
            node = inner
        return node

    # --- functions ---------------------------------------------------------------------------

    def _called(self, name: str, argument: Node, at: Node) -> Node:
        if self._depth >= DEEPEST:
            return unknown_at(at, "${fn." + bare(name) + "}")
        self._depth += 1
        try:
            if ":" in name:
                return self._looked_up(name, self.resolved(argument), "", at)
            if name.lower() == "invoke":
                function, given = argument.get("function"), argument.get("arguments")
                wanted = argument.get("return")
                return self._looked_up(
                    function.text() if function else "",
                    self.resolved(given) if given is not None else at.holding({}),
                    wanted.text() if wanted else "",
                    at,
                )
            known = _FUNCTIONS.get(name.lower())
            if known is None:
                return derived(at, f"fn.{bare(name)}", [self.resolved(argument)])
            return known(self, self.resolved(argument), at)
        finally:
            self._depth -= 1

    def _looked_up(self, function: str, arguments: Node, wanted: str, at: Node) -> Node:
        """What a function of a provider answers, where that is made of what it is asked."""
        name = function.rpartition(":")[2].lower()
        body = in_terraforms_words(arguments, self.budget, _BLOCKS)
        if name == "getpolicydocument":
            made = encoded(at, documents.iam_policy(body, self.budget))
            answer = {"json": made, "minifiedJson": made}
        elif name == "getiampolicy" and body.get("binding") is not None:
            answer = {"policyData": encoded(at, documents.google_policy(body))}
        else:
            label = bare(function.replace(":", ".")) or "invoke"
            return unknown_at(at, "${" + f"{label}.{bare(wanted)}".rstrip(".") + "}")
        return answer.get(wanted, at.holding(None)) if wanted else at.holding({**answer})

    def to_json(self, argument: Node, at: Node) -> Node:
        return derived(at, "fn.toJSON", [argument]) if unknown(argument) else encoded(at, argument)

    def same(self, argument: Node, at: Node) -> Node:
        """What only marks its argument, or takes a file that stands in the text."""
        return argument

    def join(self, argument: Node, at: Node) -> Node:
        parts = argument.items()
        items = parts[1].items() if len(parts) == 2 else []
        texts = [text_of(one, self.budget) for one in items]
        if len(parts) != 2 or None in texts or unknown(parts[1]):
            return derived(at, "fn.join", [argument])
        return self._text(parts[0].text().join(one or "" for one in texts), at)

    def select(self, argument: Node, at: Node) -> Node:
        parts = argument.items()
        items = parts[1].items() if len(parts) == 2 else []
        index = parts[0].text() if parts else ""
        if not index.isdecimal() or len(index) > 8 or int(index) >= len(items):
            return derived(at, "fn.select", [argument])
        return items[int(index)]

    def split(self, argument: Node, at: Node) -> Node:
        parts = argument.items()
        text = text_of(parts[1], self.budget) if len(parts) == 2 else None
        separator = parts[0].text() if parts else ""
        if text is None or not separator or is_unknown(text):
            return derived(at, "fn.split", [argument])
        return at.holding([at.holding(one) for one in text.split(separator)])

    def to_base64(self, argument: Node, at: Node) -> Node:
        text = text_of(argument, self.budget)
        if text is None or is_unknown(text):
            return derived(at, "fn.toBase64", [argument])
        return at.holding(base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())

    def from_base64(self, argument: Node, at: Node) -> Node:
        try:
            return self._text(base64.b64decode(argument.text(), validate=True).decode(), at)
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return derived(at, "fn.fromBase64", [argument])


_FUNCTIONS: dict[str, Callable[[Program, Node, Node], Node]] = {
    "tojson": Program.to_json,
    "secret": Program.same,
    "unsecret": Program.same,
    "stringasset": Program.same,
    "join": Program.join,
    "select": Program.select,
    "split": Program.split,
    "tobase64": Program.to_base64,
    "frombase64": Program.from_base64,
}


def secrets(root: Node) -> Iterator[tuple[str, Node]]:
    """What the text says is secret, and still has in it, by the name that it stands under."""
    waiting = [("", root)]
    while waiting:
        name, node = waiting.pop()
        for key, one in node.entries():
            if key.lower() == "fn::secret":
                if isinstance(one.value, str | int | float):
                    yield name, one
                waiting.append((name, one))
            else:
                waiting.append((key, one))
        if isinstance(node.value, list):
            waiting += [(name, one) for one in node.value]


def _entries(document: Node, name: str) -> Iterator[tuple[str, Node]]:
    section: Any = document.get(name)
    if section is not None:
        yield from section.entries()
