"""Secrets in plain text among the settings of objects: passwords of servers and machines, settings of
apps, variables of containers, scripts that machines start with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.sealing import PARAMETER as PARAMETER_DEFAULT
from keymuster.collect.literals.sealing import SCRIPT, SETTING
from keymuster.collect.literals.search import in_script, named, once
from keymuster.collect.literals.values import decoded
from keymuster.collect.syntax.node import Node
from keymuster.model import Credential, CredentialKind, Observation

_PASSWORD = CredentialKind.PASSWORD

SECRET: dict[str, dict[str, CredentialKind]] = {
    "Microsoft.ApiManagement/service/namedValues": {"properties.value": CredentialKind.GENERIC},
    "Microsoft.App/containerApps": {"properties.configuration.secrets.value": _PASSWORD},
    "Microsoft.App/jobs": {"properties.configuration.secrets.value": _PASSWORD},
    "Microsoft.ContainerInstance/containerGroups": {
        "properties.containers.properties.environmentVariables.secureValue": _PASSWORD,
    },
    "Microsoft.ContainerService/managedClusters": {
        "properties.servicePrincipalProfile.secret": CredentialKind.CLIENT_SECRET,
        "properties.servicePrincipalProfile.Secret": CredentialKind.CLIENT_SECRET,
        "properties.windowsProfile.adminPassword": _PASSWORD,
    },
    "Microsoft.DataFactory/factories/linkedservices": {
        "properties.servicePrincipalKey": CredentialKind.CLIENT_SECRET,
        "properties.typeProperties.servicePrincipalKey": CredentialKind.CLIENT_SECRET,
        "properties.typeProperties.servicePrincipalKey.value": CredentialKind.CLIENT_SECRET,
        "properties.typeProperties.accessToken.value": CredentialKind.ACCESS_TOKEN,
        "properties.typeProperties.password.value": _PASSWORD,
    },
    "Microsoft.KeyVault/vaults/secrets": {"properties.value": _PASSWORD},
    "Microsoft.Network/connections": {"properties.sharedKey": CredentialKind.ENCRYPTION_KEY},
}
"""Type -> settings that hold a secret and do not say so by their name alone."""

PARAMETER = "Microsoft.Resources/deployments/parameters"

_TYPES = [
    "Microsoft.ApiManagement/service",
    "Microsoft.Automation/automationAccounts/credentials",
    "Microsoft.Automation/automationAccounts/variables",
    "Microsoft.Batch/batchAccounts",
    "Microsoft.Batch/batchAccounts/pools",
    "Microsoft.Cache/redis",
    "Microsoft.Compute/virtualMachines",
    "Microsoft.Compute/virtualMachines/extensions",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.Compute/virtualMachineScaleSets/extensions",
    "Microsoft.DataFactory/factories/linkedservices",
    "Microsoft.DBforMariaDB/servers",
    "Microsoft.DBforMySQL/flexibleServers",
    "Microsoft.DBforMySQL/servers",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.DBforPostgreSQL/servers",
    "Microsoft.DocumentDB/mongoClusters",
    "Microsoft.HDInsight/clusters",
    "Microsoft.Logic/workflows",
    "Microsoft.MachineLearningServices/workspaces/computes",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/virtualNetworkGateways",
    "Microsoft.Resources/deployments/modules",
    "Microsoft.Resources/deploymentScripts",
    "Microsoft.Sql/managedInstances",
    "Microsoft.Sql/servers",
    "Microsoft.Sql/servers/databases/extensions",
    "Microsoft.SqlVirtualMachine/sqlVirtualMachines",
    "Microsoft.Synapse/workspaces",
    "Microsoft.Web/certificates",
    "Microsoft.Web/sites",
    "Microsoft.Web/sites/config",
    "Microsoft.Web/sites/slots",
    "Microsoft.Web/staticSites",
]

_SCRIPTS = frozenset(("customData", "userData", "commandToExecute", "script", "scriptContent"))

_NO_SECRETS = frozenset(("keyData", "instrumentationKey", "InstrumentationKey"))
"""Settings whose names only look like those of secrets, or that are no secrets."""

_CONNECTION = regex.later(
    r"(?i)(?:^|;)\s{0,4}(?:AccountKey|SharedAccessKey|SharedSecret|Password|Pwd)\s{0,4}=\s{0,4}([^;\"\n]{3,400})"
)

_MOST_OF_CONNECTION = 4000


def literals(one: Declared) -> Iterator[Observation]:
    """The secrets among all settings, each once."""
    return once(found for found in _all(one) if found is not None)


def parameter(one: Declared) -> Iterator[Observation]:
    """A parameter that has a secret unless somebody passes another one."""
    value = one.get("Default")
    if value is None:
        return
    name = one.text("Name")
    secure = _PASSWORD if one.text("Secure") == "true" and kind_of(name) is None else None
    if isinstance(value.value, dict):
        inside = [(each.name, each.node) for each in named(value)]
        found = [_found(one, node, key) for key, node in inside]
    else:
        found = [one.sealing.credential(value, name, kind=secure, declared_as=PARAMETER_DEFAULT)]
    yield from (each for each in found if each is not None)


def _all(one: Declared) -> Iterator[Credential | None]:
    for path, kind in SECRET.get(one.type, {}).items():
        for node in at(one.settings, path):
            yield one.sealing.credential(
                node, path.rpartition(".")[2], kind=kind, declared_as=SETTING
            )
    for name, key, node, _ in named(one.settings):
        if name in _SCRIPTS or key in _SCRIPTS:
            yield from _in_script(one, node)
        elif name not in _NO_SECRETS and key not in _NO_SECRETS:
            yield _found(one, node, name)


def _found(one: Declared, node: Node, name: str) -> Credential | None:
    """By its name, or the key in it if it is a connection."""
    inside = _CONNECTION.search(node.text()[:_MOST_OF_CONNECTION])
    if inside is None:
        return one.sealing.credential(node, name, declared_as=SETTING)
    return one.sealing.credential(
        node, name, inside[1], kind=CredentialKind.CONNECTION_STRING, declared_as=SETTING
    )


def at(node: Node, path: str) -> Iterator[Node]:
    """What is in a map under the keys of a path, in each item where there are lists."""
    key, _, rest = path.partition(".")
    for item in node.items():
        if (found := item.get(key)) is not None:
            yield from at(found, rest) if rest else found.items()


def _in_script(one: Declared, node: Node) -> Iterator[Credential | None]:
    for name, value in in_script(_decoded(node.text())):
        yield one.sealing.credential(node, name, value, declared_as=SCRIPT)


def _decoded(text: str) -> str:
    """Custom data is often written as base64."""
    if len(text) < 24 or re.fullmatch(r"[A-Za-z0-9+/\s]{24,100000}={0,2}\s*", text) is None:
        return text
    return decoded(text) or text


TYPES = {**dict.fromkeys((*SECRET, *_TYPES), literals), PARAMETER: parameter}
