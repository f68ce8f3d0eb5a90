"""The second look at what is about to be kept: should a part forget to mask what it tells, no secret gets into a
store for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from msgspec.structs import replace

from keymuster.detect.engine import Engine
from keymuster.estate.base import Failure, Outcome
from keymuster.estate.store.packing import pieces
from keymuster.model import Observation, Report, Trouble
from keymuster.model.secret import PUBLIC_KEY
from keymuster.redaction import Redactor
from keymuster.rules.schema import RuleSet


class Net:
    """Most has nothing in it: that is seen by one search through all of it. Loads the rules when it is first
    needed. Several threads may ask."""

    def __init__(self, rules: Callable[[], RuleSet]) -> None:
        self._rules = rules
        self._lock = Lock()
        self._made: tuple[Engine, Redactor] | None = None

    def outcome(self, one: Outcome) -> Outcome:
        if one.report is None and not one.observations:
            return one
        with self._lock:
            report = None if one.report is None else self._report(one.report)
            observations = self._observations(one.observations)
        if report is one.report and observations is one.observations:
            return one
        return replace(one, report=report, observations=observations)

    def failure(self, one: Failure) -> Failure:
        with self._lock:
            return self._parts()[1].struct(one)

    def trouble(self, one: Trouble) -> Trouble:
        with self._lock:
            return self._parts()[1].struct(one)

    def _report(self, one: Report) -> Report:
        said = (
            *one.findings,
            *one.troubles,
            *one.undecided,
            *one.coverage,
            one.roll,
            one.signed_in_as,
        )
        return self._parts()[1].struct(one) if self._holds_any(said) else one

    def _observations(self, several: tuple[Observation, ...]) -> tuple[Observation, ...]:
        if not self._holds_any(several):
            return several
        return tuple(self._parts()[1].observations(several))

    def _holds_any(self, several: Sequence[object]) -> bool:
        engine = self._parts()[0]
        return any(engine.scan(data) for _, data in pieces(several))

    def _parts(self) -> tuple[Engine, Redactor]:
        if self._made is None:
            rules = self._rules()
            self._made = Engine(rules), Redactor(rules, PUBLIC_KEY)
        return self._made
