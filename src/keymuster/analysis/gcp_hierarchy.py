"""What is in which project, folder and organisation: roles are inherited down that line.

https://cloud.google.com/resource-manager/docs/cloud-platform-resource-hierarchy
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from keymuster import regex
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import named
from keymuster.model import Environment, Grant, Identity, Resource, ServiceLocation
from keymuster.model.gcp_hierarchy import FOLDER, ORGANIZATION, PROJECT
from keymuster.model.unknown import is_unknown

_LEVEL = regex.later(r"(?:projects|folders|organizations)/[^/]+")
_IN_PROJECT = regex.later(r"(?:\A|/)projects/(?P<project>[^/]+)/")
_ACCOUNT = regex.later(r"(?:projects/[^/]+/serviceAccounts/)?(?P<email>[^/]+@[^/]+)")

_DEEPEST = 20
"""Google allows ten folders, one in the other."""


class Hierarchy:
    """The levels that are known by their names: `projects/acme`, `folders/45`, `organizations/123`."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.levels: dict[str, Resource] = {}
        self._names: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._above: dict[str, tuple[str, ...]] = {}
        self._environments: dict[str, Environment] = {}
        self._accounts: dict[str, str] = {}
        self._learn(one for one in inventory.of(Resource) if one.type in _TYPES)
        for identity in inventory.of(Identity):
            for alias in identity.aliases if identity.provider == "gcp" else ():
                self._accounts[alias] = identity.id

    def _learn(self, levels: Iterable[Resource]) -> None:
        parents = {}
        for one in levels:
            name = str(one.settings.get("name") or one.id)
            self.levels.setdefault(name, one)
            for alias in (one.id, name, one.settings.get("number")):
                if alias:
                    self._names[str(alias)] = name
            parents[name] = str(one.settings.get("parent") or "")
        for name, parent in parents.items():
            if parent:
                self._parents.setdefault(name, self.name(parent))

    def name(self, text: str) -> str:
        """What a level is called, whatever it is named by: its number, the id of its declaration."""
        return self._names.get(text, text)

    def above(self, level: str) -> tuple[str, ...]:
        """It, what it is in, and so on."""
        found = self._above.get(level)
        if found is None:
            parent, line = self._parents.get(level, ""), [level]
            while parent and parent not in line and len(line) < _DEEPEST:
                line.append(parent)
                parent = self._parents.get(parent, "")
            found = self._above[level] = tuple(line)
        return found

    def is_whole(self, level: str) -> bool:
        """Whether all that it is in is known."""
        return self.above(level)[-1].startswith("organizations/")

    def environment(self, level: str, words: Mapping[str, Sequence[str]]) -> Environment:
        """What a project is for: by its labels and names, or else those of the nearest folder."""
        if level not in self._environments:
            told = [self.levels.get(one) for one in self.above(level)]
            first = told[0].settings if told[0] is not None else {}
            names = [level.partition("/")[2], str(first.get("title") or "")]
            names += [one.name for one in told[1:] if one is not None]
            self._environments[level] = named(first.get("labels") or {}, names, words)
        return self._environments[level]

    def of_grant(self, grant: Grant) -> str:
        """The level that a role is granted on, or that what it is granted on is in; empty if it is not
        known."""
        for text in grant.resources:
            if text in self._names or _LEVEL.fullmatch(text):
                return self.name(text)
            account = self._inventory.records.get(self.account(text))
            if isinstance(account, Identity) and account.account:
                return f"projects/{account.account}"
            if (inside := _IN_PROJECT.search(text)) is not None:
                return self.name(f"projects/{inside['project']}")
        place = grant.location.account if isinstance(grant.location, ServiceLocation) else ""
        if not place:
            return ""
        return self.name(place if "/" in place else f"projects/{place}")

    def is_wide(self, grant: Grant) -> bool:
        """Whether it holds for all that lies below a level; one that does not say what it is on, may."""
        if not grant.resources:
            return True
        return any(text in self._names or _LEVEL.match(text) for text in grant.resources)

    def account(self, text: str) -> str:
        """The id of the service account that a grant is on; empty if it is on something else."""
        text = text.removeprefix("service_account/")
        if text in self._inventory.records:
            known = self._inventory.records[text]
            return text if isinstance(known, Identity) else ""
        named = _ACCOUNT.fullmatch(text.removeprefix("gcp:"))
        if named is None or is_unknown(text):
            return ""
        id = f"gcp:{named['email']}"
        return self._accounts.get(id, id)


_TYPES = (ORGANIZATION, FOLDER, PROJECT)
