"""Templates as JSON, as the programs that they are: texts in brackets are expressions."""

from __future__ import annotations

from keymuster import regex
from keymuster.collect.azure.tree import (
    Access,
    Call,
    Declaration,
    Entries,
    Expression,
    Items,
    Literal,
    Parameter,
    Program,
)
from keymuster.collect.syntax.node import Node

DEEPEST = 60
LONGEST = 100_000
"""Characters of an expression; Azure takes a quarter of that."""

_TOKEN = regex.later(
    r"\s*+(?:(?P<text>'(?:[^']|'')*+')|(?P<number>-?\d++(?:\.\d++)?)|(?P<name>[A-Za-z_][\w$]*+)|"
    r"(?P<mark>[\[\](),.?]))"
)


def program(document: Node) -> Program:
    """A map with `resources` as a program."""
    made = Program(bicep=False, target_scope=_target_scope(document))
    for name, node in _entries(document, "parameters"):
        kind = node.get("type")
        type = kind.text().lower() if kind else ""
        default = node.get("defaultValue")
        made.parameters[name] = Parameter(
            place=node, type=type, secure=type.startswith("secure"),
            default=expression(default) if default else None,
        )  # fmt: skip
    for name, node in _entries(document, "variables"):
        made.variables[name] = expression(node)
    for name, node in _entries(document, "outputs"):
        if (value := node.get("value")) is not None:
            made.outputs[name] = expression(value)
    resources = document.get("resources")
    made.resources = declarations(resources) if resources else []
    return made


_SCOPES = {
    "subscriptiondeploymenttemplate": "subscription",
    "managementgroupdeploymenttemplate": "managementgroup",
    "tenantdeploymenttemplate": "tenant",
}


def _target_scope(document: Node) -> str:
    """A template says by its schema what it is deployed to."""
    schema = document.get("$schema")
    last = schema.text().lower().rpartition("/")[2] if schema else ""
    return _SCOPES.get(last.partition(".")[0], "")


def declarations(resources: Node) -> list[Declaration]:
    """Those of a list, or of a map by their symbols."""
    if isinstance(resources.value, dict):
        named = [*resources.value.items()]
    else:
        named = [("", node) for node in resources.items()]
    found = []
    for symbol, node in named:
        type, existing = node.get("type"), node.get("existing")
        if type is not None and type.text() and isinstance(node.value, dict):
            found.append(
                Declaration(
                    place=node,
                    symbol=symbol,
                    type=type.text(),
                    body=_body(node),
                    existing=existing is not None and existing.value is True,
                )
            )
    return found


def _body(node: Node) -> Entries:
    """A resource without what is nested in it."""
    entries: list[tuple[Expression, Expression]] = []
    nested: list[Declaration] = []
    for key, value in node.entries():
        if key == "resources":
            nested = declarations(value)
        elif key in ("properties",) and _is_template(value.get("template")):
            entries.append((Literal(value, key), _deployment(value)))
        else:
            entries.append((Literal(value, key), expression(value)))
    return Entries(node, entries, nested)


def _is_template(node: Node | None) -> bool:
    return node is not None and node.get("resources") is not None


def _deployment(properties: Node) -> Expression:
    """The properties of a deployment, but the template that is a program of its own."""
    return expression(
        properties.holding({key: one for key, one in properties.entries() if key != "template"})
    )


def expression(node: Node) -> Expression:
    match node.value:
        case dict() as entries:
            return Entries(
                node, [(_keyed(key, one), expression(one)) for key, one in entries.items()]
            )
        case list() as items:
            return Items(node, [expression(one) for one in items])
        case str() as text if text.startswith("[") and text.endswith("]"):
            if text.startswith("[["):
                return Literal(node, text[1:])
            if len(text) > LONGEST:
                return Call(node, "expression", [])
            parsed = _Parser(text[1:-1], node).whole()
            return Literal(node, text) if parsed is None else parsed
        case str() as text if text.lower() in ("true", "false"):
            return Literal(node, text.lower() == "true")  # as Azure takes them
        case _:
            return Literal(node, node.value)


def _keyed(key: str, place: Node) -> Expression:
    return expression(place.holding(key)) if key.startswith("[") else Literal(place, key)


def _entries(document: Node, section: str) -> list[tuple[str, Node]]:
    node = document.get(section)
    return [*node.entries()] if node else []


class _Parser:
    """One expression, all of which stands where its text does."""

    def __init__(self, text: str, place: Node) -> None:
        self._text = text
        self._place = place
        self._at = 0

    def whole(self) -> Expression | None:
        """None if the text is no expression, just in brackets."""
        try:
            found = self._expression(0)
        except ValueError:
            return None
        return found if not self._text[self._at :].strip() else None

    def _expression(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise ValueError("too deep")
        kind, word = self._token()
        found: Expression
        match kind:
            case "text":
                found = Literal(self._place, word[1:-1].replace("''", "'"))
            case "number":
                number = float(word) if "." in word or len(word) > 18 else int(word)
                found = Literal(self._place, number)
            case "name":
                found = self._called(word, depth)
            case _:
                raise ValueError("no expression")
        return self._steps(found, depth)

    def _called(self, name: str, depth: int) -> Expression:
        if self._peek() == ".":  # a function of the user's own, in a namespace
            self._token()
            self._token()
            name = f"{name}.function"
        if self._token()[1] != "(":
            raise ValueError("no call")
        arguments: list[Expression] = []
        while True:
            if self._peek() == ")":
                self._token()
                return Call(self._place, name, arguments)
            if self._peek() == ",":
                self._token()
                continue
            arguments.append(self._expression(depth + 1))

    def _steps(self, found: Expression, depth: int) -> Expression:
        for _ in range(DEEPEST):
            match self._peek():
                case ".":
                    self._token()
                    if self._peek() == "?":
                        self._token()
                    found = Access(self._place, found, Literal(self._place, self._token()[1]))
                case "[":
                    self._token()
                    if self._peek() == "?":
                        self._token()
                    found = Access(self._place, found, self._expression(depth + 1))
                    if self._token()[1] != "]":
                        raise ValueError("no index")
                case _:
                    return found
        raise ValueError("too long")

    def _peek(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        return found["mark"] or "" if found else ""

    def _token(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise ValueError("no word")
        self._at = found.end()
        kind = str(found.lastgroup)
        return kind, found[kind]
