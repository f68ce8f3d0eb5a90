"""What there is in Azure that has an identity, or keys: asked of Resource Graph, for all subscriptions at
once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.objects import of_azure, part
from keymuster.collect.entra.permissions import ASKED
from keymuster.collect.entra.scope import Scope
from keymuster.collect.meanings.azure import workloads

_FIELDS = ("name", "location", "kind", "sku", "tags", "identity", "properties")

_MORE = (
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.KeyVault/vaults",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.EventGrid/partnerNamespaces",
    "Microsoft.Insights/components",
    "Microsoft.ServiceFabric/clusters",
)
"""What has no identity, and is asked about all the same."""

_OTHERWISE = {
    "Microsoft.Web/sites", "Microsoft.Web/sites/slots", "Microsoft.Authorization/policyAssignments",
    "Microsoft.CognitiveServices/accounts/projects/applications", "Microsoft.MachineLearningServices/workspaces/computes",
    "Microsoft.Resources/deploymentScripts",
}  # fmt: skip
"""What Resource Graph does not tell of, or not wholly."""

TYPES = tuple(sorted({*workloads.TYPES, *_MORE} - _OTHERWISE))

_CONTAINERS = ("Microsoft.Management/managementGroups", "Microsoft.Resources/subscriptions")


def resources(ask: Scope) -> Iterator[Told]:
    for one in found(ask, TYPES, ("id", "type", *_FIELDS)):
        settings = {"properties": {}, **part(one, _FIELDS)}
        yield of_azure(one["type"], one["id"], one["name"], settings)


def containers(ask: Scope) -> Iterator[Told]:
    fields = ("name", "subscriptionId", "tags", "properties")
    for one in found(ask, _CONTAINERS, ("id", "type", *fields), table="resourcecontainers"):
        yield of_azure(one["type"], one["id"], one["name"], part(one, fields))


def found(
    ask: Scope, types: Sequence[str], fields: Sequence[str], table: str = "resources"
) -> Iterator[dict[str, Any]]:
    """The objects of these types, which Azure writes in any case."""
    spelled = {type.lower(): type for type in types}
    listed = ", ".join(f"'{type}'" for type in sorted(spelled))
    for row in ask.resources(
        f"{table} | where type in~ ({listed}) | project {', '.join(fields)} | order by id asc"
    ):
        if (type := spelled.get(str(row.get("type", "")).lower())) is not None:
            yield {**row, "type": type}


SURFACES = (
    Surface(name="azure-resources", calls=ASKED, types=TYPES, look=resources),
    Surface(name="azure-containers", calls=ASKED, types=_CONTAINERS, look=containers),
)
