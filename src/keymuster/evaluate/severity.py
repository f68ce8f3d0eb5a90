"""How grave it is that a secret lies open, by what is known of it besides: that it works, what it opens, how
long it has been there; or that it opens nothing any more.

`ADJUSTMENTS` are asked in order, after the policies have judged. Each that holds is a step in the evidence of
the finding, whether it changes anything or not. Ids and fingerprints of findings do not depend on it: what was
accepted stays so, and what grows is seen by its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from keymuster.evaluate.view import View
from keymuster.inventory.build import Inventory
from keymuster.inventory.linking import FOUND
from keymuster.model import (
    Credential,
    Finding,
    Grant,
    Identity,
    Nhi,
    Severity,
)
from keymuster.rules.schema import Policy

EXPOSED_DAYS = 30
"""From then on a secret that works has been there for long."""

MOST_NAMED = 3


class Known(Struct, frozen=True, kw_only=True):
    """What is known of a secret, for the adjustments to ask."""

    record: Credential
    seen: Mapping[str, Any]
    inventory: Inventory
    now: datetime

    @property
    def identity(self) -> Identity | None:
        one = self.inventory.records.get(self.record.identity or "")
        return one if isinstance(one, Identity) else None

    def fact_of_identity(self, name: str) -> Any:
        return self.inventory.facts.get(self.record.identity or "", {}).get(name)


class Adjustment(Struct, frozen=True, kw_only=True):
    """`when` gives the reason, or nothing where it does not hold. It goes `up` by so many degrees, to `least`
    at the least, and to no more than `most`. A policy of one of the `counted` kinds says the same by itself."""

    name: str
    when: Callable[[Known], str]
    up: int = 0
    least: Severity = Severity.INFO
    most: Severity = Severity.CRITICAL
    counted: frozenset[str] = frozenset()


def adjusted(
    finding: Finding, policy: Policy, record: Any, seen: View, inventory: Inventory, now: datetime
) -> Finding:
    """The finding, as grave as what is known of its secret makes it, with each step that led there."""
    if not is_leak(record, policy):
        return finding
    known = Known(record=record, seen=seen, inventory=inventory, now=now)
    severity, steps = finding.severity, [f"{finding.severity.value}, as the policy has it"]
    for one in ADJUSTMENTS:
        if policy.kind in one.counted or not (reason := one.when(known)):
            continue
        before, severity = severity, _moved(severity, one)
        steps.append(f"{'still ' if before is severity else ''}{severity.value}: {reason}")
    if len(steps) == 1:
        return finding
    told = {f"severity_{number}": step for number, step in enumerate(steps, 1)}
    return replace(finding, severity=severity, evidence={**finding.evidence, **told})


def is_leak(record: Any, policy: Policy) -> bool:
    """Whether a finding is first of all about the text of a secret that lies where it should not. That the
    secret is used in two places is another matter, with another cure."""
    return (
        isinstance(record, Credential)
        and record.id.startswith(FOUND)
        and policy.nhi[:1] == [Nhi.SECRET_LEAKAGE]
    )


def _moved(severity: Severity, one: Adjustment) -> Severity:
    rank = max(severity.rank + one.up, one.least.rank)
    return _BY_RANK[min(rank, one.most.rank)]


_BY_RANK = tuple(sorted(Severity, key=lambda one: one.rank))


# --- what makes it worse -------------------------------------------------------------------------


def _works(known: Known) -> str:
    if known.seen["works"] != "yes":
        return ""
    return f"it is live: {known.seen['exists_at']} tells of it as {known.seen['exists_as']}"


def _is_public(known: Known) -> str:
    """The vendor itself has seen it where everybody reads."""
    if known.seen["works"] == "no":
        return ""
    marks = (
        f"{one.tags.get('disabled_as', '')} {one.tags.get('marks', '')}"
        for one in known.inventory.counterparts(known.record)
    )
    if any("EXPOSED" in mark or "COMPROMISE" in mark for mark in marks):
        return "Google found it in a public place, or saw it abused"
    identity = known.identity
    held: list[Grant] = known.inventory.grants(identity.id) if identity else []
    if any("AWSCompromisedKeyQuarantine" in one.via for one in held):
        return "AWS found a key of its user in a public place, and put the user into quarantine"
    return ""


def _is_privileged(known: Known) -> str:
    if known.seen["works"] == "no" or known.seen["privilege"] != "admin":
        return ""
    return f"whoever has it is {_name(known)}, an administrator"


def _reaches(known: Known) -> str:
    """What others it becomes, or takes, from there."""
    if known.seen["works"] == "no" or known.seen["privilege"] == "admin":
        return ""
    for fact, words in _FURTHER.items():
        if found := known.fact_of_identity(fact):
            return f"whoever has it is {_name(known)}, who {words} {_some(found)}"
    return ""


_FURTHER = {
    "takes_over": "takes over",
    "escalations": "gets more rights by",
    "sensitive": "may read",
}
"""Facts of an identity, in words."""


def _name(known: Known) -> str:
    return known.identity.name if known.identity else str(known.record.identity)


def _some(found: Any) -> str:
    named = [str(one) for one in (found if isinstance(found, list | tuple) else [found])]
    rest = len(named) - MOST_NAMED
    return ", ".join(named[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _is_old(known: Known) -> str:
    days = known.seen["exposed_days"]
    if known.seen["works"] != "yes" or not isinstance(days, int) or days < EXPOSED_DAYS:
        return ""
    return f"it has been there for {days} days"


# --- what makes it less --------------------------------------------------------------------------


def _is_off(known: Known) -> str:
    if known.seen["works"] != "no":
        return ""
    return "whoever gave it out tells of it as switched off, or ended"


def _has_ended(known: Known) -> str:
    ends = known.record.expires_at
    return f"it ended on {ends.date()}" if known.seen["expired"] and ends else ""


def _is_for_test(known: Known) -> str:
    if known.seen["sample"]:
        return "it is a sample, or made to be public"
    return "by its form it is a key for tests" if known.seen["for_test"] else ""


_LIVE = frozenset({"secret-verified-live"})
_ENDED = frozenset({"secret-expired-still-present"})
_SAMPLE = frozenset({"secret-sample"})

ADJUSTMENTS: tuple[Adjustment, ...] = (
    Adjustment(
        name="works", when=_works, up=1, least=Severity.HIGH, counted=_LIVE | _ENDED | _SAMPLE
    ),
    Adjustment(name="public", when=_is_public, least=Severity.CRITICAL, counted=_ENDED | _SAMPLE),
    Adjustment(name="privileged", when=_is_privileged, up=1, counted=_ENDED | _SAMPLE),
    Adjustment(name="reaches", when=_reaches, up=1, counted=_ENDED | _SAMPLE),
    Adjustment(name="exposed", when=_is_old, up=1, counted=_ENDED | _SAMPLE),
    Adjustment(name="off", when=_is_off, most=Severity.LOW),
    Adjustment(name="ended", when=_has_ended, most=Severity.LOW, counted=_ENDED),
    Adjustment(name="test", when=_is_for_test, most=Severity.LOW, counted=_SAMPLE),
)
"""First what makes it worse; what it cannot do any more has the last word."""
