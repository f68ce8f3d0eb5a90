"""What a workflow or an action of GitHub holds, as objects with plain settings for policies: triggers,
tokens, steps, images, secrets, conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from keymuster import regex
from keymuster.collect.ci import conditions, keys, machines, steps
from keymuster.collect.ci.calls import runs
from keymuster.collect.ci.commands import commands, environment_writes, registry
from keymuster.collect.ci.contexts import WORDS, Control
from keymuster.collect.ci.injections import expansions
from keymuster.collect.ci.known_actions import (
    READ_ONLY_ACTIONS,
    SIGN_IN_ACTIONS,
)
from keymuster.collect.ci.references import FIRST_PARTY
from keymuster.collect.ci.things import Thing
from keymuster.collect.ci.workflows import OUTSIDE, PRIVILEGED, Job, Workflow
from keymuster.collect.syntax.node import Node

Finder: TypeAlias = Callable[[Workflow], Iterator[Thing]]


def things(workflow: Workflow) -> Iterator[Thing]:
    """Everything in a file that a policy may be about."""
    for find in _FINDERS:
        yield from find(workflow)


def _triggers(workflow: Workflow) -> Iterator[Thing]:
    on = workflow.root.get("on") or workflow.root.get("true")
    for event, node in workflow.triggers.items():
        place = workflow.places.head(node)
        done = list(workflow.every_step())
        settings = {
            "event": event,
            "privileged": event in PRIVILEGED and _names_what_it_needs(event, node),
            "only_read_only_steps": bool(done)
            and all(one.uses is not None and one.uses.is_one(*READ_ONLY_ACTIONS) for one in done)
            and all(job.uses is None for job in workflow.jobs),
            "reaches_secrets_unasked": event in _COMMENTS
            and any(map(_runs_for_anyone, workflow.jobs)),
        }
        where = workflow.places.from_to(on, place) if on is not None else place
        yield Thing("GitHub::Actions::Trigger", event, event, where, settings)


_COMMENTS = ("issue_comment", "discussion_comment")
"""Events that take no more than an account, and run with secrets."""

_ASKS_WHO = regex.later(
    r"author_association|github\.actor|triggering_actor|sender\.|user\.(?:login|id|type)|repository_owner"
    r"|collaborators/|getCollaboratorPermissionLevel|permission",
    re.IGNORECASE,
)


def _runs_for_anyone(job: Job) -> bool:
    """Whether it has secrets or declares rights, and neither its condition nor a step asks who caused it."""
    if not job.sees_secrets and (None in job.granted or not steps.writes(job)):
        return False
    asked = [job.node.get("if")]
    for step in job.steps:
        asked += [step.node.get("if"), step.run, step.given("script"), step.node.get("uses")]
    return not any(node is not None and _ASKS_WHO.search(node.text()) for node in asked)


def _names_what_it_needs(event: str, node: Node) -> bool:
    """GitHub does not take a `workflow_run` without the names of workflows."""
    return event != "workflow_run" or node.get("workflows") is not None


def _jobs(workflow: Workflow) -> Iterator[Thing]:
    for job in workflow.jobs:
        settings = {
            "token": "default" if None in job.granted else "declared",
            "calls_workflow": job.uses is not None,
        }
        place = workflow.places.head(job.node)
        yield Thing("GitHub::Actions::Job", job.id, job.id, place, settings)
        inherit, called = job.node.get("secrets"), job.node.get("uses")
        if inherit is not None and inherit.text() == "inherit" and called is not None:
            where = workflow.places.head(inherit)
            if _is_shortly_before(called, inherit):
                where = workflow.places.from_to(called, where)
            local = job.uses is not None and job.uses.kind == "local"
            name = job.id
            if job.call is not None:
                reads = ", ".join(job.secrets) or "none"
                name = f"{job.id} (to {job.call.called.name}, which reads {reads})"
            yield Thing(
                "GitHub::Actions::SecretsInherit", job.id, name, where,
                {"local": local, "reads": job.secrets if job.call is not None else []},
            )  # fmt: skip


def _is_shortly_before(one: Node, other: Node) -> bool:
    return 0 <= other.line - one.line <= 20


def _permissions(workflow: Workflow) -> Iterator[Thing]:
    yield from _of_permissions(workflow, workflow.root.get("permissions"), None)
    for job in workflow.jobs:
        yield from _of_permissions(workflow, job.node.get("permissions"), job)


def _of_permissions(workflow: Workflow, node: Node | None, job: Job | None) -> Iterator[Thing]:
    if node is None:
        return
    level, key = ("job", job.id) if job else ("workflow", "")
    given = {name: one.text() for name, one in node.entries()}
    if isinstance(node.value, str):
        given = {"all": node.value.removesuffix("-all")} if node.value.endswith("-all") else {}
    for scope, access in given.items():
        place = workflow.places.head((node.get(scope) or node) if scope != "all" else node)
        yield Thing(
            "GitHub::Actions::Permission", f"{key}.{scope}", f"{scope}: {access}", place,
            {
                "level": level,
                "scope": scope,
                "access": access,
                "jobs": len(workflow.jobs),
                "used": scope != "id-token" or _signs_in(workflow, job),
                "explained": workflow.places.has_comment((node.get(scope) or node).line),
            },
        )  # fmt: skip


def _signs_in(workflow: Workflow, job: Job | None) -> bool:
    """Whether something may ask for proof of who the job is."""
    for one in [job] if job else workflow.jobs:
        if one.uses is not None and one.call is None:
            return True
        for step, _ in runs(one, ()):
            if step.call is not None:
                continue  # its steps are asked
            if step.uses is None:
                script = step.run.text() if step.run else ""
                if "ACTIONS_ID_TOKEN" in script or any(
                    _asks(command.words) for command in commands(script)
                ):
                    return True
            elif step.uses.kind != "action" or step.uses.action.lower().startswith(SIGN_IN_ACTIONS):
                return True
            elif step.uses.owner not in FIRST_PARTY:
                return True  # nobody knows what it does
            elif step.uses.is_one("actions/github-script"):
                return True
    return False


def _asks(words: tuple[str, ...]) -> bool:
    first = words[0].rpartition("/")[2]
    return bool(registry(words)) or first in (
        "cosign", "vault", "gcloud", "aws", "az", "terraform", "tofu", "pulumi", "npx", "npm", "make", "just",
        "python", "python3", "node", "bash", "sh", "uv", "twine", "goreleaser", "task", "nix", "mise", "bundle",
        "cargo", "gh", "docker", "kubectl",
    )  # fmt: skip


def _code(workflow: Workflow) -> Iterator[Thing]:
    for one in expansions(workflow):
        if one.control is Control.NOBODY:
            continue
        job = f"{one.step.job.id}." if one.step.job else ""
        settings = {"controlled_by": WORDS[one.control], "certainly_code": one.certain}
        key = f"{job}{one.step.key}.{one.text}"
        name = f"{one.text} (as {one.given_by.place()} gives it)" if one.given_by else one.text
        yield Thing("GitHub::Actions::Expansion", key, name, one.location, settings)


def _environment_files(workflow: Workflow) -> Iterator[Thing]:
    for step, key in workflow.keyed_steps():
        run = step.run
        if run is None or not isinstance(run.value, str) or "GITHUB_" not in run.value:
            continue
        for line, file in environment_writes(run.value):
            place = workflow.places.line(run, line)
            if place.end_line - run.line <= 40:
                place = workflow.places.from_to(run, place)
            yield Thing(
                "GitHub::Actions::EnvironmentWrite", f"{key}.{file}", file, place,
                {
                    "file": file,
                    "privileged": workflow.has(*PRIVILEGED),
                    "in_action": workflow.is_action,
                },
            )  # fmt: skip


def _environments(workflow: Workflow) -> Iterator[Thing]:
    """`env:` blocks, where commands in the output of a program may be let loose."""
    owners = [("", workflow.root), *((job.id, job.node) for job in workflow.jobs)]
    owners += [(key, step.node) for step, key in workflow.keyed_steps()]
    for key, owner in owners:
        env = owner.get("env")
        if env is None:
            continue
        allows = env.get("ACTIONS_ALLOW_UNSECURE_COMMANDS")
        answer = ""
        if isinstance(env.value, str) and "${{" in env.value:
            answer = "maybe"
        elif allows is not None and allows.text().lower() not in ("", "false", "0", "no"):
            answer = "maybe" if "${{" in allows.text() else "yes"
        if answer:
            place = workflow.places.head(env)
            if allows is not None:
                place = workflow.places.from_to(env, workflow.places.head(allows))
            settings = {"allows_commands": answer}
            yield Thing("GitHub::Actions::Environment", f"{key}.env", key or "env", place, settings)


def _conditions(workflow: Workflow) -> Iterator[Thing]:
    owners = [(job.id, job.node) for job in workflow.jobs]
    owners += [(key, step.node) for step, key in workflow.keyed_steps()]
    privileged = workflow.has("pull_request", *OUTSIDE) or workflow.is_action
    for key, owner in owners:
        node = owner.get("if")
        if node is None or not isinstance(node.value, str):
            continue
        settings = conditions.judged(node)
        if any(settings.values()):
            settings["by_outsiders"] = privileged
            place = workflow.places.head(node)
            if node.style in ("|", ">"):
                place = workflow.places.from_to(node, place)
            yield Thing("GitHub::Actions::Condition", f"{key}.if", key, place, settings)


_FINDERS: tuple[Finder, ...] = (
    _triggers, _jobs, _permissions, steps.steps, machines.runners, machines.images, _code, _environment_files,
    _environments, keys.secrets, keys.publishing, keys.static_keys, keys.logins_in_scripts, _conditions,
)  # fmt: skip
