"""What things of Azure and Entra are called: by reference, by id, by name."""

from __future__ import annotations

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.model.unknown import is_unknown, reference
from keymuster.rules import azure_roles

_GIVEN = ("var.", "local.", "each.", "count.", "path.", "self.", "parameters.")
"""How references begin that are no objects: each is a thing of its own."""

_GUID = regex.later(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ASSIGNED = regex.later(r"(?i)/userAssignedIdentities/([^/]+)\Z")
_ROLE = regex.later(r"(?i)(?:\A|/roleDefinitions/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")


_OBJECT = regex.later(
    rf"(?i)/(?:applications|servicePrincipals|users|groups)/({_GUID.pattern[4:]})"
)


def principal(one: Declared, text: str) -> str:
    """The id or the alias of the principal that a setting names: by reference, by the id of its
    object, by the id of the managed identity."""
    if not text:
        return ""
    if name := reference(text):
        return f"{one.scope}:{name}" if name.startswith(_GIVEN) else one.target(text)
    if one.key and text.lower().startswith("/subscriptions/"):
        return arm_id(text)
    if assigned := _ASSIGNED.search(text):
        return identity_alias(assigned[1])
    if found := _OBJECT.fullmatch(text):
        text = found[1]
    return object_alias(text) if _GUID.fullmatch(text) else f"azure:{text}"


def object_alias(id: str) -> str:
    """What records call an object of the directory, or an application, by its id."""
    return f"azure:{id.lower()}"


def arm_id(text: str) -> str:
    """The id of what exists in Azure, which does not care about case."""
    return text.lower().rstrip("/")


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


def object_aliases(one: Declared, *within: str) -> tuple[str, ...]:
    """The ids by which the directory knows a managed identity that exists."""
    texts = [one.text(*within, key) for key in ("principalId", "clientId")] if one.key else []
    return tuple(object_alias(text) for text in texts if is_guid(text))


def named(one: Declared, provider: str, name: str) -> tuple[str, ...]:
    """What an object of a name is called, and where it exists of which account it is: so is what code
    declares known for it."""
    if not name or is_unknown(name):
        return ()
    return (f"{provider}:{one.account}:{name}" if one.key else f"{provider}:{name}",)


def tags(one: Declared) -> dict[str, str]:
    node = one.get("tags")
    return {key: text for key, value in (node.entries() if node else ()) if (text := value.text())}
