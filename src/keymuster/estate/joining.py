"""The join: what all targets tell, judged as one inventory, and what of that none of them tells alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from keymuster.analysis import analysed
from keymuster.estate.placing import placed
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import Verdict, evaluate, finding_id
from keymuster.inventory.build import Inventory, build
from keymuster.model import Finding, InlineAllow, Observation, RiskException
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

Told = tuple[str, str]
"""A target, and the id that a finding has in it."""


class Joined(Struct, frozen=True):
    """The inventory over all targets, its `findings` that no target has, or none has so, and which findings
    of targets each of these stands for."""

    inventory: Inventory
    verdict: Verdict
    stands_for: dict[str, tuple[Told, ...]]


def joined(
    told: Iterable[tuple[str, str, Iterable[Observation]]], known: Mapping[Told, Finding], *,
    rules: RuleSet, choice: Choice, configured: Settings, now: datetime,
) -> Joined:  # fmt: skip
    """`told` are targets with their names and records, `known` the findings that each has by itself. What somebody has
    accepted in a target stays so as long as it is not graver than they could see."""
    origins: dict[str, list[tuple[str, str]]] = {}
    inventory = analysed(build(_records(told, origins)), configured, rules, now)
    verdict = evaluate(inventory, rules, choice, now, configured.limits)
    by_subject: dict[tuple[str, str], list[Told]] = {}
    for target, id in known:
        by_subject.setdefault((target, known[target, id].subject), []).append((target, id))
    findings, stands_for = [], {}
    for one in verdict.findings:
        theirs = _theirs(one, origins.get(one.subject, ()), known, by_subject)
        if theirs and all(_is_as(one, known[each]) for each in theirs):
            continue
        findings.append(_accepted(one, [known[each] for each in theirs]))
        if theirs:
            stands_for[one.id] = tuple(theirs)
    kept = {finding.rule for finding in findings}
    texts = tuple(one for one in verdict.rules if one.id in kept)
    verdict = replace(verdict, findings=tuple(findings), rules=texts, undecided=())
    return Joined(inventory, verdict, stands_for)


def _records(
    told: Iterable[tuple[str, str, Iterable[Observation]]],
    origins: dict[str, list[tuple[str, str]]],
) -> Iterator[Observation]:
    """What a target has accepted holds in it alone."""
    for target, name, observations in told:
        every = (one for one in observations if not isinstance(one, InlineAllow | RiskException))
        for one in placed(name, every):
            origins.setdefault(one.record.id, []).append((target, one.own))
            yield one.record


def _theirs(
    one: Finding, origins: Iterable[tuple[str, str]], known: Mapping[Told, Finding],
    by_subject: Mapping[tuple[str, str], list[Told]],
) -> list[Told]:  # fmt: skip
    """What targets say of the same: by the same rule or, of a secret, by one that has given way to it."""
    others = set(one.evidence.get("also_found", "").split(", "))
    found: dict[Told, None] = {}
    for target, own in origins:
        if (target, id := finding_id(one.policy, own)) in known:
            found[target, id] = None
        for each in by_subject.get((target, own), ()):
            if known[each].rule in others:
                found[each] = None
    return list(found)


def _is_as(one: Finding, other: Finding) -> bool:
    return (one.policy, one.severity, one.confidence) == (
        other.policy,
        other.severity,
        other.confidence,
    )


def _accepted(one: Finding, theirs: list[Finding]) -> Finding:
    """As it is, or accepted as in all targets that have it."""
    if not theirs or not all(each.is_accepted for each in theirs):
        return one
    if any(one.severity.rank > each.severity.rank for each in theirs):
        return one
    return replace(one, suppression=theirs[0].suppression)
