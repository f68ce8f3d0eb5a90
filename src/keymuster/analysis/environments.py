"""For which environment each thing is: what settings say of its account, namespace, cluster or folder, what its
tags say, what its account is called, its own name, its path.

    Environments(inventory, configured).of(record)

takes any record: an identity, a credential (or one sighting of it, which has a place of its own), a resource, a
use (then the environment of the consumer is meant), a grant or trust (then that of the identity). It gives a
`Placed`: the environment, by which sort of sign, and the sign in a sentence. What nothing speaks of is unknown
without a sentence; where two signs of one sort contradict each other it is unknown, and both are in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from keymuster import regex
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import NOWHERE, TAGS, Placed, named, placed, said
from keymuster.inventory.owners import tagged
from keymuster.model import (
    Credential,
    Environment,
    FileLocation,
    Grant,
    Identity,
    Location,
    Observation,
    Resource,
    ServiceLocation,
    Trust,
    Use,
)
from keymuster.settings import Settings, environment_scopes

if TYPE_CHECKING:
    from keymuster.analysis.aws_organizations import Organizations
    from keymuster.analysis.gcp_hierarchy import Hierarchy


class Environments:
    """Asked for one record after the other; what accounts are called is found once."""

    def __init__(self, inventory: Inventory, configured: Settings) -> None:
        self._inventory = inventory
        self._words = configured.environments
        self._scopes = list(environment_scopes(configured.environments))

    def of(self, record: Observation) -> Placed:
        """See above."""
        if isinstance(record, Use):
            return self._of_consumer(record)
        if isinstance(record, Grant | Trust):
            return self._of_id(record.identity)
        own = getattr(record, "environment", Environment.UNKNOWN)
        if own is not Environment.UNKNOWN:
            return Placed(environment=own, by="itself", because=f"it is one of {own.value}")
        for look in (self._by_people, self._by_account, self._by_identity, self._by_name):
            if (found := look(record)) is not NOWHERE:
                return found
        return self._by_path(record.location, isinstance(record, Identity))

    def everywhere(self, record: Observation) -> dict[Environment, Placed]:
        """Every environment that one of its sightings is in, with the reason; without unknown ones."""
        every = [self.of(one) for one in (record, *self._inventory.sightings(record))]
        return {
            one.environment: one
            for one in reversed(every)
            if one.environment is not Environment.UNKNOWN
        }

    def of_place(self, place: Location) -> Placed:
        """Of a place alone: what settings say of its account or folder, what the account is called, or else
        the names of its folders and of the file."""
        settings = placed("settings", self._by_scopes(_accounts_of(place), {}, place))
        if settings is not NOWHERE:
            return settings
        account = self._by_accounts(_accounts_of(place), None)
        return account if account is not NOWHERE else self._by_path(place, folders_only=False)

    # --- signs, the strongest first ----------------------------------------------------------------

    def _by_people(self, record: Observation) -> Placed:
        """What somebody has said on purpose, in the settings or in a tag: one does not outweigh the other."""
        tags = _tags(record)
        signs = list(self._by_scopes(_accounts(record), _inside(record), record.location))
        by = "settings" if signs else "tag"
        if text := tagged(tags, TAGS):
            signs.append((f"the tag {_tag_name(tags, text)}", said(text, self._words)))
        return placed(by, signs)

    def _by_scopes(
        self, accounts: set[tuple[str, str]], inside: Mapping[str, str], place: Location
    ) -> Iterator[tuple[str, Mapping[Environment, str]]]:
        for environment, sort, name in self._scopes:
            if sort == "path":
                fits = isinstance(place, FileLocation) and _is_in(place.path, name)
            elif sort in _INSIDE:
                fits = fnmatchcase(inside.get(sort, "").casefold(), name.casefold())
            else:
                fits = any(
                    of == sort and fnmatchcase(account, name.casefold()) for of, account in accounts
                )
            if fits:
                yield f"the setting {sort}:{name}", {Environment(environment): environment}

    def _by_account(self, record: Observation) -> Placed:
        return self._by_accounts(_accounts(record), record)

    def _by_accounts(self, accounts: set[tuple[str, str]], record: Observation | None) -> Placed:
        """What the account is called, or what it lies in."""
        said_by = {"aws": self._of_account, "gcp": self._of_project, "azure": self._of_subscription}
        signs = [said_by[of](account) for of, account in sorted(accounts) if of in said_by]
        if (group := _GROUP.search(record.id) if record is not None else None) is not None:
            spoken = said(group[1], self._words)
            signs = [(f"the resource group {group[1]}", spoken)] if spoken else signs
        return placed("account", signs)

    def _of_account(self, account: str) -> tuple[str, Mapping[Environment, str]]:
        found = self._organizations.environment(account, self._words)
        return f"the account {self._organizations.name(account) or account}", _one(found)

    def _of_project(self, project: str) -> tuple[str, Mapping[Environment, str]]:
        level = self._hierarchy.name(f"projects/{project}")
        return f"the project {project}", _one(self._hierarchy.environment(level, self._words))

    def _of_subscription(self, id: str) -> tuple[str, Mapping[Environment, str]]:
        one = self._subscriptions.get(id)
        if one is None:
            return "", {}
        return f"the subscription {one.name}", _one(named(_tags(one), (one.name,), self._words))

    def _by_identity(self, record: Observation) -> Placed:
        """A credential is for what its identity is for."""
        if not isinstance(record, Credential) or not record.identity:
            return NOWHERE
        return self._of_id(record.identity)

    def _by_name(self, record: Observation) -> Placed:
        name = _name(record)
        return placed("name", [(f"the name {name}", said(name, self._words))])

    def _by_path(self, place: Location, folders_only: bool) -> Placed:
        """The folders, or else the file: `.env.production`. Of what is declared, the file says what it is
        about and not what it is for."""
        if not isinstance(place, FileLocation):
            return NOWHERE
        folders, _, file = place.path.rpartition("/")
        found = placed("path", [(f"the path {folders}/", said(folders, self._words))])
        if found is not NOWHERE or folders_only:
            return found
        return placed("path", [(f"the file {file}", said(file, self._words))])

    def _of_consumer(self, use: Use) -> Placed:
        found = self._of_id(use.by)
        if found is not NOWHERE:
            return found
        inside = _namespace(use.by)
        settings = placed("settings", self._by_scopes(_accounts(use), inside, use.location))
        if settings is not NOWHERE:
            return settings
        named = placed("name", [(f"the name {use.by}", said(use.by, self._words))])
        return named if named is not NOWHERE else self.of_place(use.location)

    def _of_id(self, id: str) -> Placed:
        record = self._inventory.records.get(id)
        if record is None:
            record = self._by_alias.get(id)
        if record is None or isinstance(record, Use | Grant | Trust):
            return NOWHERE
        if not isinstance(record, Credential):
            return self._inventory.remembered("environment", record.id, lambda: self.of(record))
        return self.of(record)

    # --- what accounts are called ------------------------------------------------------------------

    @cached_property
    def _organizations(self) -> Organizations:
        from keymuster.analysis.aws_organizations import Organizations  # most scans see none

        return Organizations(self._inventory)

    @cached_property
    def _hierarchy(self) -> Hierarchy:
        from keymuster.analysis.gcp_hierarchy import Hierarchy

        return Hierarchy(self._inventory)

    @cached_property
    def _subscriptions(self) -> dict[str, Resource]:
        return {
            found[1].lower(): one
            for one in self._inventory.of(Resource)
            if one.type == "azure:subscription" and (found := _SUBSCRIPTION.search(one.id))
        }

    @cached_property
    def _by_alias(self) -> dict[str, Identity | Resource]:
        """Those whose name nobody else has: one of production and one of test often have the same."""
        several: dict[str, dict[str, Identity | Resource]] = {}
        for one in self._inventory.records.values():
            if isinstance(one, Identity | Resource):
                for alias in one.aliases:
                    several.setdefault(alias, {})[one.id] = one
        return {alias: one.popitem()[1] for alias, one in several.items() if len(one) == 1}


_SUBSCRIPTION = regex.later(r"(?i)/subscriptions/([0-9a-f-]{36})")
_GROUP = regex.later(r"(?i)/subscriptions/[0-9a-f-]{36}/resourceGroups/([^/]+)")
_ARN = regex.later(r"\barn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):")
_PROJECT = regex.later(r"(?:\A|/)projects/([a-z][a-z0-9:.-]{4,62})(?:/|\Z)")
_OF_PROJECT = regex.later(r"@([a-z][a-z0-9-]{4,28}[a-z0-9])\.iam\.gserviceaccount\.com")
_SPEAKING = (("aws", _ARN), ("azure", _SUBSCRIPTION), ("gcp", _PROJECT), ("gcp", _OF_PROJECT))
"""Names of things that say in which account they are."""

_ACCOUNT_TAGS = {
    "aws": ("account", "account_id"),
    "gcp": ("project_id", "project"),
    "azure": ("subscription", "subscription_id"),
}
_INSIDE = ("namespace", "cluster")
_INSIDE_TAGS = {"namespace": ("namespace",), "cluster": ("cluster", "cluster-name")}


def _one(environment: Environment) -> Mapping[Environment, str]:
    return {} if environment is Environment.UNKNOWN else {environment: environment.value}


def _accounts(record: Observation) -> set[tuple[str, str]]:
    """(Provider, account) of all that a record says it is in."""
    found = _accounts_of(record.location)
    account = getattr(record, "account", "")
    provider = getattr(record, "provider", "") or getattr(record, "vendor", "")
    if account and provider:
        found.add((provider, account.casefold()))
    names = [record.id, *getattr(record, "aliases", ())]
    if isinstance(record, Use):
        names = [record.by]
    for name in names:
        found.update(_spoken(name))
    tags = _tags(record)
    for key in _ACCOUNT_TAGS.get(provider, ()):
        if value := tags.get(key):
            found.add((provider, value.casefold()))
    return found


def _accounts_of(place: Location) -> set[tuple[str, str]]:
    if not isinstance(place, ServiceLocation):
        return set()
    return {(place.service, place.account.casefold()), *_spoken(place.resource)}


def _spoken(name: str) -> Iterator[tuple[str, str]]:
    for provider, pattern in _SPEAKING:
        if found := pattern.search(name):
            yield provider, found[1].casefold()


def _inside(record: Observation) -> dict[str, str]:
    """The namespace and the cluster of Kubernetes that a thing is in, as far as it says so."""
    found: dict[str, str] = {}
    if isinstance(record, Identity) and record.provider == "kubernetes":
        found["namespace"] = record.account
    if isinstance(record, Resource):
        metadata = record.settings.get("metadata")
        for said in (record.settings, metadata if isinstance(metadata, dict) else {}):
            found |= {key: text for key in _INSIDE if isinstance(text := said.get(key), str)}
    if isinstance(record, Resource) and "luster" in record.type:
        found.setdefault("cluster", record.name)
    for key, names in _INSIDE_TAGS.items():
        if text := tagged(_tags(record), names):
            found[key] = text
    return found


def _namespace(name: str) -> dict[str, str]:
    """That of an object by its name: `kubernetes:Deployment/payments/api`."""
    kind, _, rest = name.partition("/")
    space, slash, _ = rest.partition("/")
    return {"namespace": space} if kind.startswith("kubernetes:") and slash else {}


def _tags(record: Observation) -> Mapping[str, str]:
    if isinstance(record, Resource):
        for name in ("tags", "labels"):
            found = record.settings.get(name)
            if isinstance(found, Mapping):
                return {str(key): str(value) for key, value in found.items()}
        return {}
    tags: Mapping[str, str] = getattr(record, "tags", {})
    return tags


def _tag_name(tags: Mapping[str, str], text: str) -> str:
    return next((name for name, value in tags.items() if value == text), TAGS[0])


def _name(record: Observation) -> str:
    """What a person has called it: of a credential that is the name it is assigned to, not that of its format."""
    if not isinstance(record, Credential):
        return str(getattr(record, "name", ""))
    return record.tags.get("setting", "") or ("" if record.format else record.name)


def _is_in(path: str, wanted: str) -> bool:
    """Whether a file is a folder's, or fits a glob."""
    wanted = wanted.removeprefix("./").strip("/")
    return path == wanted or path.startswith(f"{wanted}/") or fnmatchcase(path, wanted)
