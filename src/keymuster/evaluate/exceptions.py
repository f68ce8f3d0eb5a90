"""What a team has decided to live with, held against the findings, what they rest on, and the calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from keymuster.evaluate.bounds import outgrown
from keymuster.evaluate.choice import names_rule
from keymuster.model import Finding, RiskException, Suppression


class Used(Struct, kw_only=True):
    """What came of an exception: how many findings it covered, and what of one had outgrown it."""

    covered: int = 0
    outgrown: str = ""


def apply(
    findings: Iterable[Finding],
    exceptions: Sequence[RiskException],
    identity_of: Callable[[str], str],
    today: date,
    longest: timedelta,
) -> tuple[list[Finding], dict[str, Used]]:
    """The findings, with what accepts them, or what once did and does not any more; and what came of
    each exception, by its id. `identity_of` is whom a subject is about; no exception holds for longer
    than the `longest` time, whatever it says."""
    listed = list(findings)
    valid = [one for one in exceptions if not one.problem]
    used = {one.id: Used() for one in valid}
    if not valid:
        return listed, used
    covering = _Covering(valid, {one.id for one in listed}, identity_of)
    return [_judged(one, covering.of(one), used, today, longest) for one in listed], used


class _Covering:
    """The exceptions that cover a finding."""

    def __init__(
        self, exceptions: Sequence[RiskException], ids: set[str], identity_of: Callable[[str], str]
    ) -> None:
        self._identity_of = identity_of
        self._by_finding: dict[str, list[RiskException]] = {}
        self._by_fingerprint: dict[str, list[RiskException]] = {}
        self._by_subject: dict[str, list[RiskException]] = {}
        for one in exceptions:
            if one.rule:
                self._by_subject.setdefault(one.identity, []).append(one)
            elif one.finding in ids or not one.fingerprint:
                self._by_finding.setdefault(one.finding, []).append(one)
            else:  # what it covered is gone: perhaps it was moved
                self._by_fingerprint.setdefault(one.fingerprint, []).append(one)

    def of(self, finding: Finding) -> list[RiskException]:
        found = [*self._by_finding.get(finding.id, ())]
        moved = self._by_fingerprint.get(finding.fingerprint, [])
        if moved:  # each covers one: a copy is something new
            found.append(moved.pop())
        for subject in dict.fromkeys((finding.subject, self._identity_of(finding.subject))):
            found += [
                one
                for one in self._by_subject.get(subject, ())
                if names_rule(one.rule, finding.policy, finding.rule)
            ]
        return found


def _judged(
    finding: Finding, covering: Iterable[RiskException], used: dict[str, Used], today: date,
    longest: timedelta,
) -> Finding:  # fmt: skip
    if finding.suppression is not None:
        return finding
    former: Suppression | None = None
    for one in covering:
        what = used[one.id]
        what.covered += 1
        grown = outgrown(one.bound_to, finding.bounds)
        what.outgrown = what.outgrown or grown
        assert one.created is not None
        assert one.expires is not None
        until = min(one.expires, one.created + longest)
        suppression = Suppression(
            justification=one.reason, until=until, location=one.location, by=one.approver,
            status="rejected" if grown or until < today else "accepted",
        )  # fmt: skip
        if suppression.status == "accepted":
            return replace(finding, suppression=suppression)
        former = former or suppression
    return replace(finding, suppression=former)
