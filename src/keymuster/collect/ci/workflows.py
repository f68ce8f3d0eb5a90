"""Workflows and actions of GitHub as the parts that identities hang on: triggers, jobs, steps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from keymuster import regex
from keymuster.collect.ci.expressions import Expression, contexts, spans
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.references import Uses
from keymuster.collect.syntax.node import File, Node
from keymuster.model import FileLocation

if TYPE_CHECKING:
    from keymuster.collect.ci.calls import LocalCall

PRIVILEGED = ("pull_request_target", "workflow_run")
"""Events that outsiders cause, and that run with the secrets and the token of the repository."""

OUTSIDE = (
    *PRIVILEGED, "issue_comment", "issues", "discussion", "discussion_comment",
    "pull_request_review", "pull_request_review_comment", "fork", "watch", "gollum",
)  # fmt: skip
"""The same, where what the event brings along is no code yet."""

FORKS = ("pull_request", "pull_request_target", "merge_group")
"""Events of which somebody else's code may be the cause."""

_PUBLIC_TOKEN = {"github_token"}
"""Secrets that everybody's runs have."""


class Placed(Struct, frozen=True, eq=False):
    """An expression, and that it is number `index` of the value it stands in."""

    node: Node
    index: int
    text: str
    expression: Expression


class Step(Struct, eq=False, dict=True):
    """`key` names it within its job; it stays when steps are added before it."""

    node: Node
    key: str
    job: Job | None
    call: LocalCall | None = None

    @cached_property
    def uses(self) -> Uses | None:
        node = self.node.get("uses")
        return Uses.of(node.text()) if node and node.text() else None

    @property
    def run(self) -> Node | None:
        return self.node.get("run")

    def given(self, name: str) -> Node | None:
        """An input of the action, whatever the case of its name."""
        for key, one in self.inputs():
            if key.lower() == name.lower():
                return one
        return None

    def inputs(self) -> Iterator[tuple[str, Node]]:
        node = self.node.get("with")
        if node is not None:
            yield from node.entries()

    @cached_property
    def shell(self) -> str:
        node = self.node.get("shell") or (self.job.default_shell if self.job else None)
        return node.text() if node else ""


class Job(Struct, eq=False, dict=True):
    """A job of a workflow; `id` is its key."""

    id: str
    node: Node
    workflow: Workflow
    call: LocalCall | None = None

    @cached_property
    def steps(self) -> list[Step]:
        return _steps(self.node.get("steps"), self)

    @cached_property
    def uses(self) -> Uses | None:
        """The reusable workflow it calls."""
        node = self.node.get("uses")
        return Uses.of(node.text()) if node and node.text() else None

    @property
    def default_shell(self) -> Node | None:
        for owner in (self.node, self.workflow.root):
            if (node := owner.get("defaults", "run", "shell")) is not None:
                return node
        return None

    @cached_property
    def permissions(self) -> Node | None:
        """Its own, or else those of the workflow."""
        return self.node.get("permissions") or self.workflow.root.get("permissions")

    @cached_property
    def granted(self) -> tuple[Node | None, ...]:
        """Its permissions, or those of each job that calls it; None for what the repository gives by
        default."""
        callers = [call.job for call in self.workflow.callers if call.job is not None]
        if self.permissions is not None or not callers:
            return (self.permissions,)
        found = {id(node): node for job in callers for node in job.granted}
        if self.workflow.starts_itself:
            found[id(None)] = None
        return tuple(found.values())

    def may(self, scope: str, access: str = "write") -> bool:
        """Whether its token has an access, as far as the files say. No job has more than the one that
        calls it."""
        if not any(node is not None and allows(node, scope, access) for node in self.granted):
            return False
        callers = [call.job for call in self.workflow.callers if call.job is not None]
        if not callers or self.workflow.starts_itself:
            return True
        return any(
            node is None or allows(node, scope, access) for job in callers for node in job.granted
        )

    @property
    def environment(self) -> str:
        """The name of its deployment environment; empty if it has none."""
        node = self.node.get("environment")
        if node is None:
            return ""
        return node.text() or (node.get("name") or node.holding("")).text()

    @cached_property
    def secrets(self) -> list[str]:
        """The secrets it is handed, in upper case, apart from the token that every run has. `*` stands
        for all."""
        found: dict[str, None] = {}
        for one in self.workflow.expressions(self.node):
            for path in contexts(one.expression):
                if path[0] == "secrets":
                    found[path[1].upper() if len(path) > 1 else "*"] = None
        if self.inherits:
            called = self.call.called.jobs if self.call is not None else []
            found |= dict.fromkeys(name for job in called for name in job.secrets)
            if self.call is None:
                found["*"] = None
        shared = self.workflow.root.get("env")
        if shared is not None:
            for one in self.workflow.expressions(shared):
                paths = (path for path in contexts(one.expression) if path[0] == "secrets")
                found |= {path[1].upper(): None for path in paths if len(path) > 1}
        return [name for name in found if name.lower() not in _PUBLIC_TOKEN]

    @property
    def inherits(self) -> bool:
        """Whether it hands all secrets to the workflow that it calls."""
        passed = self.node.get("secrets")
        return passed is not None and passed.text() == "inherit"

    @property
    def sees_secrets(self) -> bool:
        """Whether it has more than the token that every run has: secrets, or proof of who it is."""
        return bool(self.secrets) or self.may("id-token")


