"""All that one tool or vendor creates or consumes, for those who decide whether it may be bought, kept
or ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from keymuster.analysis.registrations import Entry, entries
from keymuster.cli.agent_card import table
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, CredentialKind, Identity, IdentityKind, Storage, Trust, Use
from keymuster.rules.schema import RuleSet


class Row(Struct, frozen=True, kw_only=True):
    """One secret, token, identity or outsider. `revocation` is how it is ended; `gaps` what is missing."""

    what: str
    kind: str
    name: str
    owner: str
    reviewer: str
    revocation: str
    places: tuple[str, ...]
    gaps: tuple[str, ...]


def rows(name: str, inventory: Inventory, rules: RuleSet) -> list[Row]:
    """Everything that belongs to what is called so, in whole or in part and in any case."""
    wanted = name.casefold()
    identities = {one.id: one for one in inventory.of(Identity) if _is_called(one, wanted)}
    uses = list(inventory.of(Use))
    consumed = {one.subject for one in uses if one.by in identities}
    revocations = {one.id: one.revoke.strip() for one in rules.tokens}
    registered = _registered(inventory)
    found = [_of_identity(one, inventory, registered.get(one.id)) for one in identities.values()]
    for credential in inventory.of(Credential):
        words = (credential.vendor, credential.format, credential.name)
        if credential.id in consumed or any(wanted in one.casefold() for one in words):
            by = [one.by for one in uses if one.subject == credential.id]
            entry = next((registered[one] for one in by if one in registered), None)
            revocation = revocations.get(credential.format, "")
            found.append(_of_credential(credential, inventory, entry, revocation))
    outsiders = [
        _of_outsider(one, registered.get(one.identity))
        for one in inventory.of(Trust)
        if one.identity in identities or wanted in one.principal.casefold()
    ]
    return found + outsiders


def markdown(name: str, found: Sequence[Row]) -> str:
    head = ("what", "name", "owner", "reviewer", "revocation path", "where", "gaps")
    lines = [f"# {name}: what it creates or consumes", ""]
    lines += table(
        head,
        [
            (f"{one.what} ({one.kind})", one.name, one.owner, one.reviewer, one.revocation,
             ", ".join(one.places), "; ".join(one.gaps))
            for one in found
        ],
    )  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def _is_called(one: Identity, wanted: str) -> bool:
    return any(wanted in text.casefold() for text in (one.name, one.provider, *one.aliases))


def _registered(inventory: Inventory) -> dict[str, Entry]:
    """The entry of each agent and each server of it."""
    found: dict[str, Entry] = {}
    for entry in entries(inventory):
        for one in (*entry.used.agents, *(server for _, server in entry.used.servers)):
            found.setdefault(one.id, entry)
    return found


def _of_identity(one: Identity, inventory: Inventory, entry: Entry | None) -> Row:
    owner = str(inventory.facts.get(one.id, {}).get("owner", "")) or _owner(entry)
    revocation = entry.said.kill_switch.how if entry else ""
    is_agent = one.kind in (IdentityKind.AGENT, IdentityKind.MCP_SERVER)
    unregistered = "not in the registry of agents" if is_agent and entry is None else ""
    return _row("identity", one.kind.value, one, inventory, owner, entry, revocation, unregistered)


def _of_credential(
    one: Credential, inventory: Inventory, entry: Entry | None, revocation: str
) -> Row:
    held = [x for x in inventory.sightings(one) if x.fingerprint]
    in_file = "its text stands in a file" if held and one.storage is not Storage.VAULT else ""
    ends = one.expires_at is not None or one.kind is CredentialKind.FEDERATION or not held
    endless = "" if ends else "no end"
    what = "secret" if held else "reference to a secret"
    return _row(
        what, one.kind.value, one, inventory, _owner(entry), entry, revocation, in_file, endless
    )


def _of_outsider(one: Trust, entry: Entry | None) -> Row:
    return Row(
        what="third party",
        kind=one.kind.value,
        name=one.principal,
        owner=_owner(entry),
        reviewer=entry.said.sponsor if entry else "",
        revocation="",
        places=(str(one.location),),
        gaps=tuple(_gaps(_owner(entry), entry, "-")),
    )


def _row(
    what: str, kind: str, one: Any, inventory: Inventory, owner: str, entry: Entry | None,
    revocation: str, *more: str,
) -> Row:  # fmt: skip
    return Row(
        what=what,
        kind=kind,
        name=one.name,
        owner=owner,
        reviewer=entry.said.sponsor if entry else "",
        revocation=revocation,
        places=tuple(dict.fromkeys(str(x.location) for x in inventory.sightings(one))),
        gaps=(*_gaps(owner, entry, revocation), *filter(None, more)),
    )


def _owner(entry: Entry | None) -> str:
    return entry.said.owner if entry else ""


def _gaps(owner: str, entry: Entry | None, revocation: str) -> Iterator[str]:
    if not owner or owner == "unknown":
        yield "no owner"
    if entry is None or not entry.said.sponsor:
        yield "no reviewer"
    if not revocation:
        yield "no revocation path"
