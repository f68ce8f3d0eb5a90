"""What declared objects mean: one module per vendor, found by its folder. Each has `TYPES`: the type of
an object, in the vendor's words, and the function that makes records of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeAlias

from keymuster.collect.declared import Declared
from keymuster.collect.terraform.literals import literals
from keymuster.model import Observation, Resource

Meaning: TypeAlias = Callable[[Declared], Iterator[Observation]]


def records(one: Declared, wanted: Container[str]) -> Iterator[Observation]:
    """The records of an object: its settings if its type is `wanted`, what it means, and the secrets
    that stand in it."""
    if one.type in wanted:
        yield resource(one)
    meaning = known().get(one.type)
    if meaning is not None:
        yield from meaning(one)
    yield from literals(one)


def resource(one: Declared) -> Resource:
    """The object itself, in the vendor's own words. Its id is not that of an identity it may be."""
    return Resource(
        id=f"resource:{one.id}",
        type=one.type,
        name=one.name,
        location=one.location,
        settings=one.settings.plain(),
    )


@cache
def known() -> dict[str, Meaning]:
    """Every type that means something."""
    found: dict[str, Meaning] = {}
    for module in iter_modules(__path__):
        found |= import_module(f"{__name__}.{module.name}").TYPES
    return found
