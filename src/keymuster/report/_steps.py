"""The evidence of a finding in words, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keymuster.model import Effect, Finding, ServiceLocation, Statement, Step
from keymuster.report.base import readable

_SEVERITY = "severity_"
"""What the steps to a severity are called in evidence."""


def in_words(step: Step) -> str:
    """What is done in a step, and to whose rights it leads."""
    return f"{step.way}: {step.does}, to {_whose(step)}{'' if step.proved else ' (assumed)'}"


def _whose(step: Step) -> str:
    if not step.to:
        return "all rights"
    more = f" and {step.others} more" if step.others else ""
    return f"the rights of {step.to_name or step.to}{more}"


def lines(finding: Finding) -> Iterator[str]:
    """All that a finding rests on."""
    alone = len(finding.paths) == 1
    for number, path in enumerate(finding.paths, 1):
        if not alone and path[0].way:
            yield f"way {number} of {len(finding.paths)}"
        yield from of_path(path)
    steps = sorted(key for key in finding.evidence if key.startswith(_SEVERITY))
    yield from (readable(finding.evidence[key]) for key in steps)
    for key, value in sorted(finding.evidence.items()):
        if not key.startswith(_SEVERITY):
            yield readable(f"{key}: {value}")
    if finding.told_by:
        yield f"told by {', '.join(finding.told_by)}{_where(finding)}"


def of_path(path: Iterable[Step]) -> Iterator[str]:
    """One way to what is told, step by step."""
    for step in path:
        yield from (readable(line) for line in _step(step))


def _where(finding: Finding) -> str:
    place = finding.location
    is_known = isinstance(place, ServiceLocation) and place.account
    return f" in {place.account}" if isinstance(place, ServiceLocation) and is_known else ""


def _step(step: Step) -> Iterator[str]:
    if step.way:
        sure = "proved" if step.proved else "assumed: something of it is not known"
        yield f"{step.way}: {step.does} ({sure})"
        yield f"  who     {step.start}"
        yield f"  gets    {_whose(step)}{f' ({step.to})' if step.to_name else ''}"
        if step.actions:
            yield f"  by      {', '.join(step.actions)}"
    elif step.does:
        yield step.does
    for one in step.statements:
        yield from (f"  {line}" for line in statement(one))
    if rest := len(step.records):
        yield f"  and {rest} more {'statement' if rest == 1 else 'statements'}"


def statement(one: Statement) -> Iterator[str]:
    """What a statement says, and where."""
    word = "denies" if one.effect is Effect.DENY else "allows"
    what = ", ".join(one.actions) or (
        f"all but {', '.join(one.not_actions)}" if one.not_actions else ""
    )
    if one.via:
        yield f"has     {one.via}"
    elif one.principal:
        yield f"trusts  {one.principal}" if word == "allows" else f"denies  {one.principal}"
        yield f"  to    {what}"
    else:
        yield f"{word}  {what}"
    if one.resources or one.not_resources:
        yield f"  on    {', '.join(one.resources) or 'all but ' + ', '.join(one.not_resources)}"
    for condition in one.conditions:
        yield f"  if    {condition}"
    yield f"  in    {one.record if isinstance(one.place, ServiceLocation) else one.place}"
