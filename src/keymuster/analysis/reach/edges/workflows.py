"""From whoever opens a pull request, an issue or a comment to the jobs that run what they wrote with the rights of
the repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Identity, IdentityKind, Resource

FORK = "fork"

RUNS_CODE = Kind("runs-code", "{start} runs code in {to}", "Let {to} not run what outsiders wrote")
STARTS = Kind("starts", "{start} starts {to}", "Let outsiders not start {to}")

CONTRIBUTOR = Node(
    id="outside:contributor", kind="outsider", name="whoever opens a pull request", entry=FORK
)
COMMENTER = Node(
    id="outside:commenter", kind="outsider", name="whoever writes an issue or a comment", entry=FORK
)

_TRIGGER = "GitHub::Actions::Trigger"
_CHECKOUTS = ("GitHub::Actions::Checkout", "Azure::Pipelines::Checkout")
_EXPANSION = "GitHub::Actions::Expansion"

_PULL_REQUESTS = ("pull_request_target", "workflow_run")
_COMMENTS = (
    "issue_comment",
    "issues",
    "discussion",
    "discussion_comment",
    "pull_request_review_comment",
    "pull_request_review",
)


def edges(basis: Basis) -> Iterator[Node | Edge]:
    jobs: dict[str, list[str]] = defaultdict(list)
    for one in basis.of(Identity):
        if one.kind is IdentityKind.WORKFLOW_JOB:
            jobs[one.id.rpartition(":")[0]].append(one.id)
    if not jobs:
        return
    yield from (CONTRIBUTOR, COMMENTER)
    triggers = [one for one in basis.of(Resource) if one.type == _TRIGGER]
    who: dict[str, Node] = {}
    for trigger in triggers:
        if (found := _by(trigger)) is not None:
            who.setdefault(_scope(trigger), found)
    running = list(_running(basis, jobs, who))
    yield from running
    yield from _started(triggers, jobs, {one.to for one in running})


def _running(basis: Basis, jobs: dict[str, list[str]], who: dict[str, Node]) -> Iterator[Edge]:
    """Jobs that run what outsiders wrote."""
    for one in basis.of(Resource):
        job = _job(one, jobs)
        if not job:
            continue
        settings = one.settings
        if one.type in _CHECKOUTS and settings.get("untrusted") and settings.get("privileged"):
            yield Edge(CONTRIBUTOR.id, job, RUNS_CODE, (one.id,))
            continue
        outsider = who.get(_scope(one))
        if one.type == _EXPANSION and settings.get("controlled_by") == "anyone" and outsider:
            doubt = "" if settings.get("certainly_code") else _PERHAPS
            yield Edge(outsider.id, job, RUNS_CODE, (one.id,), doubt)


_PERHAPS = "whether it is run as code is not known"


def _started(
    triggers: list[Resource], jobs: dict[str, list[str]], running: set[str]
) -> Iterator[Edge]:
    """Other jobs that outsiders start with secrets; nothing shows that those run what they wrote."""
    for one in triggers:
        who = _by(one)
        if who is None or one.settings.get("only_read_only_steps"):
            continue
        for job in jobs.get(_scope(one), ()):
            if job not in running:
                yield Edge(who.id, job, STARTS, (one.id,), _UNSHOWN)


_UNSHOWN = "nothing shows that it runs what they wrote"


def _by(trigger: Resource) -> Node | None:
    event = trigger.settings.get("event")
    if event in _PULL_REQUESTS and trigger.settings.get("privileged"):
        return CONTRIBUTOR
    return COMMENTER if event in _COMMENTS else None


def _scope(one: Resource) -> str:
    """The file that it stands in, as jobs are called by it: `github-actions:.github/workflows/ci.yml`."""
    return one.id.removeprefix(f"resource:{one.type}:").rpartition(":")[0]


def _job(one: Resource, jobs: dict[str, list[str]]) -> str:
    """The job that a step is of, by its key; empty for a step of an action that several call."""
    if one.type not in (*_CHECKOUTS, _EXPANSION):
        return ""
    scope, key = one.id.removeprefix(f"resource:{one.type}:"), ""
    while scope:  # a key may have colons, too
        scope, _, part = scope.rpartition(":")
        key = f"{part}:{key}" if key else part
        for job in jobs.get(scope, ()):
            if key.startswith(f"{job[len(scope) + 1 :]}."):
                return job
    return ""
