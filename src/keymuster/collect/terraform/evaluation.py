"""The value of an expression. What cannot be known stays text that names what it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from msgspec import Struct

from keymuster.collect.syntax.hcl_tree import (
    Access,
    Attribute,
    Block,
    Call,
    Conditional,
    Entries,
    Expression,
    For,
    Items,
    Literal,
    Operation,
    Reference,
    Splat,
    Step,
    Template,
)
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.values import (
    LONGEST_TEXT,
    SET,
    Budget,
    Exhausted,
    Made,
    Run,
    Source,
    Wrong,
    derived,
    is_made,
    made_text,
    moved,
    name_of,
    plain,
    text_of,
    unknown,
    unknown_at,
)

if TYPE_CHECKING:
    from keymuster.collect.terraform.modules import Module

DEEPEST = 70
"""Expressions and references inside each other: each takes some frames of Python."""

Names = Mapping[str, Node]
"""What is bound where an expression stands: `each`, `count`, the names of a `for`."""


class Place(Struct, eq=False):
    """Where an expression stands: its module, its file, and the names that are bound there."""

    module: Module
    source: Source
    names: Names

    def binding(self, names: Mapping[str, Node]) -> Place:
        return Place(self.module, self.source, {**self.names, **names})

    def of(self, piece: Attribute | Block) -> Place:
        """The place of a piece of a block, which another file may have put there instead."""
        source = self.module.elsewhere.get(id(piece)) if self.module.elsewhere else None
        return self if source is None else Place(self.module, source, self.names)

    @property
    def budget(self) -> Budget:
        return self.module.work.budget


def evaluate(one: Expression, place: Place) -> Node:
    """The value of an expression; Wrong if it can have none, Exhausted if it takes too long."""
    work = place.module.work
    work.budget.spend()
    work.depth += 1
    if work.depth > DEEPEST:
        work.depth -= 1
        work.too_deep = True
        raise Wrong
    try:
        return _KINDS[type(one)](one, place)
    finally:
        work.depth -= 1


def attempt(one: Expression, place: Place) -> Node:
    """The same, but what can have no value is unknown."""
    try:
        return evaluate(one, place)
    except Wrong:
        return unknown_at(_here(one, place), "${" + source_name(one) + "}")


def source_name(one: Expression) -> str:
    """An expression in a few words, for what is not known."""
    match one:
        case Reference():
            return _rendered(one.root, one.steps, None)
        case Call():
            return f"{one.name}()"
        case Access() | Splat():
            return source_name(one.of)
        case Conditional():
            return "conditional()"
        case For():
            return "for()"
        case Template():
            return "template()"
        case _:
            return "expression()"


def ask(value: Node, steps: list[Step], place: Place, at: Node) -> Node:
    """What a value has under attributes and in brackets."""
    for position, step in enumerate(steps):
        place.budget.spend()
        if unknown(value) and is_made(value):
            if value.instance is not None:
                value = value.instance.attribute(_key(step, place), at)
                continue
            return _of_unknown(value, steps[position:], place, at)
        key = _key(step, place)
        if unknown(key):
            return derived(at, "index", [value, key])
        value = element(value, key.value)
    return value


def element(value: Node, key: Any) -> Node:
    """What a map or list has under a key."""
    if isinstance(value.value, dict):
        found = value.value.get(str(key) if not isinstance(key, bool) else str(key).lower())
        if found is None:
            raise Wrong
        return found
    if isinstance(value.value, list):
        try:
            index = int(key)
        except (TypeError, ValueError):
            raise Wrong from None
        if not 0 <= index < len(value.value):
            raise Wrong
        return value.value[index]
    raise Wrong


def _key(step: Step, place: Place) -> Node:
    if isinstance(step, str):
        return place.source.node(step, 0, 0)
    return evaluate(step, place)


def _of_unknown(value: Made, steps: list[Step], place: Place, at: Node) -> Node:
    name = name_of(value)
    if not name:
        return derived(at, "index", [value])
    return unknown_at(at, "${" + _rendered(name, steps, place) + "}")


def _rendered(root: str, steps: list[Step], place: Place | None) -> str:
    """A reference as it is written, with the values of what stands in brackets, where known."""
    text = root
    for step in steps:
        if isinstance(step, str):
            text += f".{step}"
            continue
        value: Any = step.value if isinstance(step, Literal) else None
        if value is None and place is not None:
            node = evaluate(step, place)
            value = node.value if isinstance(node.value, str | int) else None
        text += f"[{index_text(value) if value is not None else '*'}]"
    return text


def index_text(key: Any) -> str:
    """A key in brackets, as in an address. A brace in it would end the reference it stands in."""
    if isinstance(key, bool | int | float):
        return str(key)
    shown = str(key).replace("${", "").translate({ord(char): None for char in '{}"\n[]'})
    return f'"{shown}"'


# --- kinds of expressions ------------------------------------------------------------------------


def _here(one: Expression, place: Place) -> Node:
    return place.source.node(None, one.begin, one.end)


def _literal(one: Literal, place: Place) -> Node:
    node = place.source.node(one.value, one.begin, one.end)
    if isinstance(one.value, str):
        node.style = '"'
    return node


def _template(one: Template, place: Place) -> Node:
    if len(one.parts) == 1 and not isinstance(one.parts[0], Literal):
        return _of_one_gap(one, one.parts[0], place)
    runs: list[Run] = []
    length = 0
    for part in one.parts:
        for run in _runs(part, place):
            runs.append(run)
            length += len(run.text)
            if length > LONGEST_TEXT:
                raise Exhausted
    place.budget.spend(length // 500)
    text = "".join(run.text for run in runs)
    unsure = any(run.unknown for run in runs)
    return made_text(_here(one, place), text, unknown=unsure, runs=runs)


def _of_one_gap(one: Template, part: Expression, place: Place) -> Node:
    """`"${x}"` is x itself, not its text."""
    value = evaluate(part, place)
    return moved(value, _here(one, place))


def _runs(part: Expression, place: Place) -> list[Run]:
    if isinstance(part, Literal) and isinstance(part.value, str):
        exact = part.end - part.begin == len(part.value)
        return [Run(part.value, place.source, part.begin, exact)]
    value = attempt(part, place)
    if is_made(value) and value.runs is not None and value.tree is None:
        return value.runs
    written = text_of(value, place.budget)
    if written is None:
        written, value = "${" + source_name(part) + "}", unknown_at(value, "")
    return [Run(written, place.source, part.begin, False, unknown(value))]


def _reference(one: Reference, place: Place) -> Node:
    at = _here(one, place)
    bound = place.names.get(one.root)
    if bound is not None:
        return _placed(ask(bound, one.steps, place, at), at)
    return _placed(place.module.resolve(one, place, at), at)


def _placed(value: Node, at: Node) -> Node:
    """A scalar stands where it is asked for, a map or list where it is written."""
    if isinstance(value.value, dict | list) or is_made(value):
        return value
    return moved(value, at)


def _access(one: Access, place: Place) -> Node:
    return ask(evaluate(one.of, place), one.steps, place, _here(one, place))


def _splat(one: Splat, place: Place) -> Node:
    at = _here(one, place)
    value = evaluate(one.of, place)
    if value.value is None and not is_made(value):
        return at.holding([])
    if unknown(value) and is_made(value) and value.instance is None:
        name = name_of(value)
        if name:
            return unknown_at(at, "${" + _rendered(f"{name}[*]", one.steps, place) + "}")
        return derived(at, "splat", [value])
    items = value.value if isinstance(value.value, list) else [value]
    return at.holding([ask(item, one.steps, place, at) for item in items])


def _call(one: Call, place: Place) -> Node:
    from keymuster.collect.terraform.functions import call

    return call(one, place, _here(one, place))


def _items(one: Items, place: Place) -> Node:
    return _here(one, place).holding([attempt(item, place) for item in one.items])


def _entries(one: Entries, place: Place) -> Node:
    at = _here(one, place)
    entries: dict[str, Node] = {}
    for key_expression, value_expression in one.entries:
        text = _key_text(key_expression, place)
        if text is None:
            raise Wrong
        end = max(value_expression.end, key_expression.end)
        entries[text] = attempt_at(value_expression, place, key_expression.begin, end)
    return at.holding(entries)


def _key_text(key: Expression, place: Place) -> str | None:
    if isinstance(key, Literal) and isinstance(key.value, str) and _is_plain(key, place):
        return key.value  # of most keys nothing else is made
    return text_of(attempt(key, place), place.budget)


def attempt_at(one: Expression, place: Place, begin: int, end: int) -> Node:
    """The same as `attempt`, of what is under a key: it begins where the key does."""
    if _is_plain(one, place):
        return place.source.node(one.value, begin, end)
    return standing(attempt(one, place), place.source, begin, end)


def _is_plain(one: Expression, place: Place) -> TypeGuard[Literal]:
    """Whether there is nothing to evaluate."""
    if type(one) is not Literal or place.module.work.depth >= DEEPEST:
        return False
    place.budget.spend()
    return True


def standing(value: Node, source: Source, begin: int, end: int) -> Node:
    """A value under a key: it begins where the key does."""
    place = source.node(None, begin, end)
    if is_made(value):
        return moved(value, place)
    place.value, place.tag = value.value, value.tag
    return place


def _for(one: For, place: Place) -> Node:
    at = _here(one, place)
    over = evaluate(one.of, place)
    if unknown(over):
        return derived(at, "for", [over])
    entries: dict[str, Node] = {}
    items: list[Node] = []
    for key, value in pairs(over):
        names = {one.value_name: value}
        if one.key_name:
            names[one.key_name] = key
        inner = place.binding(names)
        place.budget.spend(2 + len(place.names))
        if one.condition is not None:
            condition = attempt(one.condition, inner)
            if unknown(condition):
                return derived(at, "for", [condition])
            if not truth(condition):
                continue
        made = attempt(one.value, inner)
        if one.key is None:
            items.append(made)
            continue
        name = text_of(attempt(one.key, inner), place.budget)
        if name is None:
            raise Wrong
        if one.grouped:
            group = entries.setdefault(name, at.holding([]))
            assert isinstance(group.value, list)
            group.value.append(made)
        else:
            entries[name] = made
    if one.joined:
        return _joined(at, items, place)
    return at.holding(items if one.key is None else entries)


def _joined(at: Node, items: list[Node], place: Place) -> Node:
    texts = [text_of(item, place.budget) or "" for item in items]
    if sum(map(len, texts)) > LONGEST_TEXT:
        raise Exhausted
    runs: list[Run] = []
    for item, text in zip(items, texts, strict=True):
        if is_made(item) and item.runs is not None:
            runs += item.runs
        else:
            runs.append(Run(text, place.source, 0, False, unknown(item)))
    return made_text(at, "".join(texts), unknown=any(map(unknown, items)), runs=runs)


def pairs(over: Node) -> list[tuple[Node, Node]]:
    """Keys and values of a map; of a list the numbers, of a set the elements themselves as keys."""
    if isinstance(over.value, dict):
        return [(value.holding(key), value) for key, value in over.value.items()]
    if isinstance(over.value, list):
        if over.tag == SET:
            return [(one, one) for one in over.value]
        return [(one.holding(number), one) for number, one in enumerate(over.value)]
    raise Wrong


def _conditional(one: Conditional, place: Place) -> Node:
    condition = evaluate(one.condition, place)
    if not unknown(condition):
        return evaluate(one.then if truth(condition) else one.otherwise, place)
    then, otherwise = attempt(one.then, place), attempt(one.otherwise, place)
    if same(then, otherwise, place.budget):
        return then
    return derived(_here(one, place), "conditional", [condition, then, otherwise])


def same(one: Node, other: Node, budget: Budget) -> bool:
    """Whether two values are equal, so far as is known."""
    return bool(plain(one, budget) == plain(other, budget))


def truth(node: Node) -> bool:
    """A condition, which may be written as text."""
    if isinstance(node.value, bool):
        return node.value
    if node.value in ("true", "false"):
        return node.value == "true"
    raise Wrong


def _operation(one: Operation, place: Place) -> Node:
    at = _here(one, place)
    right_of = one.right
    if one.left is None:
        value = evaluate(right_of, place)
        if unknown(value):
            return derived(at, "not" if one.operator == "!" else "minus", [value])
        return at.holding(not truth(value) if one.operator == "!" else -_number(value))
    left = evaluate(one.left, place)
    if one.operator in ("&&", "||"):
        return _logical(one.operator, left, right_of, place, at)
    right = evaluate(right_of, place)
    if one.operator in ("==", "!="):
        return _compared(one.operator == "==", left, right, place, at)
    if unknown(left) or unknown(right):
        return derived(at, "arithmetic", [left, right])
    return at.holding(_ARITHMETIC[one.operator](_number(left), _number(right)))


def _logical(operator: str, left: Node, right_of: Expression, place: Place, at: Node) -> Node:
    deciding = operator == "||"
    if not unknown(left) and truth(left) is deciding:
        return at.holding(deciding)
    right = attempt(right_of, place)
    if not unknown(right) and truth(right) is deciding:
        return at.holding(deciding)
    if unknown(left) or unknown(right):
        return derived(at, "or" if deciding else "and", [left, right])
    return at.holding(not deciding)


def _compared(equal: bool, left: Node, right: Node, place: Place, at: Node) -> Node:
    if unknown(left) or unknown(right):
        return derived(at, "equal", [left, right])
    return at.holding(same(left, right, place.budget) is equal)


def _number(node: Node) -> int | float:
    value = node.value
    if isinstance(value, str):
        try:
            value = float(value) if len(value) < 30 else None
        except ValueError:
            raise Wrong from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong
    if abs(value) > 1e18:
        raise Wrong
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _divided(left: int | float, right: int | float) -> int | float:
    if not right:
        raise Wrong
    return left / right


def _rest(left: int | float, right: int | float) -> int | float:
    if not right:
        raise Wrong
    return left % right


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _rest,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}

_KINDS: dict[type[Any], Callable[[Any, Place], Node]] = {
    Literal: _literal,
    Template: _template,
    Reference: _reference,
    Access: _access,
    Splat: _splat,
    Call: _call,
    Items: _items,
    Entries: _entries,
    For: _for,
    Conditional: _conditional,
    Operation: _operation,
}
