"""What records know of each other across surfaces: whether a secret in a file works and whom it proves, and
where what a service tells of lies about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.inventory.linking import FOUND
from keymuster.inventory.statuses import is_off
from keymuster.model import Credential, CredentialStatus, Identity, ServiceLocation
from keymuster.settings import Settings

_MOST = 20
"""Places or records that a fact names."""

_OFF = (CredentialStatus.DISABLED, CredentialStatus.EXPIRED)


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """Of each record that is linked to another one."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    links = inventory.links
    for id, others in links.same.items():
        rest = (other for other in links.nodes[id] if other != id)
        found[id]["counterparts"] = list(islice(rest, _MOST))
        found[id]["linked_by"] = list(dict.fromkeys(link.key for link in others))[:_MOST]
    for node in dict.fromkeys(links.nodes.values()):
        for id, said in _of_node(node, inventory):
            found[id] |= said
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


def _of_node(node: tuple[str, ...], inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """For the records of one credential: where its text lies, for what services tell of; whether it works,
    for where it lies."""
    several = [one for id in node if isinstance(one := inventory.records.get(id), Credential)]
    lying = [one for one in several if one.id.startswith(FOUND)]
    told = [
        one
        for one in several
        if isinstance(one.location, ServiceLocation) and not one.id.startswith(FOUND)
    ]
    places = dict.fromkeys(str(place) for one in lying for place in inventory.places(one))
    for one in told:
        if lying:
            yield one.id, {"found_in": list(islice(places, _MOST))}
    for one in lying:
        if told:
            yield one.id, _life(told, inventory)


def _life(told: list[Credential], inventory: Inventory) -> dict[str, Any]:
    working = next((one for one in told if _works(one, inventory)), None)
    if working is None:
        return {"works": "no"}
    place = working.location
    assert isinstance(place, ServiceLocation)
    return {"works": "yes", "exists_as": working.name, "exists_at": place.service}


def _works(one: Credential, inventory: Inventory) -> bool:
    """Whether whoever tells of it says nothing against it, nor against whom it proves."""
    if one.status in _OFF or (
        one.expires_at is not None and inventory.now is not None and one.expires_at < inventory.now
    ):
        return False
    identity = inventory.records.get(one.identity or "")
    return not (isinstance(identity, Identity) and is_off(identity.status))
