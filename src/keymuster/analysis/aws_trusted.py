"""What follows from trusts of AWS taken together: of what kinds those are who may become a role, from
which environments they come, and whether anybody trusts a provider of identities."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from keymuster.analysis.aws_organizations import Organizations
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import named_in
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Effect, Environment, Identity, IdentityKind, Resource, Trust, TrustKind
from keymuster.settings import Settings

_PROVIDERS = ("aws:oidc-provider", "aws:saml-provider")

_PERSON = re.compile(
    r"arn:[\w-]+:(?:iam::\d{12}:(?:user/.+|saml-provider/.+|role/aws-reserved/sso\.amazonaws\.com/.+)|"
    r"sts::\d{12}:assumed-role/AWSReservedSSO_.+)"
)
_ROLE = re.compile(r"arn:[\w-]+:(?:iam|sts)::\d{12}:(?:role|assumed-role)/.+")
_OF_ACCOUNT = re.compile(r"(?:arn:[\w-]+:(?:iam|sts)::)?(?P<account>\d{12})(?::.*)?")


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    trusts: dict[str, list[Trust]] = defaultdict(list)
    for one in inventory.of(Trust):
        if one.provider == "aws" and one.effect is Effect.ALLOW:
            trusts[one.identity].append(one)
    environments = _Environments(inventory, configured.environments)
    found: dict[str, dict[str, Any]] = {}
    for id, several in trusts.items():
        found[id] = {
            "trusted_kinds": sorted({_kind(one, inventory) for one in several} - {""}),
            "trusted_environments": sorted({env for one in several for env in environments.of(one)}),
        }  # fmt: skip
    return found | _of_providers(inventory, trusts)


def _kind(trust: Trust, inventory: Inventory) -> str:
    """Who it is: a `service`, a `person`, a `role` or a `workload` elsewhere; empty if it may be anybody."""
    known = inventory.records.get(trust.principal)
    if trust.kind is TrustKind.SERVICE:
        return "service"
    if _PERSON.fullmatch(trust.principal):
        return "person"
    if isinstance(known, Identity):
        return "person" if known.kind is IdentityKind.USER else "role"
    if trust.kind is TrustKind.FEDERATION:
        return "workload"
    return "role" if _ROLE.fullmatch(trust.principal) else ""


class _Environments:
    """Where principals of other accounts come from: what these accounts are for, or else what the
    principals are called."""

    def __init__(self, inventory: Inventory, words: Mapping[str, Sequence[str]]) -> None:
        self._inventory = inventory
        self._organizations = Organizations(inventory)
        self._words = words

    def of(self, trust: Trust) -> set[str]:
        told = _OF_ACCOUNT.fullmatch(trust.principal)
        if told is None or trust.kind is not TrustKind.ASSUME:
            return set()
        of_account = self._organizations.environment(told["account"], self._words)
        said = {of_account} - {Environment.UNKNOWN}
        if not said and isinstance(self._inventory.records.get(trust.principal), Identity):
            known = self._inventory.facts.get(trust.principal, {}).get("environment", UNKNOWN)
            said = {Environment(known)} - {Environment.UNKNOWN}
        said = said or named_in(trust.principal.rpartition("/")[2])
        if len(said) != 1:
            return set()
        return {one.value for one in said}


def _of_providers(
    inventory: Inventory, trusts: dict[str, list[Trust]]
) -> dict[str, dict[str, Any]]:
    """Whether some role trusts it, if the roles of its account were seen."""
    named = {one.principal for several in trusts.values() for one in several}
    seen = {
        one.account
        for one in inventory.of(Identity)
        if one.provider == "aws" and one.kind is IdentityKind.ROLE
    }
    found = {}
    for one in inventory.of(Resource):
        if one.type in _PROVIDERS:
            is_named = one.id in named or not named.isdisjoint(one.aliases)
            account = getattr(one.location, "account", "")
            said = "yes" if is_named else "no" if account in seen else UNKNOWN
            found[f"resource:{one.id}"] = {"is_trusted": said}
    return found
