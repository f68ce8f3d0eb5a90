"""The roles and permissions that Microsoft publishes, by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec

from keymuster.rules.loader import builtin_root
from keymuster.rules.schema import AzureRolesFile

FILE = "azure-roles.yaml"


@cache
def names(table: str) -> dict[str, str]:
    """Id, and name in lower case -> name: of roles of `azure`, of the `entra` directory, or of the
    permissions of Microsoft `graph`."""
    if table == "graph":
        graph = _file().graph
        return {id: name for name, ids in graph.items() for id in ids} | _folded(graph)
    roles = _file().azure if table == "azure" else _file().entra
    return {id: name for name, id in roles.items()} | _folded(roles)


def app_role(permission: str) -> str:
    """The id of a permission of Microsoft Graph as one of applications, not of people."""
    return _file().graph[permission][0]


def _folded(names: Iterable[str]) -> dict[str, str]:
    return {name.lower(): name for name in names}


@cache
def _file() -> AzureRolesFile:
    import yaml

    content = (builtin_root() / "known" / FILE).read_bytes()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return msgspec.convert(yaml.load(content, Loader=loader), type=AzureRolesFile)
