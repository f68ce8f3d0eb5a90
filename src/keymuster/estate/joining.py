"""The join: what targets that have to do with each other tell together, judged as one inventory, and what of that none of
them tells alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from keymuster.analysis import analysed
from keymuster.analysis.aws_facts import REACH
from keymuster.analysis.roll import roll
from keymuster.analysis.rolls import Rolls
from keymuster.estate.connected import components
from keymuster.estate.keys import Keys, names_of, spoken_of
from keymuster.estate.looking import until
from keymuster.estate.placing import placed
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.conditions import Conditions, prepare
from keymuster.evaluate.engine import evaluate, finding_id, order
from keymuster.evaluate.verdict import Verdict
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Finding,
    Framework,
    Identity,
    InlineAllow,
    Observation,
    RiskException,
    Roll,
    RuleText,
)
from keymuster.rules import frameworks
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

Own: TypeAlias = tuple[str, str]
"""A target, and the id that a finding or a record has in it."""

MOST_TOGETHER = 20_000
"""Records of an estate that is small enough for its page to show all of it."""


class Seen(Struct, frozen=True):
    """A target, with the name of the folder that its files are shown in, and what was observed there."""

    target: str
    name: str
    observations: Iterable[Observation]


class Size(Struct, frozen=True, kw_only=True):
    """How many targets have to do with others, in how many groups, and how many records the largest of these has: it
    was held in memory at once."""

    targets: int = 0
    groups: int = 0
    largest: int = 0

    def __str__(self) -> str:
        return f"{self.targets:,} targets in {self.groups:,} groups, the largest of {self.largest:,} records"


class Joined(Struct, frozen=True, kw_only=True):
    """The findings that no target has, or none has so, and which findings of targets each of these stands for; the roll,
    which says of the findings of targets which of its records they are about where the targets have other names for
    these; and until when all of it holds."""

    verdict: Verdict
    stands_for: dict[str, tuple[Own, ...]]
    roll: Roll
    until: datetime
    size: Size


def joined(
    keyed: Mapping[str, Keys], read: Callable[[Collection[str]], Iterable[Seen]],
    known: Callable[[str], Mapping[str, Finding]], *,
    rules: RuleSet, choice: Choice, configured: Settings, now: datetime, most: int = MOST_TOGETHER,
) -> Joined:  # fmt: skip
    """By the keys of all targets, those that have to do with each other are `read`, one group after the other, and judged;
    the others are only called, if all targets have no more than `most` records together. `known` are the findings
    that a target has by itself, by their ids. What somebody has accepted in a target stays so as long as it is not
    graver than they could see."""
    join = _Join(keyed, read, known, rules, choice, configured, now)
    groups = components(keyed)
    for group in groups:
        if len(group) > 1:
            join.judge(group)
    alone = [group[0] for group in groups if len(group) == 1]
    if alone and sum(one.records for one in keyed.values()) <= most:
        join.call(alone)
    return join.made()


class _Join:
    """What has come of the groups so far. Of each, nothing else is held when it is done."""

    def __init__(
        self, keyed: Mapping[str, Keys], read: Callable[[Collection[str]], Iterable[Seen]],
        known: Callable[[str], Mapping[str, Finding]], rules: RuleSet, choice: Choice, configured: Settings, now: datetime,
    ) -> None:  # fmt: skip
        self._keyed, self._read, self._known = keyed, read, known
        self._rules, self._choice, self._configured, self._now = rules, choice, configured, now
        self._conditions = Conditions(configured.limits, prepare(rules))
        self._around = _Around(keyed)
        self._rolls = Rolls()
        self._findings: list[Finding] = []
        self._stands_for: dict[str, tuple[Own, ...]] = {}
        self._texts: dict[str, RuleText] = {}
        self._about: dict[str, dict[str, None]] = {}
        self._renamed: set[str] = set()
        self._ends: list[datetime] = []
        self._size = Size()

    def judge(self, group: Collection[str]) -> None:
        origins = _Origins()
        inventory, every, beside = self._inventory(group, origins)
        self._call(inventory, every, beside, origins)
        del every, beside
        inventory.forget(REACH)
        verdict = evaluate(
            inventory, self._rules, self._choice, self._now, self._configured.limits, conditions=self._conditions
        )  # fmt: skip
        told, stands_for = _told(verdict.findings, _Known(self._known), origins, inventory)
        kept = {finding.rule for finding in told}
        self._texts |= {one.id: one for one in verdict.rules if one.id in kept}
        self._findings += told
        self._stands_for |= stands_for
        self._size = Size(
            targets=self._size.targets + len(group), groups=self._size.groups + 1,
            largest=max(self._size.largest, sum(self._keyed[one].records for one in group)),
        )  # fmt: skip

    def call(self, targets: Collection[str]) -> None:
        """Who there is in targets that have to do with no other one: what is to be said of them, they say themselves."""
        origins = _Origins()
        inventory, every, beside = self._inventory(targets, origins)
        self._call(inventory, every, beside, origins)

    def made(self) -> Joined:
        self._findings.sort(key=order)
        texts = tuple(self._texts[id] for id in sorted(self._texts))
        used = {reference for text in texts for reference in text.references}
        named: tuple[Framework, ...] = frameworks.named(self._rules, used)
        return Joined(
            verdict=Verdict(findings=tuple(self._findings), rules=texts, frameworks=named),
            stands_for=self._stands_for,
            roll=replace(self._rolls.roll(), about={id: tuple(self._about[id]) for id in self._about if id in self._renamed}),
            until=min(self._ends, default=until({}, self._now)), size=self._size,
        )  # fmt: skip

    def _inventory(
        self, group: Collection[str], origins: _Origins
    ) -> tuple[Inventory, list[Observation], list[Observation]]:
        """Of a group, with all of its records, and what it knows of others."""
        names: dict[str, str] = {}
        every = list(_records(self._read(group), origins, names))
        records = [one for one in every if not isinstance(one, InlineAllow | RiskException)]
        held = {one.id for one in records}
        beside = [one for one in self._around.of(group, records) if one.id not in held]
        inventory = build((*records, *beside), names.values())
        return analysed(inventory, self._configured, self._rules, self._now), every, beside

    def _call(
        self, inventory: Inventory, every: Iterable[Observation], beside: Iterable[Observation],
        origins: _Origins,
    ) -> None:  # fmt: skip
        """What a target has accepted holds in it alone: it is in the inventory for those who list it, and for nobody else."""
        accepted = {one.id: one for one in every if isinstance(one, InlineAllow | RiskException)}
        inventory.records.update(accepted)
        inventory.seen.update({id: [one] for id, one in accepted.items()})
        others = {one.id for one in beside if isinstance(one, Identity)}
        self._rolls.add(roll(inventory, self._configured, self._rules), others)
        self._ends.append(until(inventory.records, self._now))
        for id in accepted:
            del inventory.records[id], inventory.seen[id]
        self._note_subjects(origins)

    def _note_subjects(self, origins: _Origins) -> None:
        """Which records the findings of targets are about."""
        found = [
            (target, id, one.subject)
            for target in origins.targets
            for id, one in self._known(target).items()
        ]
        wanted = {(target, subject) for target, _, subject in found}
        named = {own: id for id, own in origins if own in wanted}
        for target, id, subject in found:
            if (record := named.get((target, subject))) is not None:
                self._about.setdefault(id, {})[record] = None
                if record != subject:
                    self._renamed.add(id)


class _Origins:
    """Of which targets a record is, and which id it has there. Most are of one, and have the same there."""

    def __init__(self) -> None:
        self._alone: dict[str, str] = {}
        self._others: dict[str, list[Own]] = {}
        self.targets: dict[str, None] = {}

    def add(self, id: str, target: str, own: str) -> None:
        self.targets[target] = None
        if id == own and id not in self._others and self._alone.setdefault(id, target) == target:
            return
        several = self._others.setdefault(id, [])
        if (alone := self._alone.pop(id, None)) is not None:
            several.append((alone, id))
        if (target, own) not in several:
            several.append((target, own))

    def __iter__(self) -> Iterator[tuple[str, Own]]:
        """Each record, with what it is in a target."""
        for id, target in self._alone.items():
            yield id, (target, id)
        for id, several in self._others.items():
            yield from ((id, own) for own in several)

    def of(self, id: str) -> Sequence[Own]:
        if (alone := self._alone.get(id)) is not None:
            return ((alone, id),)
        return self._others.get(id, ())


class _Around:
    """What everybody is judged by, whoever tells it: what of services is ours, and who is there."""

    def __init__(self, keyed: Mapping[str, Keys]) -> None:
        self._informs = {target: one.informs for target, one in keyed.items() if one.informs}
        self._people: dict[str, list[tuple[str, Identity]]] = {}
        for target, one in keyed.items():
            for person in one.people:
                for name in dict.fromkeys(names_of(person)):
                    self._people.setdefault(name, []).append((target, person))

    def of(self, group: Collection[str], records: Iterable[Observation]) -> list[Observation]:
        """What other targets tell that a group of targets has to know."""
        several = list(records)
        if not any(getattr(one, "provider", "") for one in several):
            return []
        own = set(group)
        found: dict[str, Observation] = {}
        for target, several_told in self._informs.items():
            if target not in own:
                for each in several_told:
                    found.setdefault(each.id, each)
        spoken = spoken_of(several) if self._people else ()
        for name in sorted(spoken):
            for target, person in self._people.get(name, ()):
                if target not in own:
                    found.setdefault(person.id, person)
        return list(found.values())


class _Known:
    """The findings of targets, asked for once for each."""

    def __init__(self, of: Callable[[str], Mapping[str, Finding]]) -> None:
        self._of = of
        self._found: dict[str, Mapping[str, Finding]] = {}
        self._subjects: dict[str, dict[str, list[str]]] = {}

    def of(self, target: str) -> Mapping[str, Finding]:
        if target not in self._found:
            self._found[target] = self._of(target)
        return self._found[target]

    def about(self, target: str, subject: str) -> list[str]:
        """The ids of those that a target has about a record."""
        if target not in self._subjects:
            by_subject = self._subjects[target] = {}
            for id, one in self.of(target).items():
                by_subject.setdefault(one.subject, []).append(id)
        return self._subjects[target].get(subject, [])

    def finding(self, own: Own) -> Finding:
        return self.of(own[0])[own[1]]


def _told(
    findings: Iterable[Finding], known: _Known, origins: _Origins,
    inventory: Inventory,
) -> tuple[list[Finding], dict[str, tuple[Own, ...]]]:  # fmt: skip
    """What rests on more than one target and is not known to any as it is, and what each stands for."""
    told, stands_for = [], {}
    for one in findings:
        if len(_targets(one, origins, inventory)) < 2 and one.subject not in inventory.links.within:
            continue
        theirs = _theirs(one, origins.of(one.subject), known)
        if theirs and all(_is_as(one, known.finding(each)) for each in theirs):
            continue
        told.append(_accepted(one, [known.finding(each) for each in theirs]))
        if theirs:
            stands_for[one.id] = tuple(theirs)
    return told, stands_for


def _records(
    seen: Iterable[Seen], origins: _Origins, names: dict[str, str]
) -> Iterator[Observation]:
    for each in seen:
        names[each.target] = each.name
        for one in placed(each.name, each.observations):
            origins.add(one.record.id, each.target, one.own)
            yield one.record


def _targets(one: Finding, origins: _Origins, inventory: Inventory) -> set[str]:
    """Whose records a finding rests on: those of its subject and of what is one with that, of the identity behind
    it, and of each step that leads there."""
    ids = {one.subject, *inventory.links.nodes.get(one.subject, ())}
    ids |= {getattr(inventory.records.get(id), "identity", None) or "" for id in ids}
    for step in (step for path in one.paths for step in path):
        ids |= {step.start, step.to, *step.records}
        ids.update(said.record for said in step.statements)
    return {target for id in ids for target, _ in origins.of(id)}


def _theirs(one: Finding, origins: Iterable[Own], known: _Known) -> list[Own]:
    """What targets say of the same: by the same rule or, of a secret, by one that has given way to it."""
    others = set(one.evidence.get("also_found", "").split(", "))
    found: dict[Own, None] = {}
    for target, own in origins:
        if (id := finding_id(one.policy, own)) in known.of(target):
            found[target, id] = None
        for each in known.about(target, own):
            if known.finding((target, each)).rule in others:
                found[target, each] = None
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
