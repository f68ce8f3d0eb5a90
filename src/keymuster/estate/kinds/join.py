"""The join over all targets, as a target of its own: it looks at the store, when all others have been looked at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster import pipeline, settings
from keymuster.analysis.roll import roll
from keymuster.estate.base import Outcome, Task
from keymuster.estate.credentials import Reference, read
from keymuster.estate.folders import folders
from keymuster.estate.joining import Own, Seen, joined
from keymuster.evaluate.choice import Choice
from keymuster.model import Finding, Report, Scope, Trouble
from keymuster.model.digest import digest
from keymuster.redaction import redacted
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store

ID = "join"


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

        store = Store.open(url)
        try:
            return _performed(task, store)
        finally:
            store.close()


def _performed(task: Task, store: Store) -> Outcome:
    known = [one for one in store.targets() if one.target.id != task.target.id]
    names = folders(known)
    configured, file = settings.load(task.config, "") if task.config else (Settings(), None)
    rules = pipeline.load_rules(settings.rule_folders(configured, file))
    changed = sorted((one.target.id, names[one.target.id], str(one.changed_at)) for one in known)
    state = digest(repr((rules.key, configured, changed)))
    if rules.key and task.left.get("state") == state:
        return Outcome(target=task.target.id, unchanged=True, left=task.left)

    def seen() -> Iterator[Seen]:
        for id, several in groupby(store.observations(names), key=lambda one: one[0]):
            yield Seen(id, names[id], (observation for _, observation in several))

    made = joined(
        seen, _known(store, names), rules=rules, choice=Choice(confidence=configured.confidence),
        configured=configured, now=task.now,
    )  # fmt: skip
    report = Report(
        findings=made.verdict.findings,
        troubles=tuple(_unseen(store, names)),
        roll=roll(made.inventory, configured, rules),
        rules=made.verdict.rules,
        frameworks=made.verdict.frameworks,
        mode="join",
        scope=Scope(paths=(".",), confidence=configured.confidence),
        started_at=task.now,
        ended_at=task.now,
    )
    return Outcome(
        target=task.target.id,
        report=redacted(report, rules),
        left={"state": state},
        stands_for=made.stands_for,
    )


def _unseen(store: Store, names: dict[str, str]) -> Iterator[Trouble]:
    """What targets could not see, so that nothing about it is resolved here."""
    for id, one in store.troubles():
        if (name := names.get(id)) is not None:
            whole = one.scope in ("", ".", id, name)
            yield replace(one, scope=name if whole else f"{name}/{one.scope}")


def _known(store: Store, names: dict[str, str]) -> dict[Own, Finding]:
    """What each target has found by itself and still has. Of one that is open in some places and accepted in others,
    what is open."""
    from keymuster.estate.store.rows import Standing

    states = [one for one in Standing if one is not Standing.RESOLVED]
    found: dict[Own, Finding] = {}
    for one in store.findings(states):
        if one.target not in names:
            continue
        key = one.target, one.finding.id
        if key not in found or found[key].is_accepted:
            found[key] = one.finding
    return found
