"""Texts that are JSON, such as policies in heredocs, as trees of values with their places."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from keymuster.collect.syntax.json import parse
from keymuster.collect.syntax.node import Broken, Node
from keymuster.collect.terraform.values import (
    SET,
    Budget,
    Run,
    is_made,
    made_text,
    unknown,
    unknown_at,
)
from keymuster.model.unknown import is_unknown


def document(value: Node, budget: Budget) -> Node | None:
    """The tree of a text that is JSON, with what is not known in it; None if it is no such text."""
    if is_made(value):
        if value.tree is not None:
            return value.tree
        if value.runs is None:
            return None
        return _of_runs(value.runs, value, budget)
    if not isinstance(value.value, str) or not value.value.lstrip().startswith(("{", "[")):
        return None
    return _parsed(value.value, value, lambda at: (value.line, value.column), budget)


def _of_runs(runs: list[Run], value: Node, budget: Budget) -> Node | None:
    first = next((run for run in runs if run.exact and run.text.strip()), None)
    if first is None or not first.text.lstrip().startswith(("{", "[")):
        return None
    texts, starts, offsets = [], [], []
    length = 0
    offset = first.offset
    inside = False
    for run in runs:
        text = _gap(run.text, inside) if run.unknown else run.text
        if not run.unknown:
            inside = _ends_inside(text, inside)
        if run.source is first.source:
            offset = run.offset
        starts.append(length)
        offsets.append((offset, run.exact and run.source is first.source))
        texts.append(text)
        length += len(text)

    def place(at: int) -> tuple[int, int]:
        number = bisect_right(starts, at) - 1
        begin, exact = offsets[number]
        return first.source.place(begin + (at - starts[number] if exact else 0))

    stands = value.holding(None)
    stands.file = first.source.file
    return _parsed("".join(texts), stands, place, budget)


def _gap(text: str, inside: bool) -> str:
    """What is not known, as JSON: part of a text, or a text of its own."""
    text = text.replace("\\", "").replace('"', '\\"').replace("\n", " ")
    return text if inside else f'"{text}"'


def _ends_inside(text: str, inside: bool) -> bool:
    """Whether a text of JSON that is behind this one begins inside quotes."""
    at = 0
    while True:
        quote = text.find('"', at)
        if quote < 0:
            return inside
        escapes = 0
        while inside and escapes < quote and text[quote - 1 - escapes] == "\\":
            escapes += 1
        if not inside or escapes % 2 == 0:
            inside = not inside
        at = quote + 1


def _parsed(
    text: str, value: Node, place: Callable[[int], tuple[int, int]], budget: Budget
) -> Node | None:
    budget.spend(len(text) // 20)
    try:
        return _marked(parse(text, value.file, place), budget)
    except Broken:
        return None


def _marked(node: Node, budget: Budget) -> Node:
    """With texts that are not wholly known told apart."""
    budget.spend()
    match node.value:
        case dict():
            node.value = {key: _marked(one, budget) for key, one in node.value.items()}
        case list():
            node.value = [_marked(one, budget) for one in node.value]
        case str() if is_unknown(node.value):
            return unknown_at(node, node.value)
    return node


# --- policy documents that Terraform writes itself ------------------------------------------------

_STATEMENT = {
    "sid": "Sid", "actions": "Action", "not_actions": "NotAction", "resources": "Resource",
    "not_resources": "NotResource",
}  # fmt: skip
_SOURCES = ("source_policy_documents", "source_json")
_OVERRIDES = ("override_policy_documents", "override_json")


def iam_policy(body: Node, budget: Budget) -> Node:
    """The policy that `aws_iam_policy_document` makes of its blocks."""
    statements: list[Node] = []
    for source in _documents(body, _SOURCES):
        statements += _statements_of(source, budget)
    _put(statements, [_statement(one) for one in _blocks(body, "statement")])
    for override in _documents(body, _OVERRIDES):
        _put(statements, _statements_of(override, budget))
    entries = {
        "Version": body.get("version") or body.holding("2012-10-17"),
        "Statement": body.holding(statements),
    }
    if policy_id := body.get("policy_id"):
        entries["Id"] = policy_id
    return body.holding(entries)


def _documents(body: Node, names: tuple[str, ...]) -> list[Node]:
    return [one for name in names if (found := body.get(name)) for one in found.items()]


def _statements_of(document_text: Node, budget: Budget) -> list[Node]:
    """Those of another document; if it is not known, it stands for its statements."""
    tree = document(document_text, budget)
    statements = tree.get("Statement") if tree is not None else None
    if statements is not None:
        return statements.items()
    return [document_text] if unknown(document_text) else []


def _put(statements: list[Node], others: list[Node]) -> None:
    """Add statements; one takes the place of that with the same sid."""
    at = {sid: number for number, one in enumerate(statements) if (sid := _sid(one))}
    for other in others:
        sid = _sid(other)
        if sid and sid in at:
            statements[at[sid]] = other
        else:
            statements.append(other)


def _sid(statement: Node) -> str:
    sid = statement.get("Sid")
    return sid.text() if sid is not None else ""


def _blocks(body: Node, name: str) -> list[Node]:
    found = body.get(name)
    return found.items() if found is not None else []


def _statement(block: Node) -> Node:
    effect = block.get("effect")
    entries = {"Effect": effect if effect is not None else block.holding("Allow")}
    for name, word in _STATEMENT.items():
        found = block.get(name)
        if found is not None and found.value is not None:
            entries[word] = _with_variables(found)
    for name, word in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if principals := _blocks(block, name):
            entries[word] = _principals(block, principals)
    if conditions := _blocks(block, "condition"):
        entries["Condition"] = _conditions(block, conditions)
    return block.holding(entries)


def _principals(block: Node, principals: list[Node]) -> Node:
    kinds: dict[str, Node] = {}
    for one in principals:
        identifiers = one.get("identifiers") or one.holding([])
        kind = one.get("type")
        kind_text = kind.text() if kind is not None else ""
        if kind_text == "*" and any(item.value == "*" for item in identifiers.items()):
            return one.holding("*")
        if kind_text in kinds:
            identifiers = identifiers.holding([*kinds[kind_text].items(), *identifiers.items()])
        kinds[kind_text] = identifiers
    return block.holding(kinds)


def _conditions(block: Node, conditions: list[Node]) -> Node:
    tests: dict[str, dict[str, Node]] = {}
    for one in conditions:
        test, variable, values = one.get("test"), one.get("variable"), one.get("values")
        if test is None or variable is None or values is None:
            continue
        keys = tests.setdefault(test.text(), {})
        values = _with_variables(values)
        if variable.text() in keys:
            values = values.holding([*keys[variable.text()].items(), *values.items()])
        keys[variable.text()] = values
    return block.holding({test: block.holding(keys) for test, keys in tests.items()})


def _with_variables(node: Node) -> Node:
    """IAM's own variables, which are written `&{aws:username}` here."""
    if isinstance(node.value, list):
        items = node.holding([_with_variables(one) for one in node.value])
        items.tag = node.tag if node.tag == SET else ""
        return items
    if not isinstance(node.value, str) or "&{" not in node.value:
        return node
    text = node.value.replace("&{", "${")
    return made_text(node, text, unknown=unknown(node)) if unknown(node) else node.holding(text)


def google_policy(body: Node) -> Node:
    """The policy that `google_iam_policy` makes of its blocks."""
    bindings = []
    for block in _blocks(body, "binding"):
        entries = dict(block.entries())
        condition = block.get("condition")
        if condition is not None and condition.items():
            entries["condition"] = condition.items()[0]
        bindings.append(block.holding(entries))
    return body.holding({"bindings": body.holding(bindings)})
