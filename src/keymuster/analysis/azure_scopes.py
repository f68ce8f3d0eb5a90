"""Where in Azure an identity may write, through management groups too; in which environments that is, and
those are that run as it; and who reads the secrets of a vault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keymuster import regex
from keymuster.analysis.azure_privilege import PROVIDERS, privilege
from keymuster.analysis.entra_members import held
from keymuster.analysis.known import Known
from keymuster.analysis.privilege import Level
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import named
from keymuster.model import (
    Environment,
    Grant,
    GrantKind,
    Identity,
    Resource,
    ServiceLocation,
    Use,
    UseKind,
)
from keymuster.settings import Settings

Facts = dict[str, dict[str, Any]]
Words = Mapping[str, Sequence[str]]

_SCOPE = regex.later(
    r"/subscriptions/(?P<subscription>[^/]+)(?:/resourcegroups/(?P<group>[^/]+))?.*"
)
_MANAGEMENT_GROUP = "/providers/microsoft.management/managementgroups/"


def facts(inventory: Inventory, configured: Settings, known: Known) -> Facts:
    tree = Tree(inventory, configured.environments)
    found: Facts = {}
    for id, name, value in (
        *_written(inventory, tree, known),
        *_run(inventory, tree),
        *_readers(inventory, tree),
    ):
        found.setdefault(id, {})[name] = value
    return found


class Tree:
    """Subscriptions with the management groups above them, as Azure tells of them."""

    def __init__(self, inventory: Inventory, words: Words) -> None:
        self._words = words
        self._subscriptions: dict[str, Resource] = {}
        self._below: dict[str, list[str]] = {}
        for one in inventory.of(Resource):
            if one.type == "azure:subscription":
                id = one.id.rpartition("/")[2]
                self._subscriptions[id] = one
                for group in one.settings.get("above") or ():
                    self._below.setdefault(str(group).lower(), []).append(id)

    def subscriptions(self, scope: str) -> list[str]:
        """The ids of those that a scope is in, or holds."""
        scope = scope.lower().rstrip("/")
        if not scope:
            return list(self._subscriptions)
        if scope.startswith(_MANAGEMENT_GROUP):
            return self._below.get(scope.removeprefix(_MANAGEMENT_GROUP), [])
        found = _SCOPE.fullmatch(scope)
        return [found["subscription"]] if found else []

    def name(self, subscription: str) -> str:
        found = self._subscriptions.get(subscription)
        return found.name if found else subscription

    def above(self, scope: str) -> Iterator[str]:
        """A scope and all that holds it, the nearest first, in lower case."""
        scope = scope.lower().rstrip("/")
        yield scope
        found = _SCOPE.fullmatch(scope)
        if found is None:
            return
        if found["group"]:
            yield f"/subscriptions/{found['subscription']}/resourcegroups/{found['group']}"
        yield f"/subscriptions/{found['subscription']}"
        subscription = self._subscriptions.get(found["subscription"])
        for group in (subscription.settings.get("above") or ()) if subscription else ():
            yield _MANAGEMENT_GROUP + str(group).lower()
        yield ""

    def environments(self, scope: str) -> set[Environment]:
        """Those of a resource group by its name, or else of the subscriptions."""
        found = _SCOPE.fullmatch(scope.lower())
        group = found["group"] if found else None
        if group and (own := named({}, (group,), self._words)) is not Environment.UNKNOWN:
            return {own}
        several = {self._of_subscription(one) for one in self.subscriptions(scope)}
        return several - {Environment.UNKNOWN}

    def _of_subscription(self, id: str) -> Environment:
        one = self._subscriptions.get(id)
        tags = one.settings.get("tags") if one else None
        return named(tags or {}, (one.name,), self._words) if one else Environment.UNKNOWN


# --- where identities write ----------------------------------------------------------------------


def _written(inventory: Inventory, tree: Tree, known: Known) -> Iterator[tuple[str, str, Any]]:
    levels: dict[str, Level] = {}
    for one in inventory.of(Identity):
        if one.provider not in PROVIDERS or not isinstance(one.location, ServiceLocation):
            continue
        subscriptions: dict[str, None] = {}
        environments: set[Environment] = set()
        for grant in _bindings(one.id, inventory):
            if grant.id not in levels:
                levels[grant.id] = privilege([grant], inventory.grants, known.azure).level
            if levels[grant.id] not in (Level.WRITE, Level.ADMIN):
                continue
            for scope in grant.resources:
                subscriptions |= dict.fromkeys(map(tree.name, tree.subscriptions(scope)))
                environments |= tree.environments(scope)
        if subscriptions:
            yield one.id, "reaches", list(subscriptions)
        own = inventory.facts.get(one.id, {}).get("environment")
        if environments and own in _LESSER and Environment.PRODUCTION in environments:
            yield one.id, "writes_above", [str(Environment.PRODUCTION)]


_LESSER = (Environment.DEVELOPMENT, Environment.TEST, Environment.STAGING)


def _bindings(id: str, inventory: Inventory) -> Iterator[Grant]:
    """Its role assignments in Azure, those of its groups and of its service principal."""
    for grant in held(id, inventory.grants):
        if grant.provider == "azure" and grant.kind is GrantKind.ROLE_BINDING:
            yield grant


# --- what runs as them ---------------------------------------------------------------------------


def _run(inventory: Inventory, tree: Tree) -> Iterator[tuple[str, str, Any]]:
    """The environments of what an identity is assigned to, by the groups that those lie in."""
    found: dict[str, set[Environment]] = {}
    for use in inventory.of(Use):
        if use.kind is UseKind.WORKLOAD and use.by.startswith("/subscriptions/"):
            found.setdefault(use.subject, set()).update(tree.environments(use.by))
    for id, environments in found.items():
        if isinstance(inventory.records.get(id), Identity) and environments:
            yield id, "environments", sorted(str(one) for one in environments)


# --- who reads vaults ----------------------------------------------------------------------------

_READS_SECRETS = frozenset(
    f"azure:role/{name}"
    for name in ("Key Vault Secrets User", "Key Vault Secrets Officer", "Key Vault Administrator")
)
_GETS = frozenset(("secrets/get", "secrets/all"))
_GET_SECRET = "microsoft.keyvault/vaults/secrets/getsecret/action"


def _readers(inventory: Inventory, tree: Tree) -> Iterator[tuple[str, str, Any]]:
    """Of a vault that exists: everybody who may read a secret in it, by name."""
    for vault, grants in vault_readers(inventory, tree):
        names = (_name(grant.identity, inventory) for grant in grants)
        yield vault.id, "readers", list(dict.fromkeys(names))


def vault_readers(inventory: Inventory, tree: Tree) -> Iterator[tuple[Resource, list[Grant]]]:
    """Each vault that exists, with the grants by which somebody reads a secret in it."""
    vaults = [
        one
        for one in inventory.of(Resource)
        if one.type == "Microsoft.KeyVault/vaults" and isinstance(one.location, ServiceLocation)
    ]
    if not vaults:
        return
    by_scope: dict[str, list[Grant]] = {}
    for grant in inventory.of(Grant):
        if grant.provider == "azure" and _reads(grant, inventory):
            for scope in grant.resources:
                by_scope.setdefault(scope.lower().rstrip("/"), []).append(grant)
    for vault in vaults:
        id = vault.id.removeprefix("resource:")
        properties = vault.settings.get("properties") or {}
        by_role = (
            properties.get("enableRbacAuthorization") is True
        )  # then its policies are not asked
        found = [
            grant
            for scope in tree.above(id)
            for grant in by_scope.get(scope, ())
            if by_role is (grant.kind is GrantKind.ROLE_BINDING)
        ]
        yield vault, found


def _reads(grant: Grant, inventory: Inventory) -> bool:
    if grant.kind is GrantKind.RESOURCE_POLICY:
        return not _GETS.isdisjoint(grant.actions)
    if grant.kind is not GrantKind.ROLE_BINDING:
        return False
    if grant.via in _READS_SECRETS:
        return True
    return any(
        inside.conditions.get("plane") == "data" and _GET_SECRET in map(str.lower, inside.actions)
        for inside in inventory.grants(grant.via)
    )


def _name(id: str, inventory: Inventory) -> str:
    found = inventory.records.get(id)
    return found.name if isinstance(found, Identity) else id
