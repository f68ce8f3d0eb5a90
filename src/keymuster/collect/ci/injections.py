"""Expressions that are expanded into code: what they expand to is run, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from keymuster.collect.ci import matrices
from keymuster.collect.ci.calls import LocalCall, passed
from keymuster.collect.ci.contexts import Control, control
from keymuster.collect.ci.expressions import (
    Call,
    Expression,
    Literal,
    contexts,
    every,
    flows,
    path,
    spans,
)
from keymuster.collect.ci.known_actions import CODE_INPUT_NAMES, CODE_INPUTS
from keymuster.collect.ci.workflows import Job, Step, Workflow
from keymuster.collect.syntax.node import Node
from keymuster.model import FileLocation

_DEEPEST = 8
"""Variables that are set from variables."""

_SAFE_INPUTS = {"boolean", "number", "choice", "environment"}


class Expansion(Struct, frozen=True, eq=False):
    """One expression in the code of a step. `certain` says whether what it stands in is code for sure,
    or only called so; `given_by` is the call that lets outsiders decide, where the file alone does not."""

    step: Step
    text: str
    control: Control
    certain: bool
    location: FileLocation
    given_by: LocalCall | None = None


def expansions(workflow: Workflow) -> Iterator[Expansion]:
    for step in workflow.every_step():
        for node, certain in _code(step):
            if not isinstance(node.value, str):
                continue
            for index, span in enumerate(spans(node.value)):
                if span.expression is None:
                    continue
                who = who_controls(span.expression, step, workflow)
                if not certain and who is not Control.ANYONE:
                    continue
                place = workflow.places.expression(node, index)
                by = _given_by(span.expression, workflow) if who is Control.ANYONE else None
                yield Expansion(step, span.text, who, certain, place, by)


def _given_by(expression: Expression, workflow: Workflow) -> LocalCall | None:
    """The first call that gives what outsiders write to an input of the expression."""
    for where in contexts(expression):
        if where[0] == "inputs" and len(where) > 1:
            for call, node in passed(workflow, where[1]):
                if _of_text(node.text(), call.step, call.workflow, 0, call.job) is Control.ANYONE:
                    return call
    return None


def _code(step: Step) -> Iterator[tuple[Node, bool]]:
    if step.run is not None:
        yield step.run, True
    uses = step.uses
    if uses is None or uses.kind != "action":
        return
    known = {name.lower() for name in CODE_INPUTS.get(uses.action.lower(), ())}
    for name, node in step.inputs():
        if name.lower() in known:
            yield node, True
        elif name.lower() in CODE_INPUT_NAMES:
            yield node, False


def who_controls(
    expression: Expression, step: Step | None, workflow: Workflow, depth: int = 0
) -> Control:
    """Whoever may decide most freely what an expression expands to."""
    found = Control.NOBODY
    for one in flows(expression):
        found = max(found, _of_flow(one, step, workflow, depth))
    if found < Control.SECRET and any(one[0] == "secrets" for one in contexts(expression)):
        return Control.SECRET
    return found


def _of_flow(one: Expression, step: Step | None, workflow: Workflow, depth: int) -> Control:
    if isinstance(one, Literal):
        return Control.NOBODY
    where = path(one)
    if where:
        return _of_path(where, step, workflow, depth)
    called = any(isinstance(part, Call) for part in every(one))
    inside = (_of_path(p, step, workflow, depth) for p in contexts(one))
    worst = max(inside, default=Control.NOBODY)
    return worst if called else min(worst, Control.EARLIER)


def _of_path(where: tuple[str, ...], step: Step | None, workflow: Workflow, depth: int) -> Control:
    if depth > _DEEPEST:
        return Control.EARLIER
    if where[0] == "env":
        return _of_variable(where, step, workflow, depth)
    if where[0] == "matrix":
        return _of_matrix(where, step, workflow, depth)
    if where[0] == "inputs" or where[:3] == ("github", "event", "inputs"):
        name = where[1] if where[0] == "inputs" and len(where) > 1 else where[-1]
        return _of_input(name, workflow)
    return control(where)


def _of_variable(
    where: tuple[str, ...], step: Step | None, workflow: Workflow, depth: int
) -> Control:
    """The nearest `env` that sets it; what none sets, a step before it has."""
    if len(where) < 2:
        return Control.EARLIER
    for owner in (step and step.node, step and step.job and step.job.node, workflow.root):
        block = owner.get("env") if owner else None
        if block is None:
            continue
        if not isinstance(block.value, dict):
            return Control.EARLIER
        for name, node in block.entries():
            if name.lower() == where[1]:
                return _of_text(node.text(), step, workflow, depth)
    return Control.EARLIER


def _of_matrix(
    where: tuple[str, ...], step: Step | None, workflow: Workflow, depth: int
) -> Control:
    """What is written in a matrix is the workflow's; what is expanded in it is at least a name."""
    if step is None or step.job is None:
        return Control.EARLIER
    found = matrices.values(step.job, where[1:])
    if found is None:
        return Control.EARLIER
    worst = Control.NOBODY
    for node in found:
        for one in node.walk():
            if isinstance(one.value, str) and "${{" in one.value:
                worst = max(worst, Control.NAME, _of_text(one.value, step, workflow, depth))
    return worst


def _of_input(name: str, workflow: Workflow) -> Control:
    """An input that takes only numbers or words from a list is nobody's."""
    types = []
    for event in ("workflow_dispatch", "workflow_call"):
        trigger = workflow.triggers.get(event)
        given = trigger.get("inputs") if trigger else None
        for key, node in given.entries() if given else ():
            if key.lower() == name:
                types.append((node.get("type") or node.holding("")).text())
    if types and all(one in _SAFE_INPUTS for one in types):
        return Control.NOBODY
    known = workflow.inputs_controlled
    if name not in known:
        known[name] = Control.CALLER  # until all callers were asked
        controls = (
            _of_text(node.text(), call.step, call.workflow, 0, call.job)
            for call, node in passed(workflow, name)
        )
        known[name] = max([Control.CALLER, *controls])
    return Control(known[name])


def _of_text(
    text: str, step: Step | None, workflow: Workflow, depth: int, job: Job | None = None
) -> Control:
    """`job` is the one whose call of a workflow the text is given to."""
    step = step or (Step(job.node, "", job) if job is not None else None)
    worst = Control.NOBODY
    for span in spans(text):
        if span.expression is not None:
            worst = max(worst, who_controls(span.expression, step, workflow, depth + 1))
    return worst
