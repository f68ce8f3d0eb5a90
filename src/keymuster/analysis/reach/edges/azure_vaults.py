"""From who may read the secrets of a vault of Azure to the vault."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.azure_scopes import Tree, vault_readers
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node

READS = Kind(
    "reads-vault", "{start} reads the secrets of {to}", "Take from {start} the role on {to}"
)


def edges(basis: Basis) -> Iterator[Node | Edge]:
    tree = Tree(basis.inventory, basis.configured.environments)
    for vault, grants in vault_readers(basis.inventory, tree):
        yield Node(
            id=vault.id,
            kind="vault",
            name=f"vault {vault.name}",
            place=vault.location,
            jewel="secrets",
        )
        for grant in grants:
            doubt = "a condition of it is not known" if grant.conditions.get("condition") else ""
            yield Edge(grant.identity, vault.id, READS, (grant.id,), doubt)
