"""Workflows and actions of GitHub as the parts that identities hang on: triggers, jobs, steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from msgspec import Struct

from keymuster.collect.ci.expressions import Expression, contexts, spans
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.references import Uses
from keymuster.collect.syntax.node import Node

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

    def may(self, scope: str, access: str = "write") -> bool:
        """Whether its token has an access, as far as the file says."""
        node = self.permissions
        if node is None:
            return False
        if isinstance(node.value, str):
            return node.value == "write-all" or (access == "read" and node.value == "read-all")
        given = node.get(scope)
        return given is not None and given.text() in ((access, "write"))

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
        passed = self.node.get("secrets")
        if passed is not None and passed.text() == "inherit":
            found["*"] = None
        shared = self.workflow.root.get("env")
        if shared is not None:
            for one in self.workflow.expressions(shared):
                paths = (path for path in contexts(one.expression) if path[0] == "secrets")
                found |= {path[1].upper(): None for path in paths if len(path) > 1}
        return [name for name in found if name.lower() not in _PUBLIC_TOKEN]

    @property
    def sees_secrets(self) -> bool:
        """Whether it has more than the token that every run has: secrets, or proof of who it is."""
        return bool(self.secrets) or self.may("id-token")


class Workflow(Struct, eq=False, dict=True):
    """A workflow, or an action made of steps, which has no jobs and no triggers."""

    root: Node
    name: str
    places: Places

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

    def has(self, *events: str) -> bool:
        return any(event in self.triggers for event in events)

    def expressions(self, node: Node) -> list[Placed]:
        """Every well-formed expression in the values below a node."""
        found = self._expressions.get(id(node))
        if found is None:
            found = self._expressions[id(node)] = list(_placed(node))
        return found

    @cached_property
    def _expressions(self) -> dict[int, list[Placed]]:
        return {}


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


_FIRST_WORDS = re.compile(r"\s{0,20}[\w./-]{1,40}(?: [\w./-]{1,40})?")


class Action(Workflow):
    """An action that is made of steps."""

    is_action: ClassVar[bool] = True
