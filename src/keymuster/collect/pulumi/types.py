"""What the types of Pulumi are to their vendors, and what their settings are called there.

Most providers are bridged from those of Terraform: `aws:iam/role:Role` is `aws_iam_role`. Others speak
the words of the vendor's own interface: `azure-native` those of ARM, `aws-native` those of
CloudFormation, `kubernetes` those of its kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from keymuster.collect.pulumi.words import (
    capitalised,
    in_terraforms_words,
    reference_to,
    snake,
)
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.values import Budget, settled
from keymuster.collect.terraform.vendor_names import Form, VendorNames
from keymuster.model.unknown import reference
from keymuster.rules.schema import PulumiFile, TerraformFile

_ARM_TOP = frozenset(
    (
        "name",
        "location",
        "tags",
        "identity",
        "kind",
        "sku",
        "zones",
        "plan",
        "scope",
        "extendedLocation",
    )
)
_ARM_GROUP = "resourceGroupName"
_OWN_NAMES = (
    "name", "resourceName", "accountName", "vaultName", "registryName", "serverName", "workspaceName",
    "namespaceName", "clusterName", "databaseAccountName", "siteName",
)  # fmt: skip
_MAPS = frozenset(
    ("tags", "variables", "labels", "dockerLabels", "options", "environmentVariables")
)
_NO_KINDS = ("helm", "yaml", "kustomize")


class Types:
    """`known` are all types that mean something to us, in their vendors' words."""

    def __init__(
        self, table: PulumiFile, terraform: list[TerraformFile], known: Iterable[str]
    ) -> None:
        self._table = table
        self._names = VendorNames(terraform)
        known = [*known]
        ours = {name for one in terraform for name in one.types}
        self._terraform = {_plain(one): one for one in (*known, *ours) if "_" in one}
        self._cloudformation = {one.lower(): one for one in known if one.startswith("AWS::")}
        self._arm = {_arm_key(one): one for one in known if one.lower().startswith("microsoft.")}
        self._blocks: dict[str, frozenset[str]] = {}
        self._maps: dict[str, frozenset[str]] = {}
        own = [one for one in terraform if one.words == "terraform"]
        self._own_blocks = frozenset(name for one in own for name in one.lists)
        self._own_maps = frozenset(name for one in own for name in one.maps)
        for one in terraform:
            for name, type in one.types.items():
                paths = type.names | (one.types[type.like].names if type.like else {})
                words = {word for path in paths for word in path.split(".")}
                self._blocks[name] = frozenset(words | set(one.lists))
                self._maps[name] = frozenset(one.maps)

    def objects(
        self, name: str, token: str, settings: Node, budget: Budget
    ) -> Iterator[tuple[str, Node]]:
        """The type and settings of what a resource is to its vendor: mostly one object. `name` is what
        the program calls it."""
        package, _, rest = token.partition(":")
        module, _, type = rest.rpartition(":")
        module = module.partition("/")[0] if package != "kubernetes" else module
        if package == "pulumi":
            if module == "providers":
                yield "terraform:provider", self._provider(type, settings, budget)
        elif package == "kubernetes":
            if not module.startswith(_NO_KINDS):
                yield type, _manifest(module, type, name, settings, budget)
        elif package == "azure-native":
            full = self._arm_type(module, type)
            yield full, _arm(full, type, settings, budget)
        elif package == "aws-native":
            full = f"AWS::{module}::{type}"
            made = settled(capitalised(settings, budget, _MAPS), budget)
            yield self._cloudformation.get(full.lower(), full), made
        else:
            yield from self._bridged(self.terraform_type(package, module, type), settings, budget)

    def _bridged(self, type: str, settings: Node, budget: Budget) -> Iterator[tuple[str, Node]]:
        made = in_terraforms_words(
            settings,
            budget,
            self._blocks.get(type, self._own_blocks),
            self._maps.get(type, self._own_maps),
        )
        yield from self._names.objects(type, made, Form.JSON, budget)

    def terraform_type(self, package: str, module: str, name: str) -> str:
        """The type that it is in Terraform. The names follow from each other, so one that we know is
        found without its hyphens and humps; the table has those that do not."""
        exact = self._table.types.get(
            f"{package}:{module}:{name}" if module else f"{package}:{name}"
        )
        if exact:
            return exact
        prefix = self._table.packages.get(package, package.replace("-", "_"))
        module = "" if module == "index" else module
        for parts in ((prefix, module, name), (prefix, name), (name,)):
            found = self._terraform.get(_plain("".join(parts)))
            if found and found.startswith(f"{prefix}_"):
                return found
        return "_".join(filter(None, (prefix, snake(module), snake(name[:1].lower() + name[1:]))))

    def _provider(self, name: str, settings: Node, budget: Budget) -> Node:
        made = settled(
            in_terraforms_words(settings, budget, self._own_blocks, self._own_maps), budget
        )
        assert isinstance(made.value, dict)
        provider = self._table.packages.get(name, name)
        return made.holding({"provider": made.holding(provider), **made.value})

    def _arm_type(self, module: str, name: str) -> str:
        exact = self._table.types.get(f"azure-native:{module}:{name}")
        if exact:
            return exact
        return self._arm.get(f"microsoft.{module.lower()}/{name.lower()}") or (
            f"Microsoft.{module[:1].upper()}{module[1:]}/{name[:1].lower()}{name[1:]}s"
        )


