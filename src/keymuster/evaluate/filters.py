"""Conditions by which somebody picks records: CEL over the same fields that policies speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from keymuster.errors import RuleError, SettingsError
from keymuster.evaluate.conditions import Conditions
from keymuster.evaluate.view import fields, view
from keymuster.inventory.build import Inventory
from keymuster.model import Confidence, Severity
from keymuster.rules.schema import Policy, Subject
from keymuster.settings import Lifetimes

ANY = "record"
"""The word for a record of whatever kind: `record.name`."""

_TEXT = re.compile(r"""r?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_FIELD = re.compile(r"(?<![\w.])([a-z_]+)\.(?=[A-Za-z_])")


def named(where: str, kinds: Iterable[str]) -> list[str]:
    """The kinds of records whose fields a condition names."""
    said = {found[1] for found in _FIELD.finditer(_TEXT.sub("''", where))}
    return [kind for kind in kinds if kind in said]


class Filter:
    """A condition on records of some kinds. SettingsError if it cannot be one on each of them."""

    def __init__(self, where: str, kinds: Sequence[Subject], limits: Lifetimes) -> None:
        if not where.strip():
            raise SettingsError(
                "--where is empty", "Write a condition: \"identity.kind == 'role'\""
            )
        self._conditions = Conditions(limits)
        self._policies = {kind: _policy(where, kind) for kind in kinds}
        for kind, policy in self._policies.items():
            try:
                self._conditions.compiled(policy)
            except RuleError as error:
                problem = error.problem.removeprefix("when: ")
                raise SettingsError(
                    f"--where: {problem} (of each {kind})", _advice(problem, kinds)
                ) from None

    def holds(self, kind: Subject, record: Any, inventory: Inventory, now: datetime) -> bool | None:
        """Whether it holds for a record; None if that cannot be said, as something that it asks for is
        not known."""
        policy = self._policies[kind]
        seen = self._conditions.named(kind, view(kind, record, inventory, now))
        try:
            answer = self._conditions.answer(policy, seen)
        except RuleError:  # of this record alone: it lacks what it asks for
            return None
        if answer:
            return True
        return None if self._conditions.unknown(policy, seen, answer) else False


def _policy(where: str, kind: Subject) -> Policy:
    """The condition as the engine of policies takes it."""
    return Policy(
        id=f"--where {kind}", title="", kind="", nhi=[], severity=Severity.INFO, confidence=Confidence.HIGH,
        applies_to=kind, when="".join(_about(where, kind)), message="", why="", remediation="", cases=[],
    )  # fmt: skip


def _about(where: str, kind: str) -> Iterator[str]:
    """The condition with the kind in the place of `record`, but not within texts."""
    at = 0
    for text in _TEXT.finditer(where):
        yield _renamed(where[at : text.start()], kind)
        yield text[0]
        at = text.end()
    yield _renamed(where[at:], kind)


def _renamed(part: str, kind: str) -> str:
    return re.sub(rf"(?<![\w.]){ANY}\.", f"{kind}.", part)


def _advice(problem: str, kinds: Sequence[Subject]) -> str:
    if len(kinds) > 1:
        return (
            f"A condition on several kinds names fields that each of them has, as `{ANY}.FIELD`. "
            f"They share {', '.join(_shared(kinds))}."
        )
    if "did you mean" in problem or "there are" in problem:
        return ""
    return f"Fields of each {kinds[0]}: {', '.join(sorted(fields(kinds[0])))}."


def _shared(kinds: Sequence[Subject]) -> list[str]:
    return sorted(set.intersection(*(set(fields(kind)) for kind in kinds)))
