"""From an identity to every right there is, where a known way leads to that at once; and from those who have it to
all that is below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.inventory.facts import STEPS
from keymuster.model import Identity
from keymuster.model.declaration import calls

ADMIN = "admin"

GAINS = Kind(
    "gains-every-right", "{start} gains {to} by {way}", "Take from {start} what {way} needs"
)


class Where(NamedTuple):
    """The account, tenant or project that something is of; where a declaration does not tell, that of what is declared
    together with it, which is most often one."""

    id: str
    is_known: bool

    @property
    def name(self) -> str:
        if self.is_known:
            return f"account {self.id}" if self.id.isdigit() else self.id
        folder = self.id.partition(":")[2]
        return f"the account of {'this folder' if folder in ('', '.') else folder}"


def where(account: str, id: str) -> Where:
    """Of a record of this id, that says that it is of this account, or does not."""
    if account:
        return Where(account, is_known=True)
    return Where(next(iter(calls(id)), ""), is_known=False)


def all_rights(provider: str, place: Where) -> Node:
    """Every right in an account, a tenant or a project."""
    return Node(
        id=f"rights:{provider}:{place.id}", kind="rights", name=f"every right in {provider}, {place.name}",
        jewel=ADMIN,
    )  # fmt: skip


ONE_ACCOUNT = "whether both are of one account is not known"


def edges(basis: Basis) -> Iterator[Node | Edge]:
    """Those that the facts of an identity tell; `aws.py` knows more of AWS."""
    for one in basis.of(Identity):
        told = basis.told(one.id)
        ways = told.get("escalations", ())
        if not ways or one.provider == "aws" or told.get("privilege") == "admin":
            continue
        provider = "entra" if one.provider == "azure" else one.provider
        whole = all_rights(provider, where(one.account, one.id))
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
