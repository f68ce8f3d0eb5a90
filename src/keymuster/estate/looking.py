"""One look at a target through the pipeline: by the estate's settings, as one report with the records that it rests on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from keymuster import gathering, pipeline, settings
from keymuster.collect.base import Context, Host, Selection, limits
from keymuster.estate.base import Outcome, Task
from keymuster.evaluate.choice import Choice
from keymuster.model import (
    Confidence,
    Credential,
    FileLocation,
    Finding,
    InlineAllow,
    Observation,
    Provenance,
    RiskException,
    Trouble,
)
from keymuster.redaction import Redactor
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

_LONGEST_DAYS = 30
"""After so many days, what has not changed is looked at all the same."""


class Looking(Struct, frozen=True, dict=True):
    """By which settings and rules a target is looked at."""

    task: Task
    configured: Settings
    file: str | None

    @cached_property
    def rules(self) -> RuleSet:
        return pipeline.load_rules(settings.rule_folders(self.configured, self.file))

    @property
    def choice(self) -> Choice:
        said = self.configured
        return Choice(
            only=said.rules.only, skip=said.rules.skip, confidence=Confidence(said.confidence)
        )

    @property
    def files(self) -> list[str]:
        """The settings file, and what it names."""
        said = self.configured
        if self.file is None:
            return []
        folders = (os.path.join(os.path.dirname(self.file), one) for one in said.rules.folders)
        named = (said.owners.directory, said.agents.registry)
        return [self.file, *map(os.path.abspath, folders), *(one for one in named if one)]

    def context(
        self, root: str, *, paths: tuple[str, ...] = (), memory: str = "", host: Host | None = None,
    ) -> Context:  # fmt: skip
        said = self.configured
        return Context(
            selection=Selection(
                root=root, paths=paths, exclude=said.exclude.paths, host=host,
                max_file_bytes=settings.size_in_bytes(said.max_file_size),
                containers=limits(said.containers),
            ),
            rules=self.rules, fingerprint_key=said.fingerprint_key(), exclude=said.exclude,
            confidence=self.choice.confidence, memory=memory,
        )  # fmt: skip

    def gathered(
        self, context: Context, source: str, *, cached: bool = False,
        beside: Iterable[Observation] = (),
    ) -> gathering.Gathered:  # fmt: skip
        """In this process alone: others look at other targets."""
        if cached and not self.configured.extensions:
            context = gathering.knowing(context, source, self.task.now)
        return gathering.gather(
            context, source, configured=self.configured, now=self.task.now, beside=beside
        )

    def outcome(
        self, seen: gathering.Gathered, context: Context, source: str, *,
        provenance: Provenance | None = None, more: Iterable[Trouble] = (), beside: Sequence[str] = (),
    ) -> Outcome:  # fmt: skip
        """What is redacted, and nothing else. `more` is what was not seen besides."""
        report = pipeline.judged(
            replace(seen, troubles=(*more, *seen.troubles)), context, source, choice=self.choice,
            configured=self.configured, now=self.task.now, beside=beside,
        )  # fmt: skip
        findings = tuple(map(_with_each_place_once, report.findings))
        report = replace(report, findings=findings, provenance=provenance or Provenance(root=""))
        redactor = Redactor(self.rules, self.configured.fingerprint_key())
        return Outcome(
            target=self.task.target.id, report=report,
            observations=tuple(redactor.observations(seen.observations)),
        )  # fmt: skip


def looking(task: Task) -> Looking:
    """By the settings of the estate. Those of a repository do not count: it could switch its scan off."""
    if not task.config:
        return Looking(task, Settings(), None)
    configured, file = settings.load(task.config, os.curdir)
    return Looking(task, configured, file)


def _with_each_place_once(one: Finding) -> Finding:
    """What stands in HEAD is seen in its files, and in its history, which knows the commit besides."""
    known = {
        _spot(place) for place in one.places if isinstance(place, FileLocation) and place.in_head
    }
    if not known:
        return one
    places = [
        place
        for place in one.places
        if not isinstance(place, FileLocation) or place.commit or _spot(place) not in known
    ]
    return replace(one, places=tuple(places))


def _spot(place: FileLocation) -> tuple[str, int, int]:
    return place.name, place.line, place.column


def until(records: Mapping[str, Observation], now: datetime) -> datetime:
    """How long a report on them says what a new one of the same things would: until something ends, which is an exception
    or a credential, and not for ever, because things grow old."""
    ends = [now + timedelta(days=_LONGEST_DAYS)]
    for one in records.values():
        match one:
            case Credential(expires_at=datetime() as end) if end > now:
                ends.append(end)
            case RiskException(expires=date() as last) | InlineAllow(until=date() as last):
                end = datetime.combine(last + timedelta(days=1), time(), UTC)
                ends += [end] if end > now else []
    return min(ends)
