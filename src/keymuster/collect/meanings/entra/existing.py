"""What Microsoft Graph tells of what exists, beside what code could declare: when it was made and used,
who answers for it, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure.names import principal
from keymuster.collect.publishers import of_entra
from keymuster.collect.syntax.node import Node
from keymuster.model import Grant, GrantKind, OwnerHint
from keymuster.model.unknown import is_unknown

MICROSOFT = frozenset(
    ("f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47")
)
"""The tenants of Microsoft's own applications, which every tenant has.

https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
"""

_UNKNOWN = "unknown"
"""An owner of whom is not known who it is, if there is one."""

NEVER = "never"
"""In the place of the time of a sign-in: the report was read, and knows of none."""


def last_sign_in(one: Declared, *keys: str) -> tuple[datetime | None, bool | None]:
    """When somebody last signed in by this, and whether nobody ever did; neither if no report says."""
    texts = [one.text(key, "lastSignInDateTime") for key in keys]
    times = [time for key in keys if (time := one.time(key, "lastSignInDateTime")) is not None]
    if times:
        return max(times), None
    return None, True if NEVER in texts else None


def hints(one: Declared, kind: str) -> tuple[OwnerHint, ...]:
    """The `owners` or `sponsors` by name, and whether they still can act; one `unknown` where nobody was let
    look."""
    if not one.key:  # what code declares names them by the ids of objects, if at all
        return ()
    if is_unknown(one.text(kind)) or is_unknown(one.text(f"{kind[:-1]}Details")):
        return (OwnerHint(name=_UNKNOWN, source=f"entra:{kind}"),)
    found = [
        OwnerHint(
            name=name,
            source=f"entra:{kind}",
            active={"true": True, "false": False}.get(_text(node, "accountEnabled")),
        )
        for node in _details(one, kind)
        if (name := _text(node, "name") or _text(node, "id"))
    ]
    return tuple(found)


def owned(one: Declared) -> Iterator[Grant]:
    """Who owns an application or a service principal can give it a secret, and be it; who owns a group
    can put others in it."""
    if not one.key:
        return
    for node in _details(one, "owners"):
        if id := _text(node, "id"):
            yield Grant(
                id=f"{one.id}#owner/{id}",
                identity=principal(one, id),
                kind=GrantKind.OTHER,
                provider="entra",
                location=one.location,
                resources=(one.id,),
                conditions={"owner": _text(node, "name") or id},
            )


def tenant(one: Declared) -> str:
    """The tenant of the application that a service principal stands for, if it is not this one."""
    owner = one.known("appOwnerOrganizationId").lower()
    return owner if owner and owner != (one.known("tenantId") or one.account).lower() else ""


def party(one: Declared) -> dict[str, str]:
    """Whose the application is that a service principal stands for, and whether that is somebody else.
    Only a publisher that Microsoft has verified is one: everybody may take any other name."""
    if not one.key:
        return {}
    owner = tenant(one)
    if owner in MICROSOFT:
        ours = {"publisher": "Microsoft", "verified": "true", "first_party": "yes"}
    else:
        ours = {"foreign": "yes"} if owner else {}
    return {**of_entra(one), **ours}


def _details(one: Declared, kind: str) -> list[Node]:
    """Each with its `id`: where only that is told, it stands in the list itself."""
    node = one.get(f"{kind[:-1]}Details")
    if node is None:
        listed = one.get(kind)
        return [item.made({"id": item.text()}) for item in listed.items()] if listed else []
    return [item for item in node.items() if isinstance(item.value, dict)]


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return found.text() if found else ""
