"""What records know of each other across surfaces: whether a secret in a file works and whom it proves, and
where what a service tells of lies about."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.inventory.linking import FOUND
from keymuster.model import Credential, CredentialStatus, Identity, ServiceLocation
from keymuster.settings import Settings

_MOST = 20
"""Places or records that a fact names."""

_OFF = (CredentialStatus.DISABLED, CredentialStatus.EXPIRED)
_OFF_IDENTITY = ("disabled", "suspended", "deleted", "inactive", "deactivated")


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """Of each record that is linked to another one."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    links = inventory.links
    for id, others in links.same.items():
        found[id]["counterparts"] = [link.to for link in others][:_MOST]
        found[id]["linked_by"] = list(dict.fromkeys(link.key for link in others))[:_MOST]
        one = inventory.records.get(id)
        if isinstance(one, Credential):
            found[id] |= _of_credential(one, inventory)
    for id, link in links.proves.items():
        said = found[id].setdefault("linked_by", [])
        said += [link.key] if link.key not in said else []
    for id, others in links.alike.items():
        found[id]["same_identity"] = [link.to for link in others][:_MOST]
    for id, keys in links.within.items():
        found[id]["within"] = list(keys)
    for id, others in links.suggested.items():
        found[id]["suggested"] = [str(link) for link in others][:_MOST]
    for one in inventory.of(Credential):
        if one.identity in inventory.records and one.id.startswith(FOUND):
            found[one.id]["proves"] = one.identity
            leaked = found[one.identity].setdefault("found_credentials", [])
            if len(leaked) < _MOST:
                leaked.append(one.id)
    return found


def _of_credential(one: Credential, inventory: Inventory) -> dict[str, Any]:
    others = inventory.counterparts(one)
    said: dict[str, Any] = {"counterparts": [other.id for other in others][:_MOST]}
    if not one.id.startswith(FOUND):
        lies = [
            place
            for other in others
            if other.id.startswith(FOUND)
            for place in inventory.places(other)
        ]
        return said | {"found_in": [str(place) for place in dict.fromkeys(lies)][:_MOST]}
    told = [
        other
        for other in others
        if isinstance(other.location, ServiceLocation) and not other.id.startswith(FOUND)
    ]
    working = [other for other in told if _works(other, inventory)]
    if working:
        place = working[0].location
        assert isinstance(place, ServiceLocation)
        said |= {"works": "yes", "exists_as": working[0].name, "exists_at": place.service}
    elif told:
        said["works"] = "no"
    return said


def _works(one: Credential, inventory: Inventory) -> bool:
    """Whether whoever tells of it says nothing against it, nor against whom it proves."""
    if one.status in _OFF or (
        one.expires_at is not None and inventory.now is not None and one.expires_at < inventory.now
    ):
        return False
    identity = inventory.records.get(one.identity or "")
    return not (isinstance(identity, Identity) and identity.status in _OFF_IDENTITY)
