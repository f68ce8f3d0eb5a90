"""Step 3: derived facts about what the inventory holds."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import Credential, Observation
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.analysis.known import Known

_SEVERAL = "several places"
"""A word for inventories in which a credential stands in more than one place."""

_SET_ON_OTHERS = (
    "github_actions_secret", "github_actions_environment_secret", "github_dependabot_secret", "gitlab_project_variable",
    "gitlab_group_variable",
)  # fmt: skip

_ANALYSES = {
    "identities": ("Identity",),
    "memberships": ("Grant", "Credential"),
    "kubernetes_rbac": ("kubernetes", "Use", "Workload"),
    "aws_facts": ("aws",),
    "aws_trusted": ("aws",),
    "ssh_keys": ("private_key",),
    "github_secrets": ("github_actions_secret", "github_actions_environment_secret"),
    "aws_workloads": ("aws",),
    "azure_facts": ("azure", "entra"),
    "azure_scopes": ("azure",),
    "entra_facts": ("azure", "entra", "microsoft.graph.permissionGrantPolicy"),
    "gcp_facts": ("gcp", "orgpolicy.googleapis.com/ListPoliciesResponse"),
    "trust_facts": ("Trust", "ours"),
    "aws_parties": ("aws",),
    "aws_organization_facts": ("aws", "aws:organization"),
    "workflow_logins": ("Use",),
    "agents": ("Use",),
    "registrations": ("agent", "agent_registration"),
    "aws_registry": ("bedrock",),
    "third_parties": (
        "Trust",
        "application",
        "oauth_client",
        "azure",
        "entra",
        "gcp",
        "resource_policy",
    ),
    "owners": ("Identity", "codeowners", "catalog_entity", "owner_attestation", "blame"),
    "reach": ("Identity",),
    "consumers": ("Use", _SEVERAL),
    "human_use": (_SEVERAL, "Use", "Identity"),
    "isolation": ("Use", "Trust", "aws", *_SET_ON_OTHERS),
    "offboarding": (
        "Use",
        "Trust",
        "user",
        "Identity",
        "Credential",
        "github_repository",
        "GitHub::Repositories",
    ),
}
"""The modules whose `facts` follow from an inventory: id of a record -> name, as in
`inventory/facts.py` -> value. Each is imported for an inventory that holds one of the words beside it:
it has nothing to say of others."""


def analysed(
    inventory: Inventory, configured: Settings, known: Known, now: datetime | None = None
) -> Inventory:
    """The same inventory, with what follows from its records in its `facts`: at a time, if it is said."""
    inventory.now = now
    if inventory.links:  # also where each record says all of itself
        _learn(inventory, "linked", configured, known)
    several = any(map(_in_several_places, inventory.seen.values()))
    if not several and all(map(_says_all, inventory.records.values())):
        return inventory
    held = _held(inventory)
    if several:
        held.add(_SEVERAL)
    if configured.ours:  # settings may be wrong, whatever is scanned
        held.add("ours")
    for name, about in _ANALYSES.items():
        if held.isdisjoint(about):
            continue
        _learn(inventory, name, configured, known)
    return inventory


def _learn(inventory: Inventory, name: str, configured: Settings, known: Known) -> None:
    facts = import_module(f"{__name__}.{name}").facts
    for id, found in facts(inventory, configured, known).items():
        _add(inventory.facts.setdefault(id, {}), found)


def _held(inventory: Inventory) -> set[str]:
    """What sorts of records there are, of which providers, kinds and types."""
    sorts = {
        (type(one).__name__, getattr(one, "provider", ""), getattr(one, "kind", ""), getattr(one, "type", ""))
        for one in inventory.records.values()
    }  # fmt: skip
    return {word for sort in sorts for word in sort}


def _add(said: dict[str, Any], found: dict[str, Any]) -> None:
    """Each analysis has evidence of its own facts."""
    steps = {**said.get(STEPS, {}), **found.get(STEPS, {})}
    said.update(found)
    if steps:
        said[STEPS] = steps


def _in_several_places(sightings: list[Observation]) -> bool:
    return len(sightings) > 1 and isinstance(sightings[0], Credential)


def _says_all(record: object) -> bool:
    """Whether nothing follows from a record that it does not say itself: most scans hold nothing
    but such, and need none of what thinks about the others."""
    return type(record).__name__ in ("Credential", "InlineAllow", "RiskException")
