"""The whole tool in five steps: collect -> inventory -> (analyse) -> evaluate -> report."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from msgspec.structs import replace

from keymuster import registry, work
from keymuster.collect.base import (
    Context,
)
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.verdict import Verdict
from keymuster.gathering import Gathered, gather, knowing, project
from keymuster.model import (
    Coverage,
    Finding,
    Looked,
    Place,
    Provenance,
    Report,
    Resource,
    Scope,
    ServiceLocation,
)
from keymuster.redacting import redacted
from keymuster.report.base import Style
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from keymuster.evaluate.baseline import Known
    from keymuster.inventory.build import Inventory
    from keymuster.model import Roll


_DEFAULT = Settings()


def load_rules(folders: Sequence[Path] = ()) -> RuleSet:
    """The shipped rules and the user's, checked against everything that will use them."""
    return loader.load(folders, checks=(_check_patterns, _check_conditions))


def _check_patterns(rules: RuleSet) -> None:
    from keymuster.detect import patterns  # only for rules that are new

    patterns.check(rules)


def _check_conditions(rules: RuleSet) -> None:
    from keymuster.evaluate import conditions  # as above

    conditions.check(rules)


def scan(
    context: Context,
    source: str,
    *,
    choice: Choice | None = None,
    configured: Settings = _DEFAULT,
    jobs: int = 1,
    now: datetime | None = None,
    progress: work.Progress = lambda size: None,
    cached: bool = False,
    baseline: Sequence[Known] | None = None,
    with_roll: bool = False,
) -> Report:
    """Scan what the context selects and say what is wrong with it. If `cached`, what a former scan
    tells of files and of the history is left out of the work; the report is the same. Of what the
    `baseline` has, only the number is told. The report has a roll if one is asked for.

    What ends the reading early, a source that fails or an interrupt (Ctrl-C), does not end the
    report: it is then marked as incomplete.
    """
    now = now or datetime.now(UTC)
    choice = choice or Choice()
    context = replace(context, confidence=choice.confidence)
    if context.selection.services:
        context = replace(context, wanted=choice.policies(context.rules))
    if cached and not configured.extensions:  # what an extension says may depend on anything
        context = knowing(context, source, now)
    seen = gather(context, source, configured=configured, jobs=jobs, progress=progress, now=now)
    return judged(
        seen, context, source, choice=choice, configured=configured, now=now, baseline=baseline,
        with_roll=with_roll,
    )  # fmt: skip


def judged(
    seen: Gathered, context: Context, source: str, *, choice: Choice, configured: Settings = _DEFAULT,
    now: datetime, baseline: Sequence[Known] | None = None, with_roll: bool = False,
    beside: Sequence[str] = (),
) -> Report:  # fmt: skip
    """What the wanted policies say of what was gathered from the source, and from others `beside` it."""
    looked = _looked_wholly(seen, context, (source, *beside), choice, configured)
    verdict = _verdict(seen.inventory, context, choice, now, configured, looked)
    findings, known = _new(verdict.findings, baseline)
    report = Report(
        findings=tuple(_with_calls(one, seen.told_by) for one in findings),
        rules=verdict.rules,
        frameworks=verdict.frameworks,
        troubles=seen.troubles,
        undecided=verdict.undecided,
        coverage=_coverage(seen.looked, verdict.findings, context.rules, choice),
        counts=seen.counts | known,
        places=tuple(Place(name=one, files=n) for one, n in sorted(seen.folders.items())),
        provenance=Provenance(root=context.selection.root),
        mode=source,
        scope=_scope(context, choice),
        signed_in_as=_scanners(seen.inventory),
        started_at=now,
        ended_at=datetime.now(UTC),
        complete=seen.complete,
        roll=_roll(seen.inventory, context, configured) if with_roll else None,
    )
    return redacted(report, context)


def _verdict(
    inventory: Inventory, context: Context, choice: Choice, now: datetime, configured: Settings,
    looked: frozenset[str],
) -> Verdict:  # fmt: skip
    if not inventory.records:
        return Verdict()
    from keymuster.evaluate.engine import evaluate  # there is mostly nothing to judge

    return evaluate(inventory, context.rules, choice, now, configured.limits, looked)


def _roll(inventory: Inventory, context: Context, configured: Settings) -> Roll:
    from keymuster.analysis.roll import roll  # only a page shows one

    return roll(inventory, configured, context.rules)


def _scope(context: Context, choice: Choice) -> Scope:
    selection, root = context.selection, context.selection.root
    return Scope(
        paths=tuple(os.path.relpath(one, root).replace(os.sep, "/") for one in selection.paths),
        exclude=selection.exclude, since=selection.since, range=selection.range,
        services=tuple(selection.services), only=choice.only, skip=choice.skip, confidence=choice.confidence,
        imports=tuple(os.path.basename(report.file) for report in context.imports),
    )  # fmt: skip


def _new(
    findings: Sequence[Finding], baseline: Sequence[Known] | None
) -> tuple[Sequence[Finding], dict[str, int]]:
    """Those that are not in the baseline, and how many are."""
    if baseline is None:
        return findings, {}
    from keymuster.evaluate.baseline import compared  # most scans have none

    found = compared(findings, baseline)
    return found.new, {"in_baseline": found.known, "gone_from_baseline": found.gone}


def _looked_wholly(
    seen: Gathered, context: Context, sources: Sequence[str], choice: Choice, configured: Settings
) -> frozenset[str]:
    """What was looked at wholly, by all rules: where an exception that covers nothing is of no use."""
    if choice.only or choice.skip or choice.confidence.rank > configured.confidence.rank:
        return frozenset()
    if not seen.complete:
        return frozenset()
    selection = context.selection
    unseen = {one.service for one in seen.looked if one.problem}
    services = {one.service for one in seen.looked} - unseen
    is_whole = (
        not seen.troubles
        and selection.paths in ((), (selection.root,))
        and selection.exclude == configured.exclude.paths
        and not (selection.since or selection.range)
        and project(selection.root) == selection.root
    )
    named = {"worktree": "code", "history": "history"}
    code = {named[one] for one in sources if is_whole and one in named}
    return frozenset(services | code | ({"imports"} if context.imports else set()))


def _scanners(inventory: Inventory) -> tuple[str, ...]:
    return tuple(one.name for one in inventory.of(Resource) if one.type == "keymuster:scanner")


def _coverage(
    looked: Sequence[Looked], findings: Iterable[Finding], rules: RuleSet, choice: Choice
) -> tuple[Coverage, ...]:
    if not looked:
        return ()
    from keymuster.evaluate.coverage import coverage  # only services have accounts

    return coverage(looked, findings, choice.policies(rules))


def _with_calls(finding: Finding, told_by: Mapping[str, tuple[str, ...]]) -> Finding:
    place = finding.location
    calls = told_by.get(place.resource, ()) if isinstance(place, ServiceLocation) else ()
    return replace(finding, told_by=calls) if calls else finding


def wants_roll(formats: Iterable[str], extensions: Iterable[str] = ()) -> bool:
    """Whether one of these formats shows who there is, and not only what is wrong."""
    extensions = tuple(extensions)
    return any(getattr(_reporter(one, extensions), "wants_roll", False) for one in formats)


def write(
    report: Report, format: str, out: TextIO, style: Style, extensions: Iterable[str] = ()
) -> None:
    """Write a report in a format, built in or from an extension."""
    _reporter(format, extensions)(style).write(report, out)


def _reporter(format: str, extensions: Iterable[str]) -> type[Any]:
    parts = registry.installed("reporter", extensions)
    return parts.get(format) or registry.part("reporter", format)
