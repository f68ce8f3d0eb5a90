"""Secrets of workflows that stand in for others of the same name: the one of an environment before that of its
repository, and that before the organization's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Resource, ServiceLocation
from keymuster.settings import Settings

_ORGANIZATION = "github_actions_organization_secret"
_REPOSITORY = "github_actions_secret"
_ENVIRONMENT = "github_actions_environment_secret"


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """For each that exists: the names of those that it stands in for."""
    secrets = [one for one in inventory.of(Resource) if one.type in _LEVELS and _exists(one)]
    known = {_place(one, one.type): one.name for one in secrets}
    found = {one.id: [known[place] for place in _behind(one) if place in known] for one in secrets}
    return {id: {"stands_in_for": names} for id, names in found.items() if names}


_LEVELS = (_ENVIRONMENT, _REPOSITORY, _ORGANIZATION)


def _exists(one: Resource) -> bool:
    return isinstance(one.location, ServiceLocation)


def _behind(one: Resource) -> Iterator[tuple[str, ...]]:
    return (_place(one, level) for level in _LEVELS[_LEVELS.index(one.type) + 1 :])


def _place(one: Resource, level: str) -> tuple[str, ...]:
    """Where a secret of this name would stand on a level, seen from this one."""
    account = getattr(one.location, "account", "")
    words = {
        _ORGANIZATION: (), _REPOSITORY: ("repository",), _ENVIRONMENT: ("repository", "environment"),
    }[level]  # fmt: skip
    settings = one.settings
    return level, account, *(str(settings.get(name, "")) for name in ("secret_name", *words))
