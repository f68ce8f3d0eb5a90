"""Reusable workflows and actions that lie in the repository of their callers: who calls whom, with what."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from keymuster import regex
from keymuster.collect.ci.expressions import ANY, contexts, path, spans, whole
from keymuster.collect.ci.workflows import Job, Step, Workflow
from keymuster.collect.syntax.node import Node

DEEPEST = 10
"""Calls inside each other; GitHub takes no more."""

_MOST = 50
"""Ways to one place that are gone through; people have a few."""

_HOME = regex.later(r"(?:^|(?<=/))\.github/workflows/[^/]+\Z")


class LocalCall(Struct, eq=False):
    """A job that runs a workflow, or a step that runs an action, of the same repository."""

    workflow: Workflow
    job: Job | None
    step: Step | None
    called: Workflow

    @property
    def node(self) -> Node:
        owner = self.step or self.job
        assert owner is not None
        return owner.node

    @property
    def uses(self) -> Node:
        return self.node.get("uses") or self.node

    def given(self, name: str) -> Node | None:
        """An input as the caller sets it, or else what it is by itself."""
        wanted = name.lower()
        for key, one in (self.node.get("with") or self.node.holding({})).entries():
            if key.lower() == wanted:
                return one
        for key, one in _declared(self.called):
            if key.lower() == wanted:
                return one.get("default")
        return None

    def secrets(self, name: str) -> tuple[str, ...]:
        """The secrets of the caller that the called workflow knows by a name."""
        passed = self.node.get("secrets")
        if passed is None:
            return ()
        if passed.text() == "inherit":
            return (name,)
        found = [one for key, one in passed.entries() if key.upper() == name]
        named = (
            where[1].upper()
            for one in found
            for each in self.workflow.expressions(one)
            for where in contexts(each.expression)
            if where[0] == "secrets" and len(where) > 1 and where[1] != ANY
        )
        return tuple(dict.fromkeys(named))

    def place(self) -> str:
        """The file and line of the call, for people."""
        return f"{self.uses.file.path}:{self.uses.line}"


Chain = tuple[LocalCall, ...]
"""Calls, the outermost first."""


def _declared(called: Workflow) -> Iterator[tuple[str, Node]]:
    call = called.triggers.get("workflow_call")
    inputs = called.root.get("inputs") if called.is_action else call and call.get("inputs")
    if inputs is not None:
        yield from inputs.entries()


def link(workflows: Sequence[Workflow]) -> None:
    """Tell each file who calls it, and each job and step what it calls. Those that call each other in a
    circle are left alone: GitHub runs none of them."""
    known = {one.name: one for one in workflows}
    calls = [call for one in workflows for call in _calls(one, known)]
    waiting = Counter(id(call.called) for call in calls)
    by_caller: dict[int, list[LocalCall]] = {}
    for call in calls:
        by_caller.setdefault(id(call.workflow), []).append(call)
    levels = dict.fromkeys((id(one) for one in workflows if not waiting[id(one)]), 0)
    ready = deque(one for one in workflows if id(one) in levels)
    while ready:
        caller = ready.popleft()
        for call in by_caller.get(id(caller), ()):
            called, level = call.called, levels[id(caller)] + 1
            if level <= DEEPEST:
                _join(call)
                levels[id(called)] = max(level, levels.get(id(called), 0))
            waiting[id(called)] -= 1
            if not waiting[id(called)]:
                levels.setdefault(id(called), 0)
                ready.append(called)
    beside = {one.root.file: one for one in workflows}
    for one in workflows:
        one.beside = beside


def _join(call: LocalCall) -> None:
    call.called.callers.append(call)
    if call.step is not None:
        call.step.call = call
    elif call.job is not None:
        call.job.call = call


def _calls(workflow: Workflow, known: Mapping[str, Workflow]) -> Iterator[LocalCall]:
    for job in workflow.jobs:
        if job.uses is not None and job.uses.kind == "local":
            called = _found(workflow, job.uses.action, known, ("",))
            if called is not None and not called.is_action:
                yield LocalCall(workflow, job, None, called)
    for step in workflow.every_step():
        if step.uses is not None and step.uses.kind == "local":
            called = _found(workflow, step.uses.action, known, ("/action.yml", "/action.yaml"))
            if called is not None and called.is_action and called.is_composite:
                yield LocalCall(workflow, step.job, step, called)


def _found(
    workflow: Workflow, written: str, known: Mapping[str, Workflow], ends: Iterable[str]
) -> Workflow | None:
    """The file that a path means: from the root of the repository, which is the nearest folder above
    that has it."""
    relative = written.removeprefix("$/").removeprefix("./")
    if relative.startswith("/") or "/../" in f"/{relative}/":
        return None
    for folder in _roots(workflow.name):
        for end in ends:
            found = known.get(posixpath.normpath(posixpath.join(folder, relative) + end))
            if found is not None:
                return found
    return None


def _roots(name: str) -> Iterator[str]:
    home = _HOME.search(name)
    folder = name[: home.start()].rstrip("/") if home else posixpath.dirname(name)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def ways(workflow: Workflow) -> list[Chain]:
    """The ways that lead to a file, each from a file that starts by itself; one without calls if nobody
    in the repository calls it."""
    return list(islice(_ways(workflow), _MOST)) or [()]


def _ways(workflow: Workflow) -> Iterator[Chain]:
    if not workflow.callers:
        yield ()
    for call in workflow.callers:
        for way in _ways(call.workflow):
            yield (*way, call)


def runs(job: Job, way: Chain) -> Iterator[tuple[Step, Chain]]:
    """Every step that a job runs, also those of the workflow and the actions that it calls, and by which
    calls it comes to run it."""
    yield from _runs(job, way, _Budget(_MOST))


class _Budget(Struct):
    """Calls that may still be followed: each may branch, and files may be made to branch for ever."""

    left: int

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _runs(job: Job, way: Chain, budget: _Budget) -> Iterator[tuple[Step, Chain]]:
    if job.call is not None:
        for one in job.call.called.jobs:
            if budget.spend():
                yield from _runs(one, (*way, job.call), budget)
    for step in job.steps:
        yield from _steps(step, way, budget)


def _steps(step: Step, way: Chain, budget: _Budget) -> Iterator[tuple[Step, Chain]]:
    yield step, way
    if step.call is not None and budget.spend():
        for one in step.call.called.steps:
            yield from _steps(one, (*way, step.call), budget)


class Told(Struct, frozen=True, eq=False):
    """A value with what only a run knows as an unknown (`${vars.ROLE}`), and where it is written."""

    text: str
    node: Node


def kept_names(name: str, workflow: Workflow) -> list[str]:
    """The names under which the repository keeps a secret that a called workflow knows by one."""
    return list(dict.fromkeys(_kept_names(name, workflow, _Budget(_MOST)))) or [name]


def _kept_names(name: str, workflow: Workflow, budget: _Budget) -> Iterator[str]:
    if not workflow.callers or workflow.starts_itself:
        yield name
        return
    for call in workflow.callers:
        for one in call.secrets(name):
            if budget.spend():
                yield from _kept_names(one, call.workflow, budget)


def told(node: Node, owners: Sequence[Node], way: Chain) -> Told:
    """What a value says: variables that the file sets are looked up in `owners`, inputs in the calls."""
    text, place = node.text(), node
    while True:
        caller = way[-1] if way else None
        only = whole(text)
        if only is not None and caller is not None and (name := _input(path(only))):
            place = caller.given(name) or place
        text = _expanded(text, owners, caller)
        if caller is None or "${{" not in text:
            return Told(text, place)
        parts = (caller.step, caller.job, caller.workflow)
        owners = [one.root if isinstance(one, Workflow) else one.node for one in parts if one]
        way = way[:-1]


def _input(where: tuple[str, ...]) -> str:
    return where[1] if where[:1] == ("inputs",) and len(where) == 2 and where[1] != ANY else ""


def _expanded(text: str, owners: Sequence[Node], caller: LocalCall | None) -> str:
    """With what the caller gives as the caller writes it: that is still to be expanded."""
    for span in reversed(list(spans(text))):
        value = "${" + re.sub(r"[{}]", "", span.text) + "}"
        where = path(span.expression) if span.expression is not None else ()
        name = _input(where)
        if name and caller is not None:
            given = caller.given(name)
            value = given.text() if given is not None else ""
        elif span.text.startswith("env."):
            value = _variable(span.text.removeprefix("env."), owners) or value
        text = f"{text[: span.begin]}{value}{text[span.end :]}"
    return text


def _variable(name: str, owners: Sequence[Node]) -> str:
    for owner in owners:
        node = owner.get("env", name)
        if node is not None and "${{" not in node.text():
            return node.text()
    return ""


def passed(workflow: Workflow, name: str) -> Iterator[tuple[LocalCall, Node]]:
    """What the callers in the repository give to an input."""
    for call in workflow.callers:
        node = call.given(name)
        if node is not None:
            yield call, node


def sources(node: Node, workflow: Workflow) -> Iterator[tuple[tuple[str, ...], LocalCall | None]]:
    """The contexts that a value is expanded from; instead of an input, those that callers give to it,
    with the call."""
    yield from _sources(node, workflow, None, _Budget(_MOST))


def _sources(
    node: Node, workflow: Workflow, by: LocalCall | None, budget: _Budget
) -> Iterator[tuple[tuple[str, ...], LocalCall | None]]:
    for one in workflow.expressions(node):
        for where in contexts(one.expression):
            name = _input(where)
            if name and workflow.callers:
                for call, given in passed(workflow, name):
                    if budget.spend():
                        yield from _sources(given, call.workflow, call, budget)
            else:
                yield where, by
