"""Patches of Kubernetes objects: strategic merges and lists of operations.

https://kubernetes.io/docs/tasks/manage-kubernetes-objects/kustomization/ and RFC 6902. Nothing is
changed in place: what a patch leaves alone is shared with what was patched. What a patch brings stands
where the patch does.
"""

from __future__ import annotations

from keymuster.collect.syntax.node import Node

DEEPEST = 100

_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "secrets": "name",
    "hostAliases": "ip",
}
"""Lists whose elements are told apart by a key. Others are replaced as a whole."""

_DIRECTIVE = "$patch"


def merged(base: Node, patch: Node, *, has_schema: bool = True) -> Node | None:
    """An object with a strategic merge patch; None if that deletes it. Of a kind without a schema all
    lists are replaced."""
    return _merged(base, patch, "", has_schema, 0)


def _merged(base: Node, patch: Node, field: str, has_schema: bool, depth: int) -> Node | None:
    if depth > DEEPEST:
        return patch
    match base.value, patch.value:
        case _, dict():
            return _merged_map(base, patch, has_schema, depth)
        case list(), list() if has_schema and field in _KEYS:
            return _merged_list(base, patch, _KEYS[field], has_schema, depth)
    return patch


def _merged_map(base: Node, patch: Node, has_schema: bool, depth: int) -> Node | None:
    directive = patch.text(_DIRECTIVE)
    if directive == "delete":
        return None
    own = base.value if isinstance(base.value, dict) and directive != "replace" else {}
    entries = dict(own)
    for key, value in patch.entries():
        if key.startswith("$"):
            continue
        held = entries.get(key, patch.holding(None))
        made = _merged(held, value, key, has_schema, depth + 1)
        if made is None or made.value is None:
            entries.pop(key, None)
        else:
            entries[key] = made
    return base.holding(entries) if own else patch.holding(entries)


def _merged_list(base: Node, patch: Node, key: str, has_schema: bool, depth: int) -> Node:
    """New elements come first, as kubectl has them; that does not matter to what they mean."""
    changes = patch.items()
    if any(one.text(_DIRECTIVE) == "replace" for one in changes):
        return patch.holding([one for one in changes if not one.text(_DIRECTIVE)])
    by_key = {name: one for one in changes if (name := one.text(key))}
    kept: list[Node] = []
    for one in base.items():
        change = by_key.pop(one.text(key), None)
        made = _merged(one, change, "", has_schema, depth + 1) if change is not None else one
        if made is not None:
            kept.append(made)
    added = [one for one in by_key.values() if one.text(_DIRECTIVE) != "delete"]
    return base.holding([*kept, *added])


def operated(base: Node, operations: Node) -> Node:
    """An object after a list of operations. One that does not fit changes nothing here; Kustomize
    would refuse all."""
    for one in operations.items():
        steps = _steps(one.text("path"))
        value = one.get("value")
        match one.text("op"):
            case "add" if value is not None:
                base = _set(base, steps, value, insert=True)
            case "replace" if value is not None:
                base = _set(base, steps, value, insert=False)
            case "remove":
                base = _set(base, steps, None, insert=False)
            case "copy" | "move" as op:
                source = _steps(one.text("from"))
                if (found := _at(base, source)) is not None:
                    base = _set(base, source, None, insert=False) if op == "move" else base
                    base = _set(base, steps, found, insert=True)
    return base


def _steps(pointer: str) -> list[str]:
    steps = pointer.split("/")[1 : DEEPEST + 1]
    return [one.replace("~1", "/").replace("~0", "~") for one in steps]


def _at(node: Node | None, steps: list[str]) -> Node | None:
    for step in steps:
        match node.value if node else None:
            case dict() as entries:
                node = entries.get(step)
            case list() as items:
                index = _index(step, len(items))
                node = items[index] if index is not None and index < len(items) else None
            case _:
                return None
    return node


def _set(node: Node, steps: list[str], value: Node | None, *, insert: bool) -> Node:
    """With a value at a path, or without what is there."""
    if not steps:
        return value or node
    step, *rest = steps
    match node.value:
        case dict() as entries:
            made = dict(entries)
            if rest:
                if step in entries:
                    made[step] = _set(entries[step], rest, value, insert=insert)
            elif value is None:
                made.pop(step, None)
            else:
                made[step] = value
            return node.holding(made)
        case list() as items:
            return node.holding(_set_in_list(items, step, rest, value, insert=insert))
    return node


def _set_in_list(
    items: list[Node], step: str, rest: list[str], value: Node | None, *, insert: bool
) -> list[Node]:
    index = _index(step, len(items))
    if index is None or index > len(items) or (index == len(items) and (rest or not insert)):
        return items
    before, after = items[:index], items[index + 1 :]
    if rest:
        return [*before, _set(items[index], rest, value, insert=insert), *after]
    if value is None:
        return [*before, *after]
    return [*before, value, *(items[index:] if insert else after)]


def _index(step: str, size: int) -> int | None:
    if step == "-":
        return size
    return int(step) if step.isascii() and step.isdigit() and len(step) < 9 else None
