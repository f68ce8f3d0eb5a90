"""From inventory and policies to findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from keymuster.evaluate import alike, allows, exceptions, leaks, repeats, severity
from keymuster.evaluate.bounds import bounds
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.conditions import Conditions, Sieve, prepare
from keymuster.evaluate.evidence import links, paths
from keymuster.evaluate.fingerprints import fingerprint
from keymuster.evaluate.messages import filled
from keymuster.evaluate.responsible import owner
from keymuster.evaluate.verdict import Verdict
from keymuster.evaluate.view import SUBJECTS, view
from keymuster.inventory.build import Inventory
from keymuster.model import (
    Confidence,
    Credential,
    FileLocation,
    Finding,
    InlineAllow,
    Location,
    Reference,
    Resource,
    RiskException,
    RuleText,
    Undecided,
)
from keymuster.model.digest import digest
from keymuster.rules import frameworks
from keymuster.rules.schema import Policy, RuleSet, Subject, TokenFormat
from keymuster.settings import Lifetimes

_LIMITS = Lifetimes()


def evaluate(
    inventory: Inventory, rules: RuleSet, choice: Choice, now: datetime,
    limits: Lifetimes = _LIMITS, looked: Collection[str] = (), conditions: Conditions | None = None,
) -> Verdict:  # fmt: skip
    """Every finding the wanted policies have on the inventory. What was `looked` at wholly (`code`,
    `history`, a service) is where an exception that covers nothing is not needed any more. Who judges several
    inventories by the same rules and limits has their `conditions` compiled once."""
    conditions = conditions or Conditions(limits, prepare(rules))
    comments = inventory.allows
    held: list[tuple[Finding, str]] = []
    undecided: list[Undecided] = []
    for one in _held(_JUDGED, inventory, rules, choice, now, conditions):
        if isinstance(one, Undecided):
            undecided.append(one)
        else:
            held.append(one)
    findings: list[Finding] = []
    policies = {one.policy: rules.policy(one.policy) for one, _ in held}
    for finding in leaks.once(
        repeats.left(alike.once(held), inventory, policies), inventory, policies
    ):
        findings += allows.apply(_everywhere(finding, inventory), comments, now.date())
    if any(inventory.of(RiskException)):
        every = [one for one, _ in held]
        findings = _excepted(findings, every, inventory, now, limits, looked)
        about = _held({_EXCEPTION: RiskException}, inventory, rules, choice, now, conditions)
        findings += [one[0] for one in about if not isinstance(one, Undecided)]
    findings.sort(key=order)
    texts = _texts(findings, rules)
    used = {reference for text in texts for reference in text.references}
    return Verdict(
        findings=tuple(findings),
        rules=texts,
        frameworks=frameworks.named(rules, used),
        undecided=tuple(undecided),
    )


_EXCEPTION: Subject = "exception"

_JUDGED = {subject: kind for subject, kind in SUBJECTS.items() if subject != _EXCEPTION}
"""Exceptions are judged by what came of them, after everything else."""


def _excepted(
    findings: Iterable[Finding], every: Iterable[Finding], inventory: Inventory, now: datetime,
    limits: Lifetimes, looked: Collection[str],
) -> list[Finding]:  # fmt: skip
    """The findings, with those that somebody has decided to live with; what came of each decision
    becomes a fact of it. What one covers may be told by a graver finding now: `every` one has it still."""

    def identity_of(subject: str) -> str:
        return getattr(inventory.records.get(subject), "identity", None) or subject

    decided = list(inventory.of(RiskException))
    longest = timedelta(days=limits.exception_days)
    found, used = exceptions.apply(findings, decided, identity_of, now.date(), longest)
    idle = [one for one in decided if one.id in used and not used[one.id].covered]
    _, behind = exceptions.apply(every if idle else (), idle, identity_of, now.date(), longest)
    for one in decided:
        what = used.get(one.id)
        if what is not None:
            is_behind = one.id in behind and behind[one.id].covered > 0
            gone = _places(one) <= set(looked) and not is_behind
            seen = "yes" if what.covered else "no" if gone else ""
            inventory.facts[one.id] = {
                "used": seen, "outgrown": what.outgrown, "covered": what.covered,
            }  # fmt: skip
    return found


def _places(one: RiskException) -> set[str]:
    """What must be looked at to see what an exception covers."""
    return {place.strip() for place in one.seen_in.split(",")}


def _held(
    subjects: Mapping[Subject, type[Any]], inventory: Inventory, rules: RuleSet, choice: Choice,
    now: datetime, conditions: Conditions,
) -> Iterator[tuple[Finding, str] | Undecided]:  # fmt: skip
    """Each with what it says of any that is alike."""
    for subject, kind in subjects.items():
        records = [*_subjects(inventory, kind)]
        if not records:
            continue
        wanted = _Wanted(rules.about(subject), choice)
        sieve = Sieve(conditions)
        for record in records:
            about = wanted.of(record)
            if not about:
                continue
            seen = view(subject, record, inventory, now)
            named = conditions.named(subject, seen)
            for policy in sieve.left(about, named):
                answer = conditions.answer(policy, named)
                if answer:
                    token = rules.token(_format(record))
                    finding = severity.adjusted(
                        _finding(policy, token, record, inventory, seen),
                        policy, record, seen, inventory, now,
                    )  # fmt: skip
                    yield finding, alike.judgement(policy, seen)
                elif unknown := conditions.unknown(policy, named, answer):
                    yield Undecided(
                        policy=policy.id, subject=record.id, location=record.location,
                        unknown=unknown,
                    )  # fmt: skip


class _Wanted:
    """The policies about one subject that the user wants, found once for all records of a sort."""

    def __init__(self, policies: list[Policy], choice: Choice) -> None:
        self._policies = policies
        self._choice = choice
        self._found: dict[tuple[str, str, Confidence | None], tuple[Policy, ...]] = {}

    def of(self, record: Any) -> tuple[Policy, ...]:
        type = record.type if isinstance(record, Resource) else ""
        key = (type, _format(record), getattr(record, "confidence", None))
        if key not in self._found:
            is_resource = isinstance(record, Resource)
            about = self._of_type.get(type, []) if is_resource else self._policies
            self._found[key] = tuple(one for one in about if self._wants(one, record))
        return self._found[key]

    @cached_property
    def _of_type(self) -> dict[str, list[Policy]]:
        """Those about resources, by each of their types."""
        found: dict[str, list[Policy]] = {}
        for policy in self._policies:
            for type in dict.fromkeys(policy.types):
                found.setdefault(type, []).append(policy)
        return found

    def _wants(self, policy: Policy, record: Any) -> bool:
        sure = _confidence(policy, record).rank >= self._choice.confidence.rank
        return sure and self._choice.wants(policy, _format(record))


def _confidence(policy: Policy, record: Any) -> Confidence:
    """No surer than the policy of what it says, nor than the collector of what it saw."""
    saw = getattr(record, "confidence", policy.confidence)
    return min(policy.confidence, saw, key=lambda one: one.rank)


def _subjects(inventory: Inventory, kind: type[Any]) -> Iterable[Any]:
    records = inventory.of(kind)
    return filter(allows.is_judged, records) if kind is InlineAllow else records


def _finding(
    policy: Policy,
    token: TokenFormat | None,
    record: Any,
    inventory: Inventory,
    seen: Mapping[str, Any],
) -> Finding:
    evidence = record.tags | links(record, inventory) if isinstance(record, Credential) else {}
    now = bounds(record, inventory)
    return Finding(
        id=finding_id(policy.id, record.id),
        fingerprint=fingerprint(policy.id, record, now, inventory),
        bounds=dict(now),
        rule="/".join(filter(None, (policy.id, _format(record)))),
        policy=policy.id,
        nhi=tuple(policy.nhi),
        severity=policy.severity,
        confidence=_confidence(policy, record),
        subject=record.id,
        message=filled(policy.message, seen, inventory),
        places=tuple(sorted(inventory.places(record), key=_place)),
        evidence=evidence,
        owner=owner(record, inventory),
        paths=paths(policy, record, inventory),
        remediation=_remediation(policy, token),
    )


def finding_id(policy: str, subject: str) -> str:
    """The id of what a policy has against the record of this id."""
    return digest(f"{policy}\0{subject}")


def _everywhere(finding: Finding, inventory: Inventory) -> Finding:
    """With the places where the same credential is something else: where a service has it, or its text lies.
    What is alike was told once before: there each may have another place."""
    record = inventory.records.get(finding.subject)
    if not isinstance(record, Credential):
        return finding
    others = sorted(inventory.elsewhere(record), key=_place)
    return replace(finding, places=(*finding.places, *others)) if others else finding


def _remediation(policy: Policy, token: TokenFormat | None) -> str:
    """The policy's steps, with the format's own way to revoke where they ask for it."""
    revoke = token.revoke.strip() if token else "Revoke it."
    return policy.remediation.strip().replace("{revoke}", revoke)


def _format(record: Any) -> str:
    return record.format if isinstance(record, Credential) else ""


def _place(location: Location) -> tuple[int, str, int, int]:
    """Places in the tree before places in history, then by path and line."""
    if isinstance(location, FileLocation):
        return int(location.commit is not None), location.name, location.line, location.column
    return 2, str(location), 0, 0


def order(finding: Finding) -> tuple[bool, tuple[int, str, int, int], int, str, str, str]:
    """In which findings are told: what is accepted last, then by place, the gravest first."""
    return (
        finding.is_accepted,
        _place(finding.location),
        -finding.severity.rank,
        finding.rule,
        finding.message,
        finding.id,
    )


def _texts(findings: Iterable[Finding], rules: RuleSet) -> tuple[RuleText, ...]:
    """The words for each rule that has findings."""
    texts: dict[str, RuleText] = {}
    for finding in findings:
        if finding.rule in texts:
            continue
        policy, token = (
            rules.policy(finding.policy),
            rules.token(finding.rule.partition("/")[2]),
        )
        texts[finding.rule] = rule_text(rules, policy, token)
    return tuple(texts[id] for id in sorted(texts))


def rule_text(rules: RuleSet, policy: Policy, token: TokenFormat | None) -> RuleText:
    """The words of a policy, for one token format where one decides."""
    nhi = tuple(
        Reference(framework="owasp-nhi", id=f"{category.value}:2025") for category in policy.nhi
    )
    mapped = frameworks.references(rules, policy.kind)
    return RuleText(
        id=f"{policy.id}/{token.id}" if token else policy.id,
        title=f"{policy.title}: {token.name}" if token else policy.title,
        why=policy.why.strip(),
        remediation=_remediation(policy, token),
        severity=policy.severity,
        confidence=min(policy.confidence, token.confidence, key=lambda one: one.rank)
        if token
        else policy.confidence,
        nhi=tuple(policy.nhi),
        references=tuple(dict.fromkeys((*nhi, *mapped))),
        links=tuple(dict.fromkeys((*policy.references, *(token.references if token else ())))),
    )
