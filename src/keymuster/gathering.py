"""The first steps of the pipeline: what is selected is collected and becomes one inventory, with what follows from it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from keymuster import registry, settings_file, work
from keymuster.analysis import analysed
from keymuster.collect import unreported
from keymuster.collect.base import (
    Context,
    Fragment,
    Observed,
    Reader,
    Service,
    Source,
)
from keymuster.collect.clean import CleanFiles, clean_files
from keymuster.errors import CollectError, SettingsError
from keymuster.harmless import Harmless
from keymuster.inventory.build import Inventory, build
from keymuster.keeping import Keeping
from keymuster.model import (
    Credential,
    Identity,
    IdentityKind,
    InlineAllow,
    Looked,
    Observation,
    Resource,
    RiskException,
    ServiceLocation,
    Trouble,
)
from keymuster.opening import Readers, unpacking
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.collect.joining import Joined


_DEFAULT = Settings()


class Gathered(Struct, frozen=True, kw_only=True):
    """The inventory, with what follows from it, the `observations` that it is made of, and what could not be
    seen. `told_by` are the calls that told of the objects of services, `joined` what reports of other scanners tell."""

    inventory: Inventory
    observations: tuple[Observation, ...] = ()
    troubles: tuple[Trouble, ...]
    counts: dict[str, int]
    complete: bool
    folders: dict[str, int] = {}
    looked: tuple[Looked, ...] = ()
    told_by: dict[str, tuple[str, ...]] = {}
    joined: tuple[Joined, ...] = ()


def gather(
    context: Context, source: str, *, configured: Settings = _DEFAULT, jobs: int = 1,
    progress: work.Progress = lambda size: None, now: datetime | None = None,
    beside: Iterable[Observation] = (),
) -> Gathered:  # fmt: skip
    """All that the context selects, as one inventory, before anybody judges it; with what another look at the
    same place has told."""
    cut: list[Trouble] = []
    troubles: list[Trouble] = []
    origin: Source = registry.part("source", source)(context)
    readers = Readers(context, configured.extensions, origin)
    unpack = unpacking(context, configured.extensions)
    observed = collect(origin, readers, jobs, progress, cut, unpack, context)
    excluded: Counter[str] = Counter()
    looked: list[Looked] = []
    calls: dict[str, tuple[str, ...]] = {}
    told = chain(origin.finish(observed), _told(context, looked, calls, cut, alone=not observed))
    observations, pairs = _joined(_observations(told, troubles, cut), context, troubles)
    reported = list(_reported(chain(observations, beside), context.rules, excluded))
    reported += _standing(context.selection.root, troubles)
    now = now or datetime.now(UTC)
    reported = [_governed(one, configured, now) for one in reported]
    registered = list(_register(reported, context.selection.root, configured))
    troubles += [one for one in registered if one not in troubles]
    reported += _owning(reported, origin.name, context, configured, troubles)
    inventory = build(reported)
    inventory = analysed(inventory, configured, context.rules, now)
    if context.remembered is not None and not cut:
        context.remembered.save(Harmless(context, observed))
    return Gathered(
        inventory=inventory,
        observations=tuple(reported),
        troubles=(*cut, *troubles),
        looked=tuple(looked),
        told_by=calls,
        joined=pairs,
        counts=origin.counts()
        | _counted(pairs)
        | {f"excluded_by_{why}": n for why, n in sorted(excluded.items())},
        complete=not cut,
        folders=origin.folders(),
    )


def _joined(
    observations: Iterable[Observation], context: Context, troubles: list[Trouble]
) -> tuple[Iterable[Observation], tuple[Joined, ...]]:
    """With what reports of other scanners tell."""
    if not context.imports:
        return observations, ()
    from keymuster.collect.joining import joined

    findings = [one for report in context.imports for one in report.findings]
    root = os.path.realpath(context.selection.root)
    reports = {
        os.path.relpath(os.path.realpath(report.file), root).replace(os.sep, "/")
        for report in context.imports
    }
    together, pairs = joined(observations, findings, reports)
    troubles += [one for report in context.imports for one in report.troubles]
    return together, tuple(pairs)


def _counted(pairs: Sequence[Joined]) -> dict[str, int]:
    if not pairs:
        return {}
    return {"imported": len(pairs), "imported_and_found": sum(one.by != "" for one in pairs)}


def knowing(context: Context, source: str, now: datetime) -> Context:
    """With what there is to know of former scans."""
    if source == "history":
        from keymuster.collect.remembered import remembered

        return replace(context, remembered=remembered(context))
    if source == "services":
        # Only who has a folder for it: what services say is nothing for a cache that all scans share.
        if not context.memory or not context.rules.key:
            return context
        from keymuster.collect.asking.unchanged import Answers

        return replace(context, answers=Answers(context, now))
    return replace(context, clean=clean_files(context, now))


def collect(
    source: Source, readers: Iterable[Reader], jobs: int, progress: work.Progress,
    cut: list[Trouble], unpack: work.Unpack | None = None,
    context: Context | None = None,
) -> list[Observed]:  # fmt: skip
    """Every observation. What ends the reading before its time is put into `cut`; what merely
    could not be read is one of the observations. If the `context` tells where, what was seen in what is noted."""
    observed: list[Observed] = []
    batches = source.batches()
    noting = None if context is None else context.remembered or context.clean
    note = noting.note if noting is not None else lambda notes: None
    try:
        observed.extend(work.run(source, readers, batches, jobs, progress, unpack, note))
    except CollectError as error:
        if not observed:
            raise
        cut.append(
            Trouble(
                part=source.name, scope=source.name, message=error.message, advice=error.advice()
            )
        )
    except KeyboardInterrupt:
        cut.append(_INTERRUPTED)
    try:
        if context is None or not isinstance(noting, CleanFiles):
            return work.explained(observed, readers)
        keeping = Keeping(source, readers, jobs, context, noting)
        told = keeping.explained(observed)
    except KeyboardInterrupt:  # files may be read for it
        cut += [] if _INTERRUPTED in cut else [_INTERRUPTED]
        return [one for one in observed if not isinstance(one, Fragment)]
    keeping.save(told)
    return told


def _told(
    context: Context, looked: list[Looked], calls: dict[str, tuple[str, ...]],
    cut: list[Trouble], *, alone: bool,
) -> Iterator[Observed]:  # fmt: skip
    """What services say, and by which calls: what a part of them told comes before that it was looked
    at. If nothing else was observed, a service that lets nobody in ends the scan."""
    here: set[str] = set()
    try:
        for one in chain.from_iterable(
            _service(name, context, options).collect()
            for name, options in context.selection.services.items()
        ):
            if isinstance(one, Looked):
                looked.append(one)
                for name in here:
                    calls[name] = tuple(dict.fromkeys((*calls.get(name, ()), *one.calls)))
                here.clear()
            else:
                alone = False
                place = getattr(one, "location", None)
                if isinstance(place, ServiceLocation):
                    here.add(place.resource)
                yield one
    except CollectError as error:
        if alone:
            raise
        cut.append(
            Trouble(part="services", scope="services", message=error.message, advice=error.advice())
        )


def _service(name: str, context: Context, options: Mapping[str, Any]) -> Service:
    """SettingsError if the package that it needs is not installed."""
    from importlib.util import find_spec  # only who asks a service needs it

    part: type[Service] = registry.part("service", name)
    try:
        found = find_spec(part.needs)
    except ModuleNotFoundError:  # of a package that this one is in
        found = None
    if found is None:
        raise SettingsError(
            f"--service {name} needs {part.needs}, which is not installed",
            f"Install it: pip install 'keymuster[{getattr(part, 'extra', name)}]'.",
        )
    return part(context, options)


_INTERRUPTED = Trouble(
    part="interrupt",
    scope="scan",
    message="was interrupted; only a part was scanned",
    advice="Scan again and let it finish.",
)


def _observations(
    observed: Iterable[Observed], troubles: list[Trouble], cut: list[Trouble]
) -> Iterator[Observation]:
    """Pass observations on and put the troubles aside."""
    try:
        for one in observed:
            if isinstance(one, Trouble):
                troubles.append(one)
            elif not isinstance(one, Fragment):
                yield one
    except KeyboardInterrupt:
        cut.append(_INTERRUPTED)


def _register(reported: list[Observation], root: str, configured: Settings) -> Iterator[Trouble]:
    """Add the registry of agents to what was seen, if there are agents and it was not among it."""
    kinds = {one.kind for one in reported if isinstance(one, Identity)}
    types = {one.type for one in reported if isinstance(one, Resource)}
    if IdentityKind.AGENT not in kinds or "agent_registration" in types:
        return
    from keymuster.collect.agents.registry import standing

    for one in standing(root, configured.agents.registry):
        if isinstance(one, Trouble):
            yield one
        else:
            reported.append(one)


def _owning(
    reported: Sequence[Observation], source: str, context: Context, configured: Settings, troubles: list[Trouble],
) -> list[Observation]:  # fmt: skip
    """What says who answers for what was seen, besides the files of the scan. A commit hook does not wait for git
    to tell who wrote what."""
    told = all(isinstance(one, InlineAllow | RiskException) for one in reported)
    if told or source == "input":
        return []
    from keymuster.collect.owners.standing import standing

    owners = configured.owners
    if source != "worktree":
        owners = replace(owners, blame=False)
    known = {(one.scope, one.message) for one in troubles}  # of files that were among those read
    found: list[Observation] = []
    for one in standing(context.selection.root, reported, owners):
        if isinstance(one, Trouble):
            troubles += [] if (one.scope, one.message) in known else [one]
        else:
            found.append(one)
    return found


def _standing(root: str, troubles: list[Trouble]) -> Iterator[Observation]:
    """The exceptions of a project: they hold whatever part of it is scanned."""
    above = project(root)
    if above is None:
        return
    from keymuster.collect.exceptions import standing

    for one in standing(above):
        if isinstance(one, Trouble):
            troubles.append(one)
        else:
            yield one


def project(root: str) -> str | None:
    """The folder above, or this one, that has exceptions."""
    return settings_file.above(root or os.curdir, os.path.join(".keymuster", "exceptions"))


def _governed(record: Observation, configured: Settings, now: datetime) -> Observation:
    if not isinstance(record, InlineAllow | RiskException):
        return record
    from keymuster.collect.exceptions import governed

    return governed(record, configured.exceptions, now.date())


def _reported(
    observations: Iterable[Observation], rules: RuleSet, excluded: Counter[str]
) -> Iterator[Observation]:
    """Pass on what is to be reported; count the rest, by why."""
    for one in observations:
        if isinstance(one, Credential):
            why = one.excluded
            if not why and unreported.elsewhere(one, rules.token(one.format)):
                why = unreported.RULE
            if why:
                excluded[why] += 1
                continue
        yield one
