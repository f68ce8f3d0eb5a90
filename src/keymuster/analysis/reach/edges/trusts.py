"""From those outside to the identities that let them in, and from one of us to what lets it in by name.

What AWS and Google Cloud make of trusts and rights together stands in `aws.py` and `gcp.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from keymuster.analysis.outsiders import Audience
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Effect, Grant, Identity, Trust, TrustKind

OUTSIDE = "outside"

LETS_IN = Kind("lets-in", "{to} lets in {start}", "Let {to} trust fewer than {start}")
MAY_BE = Kind("may-be", "{start} may be {to}")
TRUSTS = Kind("trusts", "{to} trusts {start}", "Take {start} out of the trust of {to}")

ANYONE = Node(id="outside:anyone", kind="outsider", name="anyone", entry=OUTSIDE)

EVERYBODY = ("allUsers", "allAuthenticatedUsers", "*")
"""What stands for anyone in bindings and policies."""

_OF_AGENTS = ("mcp", "a2a")
"""Trusts in whoever runs what an agent talks to: `agents.py`."""


def edges(basis: Basis) -> Iterator[Node | Edge]:
    inventory = basis.inventory
    for trust in basis.of(Trust):
        if trust.effect is not Effect.ALLOW or trust.provider in _OF_AGENTS:
            continue
        told = basis.told(trust.id)
        if told.get("in_force") == "no":
            continue
        if isinstance(inventory.records.get(trust.principal), Identity):
            if trust.provider not in ("aws", "gcp"):
                doubt = _doubt(trust, told) if told else ""
                yield Edge(trust.principal, trust.identity, TRUSTS, (trust.id,), doubt)
        elif (who := _outsider(trust, told)) is not None:
            yield who
            member = _member(trust, basis)
            if not member:
                yield Edge(who.id, trust.identity, LETS_IN, (trust.id,), _doubt(trust, told))
            elif member not in EVERYBODY:
                yield Edge(who.id, member, MAY_BE, (trust.id,), _doubt(trust, told))


def _member(trust: Trust, basis: Basis) -> str:
    """In Google Cloud a binding is a trust and a grant at once: `gcp.py` has what its member becomes by that."""
    grant = basis.inventory.records.get(trust.id.replace("#trust/", "#", 1))
    return grant.identity if isinstance(grant, Grant) and trust.id != grant.id else ""


def _outsider(trust: Trust, told: Mapping[str, Any]) -> Node | None:
    audience = told.get("audience", UNKNOWN)
    if audience == Audience.ANYONE:
        issuer = str(told.get("issuer", ""))
        if trust.kind is not TrustKind.FEDERATION or not issuer:
            return ANYONE
        return Node(
            id=f"outside:anyone@{issuer}",
            kind="outsider",
            name=f"anyone at {issuer}",
            entry=OUTSIDE,
        )
    if audience != Audience.VENDOR:
        return None
    names = [*told.get("vendors", ()), *told.get("strangers", ())] or [trust.principal]
    listed = ", ".join(dict.fromkeys(map(str, names)))
    return Node(id=f"outside:{listed}", kind="outsider", name=listed, entry=OUTSIDE)


def _doubt(trust: Trust, told: Mapping[str, Any]) -> str:
    if told.get("in_force") == UNKNOWN:
        return "whether the trust is in force is not known"
    if told.get("audience") == Audience.ANYONE and told.get("anyone") == UNKNOWN:
        return "a condition of the trust is not known"
    return ""
