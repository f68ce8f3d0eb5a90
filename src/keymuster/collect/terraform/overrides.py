"""Files whose blocks are merged into those of the same name: `override.tf` and `*_override.tf`.
See https://developer.hashicorp.com/terraform/language/files/override"""

from __future__ import annotations

import posixpath

from keymuster import regex
from keymuster.collect.syntax.hcl_tree import Block, Literal

_OVERRIDE = regex.later(r"(?:.*_)?override\.(?:tf|tofu)(?:\.json)?")


def is_override(path: str) -> bool:
    return "override." in path and bool(_OVERRIDE.fullmatch(posixpath.basename(path)))


def merged(block: Block, override: Block) -> Block:
    """A block with what another says instead: of an argument the value, of nested blocks all of a
    type. `dynamic` blocks are of the type that they make."""
    replaced = {_type(one) for one in override.blocks} | set(override.attributes)
    attributes = {name: one for name, one in block.attributes.items() if name not in replaced}
    blocks = [one for one in block.blocks if _type(one) not in replaced] + override.blocks
    return Block(
        block.begin, block.end, block.type, block.labels, attributes | override.attributes, blocks
    )


def _type(block: Block) -> str:
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def without_backend(block: Block) -> Block:
    """A `terraform` block without its place for the state: one in an override stands for all."""
    kept = [one for one in block.blocks if one.type not in STATE_PLACES]
    return Block(block.begin, block.end, block.type, block.labels, block.attributes, kept)


STATE_PLACES = ("backend", "cloud")


def is_same_provider(one: Block, other: Block) -> bool:
    return one.labels == other.labels and _alias(one) == _alias(other)


def _alias(block: Block) -> object:
    attribute = block.attributes.get("alias")
    return attribute.value.value if attribute and isinstance(attribute.value, Literal) else None
