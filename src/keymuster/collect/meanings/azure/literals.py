"""Secrets in plain text among the settings of objects: passwords of servers and machines, settings of
apps, variables of containers, scripts that machines start with."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.literals import is_literal, kind_by_name
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

_NO_SECRETS = frozenset(
    ("sshPublicKey", "keyData", "partitionKey", "instrumentationKey", "InstrumentationKey")
)
"""Settings whose names only look like those of secrets, or that are no secrets."""

_CONNECTION = re.compile(
    r"(?i)(?:^|;)\s{0,4}(?:AccountKey|SharedAccessKey|SharedSecret|Password|Pwd)\s{0,4}=\s{0,4}([^;\"\n]{3,400})"
)

_ELSEWHERE = re.compile(r"(?i)@Microsoft\.(?:KeyVault|AppConfiguration)\(|\{\{|\$\(|<.*>\Z")


def literals(one: Declared) -> Iterator[Observation]:
    """The secrets among all settings, each once."""
    seen: set[tuple[str, int]] = set()
    for credential in _all(one):
        place = credential.id, credential.location.line or 0  # type: ignore[union-attr]
        if place not in seen:
            seen.add(place)
            yield credential


def parameter(one: Declared) -> Iterator[Observation]:
    """A parameter that has a secret unless somebody passes another one."""
    value = one.get("Default")
    name = one.text("Name")
    kind = kind_by_name(name)
    if kind is None and one.text("Secure") == "true":
        kind = _PASSWORD
    if value is None or kind is None:
        return
    if isinstance(value.value, dict):
        for key, inside in _named(value):
            yield from _found(one, inside, key, kind_by_name(key))
    else:
        yield from _found(one, value, name, kind)


def _all(one: Declared) -> Iterator[Credential]:
    for path, kind in SECRET.get(one.type, {}).items():
        for node in at(one.settings, path):
            yield from _found(one, node, path.rpartition(".")[2], kind)
    for name, node in _named(one.settings):
        if name in _SCRIPTS:
            yield from _in_script(one, node)
        elif (named := kind_by_name(name)) is not None and name not in _NO_SECRETS:
            yield from _found(one, node, name, named)
        elif isinstance(node.value, str) and (inside := _CONNECTION.search(node.value[:4000])):
            yield from _found(one, node.holding(inside[1]), name, CredentialKind.CONNECTION_STRING)


def _found(
    one: Declared, node: Node, name: str, kind: CredentialKind | None
) -> Iterator[Credential]:
    if kind is None or _ELSEWHERE.search(node.text()[:200]):
        return
    is_connection = kind is CredentialKind.CONNECTION_STRING and "=" in node.text()
    if is_connection and _CONNECTION.search(node.text()[:4000]) is None:
        return  # one that holds no key: who connects proves itself otherwise
    credential = one.sealing.credential(node, name, kind)
    if credential is not None:
        yield credential


def at(node: Node, path: str) -> Iterator[Node]:
    """What is in a map under the keys of a path, in each item where there are lists."""
    key, _, rest = path.partition(".")
    for item in node.items():
        if (found := item.get(key)) is not None:
            yield from at(found, rest) if rest else found.items()


def _named(node: Node) -> Iterator[tuple[str, Node]]:
    """Every scalar below a map, with the name it has: its key, or what stands beside it as `name`."""
    stack: list[tuple[str, Node]] = [("", node)]
    while stack:
        name, one = stack.pop()
        match one.value:
            case dict() as entries:
                if (pair := _pair(entries)) is not None:
                    yield pair
                stack += [(key, value) for key, value in entries.items()]
            case list() as items:
                stack += [(name, item) for item in items]
            case str() | int() | float() if name and not isinstance(one.value, bool):
                yield name, one


def _pair(entries: dict[str, Node]) -> tuple[str, Node] | None:
    """`name: X, value: Y`, as lists of settings have it."""
    name, value = entries.get("name"), entries.get("value")
    if name is None or value is None or isinstance(value.value, dict | list | bool):
        return None
    return name.text(), value


_ASSIGNED = re.compile(
    r"(?m)^[ \t]*(?:export[ \t]+|set[ \t]+|\$env:|\$)?([A-Za-z_]\w{1,80})[ \t]?=[ \t]?"
    r"(?:\"([^\"\n$`]{1,400})\"|'([^'\n]{1,400})'|([^\s\"'$`;|&()<>]{1,400}))"
)

_FLAG = re.compile(
    r"--?([A-Za-z][\w-]{1,60})[ =]+(?:\"([^\"\n$`]{1,400})\"|'([^'\n]{1,400})'|([^\s\"'$`;|&()<>-]\S{0,400}))"
)

_MOST = 1_000_000


def _in_script(one: Declared, node: Node) -> Iterator[Credential]:
    """Variables that a script sets to a secret, and secrets that it passes."""
    text = _decoded(node.text())
    if len(text) > _MOST:
        return
    for pattern in (_ASSIGNED, _FLAG):
        for found in pattern.finditer(text):
            kind = kind_by_name(found[1].replace("-", "_"))
            value = found[2] or found[3] or found[4]
            if kind is not None and value and is_literal(value):
                yield from _found(one, node.holding(value), f"{found[1]} in a start script", kind)


def _decoded(text: str) -> str:
    """Custom data is often written as base64."""
    if len(text) < 24 or re.fullmatch(r"[A-Za-z0-9+/\s]{24,100000}={0,2}\s*", text) is None:
        return text
    try:
        return b64decode(text, validate=False).decode("utf-8")
    except (BadBase64, ValueError):
        return text


TYPES = {**dict.fromkeys((*SECRET, *_TYPES), literals), PARAMETER: parameter}
