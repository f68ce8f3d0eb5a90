"""What several formats say alike: which findings are secrets and which are open, where they are, what their rules
refer to, and whether all was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keymuster.model import (
    FileLocation,
    Finding,
    Location,
    Nhi,
    Report,
    RuleText,
    Severity,
    Trouble,
)
from keymuster.report.base import readable

_TEXT = "secret:"
"""What the subject of a finding begins with if it is a credential whose text was seen."""

_NO_USE = frozenset({"test-or-sample-secret", "wrong-checksum"})


def has_text(finding: Finding) -> bool:
    """Whether it is about a credential whose text was seen somewhere."""
    return finding.subject.startswith(_TEXT)


def is_leak(finding: Finding) -> bool:
    """Whether it tells of a secret that lies where it should not, and not of who uses it or what it may do."""
    return has_text(finding) and Nhi.SECRET_LEAKAGE in finding.nhi


def opens_nothing(finding: Finding) -> bool:
    """Whether it is listed only so that nobody has to wonder: a sample, or no token at all."""
    return finding.policy in _NO_USE


def wants_work(finding: Finding) -> bool:
    """Whether somebody has to do something about it."""
    return not finding.is_accepted and finding.severity is not Severity.INFO


def told_at(places: Sequence[Location]) -> Sequence[Location]:
    """Where it is in files; where it is in none, what services call it."""
    return [one for one in places if isinstance(one, FileLocation)] or places


def at(place: Location) -> str:
    """The place with its line. What names its account itself stands alone, as an ARN does."""
    if isinstance(place, FileLocation) or not (place.account and place.account in place.resource):
        return readable(str(place))
    return readable(place.resource)


def where(place: Location) -> str:
    """The same, and the commit if it is in one."""
    if not isinstance(place, FileLocation) or place.commit is None:
        return at(place)
    return f"{at(place)} in commit {short(place.commit.id)}"


def without_middle(text: str, most: int) -> str:
    """So much of a text that is too long: names begin and end with what tells them apart."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


def short(commit: str) -> str:
    """As much of a commit's id as people write. All of it, in one line with the name of a vendor, is what scanners
    take for a token of that vendor."""
    return commit[:12]


def words(report: Report) -> Mapping[str, RuleText]:
    """The texts of the rules by their ids."""
    return {one.id: one for one in report.rules}


def references(rule: RuleText | None, framework: str) -> list[str]:
    """The ids of what the rule refers to in a framework."""
    return [one.id for one in rule.references if one.framework == framework] if rule else []


def unseen(one: Trouble) -> str:
    """What could not be looked at, why, and what would help."""
    return readable(f"{one.scope}: {one.message}. {one.advice}".strip())


def cut_short(report: Report) -> str:
    """What everybody must know of a scan that did not come to its end; empty of one that did."""
    return "" if report.complete else "The scan was cut short: there may be more."