def _plain(name: str) -> str:
    return re.sub(r"[_-]", "", name).lower()


def _arm_key(type: str) -> str:
    """`Microsoft.KeyVault/vaults/secrets` as `microsoft.keyvault/secret`."""
    namespace, _, path = type.lower().partition("/")
    last = path.rpartition("/")[2]
    if last.endswith("ies"):
        last = last[:-3] + "y"
    elif last.endswith("s"):
        last = last[:-1]
    return f"{namespace}/{last}"


def _arm(type: str, name: str, settings: Node, budget: Budget) -> Node:
    """Settings as ARM has them: most under `properties`, the parent by its name."""
    made = settled(settings, budget)
    entries: dict[str, Node] = {}
    inner: dict[str, Node] = {}
    own = name[:1].lower() + name[1:]
    is_child = type.count("/") > 1
    names = (f"{own}Name", f"{own}ResourceName", *(() if is_child else _OWN_NAMES))
    for key, value in made.entries():
        if key == _ARM_GROUP:
            continue
        if key in names and "name" not in entries:
            entries["name"] = value
        elif is_child and key in _OWN_NAMES:
            parent = reference(value.value)
            entries["parent"] = (
                value.holding("${" + parent.partition(".")[0] + ".id}") if parent else value
            )
        elif key == "identity":
            entries[key] = _arm_identity(value)
        elif key == "properties":
            inner |= dict(value.entries())
        elif key in _ARM_TOP:
            entries[key] = value
        else:
            inner[key] = value
    return made.holding({**entries, "properties": made.holding(inner)})


def _arm_identity(value: Node) -> Node:
    """The assigned identities are keys of a map there."""
    assigned = value.get("userAssignedIdentities")
    if (
        assigned is None
        or not isinstance(assigned.value, list)
        or not isinstance(value.value, dict)
    ):
        return value
    keys = {one.text(): one.holding({}) for one in assigned.value if one.text()}
    return value.holding({**value.value, "userAssignedIdentities": assigned.holding(keys)})


def _manifest(version: str, kind: str, called: str, settings: Node, budget: Budget) -> Node:
    """An object of Kubernetes. One without a name is given one when it is made."""
    made = settled(settings, budget)
    metadata = made.get("metadata") or made.holding({})
    name = made.holding("${" + reference_to(called, "metadata.name") + "}")
    entries = {
        "apiVersion": made.holding(version.removeprefix("core/")),
        "kind": made.holding(kind),
        **dict(made.entries()),
        "metadata": metadata.holding({"name": name, **dict(metadata.entries())}),
    }
    return made.holding(entries)
