"""What is worth going for: administrators, what holds secrets, data that the settings call precious."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from keymuster.analysis.reach.graph import Basis, Graph
from keymuster.inventory.statuses import is_off
from keymuster.model import Credential, Environment, Identity, Resource, Storage

ADMIN, PRODUCTION, SECRETS, DATA = "admin", "production", "secrets", "data"

WORDS = (ADMIN, PRODUCTION, SECRETS, DATA)
"""The gravest first. A `production` jewel is an administrator of production."""

_KEPT = (Storage.VAULT, Storage.CI_VARIABLE)

_HOLD_SECRETS = frozenset(
    (
        "AWS::SecretsManager::Secret",
        "google_secret_manager_secret",
        "google_secret_manager_regional_secret",
        "Microsoft.KeyVault/vaults",
    )
)
"""Types of resources that are made to hold secrets."""


def jewels(basis: Basis, graph: Graph) -> dict[str, tuple[str, ...]]:
    """The nodes that are jewels, each with its words."""
    found: dict[str, dict[str, None]] = {}
    for id, word in _told(basis, graph):
        if id in graph.numbers:
            found.setdefault(id, {})[word] = None
    return {id: tuple(words) for id, words in found.items()}


def _told(basis: Basis, graph: Graph) -> Iterator[tuple[str, str]]:
    for made in graph.made.values():
        if made.jewel:
            yield made.id, made.jewel
    for one in basis.inventory.records.values():
        match one:
            case Identity() if not is_off(one.status):
                told = basis.told(one.id)
                if told.get("privilege") == "admin":
                    yield one.id, ADMIN
                    if told.get("environment") == Environment.PRODUCTION:
                        yield one.id, PRODUCTION
            case Credential() if one.storage in _KEPT:
                yield one.id, SECRETS
            case Resource() if one.type in _HOLD_SECRETS:
                yield one.id, SECRETS
            case _:
                pass
        if _is_precious(one, basis):
            yield one.id, DATA
            yield one.id.removeprefix("resource:"), DATA


def _is_precious(one: object, basis: Basis) -> bool:
    asked = basis.configured.reach.jewels
    if not asked:
        return False
    tags = tags_of(one)
    return any(
        name.casefold() == jewel.tag.casefold()
        and fnmatchcase(value.casefold(), jewel.value.casefold())
        for name, value in tags.items()
        for jewel in asked
    )


def tags_of(one: object) -> Mapping[str, str]:
    """The tags or labels of an identity or a resource, in whichever form its vendor writes them."""
    if isinstance(one, Identity):
        return one.tags
    if not isinstance(one, Resource):
        return {}
    found: dict[str, str] = {}
    for key in _TAGS:
        found |= _pairs(one.settings.get(key))
    return found


_TAGS = ("Tags", "tags", "tags_all", "labels", "TagSet")


def _pairs(said: Any) -> dict[str, str]:
    if isinstance(said, Mapping):
        return {str(key): value for key, value in said.items() if isinstance(value, str)}
    if not isinstance(said, list):
        return {}
    return {
        str(one.get("Key", one.get("key"))): str(one.get("Value", one.get("value")))
        for one in said
        if isinstance(one, Mapping)
    }
