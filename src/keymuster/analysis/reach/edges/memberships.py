"""From a member to its group, and between what is one thing under two ids: an application and its service
principal."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.reach.edges.credentials import IS_SAME
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Effect, Grant, GrantKind, Identity, IdentityKind

IS_MEMBER = Kind("is-member", "{start} is a member of {to}", "Take {start} out of {to}")
OWNS = Kind(
    "owns",
    "{start} owns {to} and may make a credential for it",
    "Take {start} from the owners of {to}",
)


def edges(basis: Basis) -> Iterator[Node | Edge]:
    records = basis.inventory.records
    for grant in basis.of(Grant):
        if grant.effect is not Effect.ALLOW:
            continue
        if "owner" in grant.conditions and grant.provider == "entra":
            for owned in grant.resources:
                if isinstance(records.get(owned), Identity):
                    yield Edge(grant.identity, owned, OWNS, (grant.id,))
            continue
        to = records.get(grant.via) if grant.via else None
        if not isinstance(to, Identity):
            continue
        if grant.provider == "entra" and grant.id.endswith("#application"):
            yield Edge(grant.identity, to.id, IS_SAME, (grant.id,))
            yield Edge(to.id, grant.identity, IS_SAME, (grant.id,))
        elif to.kind is IdentityKind.GROUP or grant.kind is GrantKind.OTHER:
            doubt = "it must be taken first" if grant.conditions.get("eligible") else ""
            yield Edge(grant.identity, to.id, IS_MEMBER, (grant.id,), doubt)