class Workflow(Struct, eq=False, dict=True):
    """A workflow, or an action made of steps, which has no jobs and no triggers. `callers` are those in the
    same repository, `beside` what it was found among."""

    root: Node
    name: str
    places: Places
    callers: list[LocalCall] = []
    beside: dict[File, Workflow] = {}

    is_action: ClassVar[bool] = False

    @cached_property
    def triggers(self) -> dict[str, Node]:
        node = self.root.get("on") or self.root.get("true")
        if node is None:
            return {}
        if isinstance(node.value, dict):
            return dict(node.value)
        return {one.text(): one for one in node.items() if one.text()}

    @cached_property
    def jobs(self) -> list[Job]:
        node = self.root.get("jobs")
        if node is None:
            return []
        return [Job(id, one, self) for id, one in node.entries() if isinstance(one.value, dict)]

    @cached_property
    def steps(self) -> list[Step]:
        """Those of an action."""
        return _steps(self.root.get("runs", "steps"), None)

    def every_step(self) -> Iterator[Step]:
        yield from self.steps
        for job in self.jobs:
            yield from job.steps

    def keyed_steps(self) -> Iterator[tuple[Step, str]]:
        """Each with a key that names it within the file."""
        for step in self.every_step():
            yield step, f"{step.job.id}.{step.key}" if step.job else step.key

    @property
    def is_composite(self) -> bool:
        """Whether it is made of steps, which can be followed."""
        return self.root.get("runs", "steps") is not None

    @property
    def has_neighbours(self) -> bool:
        """Whether other files of the repository may say more of it, or it of them."""
        used = [*(job.uses for job in self.jobs), *(step.uses for step in self.every_step())]
        return (
            self.is_action
            or "workflow_call" in self.triggers
            or any(one is not None and one.kind == "local" for one in used)
        )

    @property
    def starts_itself(self) -> bool:
        """Whether it has a trigger besides being called."""
        return not self.is_action and any(event != "workflow_call" for event in self.triggers)

    @cached_property
    def causes(self) -> dict[str, LocalCall | None]:
        """The events that start it, and by which call, unless that is no other's."""
        found: dict[str, LocalCall | None] = dict.fromkeys(self.triggers)
        for call in self.callers:
            for event in call.workflow.causes:
                found.setdefault(event, call)
        return found

    def has(self, *events: str) -> bool:
        """Whether one of these may be why it runs."""
        return any(event in self.causes for event in events)

    def cause(self, *events: str) -> LocalCall | None:
        """The call that brings one of these, if it has none of them itself."""
        if any(event in self.triggers for event in events):
            return None
        return next((self.causes[one] for one in events if one in self.causes), None)

    @cached_property
    def starts_with_release(self) -> bool:
        """Whether a release is why it runs, or why a workflow runs that calls it."""
        if "release" in self.triggers:
            return True
        push = self.triggers.get("push")
        if push is not None:
            tags, branches = push.get("tags"), push.get("branches")
            if tags is not None and tags.items():
                return True
            if any("release" in one.text() for one in (branches.items() if branches else [])):
                return True
        return any(call.workflow.starts_with_release for call in self.callers)

    def jobs_of(self, step: Step) -> list[Job]:
        """The jobs that run a step of this file: its own, or those that call the action."""
        if step.job is not None:
            return [step.job]
        return self.jobs_around

    @cached_property
    def jobs_around(self) -> list[Job]:
        """The jobs that run an action."""
        found: dict[int, Job] = {}
        for call in self.callers:
            jobs = [call.job] if call.job is not None else call.workflow.jobs_around
            found |= {id(job): job for job in jobs}
        return list(found.values())

    def head(self, node: Node) -> FileLocation:
        """Where a node begins, in this file or one beside it."""
        owner = self if node.file == self.root.file else self.beside.get(node.file, self)
        return owner.places.head(node)

    @cached_property
    def inputs_controlled(self) -> dict[str, int]:
        """Who decides what an input is, of those that were asked for."""
        return {}

    def expressions(self, node: Node) -> list[Placed]:
        """Every well-formed expression in the values below a node."""
        found = self._expressions.get(id(node))
        if found is None:
            found = self._expressions[id(node)] = list(_placed(node))
        return found

    @cached_property
    def _expressions(self) -> dict[int, list[Placed]]:
        return {}


def allows(permissions: Node, scope: str, access: str) -> bool:
    """Whether permissions that are written down give an access."""
    if isinstance(permissions.value, str):
        text = permissions.value
        return text == "write-all" or (access == "read" and text == "read-all")
    given = permissions.get(scope)
    return given is not None and given.text() in (access, "write")


def _placed(node: Node) -> Iterator[Placed]:
    for one in node.walk():
        if isinstance(one.value, str) and "${{" in one.value:
            for index, span in enumerate(spans(one.value)):
                if span.expression is not None:
                    yield Placed(one, index, span.text, span.expression)


def _steps(node: Node | None, job: Job | None) -> list[Step]:
    found = []
    seen: dict[str, int] = {}
    for one in node.items() if node else []:
        if not isinstance(one.value, dict):
            continue
        key = _key(one)
        seen[key] = seen.get(key, 0) + 1
        found.append(Step(one, key if seen[key] == 1 else f"{key}#{seen[key]}", job))
    return found


def _key(step: Node) -> str:
    for name in ("id", "name"):
        node = step.get(name)
        if node is not None and node.text():
            return node.text()
    uses, run = step.get("uses"), step.get("run")
    if uses is not None:
        return uses.text().partition("@")[0]
    first = _FIRST_WORDS.match(run.text()) if run else None
    return first[0].strip() if first else "step"


_FIRST_WORDS = regex.later(r"\s{0,20}[\w./-]{1,40}(?: [\w./-]{1,40})?")


class Action(Workflow):
    """An action, made of steps or of an image."""

    is_action: ClassVar[bool] = True
