"""The values that objects of a cluster hold in plain text: searched for secrets, and let go of."""

from __future__ import annotations

from msgspec.structs import replace

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Node

_HOLDING = ("data", "value", "command", "args")
"""The keys of a ConfigMap, of a variable and of a container whose values programs read."""


def without(one: Declared) -> Declared:
    """An object whose values are gone, with their names."""
    return replace(one, settings=_bare(one.settings))


def _bare(node: Node) -> Node:
    match node.value:
        case dict() as entries:
            kept = {key: _bare(each) for key, each in entries.items() if key not in _HOLDING}
            return node.holding(kept)
        case list() as items:
            return node.holding([_bare(each) for each in items])
        case _:
            return node
