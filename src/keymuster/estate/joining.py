"""The join: what the targets tell together, judged as one inventory, and what of that none of them tells alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from keymuster.analysis import analysed
from keymuster.estate.connected import connected
from keymuster.estate.placing import placed
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import Verdict, evaluate, finding_id
from keymuster.inventory.build import Inventory, build
from keymuster.model import Finding, InlineAllow, Observation, RiskException
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

Own: TypeAlias = tuple[str, str]
"""A target, and the id that a finding or a record has in it."""


class Seen(Struct, frozen=True):
    """A target, with the name of the folder that its files are shown in, and what was observed there."""

    target: str
    name: str
    observations: Iterable[Observation]


class Joined(Struct, frozen=True):
    """The inventory over the targets that have to do with each other, its findings that no target has, or none has
    so, and which findings of targets each of these stands for. `about` has the records of the inventory that the findings
    of targets are about, by the ids of the findings, where the targets have other names for them."""

    inventory: Inventory
    verdict: Verdict
    stands_for: dict[str, tuple[Own, ...]]
    about: dict[str, tuple[str, ...]]


def joined(
    seen: Callable[[], Iterable[Seen]], known: Mapping[Own, Finding], *,
    rules: RuleSet, choice: Choice, configured: Settings, now: datetime,
) -> Joined:  # fmt: skip
    """`seen` is asked twice; `known` are the findings that each target has by itself. What somebody has accepted
    in a target stays so as long as it is not graver than they could see."""
    wanted = connected(seen())
    origins: dict[str, list[Own]] = {}
    names: dict[str, str] = {}
    every = list(_records((one for one in seen() if one.target in wanted), origins, names))
    records = [one for one in every if not isinstance(one, InlineAllow | RiskException)]
    inventory = analysed(build(records, names.values()), configured, rules, now)
    verdict = evaluate(inventory, rules, choice, now, configured.limits)
    _list_accepted(inventory, every)
    findings, stands_for = _told(verdict.findings, known, origins, inventory)
    kept = {finding.rule for finding in findings}
    texts = tuple(one for one in verdict.rules if one.id in kept)
    verdict = replace(verdict, findings=tuple(findings), rules=texts, undecided=())
    return Joined(inventory, verdict, stands_for, _about(known, origins))


def _about(
    known: Mapping[Own, Finding], origins: Mapping[str, list[Own]]
) -> dict[str, tuple[str, ...]]:
    named = {own: id for id, several in origins.items() for own in several}
    found: dict[str, dict[str, None]] = {}
    renamed = set()
    for (target, id), finding in known.items():
        if (record := named.get((target, finding.subject))) is not None:
            found.setdefault(id, {})[record] = None
            if record != finding.subject:
                renamed.add(id)
    return {id: tuple(found[id]) for id in found if id in renamed}


def _told(
    findings: Iterable[Finding], known: Mapping[Own, Finding], origins: Mapping[str, list[Own]],
    inventory: Inventory,
) -> tuple[list[Finding], dict[str, tuple[Own, ...]]]:  # fmt: skip
    """What rests on more than one target and is not known to any as it is, and what each stands for."""
    by_subject: dict[Own, list[Own]] = {}
    for (target, id), finding in known.items():
        by_subject.setdefault((target, finding.subject), []).append((target, id))
    told, stands_for = [], {}
    for one in findings:
        if len(_targets(one, origins, inventory)) < 2 and one.subject not in inventory.links.within:
            continue
        theirs = _theirs(one, origins.get(one.subject, ()), known, by_subject)
        if theirs and all(_is_as(one, known[each]) for each in theirs):
            continue
        told.append(_accepted(one, [known[each] for each in theirs]))
        if theirs:
            stands_for[one.id] = tuple(theirs)
    return told, stands_for


def _list_accepted(inventory: Inventory, every: Iterable[Observation]) -> None:
    """What a target has accepted holds in it alone: it is in the inventory for those who list it."""
    for one in every:
        if isinstance(one, InlineAllow | RiskException):
            inventory.records[one.id] = one
            inventory.seen[one.id] = [one]


def _records(
    seen: Iterable[Seen], origins: dict[str, list[Own]], names: dict[str, str]
) -> Iterator[Observation]:
    for each in seen:
        names[each.target] = each.name
        for one in placed(each.name, each.observations):
            own = (each.target, one.own)
            if own not in (others := origins.setdefault(one.record.id, [])):
                others.append(own)
            yield one.record


def _targets(one: Finding, origins: Mapping[str, list[Own]], inventory: Inventory) -> set[str]:
    """Whose records a finding rests on: those of its subject and of what is one with that, of the identity behind
    it, and of each step that leads there."""
    ids = {one.subject, *inventory.links.nodes.get(one.subject, ())}
    ids |= {getattr(inventory.records.get(id), "identity", None) or "" for id in ids}
    for step in (step for path in one.paths for step in path):
        ids |= {step.start, step.to, *step.records}
        ids.update(said.record for said in step.statements)
    return {target for id in ids for target, _ in origins.get(id, ())}


def _theirs(
    one: Finding, origins: Iterable[Own], known: Mapping[Own, Finding],
    by_subject: Mapping[Own, list[Own]],
) -> list[Own]:  # fmt: skip
    """What targets say of the same: by the same rule or, of a secret, by one that has given way to it."""
    others = set(one.evidence.get("also_found", "").split(", "))
    found: dict[Own, None] = {}
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
