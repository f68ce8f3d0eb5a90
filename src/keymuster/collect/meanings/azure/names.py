"""What things of Azure and Entra are called: by reference, by id, by name."""

from __future__ import annotations

import re

from keymuster.collect.declared import Declared
from keymuster.model.unknown import is_unknown, reference
from keymuster.rules import azure_roles

_GIVEN = ("var.", "local.", "each.", "count.", "path.", "self.", "parameters.")
"""How references begin that are no objects: each is a thing of its own."""

_GUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ASSIGNED = re.compile(r"(?i)/userAssignedIdentities/([^/]+)\Z")
_ROLE = re.compile(r"(?i)(?:\A|/roleDefinitions/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")


def principal(one: Declared, text: str) -> str:
    """The id or the alias of the principal that a setting names: by reference, by the id of its
    object, by the id of the managed identity."""
    if not text:
        return ""
    if name := reference(text):
        return f"{one.scope}:{name}" if name.startswith(_GIVEN) else one.target(text)
    if assigned := _ASSIGNED.search(text):
        return identity_alias(assigned[1])
    return f"azure:{text.lower()}" if _GUID.fullmatch(text) else f"azure:{text}"


def identity_alias(name: str) -> str:
    return f"azure:userAssignedIdentities/{name.lower()}"


def role(one: Declared, text: str, table: str = "azure") -> str:
    """A role by its name: built-in ones are known by their ids, too."""
    if not text:
        return ""
    if name := reference(text):
        return f"{one.scope}:{name}" if name.startswith(_GIVEN) else one.target(text)
    known = azure_roles.names(table)
    if found := _ROLE.search(text):
        return f"{table}:role/{known.get(found[1].lower(), found[1].lower())}"
    return f"{table}:role/{known.get(text.lower(), text)}"


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def aliases(*names: str) -> tuple[str, ...]:
    return tuple(name for name in names if name and not is_unknown(name))


def tags(one: Declared) -> dict[str, str]:
    node = one.get("tags")
    return {key: text for key, value in (node.entries() if node else ()) if (text := value.text())}
