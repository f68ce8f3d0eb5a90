"""Configuration of Pulumi: secrets that stand there as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.sealing import PARAMETER
from keymuster.collect.literals.search import named
from keymuster.model import CredentialKind, Observation

CONFIG = "pulumi:config"


def config(one: Declared) -> Iterator[Observation]:
    """A value that somebody set, or that a program marks as secret; encrypted ones are not here."""
    value = one.get("Value")
    if value is None:
        return
    name = one.text("Name").rpartition(":")[2]
    said = CredentialKind.PASSWORD if one.text("Secret") == "true" else None
    for each in named(value, name):
        kind = kind_of(each.name) or said
        found = one.sealing.credential(
            each.node, each.name, kind=said and kind, declared_as=PARAMETER
        )
        if found is not None:
            yield found


TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {CONFIG: config}
