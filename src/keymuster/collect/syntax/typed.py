"""A file of YAML as a type of ours; what is wrong with it is told in words for whoever wrote it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from keymuster import regex
from keymuster.collect.syntax.node import Broken, Node

_T = TypeVar("_T")


def typed(node: Node, type: type[_T]) -> _T:
    """The value of a node as that type; Broken at the line that is wrong, with the path to it."""
    try:
        return msgspec.convert(node.plain() or {}, type=type, strict=False)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        wrong = _at(node, path.strip("`"))
        raise Broken(
            wrong.line, f"{_plainly(problem)} ({path.strip('`$.') or 'the file'})"
        ) from None


def _plainly(problem: str) -> str:
    """What msgspec says of JSON, in words for somebody who writes YAML."""
    for theirs, ours in _WORDS.items():
        problem = problem.replace(theirs, ours)
    return problem


_WORDS = {
    "Object contains": "there is an",
    "Object missing": "there is no",
    "Invalid RFC3339 encoded date": "not a date as in 2027-01-31",
}

_STEP = regex.later(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


def _at(root: Node, path: str) -> Node:
    """The value at a path like `$.agents[0].review`, or what is nearest above it."""
    node = root
    for key, index in _STEP.findall(path):
        items = node.items()
        inner = node.get(key) if key else items[int(index)] if int(index) < len(items) else None
        if inner is None:
            break
        node = inner
    return node
