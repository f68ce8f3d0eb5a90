"""Names of settings as Pulumi writes them, in the words of those who made the provider."""

from __future__ import annotations

import re
from collections.abc import Container

from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.values import Budget, is_made

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_CAMEL = re.compile(r"[a-z][A-Za-z0-9]*")


def snake(name: str) -> str:
    """`assumeRolePolicy` as Terraform writes it; what is no such name stays."""
    return _HUMP.sub("_", name).lower() if _CAMEL.fullmatch(name) else name


def reference_to(name: str, path: str) -> str:
    """How what a program calls so is referred to: a name with an underscore would be taken for a type
    of Terraform."""
    return f"{name}.{path}" if _PLAIN_NAME.fullmatch(name) else f"[{bare(name)}].{path}"


def bare(text: str) -> str:
    """What can stand in a name of something unknown. A colon would make it a variable of IAM."""
    return re.sub(r"[${}\s\[\]\"]", "", text)[:200].replace(":", ".")


def in_terraforms_words(
    node: Node, budget: Budget, blocks: Container[str], maps: Container[str] = ()
) -> Node:
    """Settings of a provider that is bridged from Terraform's. `blocks` are known by names in the
    singular, which Pulumi writes in the plural; the keys of `maps` are not names, nor are those of
    a policy."""
    budget.spend()
    if is_made(node):
        return node
    match node.value:
        case dict() as entries:
            if is_policy(entries):
                return node
            made: dict[str, Node] = {}
            for key, one in entries.items():
                name = _block(snake(key), blocks)
                made[name] = one if name in maps else in_terraforms_words(one, budget, blocks, maps)
            return node.holding(made)
        case list() as items:
            return node.holding([in_terraforms_words(one, budget, blocks, maps) for one in items])
        case _:
            return node


def _block(name: str, blocks: Container[str]) -> str:
    if name in blocks or not name.endswith("s"):
        return name
    singular = (name[:-1], name[:-2], name[:-3] + "y")
    return next((one for one in singular if one in blocks), name)


def capitalised(node: Node, budget: Budget, maps: Container[str]) -> Node:
    """Settings with the names of CloudFormation: `roleName` as `RoleName`."""
    budget.spend()
    if is_made(node):
        return node
    match node.value:
        case dict() as entries:
            if is_policy(entries):
                return node
            return node.holding(
                {
                    _capital(key): one if key in maps else capitalised(one, budget, maps)
                    for key, one in entries.items()
                }
            )
        case list() as items:
            return node.holding([capitalised(one, budget, maps) for one in items])
        case _:
            return node


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:] if _CAMEL.fullmatch(name) else name


def is_policy(entries: dict[str, Node]) -> bool:
    """Whether a map is a policy document, whose keys are no names of Pulumi's."""
    return "Statement" in entries
