"""The Cloud Asset Inventory: what lies below an organisation, a folder or a project, and who may do what
there, by page for all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, NamedTuple

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.gcp.places import Place

LIST = "cloudasset.assets.list"


class AssetPolicy(NamedTuple):
    """Who may do what on one thing: its full resource name and type, and its IAM policy."""

    resource: str
    type: str
    policy: Mapping[str, Any]


class Assets:
    """What the inventory told, by where it lies. A type counts for a place when all pages of it were
    seen for all that the place is part of. Where the whole of it was `refused` once, as it is not enabled,
    nobody need ask again."""

    def __init__(self, places: Iterable[Place]) -> None:
        places = tuple(places)
        self._accounts = {one.number: one.account for one in places}
        self._parents = {one.account: one.parent for one in places}
        self._resources: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self._policies: dict[str, list[AssetPolicy]] = defaultdict(list)
        self._types: dict[str, set[str]] = defaultdict(set)
        self._with_policies: set[str] = set()
        self._lock = Lock()
        self.refused: tuple[Refused, ...] = ()

    def add(self, asset: Mapping[str, Any]) -> None:
        """One of a page. What lies in nothing that is to be looked at is left out."""
        ancestors = asset.get("ancestors") or [""]
        account = self._accounts.get(ancestors[0])
        if account is None:
            return
        kind = asset["assetType"]
        resource, policy = asset.get("resource"), asset.get("iamPolicy")
        with self._lock:
            if resource is not None:
                self._resources[account, kind].append(resource.get("data") or {})
            if policy is not None:
                self._policies[account].append(AssetPolicy(asset["name"], kind, policy))

    def seen(self, root: Place, types: Iterable[str]) -> None:
        """Note that all pages of these types were seen below a root."""
        self._types[root.account].update(types)

    def seen_policies(self, root: Place) -> None:
        self._with_policies.add(root.account)

    def of(self, place: Place, type: str) -> list[dict[str, Any]] | None:
        """What the inventory has of a type in a place itself; None if it was not asked, or not wholly."""
        if any(type in self._types[one] for one in self._above(place)):
            return self._resources.get((place.account, type), [])
        return None

    def policies(self, place: Place) -> list[AssetPolicy] | None:
        """Those of a place itself and of what lies in it; None if they were not all seen."""
        if any(one in self._with_policies for one in self._above(place)):
            return self._policies.get(place.account, [])
        return None

    def forget(self, place: Place) -> None:
        """Let go what lies in a place: an organisation has more of it than memory has room."""
        self._policies.pop(place.account, None)
        for key in [key for key in self._resources if key[0] == place.account]:
            del self._resources[key]

    def _above(self, place: Place) -> list[str]:
        """The place and those that it lies in."""
        found = [place.account]
        while (parent := self._parents.get(found[-1])) and parent not in found:
            found.append(parent)
        return found
