"""What is wrong with the conditions of jobs and steps."""

from __future__ import annotations

from keymuster.collect.ci.contexts import Control, control
from keymuster.collect.ci.expressions import (
    Call,
    Expression,
    Literal,
    Operation,
    condition,
    every,
    path,
    spans,
)
from keymuster.collect.syntax.node import Node

_ACTORS = {
    ("github", "actor"),
    ("github", "triggering_actor"),
    ("github", "event", "sender", "login"),
    ("github", "event", "pull_request", "sender", "login"),
}
_ACTOR_IDS = {
    ("github", "actor_id"),
    ("github", "event", "sender", "id"),
    ("github", "event", "pull_request", "sender", "id"),
}
_BOT_IDS = {"49699333", "29110", "27856297", "29139614"}
"""dependabot (app and preview), renovate."""

_CHOSEN = {
    ("github", "ref"), ("github", "ref_name"), ("github", "head_ref"), ("github", "base_ref"),
    ("github", "actor"), ("github", "triggering_actor"), ("github", "repository"), ("github", "sha"),
}  # fmt: skip
"""Contexts that somebody may choose so that they are a part of a text."""


def judged(node: Node) -> dict[str, bool]:
    """Its faults: it trusts the name of a bot, searches a text where a list is meant, or holds always."""
    text = str(node.value)
    expression = condition(text)
    inside = (
        [expression] if expression else [one.expression for one in spans(text) if one.expression]
    )
    every_one = [part for one in inside for part in every(one)]
    return {
        "trusts_bot_name": any(map(_trusts_bot, every_one)),
        "searches_text": any(map(_searches_text, every_one)),
        "always_holds": _always_holds(node, text),
    }


def _trusts_bot(one: Expression) -> bool:
    if not (isinstance(one, Operation) and one.operator == "=="):
        return False
    for actor, other in (one.parts[:2], one.parts[1::-1]):
        if not isinstance(other, Literal):
            continue
        value = other.value
        if path(actor) in _ACTORS and isinstance(value, str) and value.lower().endswith("[bot]"):
            return True
        known = str(int(value)) if isinstance(value, float) and value.is_integer() else value
        if path(actor) in _ACTOR_IDS and known in _BOT_IDS:
            return True
    return False


def _searches_text(one: Expression) -> bool:
    """`contains('main develop', github.ref_name)` holds for `a`, too."""
    if not (isinstance(one, Call) and one.name.lower() == "contains" and len(one.arguments) == 2):
        return False
    where, what = one.arguments
    if not (isinstance(where, Literal) and isinstance(where.value, str)):
        return False
    wanted = path(what)
    return wanted in _CHOSEN or (
        bool(wanted)
        and wanted[0] in ("github", "inputs", "env")
        and control(wanted) > Control.NOBODY
    )


def _always_holds(node: Node, text: str) -> bool:
    """Whether it is more than one expression: then it is a text, and every text is true."""
    if "${{" not in text:
        return False
    found = list(spans(text))
    if not found:
        return False
    if node.style in ("|", ">") and text.endswith("\n") and text.strip().startswith("${{"):
        return True
    rest = text
    for one in reversed(found):
        rest = rest[: one.begin] + rest[one.end :]
    bare = rest.strip()
    return bool(bare) and not (len(found) == 1 and bare == "!")
