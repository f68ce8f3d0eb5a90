"""What the steps of a workflow use: actions, checkouts, tokens of apps, caches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from keymuster.collect.ci.calls import LocalCall, runs, sources
from keymuster.collect.ci.commands import commands, registry
from keymuster.collect.ci.known_actions import (
    APP_TOKEN_ACTIONS,
    ARCHIVED,
    CACHES,
    COMPROMISED,
    PUBLISHING_ACTIONS,
    WELL_KNOWN_OWNERS,
)
from keymuster.collect.ci.references import FIRST_PARTY, Uses, tidy
from keymuster.collect.ci.things import Thing
from keymuster.collect.ci.workflows import PRIVILEGED, Job, Step, Workflow
from keymuster.collect.syntax.node import Node


def steps(workflow: Workflow) -> Iterator[Thing]:
    publishing = _publishes()
    for step, key in workflow.keyed_steps():
        uses = step.uses
        if uses is not None and uses.kind in ("action", "workflow"):
            node = step.node.get("uses")
            assert node is not None
            yield _reference(workflow, uses, node, key, workflow.jobs_of(step))
            place = workflow.places.head(node)
            if uses.is_one("actions/checkout"):
                settings, by = _checkout(step, workflow)
                name = f"{uses.text} (as {by.place()} calls it)" if by is not None else uses.text
                yield Thing("GitHub::Actions::Checkout", key, name, place, settings)
            if uses.is_one(*APP_TOKEN_ACTIONS):
                for fault, at in _faults_of_app_token(step, node):
                    where = workflow.places.from_to(node, workflow.places.head(at))
                    settings = {"fault": fault}
                    yield Thing(
                        "GitHub::Actions::AppToken", f"{key}.{fault}", uses.text, where, settings
                    )
            if uses.action.lower() in CACHES and any(map(publishing, workflow.jobs_of(step))):
                yield Thing(
                    "GitHub::Actions::Cache", key, uses.text, place,
                    {"restores": _restores_cache(step), "publishes": True},
                )  # fmt: skip
        elif uses is not None and uses.kind == "local" and uses.action != _plain(uses.action):
            node = step.node.get("uses")
            assert node is not None
            yield _reference(workflow, uses, node, key, workflow.jobs_of(step))
    for job in workflow.jobs:
        if job.uses is not None and job.uses.kind in ("workflow", "local") and job.call is None:
            node = job.node.get("uses")
            assert node is not None
            one = _reference(workflow, job.uses, node, job.id, [job])
            yield replace(one, settings=one.settings | {"looked_at": "no"})


def _plain(written: str) -> str:
    """The path of an action without detours. One that leads out of the folder stays as it is."""
    if written.startswith(".."):
        return written
    start = written[:2] if written[:2] in ("./", "$/") else ""
    return start + tidy(written[len(start) :])


def _reference(workflow: Workflow, uses: Uses, node: Node, key: str, jobs: Sequence[Job]) -> Thing:
    written = uses.text.partition("@")[0]
    settings = {
        "action": uses.action,
        "kind": uses.kind,
        "ref": uses.ref,
        "pin": uses.pin,
        "first_party": uses.owner in FIRST_PARTY,
        "sees_secrets": any(job.sees_secrets for job in jobs),
        "archived": uses.action.lower() in ARCHIVED or uses.repository in ARCHIVED,
        "compromised": COMPROMISED.get(uses.repository, ""),
        "looks_like": _looks_like(uses.owner),
        "has_detours": written != _plain(written),
    }
    return Thing("GitHub::Actions::Uses", key, uses.text, workflow.places.head(node), settings)


def _looks_like(owner: str) -> str:
    """The well-known owner whose name this one has but for one letter; empty if there is none."""
    if owner in WELL_KNOWN_OWNERS or len(owner) < 5:
        return ""
    return next((one for one in WELL_KNOWN_OWNERS if len(one) > 5 and _one_apart(owner, one)), "")


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter is missing, too many, wrong, or changed places with the next."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    return (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )


def _checkout(step: Step, workflow: Workflow) -> tuple[dict[str, Any], LocalCall | None]:
    """`keeps_token` is `yes`, `no`, or `maybe` where an expression decides. The call is the one that
    brings outsiders in."""
    given = step.node.get("with")
    keeps = step.given("persist-credentials")
    if given is not None and isinstance(given.value, str):
        answer = "maybe"
    elif keeps is None:
        answer = "yes"
    elif "${{" in keeps.text():
        answer = "maybe"
    else:
        answer = "no" if keeps.text().lower() == "false" else "yes"
    untrusted, by = _is_untrusted(step, workflow)
    settings = {
        "keeps_token": answer,
        "explicitly": keeps is not None,
        "uploads": _uploads(step, workflow),
        "untrusted": untrusted,
        "privileged": workflow.has(*_WITH_SECRETS),
        "reaches_secrets": any(job.sees_secrets or writes(job) for job in workflow.jobs_of(step)),
        "repository": (step.given("repository") or step.node.holding("")).text(),
    }
    return settings, (by or workflow.cause(*_WITH_SECRETS)) if untrusted else None


_WITH_SECRETS = (*PRIVILEGED, "issue_comment")


def writes(job: Job) -> bool:
    """Whether its token may change something, or nobody says what it may."""
    if None in job.granted:
        return True
    return any(
        one.text().startswith("write")
        for node in job.granted
        if node is not None
        for one in [node, *(one for _, one in node.entries())]
    )


def _uploads(step: Step, workflow: Workflow) -> bool:
    """Whether a later step of the same job hands out files."""
    return any(
        one.uses is not None
        and one.uses.is_one("actions/upload-artifact", "actions/upload-pages-artifact")
        for job in workflow.jobs_of(step)
        for one in _after(step, job)
    )


def _after(step: Step, job: Job) -> Iterator[Step]:
    """The steps that a job runs behind one of its own, also those of actions."""
    every = [one for one, _ in runs(job, ())]
    if step in every:
        yield from every[every.index(step) + 1 :]


def _is_untrusted(step: Step, workflow: Workflow) -> tuple[bool, LocalCall | None]:
    """Whether the code that is checked out is that of a pull request or of another's branch, and the
    call that says so, if the file does not."""
    for name in ("ref", "repository"):
        node = step.given(name)
        for where, by in sources(node, workflow) if node else ():
            if where == ("github", "head_ref"):
                return True, by
            if where[:2] == ("github", "event") and (
                "head" in where
                or where[-1] in ("head_sha", "head_branch", "merge_commit_sha")
                or (where[-1] == "number" and "refs/pull" in (node.text() if node else ""))
            ):
                return True, by
    return False, None


def _faults_of_app_token(step: Step, uses: Node) -> Iterator[tuple[str, Node]]:
    """What is too wide about the token of an app, and where that shows."""
    inputs = {name.lower(): node for name, node in step.inputs() if node.text()}
    revoke, owner = inputs.get("skip-token-revoke"), inputs.get("owner")
    if not any(name.startswith("permission") for name in inputs):
        yield "all_rights", uses
    if owner is not None and not {"repositories", "repository"} & set(inputs):
        yield "all_repositories", owner
    if revoke is not None and revoke.text().lower() == "true":
        yield "not_revoked", revoke


def _publishes() -> Callable[[Job], bool]:
    """Whether what a job makes is published: by what starts it, or by what it does."""
    known: dict[int, bool] = {}

    def answer(job: Job) -> bool:
        if id(job) not in known:
            steps = [step for step, _ in runs(job, ())]
            known[id(job)] = job.workflow.starts_with_release or (
                any(map(_is_publishing, steps)) and not any(map(_downloads, steps))
            )
        return known[id(job)]

    return answer


def _is_publishing(step: Step) -> bool:
    uses = step.uses
    if uses is not None:
        if uses.is_one("docker/build-push-action", "docker/bake-action"):
            push = step.given("push")
            return push is not None and push.text().lower() not in ("", "false")
        return uses.is_one(*PUBLISHING_ACTIONS)
    return step.run is not None and any(registry(one.words) for one in commands(step.run.text()))


def _downloads(step: Step) -> bool:
    """Whether it takes what another job has made; then nothing is made here."""
    return step.uses is not None and step.uses.is_one("actions/download-artifact")


_TRUE = ("true", "yes", "1", "on")


def _restores_cache(step: Step) -> bool:
    assert step.uses is not None
    condition = step.node.get("if")
    if condition is not None and (
        "github.event_name" in condition.text() or "github.ref" in condition.text()
    ):
        return False  # for some events only: nobody releases by accident
    cache = CACHES[step.uses.action.lower()]
    for name in cache.off:
        node = step.given(name)
        if node is not None and (node.text().lower() in _TRUE or "${{" in node.text()):
            return False
    answers = []
    for name in cache.on:
        node = step.given(name)
        if node is not None:
            answers.append(node.text().lower() not in ("", "false", "no", "never"))
    if not answers and step.uses.is_one("actions/setup-node"):
        return _is_from(step.uses.ref, 5)
    return any(answers) if answers else cache.by_itself


def _is_from(ref: str, major: int) -> bool:
    """Whether a tag is of a major version or a later one."""
    found = re.fullmatch(r"v?([0-9]{1,4})(?:\..*)?", ref)
    return found is not None and int(found[1]) >= major
