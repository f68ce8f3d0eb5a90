"""The values that a matrix gives to a job."""

from __future__ import annotations

from itertools import product

from keymuster.collect.ci.workflows import Job
from keymuster.collect.syntax.node import Node

MOST = 1024
"""Combinations that are gone through; of more, excludes are not looked at."""


def values(job: Job, path: tuple[str, ...]) -> list[Node] | None:
    """What `matrix.<path>` may be in some run; None if only the run knows."""
    matrix = job.node.get("strategy", "matrix")
    if matrix is None or not isinstance(matrix.value, dict) or not path:
        return None
    entries = {key.lower(): node for key, node in matrix.entries()}
    include, exclude = entries.pop("include", None), entries.pop("exclude", None)
    for one in (include, exclude, entries.get(path[0])):
        if one is not None and isinstance(one.value, str):
            return None
    key = path[0]
    found = [one for one in _dimension(entries, key, exclude) if one.value is not None]
    for one in include.items() if include else []:
        found += [node for name, node in one.entries() if name.lower() == key]
    for name in path[1:]:
        found = [inner for one in found for k, inner in one.entries() if k.lower() == name]
    return found


def _dimension(entries: dict[str, Node], key: str, exclude: Node | None) -> list[Node]:
    """The values of one dimension that are left when what is excluded is gone."""
    if key not in entries:
        return []
    all_of_it = entries[key].items()
    rules = [dict(one.entries()) for one in (exclude.items() if exclude else [])]
    rules = [rule for rule in rules if rule]
    if not rules:
        return all_of_it
    names = [key, *(name for name in entries if name != key)]
    size = 1
    for name in names:
        size *= max(1, len(entries[name].items()))
    if size > MOST:
        return all_of_it
    left: dict[int, Node] = {}
    for combination in product(*(entries[name].items() for name in names)):
        given = {name: _comparable(one) for name, one in zip(names, combination, strict=True)}
        if not any(_covers(rule, given) for rule in rules):
            left[id(combination[0])] = combination[0]
    return list(left.values())


def _covers(rule: dict[str, Node], given: dict[str, object]) -> bool:
    return all(given.get(name.lower()) == _comparable(one) for name, one in rule.items())


def _comparable(node: Node) -> object:
    return node.text() or node.plain()
