"""Who answers for each identity and credential, and what became of the entries that say so."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.known import Known
from keymuster.analysis.ownership import Owners
from keymuster.analysis.ownership.combination import LEFT, NONE, Ownership
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, Identity
from keymuster.settings import Settings


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    """Of a credential that nobody answers for, nothing is said."""
    owners = Owners(inventory, configured)
    found = {}
    for one in inventory.records.values():
        if isinstance(one, Identity | Credential):
            said = owners.of(one)
            if isinstance(one, Identity) or said.status != NONE:
                found[one.id] = _told(said)
    return found | _of_entries(inventory, owners)


def _told(said: Ownership) -> dict[str, Any]:
    best = said.best
    active = best.active if best is not None else None
    told = {
        "owner": said.name,
        "owner_status": said.status,
        "owner_confidence": said.confidence,
        "owner_candidates": [one.name for one in said.candidates],
        "owner_sources": list(dict.fromkeys(one.source for one in best.signals)) if best else [],
        "owners_left": [one.name for one in said.candidates if one.active is False],
        "orphaned": said.status == LEFT,
    }
    return told if active is None else {**told, "owner_active": "yes" if active else "no"}


def _of_entries(inventory: Inventory, owners: Owners) -> dict[str, dict[str, Any]]:
    """For each entry of `.keymuster/owners.yaml`: what it is about, what is wrong with it, whether its owner has left,
    and which other one contradicts it."""
    estate = owners.estate
    found: dict[str, dict[str, Any]] = {
        one.id: {
            "found": [], "contradicted_by": "", "problem": str(one.settings.get("problem", "")),
            "attested_owner": str(one.settings.get("owner", "")), "owner_left": False,
        }
        for one in estate.entries
    }  # fmt: skip
    for each in estate.attestations:
        left = estate.directory.who(each.said.owner).active is False
        found[each.record.id]["owner_left"] = left
    if not found:
        return {}
    for subject in inventory.records.values():
        if not isinstance(subject, Identity | Credential):
            continue
        every = estate.attested(subject)
        for one in every:
            found[one.record.id]["found"].append(subject.name or subject.id)
        valid = [one for one in every if not estate.is_over(one.said)]
        best = [one for one in valid if one.exactness == valid[0].exactness]
        for one in best:
            mine = estate.directory.who(one.said.owner).key
            other = next(
                (o.said for o in best if estate.directory.who(o.said.owner).key != mine), None
            )
            if other is not None:
                found[one.record.id]["contradicted_by"] = f"{other.owner} by {other.by}"
    return found
