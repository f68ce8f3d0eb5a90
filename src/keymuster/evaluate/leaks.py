"""Of each secret that lies open there is one finding, the gravest, with all its places: several policies may
say of it where it lies, and that it works besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from keymuster.evaluate.severity import is_leak
from keymuster.inventory.build import Inventory
from keymuster.model import Finding
from keymuster.rules.schema import Policy


def once(
    findings: Iterable[Finding], inventory: Inventory, policies: Mapping[str, Policy]
) -> list[Finding]:
    """The findings in their order. What others said of the same secret is named in the evidence of the one
    that stays."""
    listed = list(findings)
    about: dict[str, list[Finding]] = {}
    for one in listed:
        record = inventory.records.get(one.subject)
        if is_leak(record, policies[one.policy]):
            about.setdefault(one.subject, []).append(one)
    stays = {
        subject: _gravest(several, policies)
        for subject, several in about.items()
        if len(several) > 1
    }
    left = []
    for one in listed:
        gravest = stays.get(one.subject)
        if gravest is None or one not in about[one.subject]:
            left.append(one)
        elif one.id == gravest.id:
            left.append(gravest)
    return left


def _gravest(several: list[Finding], policies: Mapping[str, Policy]) -> Finding:
    """Of two that are as grave, that of the policy which says more by itself."""
    first, *others = sorted(
        several,
        key=lambda one: (-one.severity.rank, -policies[one.policy].severity.rank, one.rule, one.id),
    )
    rules = dict.fromkeys(one.rule for one in others)
    return replace(first, evidence={**first.evidence, "also_found": ", ".join(rules)})
