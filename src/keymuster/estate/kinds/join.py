"""The join over all targets, as a target of its own: it looks at the store, when all others have been looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster import pipeline, settings
from keymuster.estate.base import Outcome, Task
from keymuster.estate.credentials import Reference, read
from keymuster.estate.folders import folders
from keymuster.estate.joining import Seen, joined
from keymuster.estate.keys import VERSION, Keys, keys
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.comparison import JOIN
from keymuster.model import Finding, Report, Scope, Trouble
from keymuster.model.digest import digest
from keymuster.redaction import redacted
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.estate.store.rows import Known
    from keymuster.estate.store.store import Store


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the store is: an address without a password, or where one is."""

    store: str | Reference


class Join:
    """What the targets tell together. Nothing new in any of them, and the same rules: nothing new here."""

    name: ClassVar[str] = "join"

    def perform(self, task: Task) -> Outcome:
        said = msgspec.convert(task.target.options, Options).store
        url = said if isinstance(said, str) else read(said).reveal().decode("utf-8", "replace")
        from keymuster.estate.store.store import Store  # SQLAlchemy, which only an estate has

        store = Store.open(url, create=False)
        try:
            return _performed(task, store)
        finally:
            store.close()


def _performed(task: Task, store: Store) -> Outcome:
    known = [one for one in store.targets() if one.target.id != task.target.id]
    names = folders(known)
    configured, file = settings.load(task.config, "") if task.config else (Settings(), None)
    rules = pipeline.load_rules(settings.rule_folders(configured, file))
    unseen = _unseen(store, known, names)
    changed = sorted((one.target.id, names[one.target.id], str(one.changed_at)) for one in known)
    state = digest(repr((rules.key, configured, changed, unseen)))
    if rules.key and task.left.get("state") == state and task.now < _end(task.left):
        return Outcome(target=task.target.id, unchanged=True, left=task.left)

    def read(wanted: Collection[str]) -> Iterator[Seen]:
        for id, several in groupby(store.observations(wanted), key=lambda one: one[0]):
            yield Seen(id, names[id], (observation for _, observation in several))

    made = joined(
        _keys(store, {one.target.id for one in known if not one.has_left}), read, partial(_known, store), rules=rules, configured=configured,
        choice=Choice(confidence=configured.confidence), now=task.now,
    )  # fmt: skip
    report = Report(
        findings=made.verdict.findings,
        troubles=unseen,
        roll=made.roll,
        rules=made.verdict.rules,
        frameworks=made.verdict.frameworks,
        mode=JOIN,
        scope=Scope(paths=(".",), confidence=configured.confidence),
        started_at=task.now,
        ended_at=task.now,
    )
    return Outcome(
        target=task.target.id,
        report=redacted(report, rules),
        left={"state": state, "until": made.until.isoformat(), "size": str(made.size)},
        stands_for=made.stands_for,
    )


def _end(left: dict[str, str]) -> datetime:
    """How long what was left holds, if nothing changes: things grow old, and what was accepted ends."""
    return datetime.fromisoformat(left["until"])


def _unseen(store: Store, known: Iterable[Known], names: dict[str, str]) -> tuple[Trouble, ...]:
    """What targets could not see, so that nothing about it is resolved here."""
    wholes = {one.target.id: ("", ".", one.target.id, one.target.name) for one in known}
    return tuple(
        replace(one, scope=names[id] if one.scope in wholes[id] else f"{names[id]}/{one.scope}")
        for id, one in store.troubles()
        if id in names
    )


def _keys(store: Store, names: Collection[str]) -> dict[str, Keys]:
    """Of every target, in the order of their ids. Of one that an older version has looked at, from its records."""
    found = {id: one for id, one in store.shared() if id in names}
    old = [id for id, one in found.items() if one is None]
    for id, several in groupby(store.observations(old), key=lambda one: one[0]) if old else ():
        found[id] = keys(observation for _, observation in several)
    return {id: one if one is not None else Keys(version=VERSION) for id, one in found.items()}


def _known(store: Store, target: str) -> dict[str, Finding]:
    """What a target has found by itself and still has, by id. Of one that is open in some places and accepted in others,
    what is open."""
    from keymuster.estate.store.rows import Standing

    states = [one for one in Standing if one is not Standing.RESOLVED]
    found: dict[str, Finding] = {}
    for one in store.findings(states, target):
        if one.finding.id not in found or found[one.finding.id].is_accepted:
            found[one.finding.id] = one.finding
    return found
