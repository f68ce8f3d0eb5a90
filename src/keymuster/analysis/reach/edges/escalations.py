"""From an identity to every right there is, where a known way leads to that at once; and from those who have it to
all that is below."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.inventory.facts import STEPS
from keymuster.model import Identity

ADMIN = "admin"

GAINS = Kind(
    "gains-every-right", "{start} gains {to} by {way}", "Take from {start} what {way} needs"
)


def all_rights(provider: str, where: str) -> Node:
    """Every right in an account, a tenant or a project; `where` may be empty for one that is not known."""
    name = f"every right in {provider} {where}".rstrip()
    return Node(id=f"rights:{provider}:{where}", kind="rights", name=name, jewel=ADMIN)


def edges(basis: Basis) -> Iterator[Node | Edge]:
    """Those that the facts of an identity tell; `aws.py` knows more of AWS."""
    for one in basis.of(Identity):
        told = basis.told(one.id)
        ways = told.get("escalations", ())
        if not ways or one.provider == "aws" or told.get("privilege") == "admin":
            continue
        whole = all_rights("entra" if one.provider == "azure" else one.provider, one.account)
        yield whole
        records = [
            record
            for path in told.get(STEPS, {}).get("escalations", ())
            for step in path
            for record in step.records
        ]
        if not records:
            records = [grant.id for grant in basis.inventory.grants(one.id)][:_MOST]
        way = ", ".join(map(str, ways[:_MOST]))
        yield Edge(one.id, whole.id, GAINS, tuple(dict.fromkeys(records)), "", way)


_MOST = 4
