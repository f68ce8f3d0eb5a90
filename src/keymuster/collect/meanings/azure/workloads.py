"""What runs in Azure and as whom: identities of resources, and resources that use those of others."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.agents.clouds import agent, agent_id
from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure.names import object_aliases, principal, tags
from keymuster.model import Identity, IdentityKind, Observation, Use, UseKind


def workload(one: Declared) -> Iterator[Observation]:
    """The identity that Azure makes for a resource, and those that somebody assigns to it."""
    kind = one.text("identity", "type").replace(" ", "").lower()
    if "systemassigned" in kind:
        yield Identity(
            id=one.id,
            kind=IdentityKind.MANAGED_IDENTITY,
            provider="azure",
            name=one.known("name") or one.name,
            location=one.location,
            account=one.account,
            aliases=object_aliases(one, "identity"),
            tags=tags(one),
        )
    by = one.id
    if (service := _AGENTS.get(one.type)) is not None:
        yield from _agent(one, service, one.id if "systemassigned" in kind else "")
        by = agent_id(one)
    assigned = one.get("identity", "userAssignedIdentities")
    if assigned is None:
        return
    texts = [(key, node) for key, node in assigned.entries()]
    texts += [(node.text(), node) for node in assigned.items() if node.text()]
    for text, node in texts:
        if subject := principal(one, text):
            yield Use(
                id=f"{one.id}#identity/{subject}",
                subject=subject,
                by=by,
                kind=UseKind.AGENT if one.type in _AGENTS else UseKind.WORKLOAD,
                location=node.location(),
            )


def _agent(one: Declared, service: str, uses: str) -> Iterator[Observation]:
    """An agent, with the application that it signs in as where that is not an identity of its own."""
    names = ("properties.displayName", "display_name", "name")
    yield from agent(one, service, names, ("properties.description",), tags(one), uses=uses)
    for key in ("msaAppMSIResourceId", "msaAppId"):
        node = one.get("properties", key)
        subject = principal(one, node.text()) if node is not None else ""
        if node is not None and subject:
            yield Use(
                id=f"{agent_id(one)}#{key}/{subject}", subject=subject, by=agent_id(one), kind=UseKind.AGENT,
                location=node.location(),
            )  # fmt: skip
            return


_AGENTS = {
    "Microsoft.BotService/botServices": "azure-bot",
    "Microsoft.CognitiveServices/accounts/projects": "azure-foundry",
    "Microsoft.CognitiveServices/accounts/projects/applications": "azure-foundry",
}
"""Type -> the service: bots are what Copilot Studio and the Bot Framework answer with, and agents of
Foundry act as their project."""

_TYPES = [
    "Microsoft.ApiManagement/service",
    "Microsoft.App/containerApps",
    "Microsoft.App/jobs",
    "Microsoft.AppConfiguration/configurationStores",
    "Microsoft.Authorization/policyAssignments",
    "Microsoft.Automation/automationAccounts",
    "Microsoft.Batch/batchAccounts",
    "Microsoft.BotService/botServices",
    "Microsoft.Cache/redis",
    "Microsoft.CognitiveServices/accounts",
    "Microsoft.CognitiveServices/accounts/projects",
    "Microsoft.CognitiveServices/accounts/projects/applications",
    "Microsoft.Compute/diskEncryptionSets",
    "Microsoft.Compute/virtualMachines",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.ContainerInstance/containerGroups",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.Databricks/accessConnectors",
    "Microsoft.Databricks/workspaces",
    "Microsoft.DataFactory/factories",
    "Microsoft.DataProtection/backupVaults",
    "Microsoft.DBforMySQL/flexibleServers",
    "Microsoft.DBforMySQL/servers",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.DBforPostgreSQL/servers",
    "Microsoft.Devices/IotHubs",
    "Microsoft.DocumentDB/databaseAccounts",
    "Microsoft.EventGrid/domains",
    "Microsoft.EventGrid/systemTopics",
    "Microsoft.EventGrid/topics",
    "Microsoft.EventHub/namespaces",
    "Microsoft.HDInsight/clusters",
    "Microsoft.Kusto/clusters",
    "Microsoft.LoadTestService/loadTests",
    "Microsoft.Logic/workflows",
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.MachineLearningServices/workspaces/computes",
    "Microsoft.Maps/accounts",
    "Microsoft.Network/applicationGateways",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Purview/accounts",
    "Microsoft.RecoveryServices/vaults",
    "Microsoft.Resources/deploymentScripts",
    "Microsoft.Search/searchServices",
    "Microsoft.ServiceBus/namespaces",
    "Microsoft.SignalRService/signalR",
    "Microsoft.SignalRService/webPubSub",
    "Microsoft.Sql/managedInstances",
    "Microsoft.Sql/servers",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.StreamAnalytics/streamingjobs",
    "Microsoft.Synapse/workspaces",
    "Microsoft.VirtualMachineImages/imageTemplates",
    "Microsoft.Web/sites",
    "Microsoft.Web/sites/slots",
    "Microsoft.Web/staticSites",
]

TYPES = dict.fromkeys(_TYPES, workload)
