"""What a job of GitHub Actions can say of itself to a cloud: the ends of the subjects of its tokens.

https://docs.github.com/en/actions/reference/security/oidc
"""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.ci.calls import Chain, told
from keymuster.collect.ci.expressions import Literal, Operation, condition, path
from keymuster.collect.ci.workflows import Job, Workflow
from keymuster.collect.syntax.node import Node
from keymuster.model.unknown import depends_on

UNKNOWN = "?"
"""One that is not known."""
_PERHAPS = "perhaps "
"""Before one that may be, or not."""

_ANY_BRANCH, _ANY_TAG = "branch:**", "tag:**"
_EVENTS: dict[str, tuple[str, ...]] = {
    "pull_request": ("pull_request",),
    "pull_request_target": (f"{_PERHAPS}pull_request", _ANY_BRANCH),
    "release": (_ANY_TAG,),
    "workflow_dispatch": (_ANY_BRANCH, _ANY_TAG),
    "repository_dispatch": (_ANY_BRANCH,),
    "create": (_ANY_BRANCH, _ANY_TAG),
    "deployment": (_ANY_BRANCH, _ANY_TAG),
    "deployment_status": (_ANY_BRANCH, _ANY_TAG),
    "merge_group": ("branch:gh-readonly-queue/**",),
    "workflow_call": (),
}
"""Event -> subjects of a job without an environment. Every other event runs on a branch."""

_GATES = ("github.event_name", "github.ref", "github.head_ref", "github.base_ref", "pull_request")
"""What a condition asks for that lets a job or step run for some events only."""


def subjects(job: Job, way: Chain, conditions: tuple[Node | None, ...] = ()) -> tuple[str, ...]:
    """`environment:name`, `branch:glob`, `tag:glob` or `pull_request`: all that its tokens may say, that
    it comes to run by these calls, and may run only under conditions."""
    asked = [*conditions, job.node.get("if"), *_conditions_of(way)]
    if job.node.get("environment") is not None:
        return (_environment(job, way),)
    start = way[0].workflow if way else job.workflow
    found = dict.fromkeys(one for event in start.triggers for one in _of_event(event, start))
    if not found:
        return (UNKNOWN,)
    only = next((one for node in asked if (one := _only_ref(node))), "")
    if only:
        return (only,)
    if any(node is not None and any(gate in node.text() for gate in _GATES) for node in asked):
        found = dict.fromkeys(f"{_PERHAPS}{one}" if one == "pull_request" else one for one in found)
    return tuple(found)


def _conditions_of(way: Chain) -> Iterator[Node | None]:
    for call in way:
        yield call.node.get("if")
        if call.job is not None:
            yield call.job.node.get("if")


def _environment(job: Job, way: Chain) -> str:
    node = job.node.get("environment")
    if node is not None and isinstance(node.value, dict):
        node = node.get("name")
    if node is None or not node.text():
        return UNKNOWN
    name = told(node, (job.node, job.workflow.root), way).text
    is_unknown = not name or "${{" in name or "\n" in name or bool(depends_on(name))
    return UNKNOWN if is_unknown else f"environment:{name}"


def _of_event(event: str, workflow: Workflow) -> tuple[str, ...]:
    if event != "push":
        return _EVENTS.get(event, (_ANY_BRANCH,))
    node = workflow.triggers[event]
    found = [*_filtered(node, "branch", "branches"), *_filtered(node, "tag", "tags")]
    return tuple(found) or (_ANY_BRANCH, _ANY_TAG)


def _filtered(push: Node, form: str, key: str) -> Iterator[str]:
    """What a filter lets through; without one for it, none if there is one for the other."""
    wanted = push.get(key)
    if wanted is not None:
        for one in wanted.items():
            if one.text() and not one.text().startswith("!"):
                yield f"{form}:{one.text()}"
    elif push.get(f"{key}-ignore") is not None:
        yield f"{form}:**"


def _only_ref(node: Node | None) -> str:
    """The one branch or tag that a condition demands: `github.ref == 'refs/heads/main' && ...`."""
    expression = condition(node.text()) if node is not None and node.text() else None
    parts = [expression] if expression is not None else []
    if isinstance(expression, Operation) and expression.operator == "&&":
        parts = list(expression.parts)
    for one in parts:
        if not (isinstance(one, Operation) and one.operator == "==" and len(one.parts) == 2):
            continue
        for where, what in (one.parts, one.parts[::-1]):
            if path(where) == ("github", "ref") and isinstance(what, Literal):
                for start, form in (("refs/heads/", "branch:"), ("refs/tags/", "tag:")):
                    if isinstance(what.value, str) and what.value.startswith(start):
                        return form + what.value.removeprefix(start)
    return ""
