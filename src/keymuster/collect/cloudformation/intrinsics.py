"""CloudFormation templates with their functions worked out: parameters by their defaults, mappings,
conditions, joined and substituted texts. What only a deployment knows becomes an unknown value that
names what it depends on: `${Role.Arn}`, `${AWS::AccountId}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from keymuster.collect.cloudformation.loops import Loops
from keymuster.collect.syntax.node import Node, Value
from keymuster.model.unknown import is_unknown

_SUBSTITUTED = re.compile(r"\$\{([^{}]*)\}")

_LONGEST_DEFAULT = 4096
"""Characters of a parameter's default; CloudFormation takes no more."""

_MOST_TEXT = 8_000_000
"""Characters that all functions of a template may make together."""


def unknown(name: str) -> str:
    """An unknown value that depends on this. A single colon would make it a variable of IAM."""
    bare = re.sub(r"[${}]", "", name)[:200]
    return "${" + re.sub(r"(?<!:):(?!:)", ".", bare) + "}"


class Template:
    """A template, as a map with `Resources`."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._left = _MOST_TEXT
        self._loops = Loops(self._turns)
        self._parameters = dict(_entries(document, "Parameters"))
        self._conditions = dict(_entries(document, "Conditions"))
        self._held: dict[str, bool | None] = {}
        self._local: list[dict[str, Node]] = []

    def section(self, name: str) -> Iterator[tuple[str, Node]]:
        """The entries of a part of the template, as they are written; loops are written out."""
        yield from self._loops.written_out(_entries(self._document, name))

    def resolved(self, node: Node, *, words: bool = True) -> Node | None:
        """A value without functions; None if it stands for no value at all. If `words`, the texts
        `true` and `false` are the values, as CloudFormation takes them; not so in policies."""
        found = _function(node)
        if found is not None:
            name, argument = found
            made = _FUNCTIONS[name](self, node, argument)
            return made if made is None else self._worded(made, words)
        match node.value:
            case dict() as entries:
                kept: dict[str, Node] = {}
                for key, one in self._loops.written_out(entries.items()):
                    value = self.resolved(one, words=words and key not in _VERBATIM)
                    if value is not None:
                        kept[key] = value
                return _with(node, kept)
            case list() as items:
                made_items = [self.resolved(item, words=words) for item in items]
                return _with(node, [item for item in made_items if item is not None])
            case _:
                return self._worded(node, words)

    def _worded(self, node: Node, words: bool) -> Node:
        if words and isinstance(node.value, str) and node.value.lower() in ("true", "false"):
            return _with(node, node.value.lower() == "true")
        return node

    # --- functions ---------------------------------------------------------------------------

    def ref(self, node: Node, argument: Node) -> Node | None:
        name = argument.text()
        if name == "AWS::NoValue":
            return None
        return self._named(name) or node.holding(self._open(name))

    def get_att(self, node: Node, argument: Node) -> Node:
        parts = [self._text(part) for part in argument.items()]
        return node.holding(unknown(".".join(parts)))

    def sub(self, node: Node, argument: Node) -> Node:
        template, local = argument, {}
        if isinstance(argument.value, list) and argument.value:
            template = argument.value[0]
            names = argument.value[1] if len(argument.value) > 1 else argument
            local = {key: one for key, value in names.entries() if (one := self.resolved(value))}
        text = template.text()
        whole = _SUBSTITUTED.fullmatch(text)
        if whole and (meant := local.get(whole[1]) or self._named(whole[1])):
            return meant

        def value(found: re.Match[str]) -> str:
            name = found[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            one = local.get(name) or self._named(name)
            return self._spent(_joined(one)) if one else self._open(name)

        return self._styled(node, _SUBSTITUTED.sub(value, text), template)

    def join(self, node: Node, argument: Node) -> Node:
        parts = argument.items()
        items = self.resolved(parts[1]) if len(parts) == 2 else None
        if items is None:
            return node.holding(unknown("Join"))
        separator = parts[0].text()
        return node.holding(self._spent(separator.join(_texts(items))))

    def split(self, node: Node, argument: Node) -> Node:
        parts = argument.items()
        text = self._text(parts[1]) if len(parts) == 2 else unknown("Split")
        separator = parts[0].text() if parts else ""
        if is_unknown(text) or not separator:
            return node.holding(unknown(f"Split {text}"))
        return node.holding([node.holding(one) for one in self._spent(text).split(separator)])

    def select(self, node: Node, argument: Node) -> Node | None:
        parts = argument.items()
        items = self.resolved(parts[1]) if len(parts) == 2 else None
        index = self._text(parts[0]) if parts else ""
        if items is None or not isinstance(items.value, list) or not index.isdecimal():
            return node.holding(unknown(f"Select {_joined(items)}" if items else "Select"))
        at = int(index[:9])
        return items.value[at] if at < len(items.value) else node.holding(unknown("Select"))

    def if_(self, node: Node, argument: Node) -> Node | None:
        parts = argument.items()
        if len(parts) != 3:
            return node.holding(unknown("If"))
        held = self.holds(parts[0].text())
        if held is None:
            return node.holding(unknown(f"Conditions.{parts[0].text()}"))
        return self.resolved(parts[1] if held else parts[2])

    def find_in_map(self, node: Node, argument: Node) -> Node:
        keys = [self._text(part) for part in argument.items()]
        found = self._document.get("Mappings", *keys[:3]) if len(keys) >= 3 else None
        if found is None:
            return node.holding(unknown(".".join(["Mappings", *keys])))
        self._spent(" " * len(found.items()))
        return found

    def inner(self, node: Node, argument: Node) -> Node | None:
        """What stands for its own argument in another form: Base64, ToJsonString."""
        return self.resolved(argument)

    def import_value(self, node: Node, argument: Node) -> Node:
        return node.holding(unknown(f"ImportValue.{self._text(argument)}"))

    def elsewhere(self, node: Node, argument: Node) -> Node:
        """What only the deployment works out."""
        return node.holding(unknown((_function(node) or ("Fn", node))[0]))

    # --- conditions --------------------------------------------------------------------------

    def holds(self, name: str) -> bool | None:
        """Whether a condition holds for the defaults of the parameters; None if that is not known."""
        if name not in self._held:
            self._held[name] = None  # one that asks for itself is not known
            node = self._conditions.get(name)
            self._held[name] = self._holds(node) if node else None
        return self._held[name]

    def _holds(self, node: Node) -> bool | None:
        found = _function(node)
        if found is None:
            named = node.get("Condition")
            return self.holds(named.text()) if named else None
        name, argument = found
        if name == "Fn::Equals":
            texts = [self._text(part) for part in argument.items()]
            known = len(texts) == 2 and not any(map(is_unknown, texts))
            return texts[0] == texts[1] if known else None
        parts = [self._holds(part) for part in argument.items()]
        match name:
            case "Condition":
                return self.holds(argument.text())
            case "Fn::Not" if parts:
                return None if parts[0] is None else not parts[0]
            case "Fn::And":
                return _all(parts)
            case "Fn::Or":
                both = _all([None if one is None else not one for one in parts])
                return None if both is None else not both
        return None

    # --- names -------------------------------------------------------------------------------

    def _named(self, name: str) -> Node | None:
        """The default of a parameter."""
        parameter = self._parameters.get(name)
        default = parameter.get("Default") if parameter else None
        if parameter is None or default is None or isinstance(default.value, dict):
            return None
        type = parameter.get("Type")
        kind = type.text() if type else "String"
        text = default.text()
        if "SSM::Parameter::Value" in kind or len(text) > _LONGEST_DEFAULT:
            return None
        if isinstance(default.value, str) and (kind == "CommaDelimitedList" or "List<" in kind):
            return default.holding([default.holding(one.strip()) for one in text.split(",")])
        return default

    def _turns(self, collection: Node) -> list[str]:
        """The texts that a loop goes through; one that is not known, where they are not."""
        found = self.resolved(collection, words=False)
        if found is None or not isinstance(found.value, list):
            return [_joined(found) if found and is_unknown(found.value) else unknown("Fn::ForEach")]
        return _texts(found)

    def _open(self, name: str) -> str:
        """An unknown value: what a parameter is given, or what a resource becomes."""
        return unknown(f"Parameters.{name}" if name in self._parameters else name)

    def _text(self, node: Node) -> str:
        one = self.resolved(node, words=False)
        return _joined(one) if one else ""

    def _spent(self, text: str) -> str:
        """A text, if there is room for it: functions can make much of little."""
        self._left -= len(text)
        return text if self._left > 0 else unknown("Sub")

    def _styled(self, node: Node, text: str, like: Node) -> Node:
        made = node.holding(text)
        made.style = like.style
        return made


_VERBATIM = frozenset(("Condition", "Statement", "PolicyDocument", "AssumeRolePolicyDocument"))

_FUNCTIONS: dict[str, Callable[[Template, Node, Node], Node | None]] = {
    "Ref": Template.ref,
    "Fn::Base64": Template.inner,
    "Fn::Cidr": Template.elsewhere,
    "Fn::FindInMap": Template.find_in_map,
    "Fn::GetAZs": Template.elsewhere,
    "Fn::GetAtt": Template.get_att,
    "Fn::GetStackOutput": Template.elsewhere,
    "Fn::If": Template.if_,
    "Fn::ImportValue": Template.import_value,
    "Fn::Join": Template.join,
    "Fn::Length": Template.elsewhere,
    "Fn::Select": Template.select,
    "Fn::Split": Template.split,
    "Fn::Sub": Template.sub,
    "Fn::ToJsonString": Template.inner,
    "Fn::Transform": Template.elsewhere,
    "Fn::And": Template.elsewhere,
    "Fn::Equals": Template.elsewhere,
    "Fn::Not": Template.elsewhere,
    "Fn::Or": Template.elsewhere,
    "Condition": Template.elsewhere,
}


def _function(node: Node) -> tuple[str, Node] | None:
    """A function and its argument: `!Sub x`, or `{"Fn::Sub": x}`."""
    if node.tag.startswith("!"):
        name = node.tag[1:]
        name = name if name in ("Ref", "Condition") else f"Fn::{name}"
        if name not in _FUNCTIONS:
            return None
        bare = _with(node, node.value)
        bare.tag = ""
        if name == "Fn::GetAtt" and isinstance(node.value, str):
            bare.value = [node.holding(part) for part in node.value.split(".", 1)]
        return name, bare
    if isinstance(node.value, dict) and len(node.value) == 1:
        [(name, argument)] = node.value.items()
        if name in _FUNCTIONS and name != "Condition":
            if name == "Fn::GetAtt" and isinstance(argument.value, str):
                return name, _with(
                    argument, [argument.holding(part) for part in argument.value.split(".", 1)]
                )
            return name, argument
    return None


def _entries(document: Node, section: str) -> Iterator[tuple[str, Node]]:
    node = document.get(section)
    if node is not None:
        yield from node.entries()


def _with(node: Node, value: Value) -> Node:
    """The same with another value, with its style: texts of several lines keep their places by it."""
    made = node.holding(value)
    made.style = node.style
    return made


def _texts(node: Node) -> list[str]:
    return [one.text() for one in node.items()]


def _joined(node: Node | None) -> str:
    return ",".join(_texts(node)) if node else ""


def _all(parts: list[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts or not parts else True
