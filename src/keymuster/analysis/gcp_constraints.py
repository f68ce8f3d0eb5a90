"""Which constraints of the organisation are enforced where, and which it has none of.

https://cloud.google.com/resource-manager/docs/organization-policy/overview
"""

from __future__ import annotations

from typing import Any

from keymuster.analysis.answers import Answer, answer
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Resource
from keymuster.model.gcp_hierarchy import CONSTRAINT

LISTED = "orgpolicy.googleapis.com/ListPoliciesResponse"
"""The type of the resource that holds all policies of an organisation."""


class Constraints:
    """Those that are told, by the level that they are set on."""

    def __init__(self, inventory: Inventory, hierarchy: Hierarchy) -> None:
        self._hierarchy = hierarchy
        self._set: dict[tuple[str, str], Answer] = {}
        for one in inventory.of(Resource):
            if one.type == CONSTRAINT:
                place = hierarchy.name(str(one.settings.get("place", "")))
                enforced = bool(one.settings.get("enforced"))
                plain = bool(one.settings.get("plain"))
                self._set[one.name, place] = answer(enforced) if plain else Answer.UNKNOWN

    def enforced(self, constraint: str, level: str) -> Answer:
        """For what is in a level: what is set nearest counts. Nothing enforces what nobody set."""
        for above in self._hierarchy.above(level):
            if (said := self._set.get((constraint, above))) is not None:
                return said
        return Answer.NO


_WANTED = {
    "service account keys may be made": (
        "iam.disableServiceAccountKeyCreation",
        "iam.managed.disableServiceAccountKeyCreation",
    ),
    "service account keys may be uploaded": (
        "iam.disableServiceAccountKeyUpload",
        "iam.managed.disableServiceAccountKeyUpload",
    ),
    "default service accounts are made editors": (
        "iam.automaticIamGrantsForDefaultServiceAccounts",
        "iam.managed.preventPrivilegedBasicRolesForDefaultServiceAccounts",
    ),
    "members of any domain may be given roles": (
        "iam.allowedPolicyMemberDomains",
        "iam.managed.allowedPolicyMembers",
    ),
    "identity pools may trust any issuer": ("iam.workloadIdentityPoolProviders",),
}
"""What an organisation leaves open -> the constraints one of which would not."""

_ENDS_KEYS = "iam.serviceAccountKeyExpiryHours"


def left_open(listed: Resource) -> list[str] | str:
    """What the policies of an organisation do not forbid; unknown if nobody told them all."""
    policies = listed.settings.get("policies")
    if not isinstance(policies, list):
        return UNKNOWN
    active = {
        str(one.get("name", "")).rpartition("/")[2]
        for one in policies
        if isinstance(one, dict) and _restricts(one.get("spec"))
    }
    found = [what for what, names in _WANTED.items() if active.isdisjoint(names)]
    if "service account keys may be made" in found and _ENDS_KEYS in active:
        found.remove("service account keys may be made")  # those that are made end
    return found


def _restricts(spec: Any) -> bool:
    """Whether a policy enforces something, or names what is allowed or denied."""
    rules = spec.get("rules") if isinstance(spec, dict) else None
    return any(
        rule.get("enforce") is True or rule.get("denyAll") is True or _names(rule.get("values"))
        for rule in rules or ()
        if isinstance(rule, dict)
    )


def _names(values: Any) -> bool:
    return isinstance(values, dict) and any(values.values())
