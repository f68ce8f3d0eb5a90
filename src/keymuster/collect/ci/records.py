"""A workflow as records: its jobs are identities, with the rights of their tokens, the secrets they are
handed and the cloud identities they sign in as."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator

from keymuster.collect.base import Blob
from keymuster.collect.ci.common import (
    Pipeline,
    aws_role,
    is_written_secret,
    variables,
    written_secret,
)
from keymuster.collect.ci.common import records as job_records
from keymuster.collect.ci.expressions import contexts, spans
from keymuster.collect.ci.github import things
from keymuster.collect.ci.things import resources
from keymuster.collect.ci.workflows import Job, Step, Workflow
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Confidence,
    FileLocation,
    Grant,
    GrantKind,
    Observation,
)

PROVIDER = "github"

_UNKNOWN_RIGHTS = "${the default of the repository}"


def of(workflow: Workflow, wanted: Container[str], key: bytes, blob: Blob) -> Iterator[Observation]:
    yield from resources(scope(workflow), things(workflow), wanted, blob)
    for job in workflow.jobs:
        if blob.counts(job.node.line, job.node.end_line):
            yield from _of_job(workflow, job)
    yield from _passwords(workflow, key, blob)
    yield from _variables(workflow, key, blob)


def scope(workflow: Workflow) -> str:
    return f"github-actions:{workflow.name}"


def _of_job(workflow: Workflow, job: Job) -> Iterator[Observation]:
    place = workflow.places.head(job.node)
    id = f"{scope(workflow)}:{job.id}"
    signed = [
        (subject, workflow.places.head(node))
        for step in job.steps
        for subject, node in _sign_ins(step)
    ]
    title = job.node.get("name") or workflow.root.get("name")
    yield from job_records(
        Pipeline(
            id=id, provider=PROVIDER, name=job.id, location=place, purpose=title.text() if title else "",
            secrets=tuple(_secrets(workflow, job)), identities=tuple(signed),
        )
    )  # fmt: skip
    yield from _token(workflow, job, id, place)


def _token(workflow: Workflow, job: Job, id: str, place: FileLocation) -> Iterator[Grant]:
    node = job.permissions
    given: dict[str, FileLocation] = {}
    if node is None:
        given[_UNKNOWN_RIGHTS] = place
    elif isinstance(node.value, dict):
        for name, one in node.entries():
            if one.text() != "none":
                given[f"{name}:{one.text()}"] = workflow.places.head(one)
    elif node.text():
        given[node.text()] = workflow.places.head(node)
    for action, where in given.items():
        yield Grant(
            id=f"{id}:token:{action}", identity=id, kind=GrantKind.TOKEN_SCOPE, provider=PROVIDER,
            location=where, actions=(action,), resources=("repository",),
        )  # fmt: skip


def _secrets(workflow: Workflow, job: Job) -> Iterator[tuple[str, FileLocation]]:
    """The secrets that a job names, each with its first place."""
    wanted = set(job.secrets)
    shared = workflow.root.get("env")
    for owner in (job.node, shared):
        for one in workflow.expressions(owner) if owner else ():
            for path in contexts(one.expression):
                name = path[1].upper() if path[0] == "secrets" and len(path) > 1 else ""
                if name in wanted and name != "*":
                    wanted.discard(name)
                    yield name, workflow.places.expression(one.node, one.index)


def _sign_ins(step: Step) -> Iterator[tuple[str, Node]]:
    """The cloud identities that a step becomes, each with the input that names it."""
    uses = step.uses
    if uses is None:
        return
    if uses.is_one("aws-actions/configure-aws-credentials"):
        yield from _signed(step, "role-to-assume", aws_role)
    elif uses.is_one("google-github-actions/auth"):
        names = ("service_account", "workload_identity_provider")
        node = next((one for name in names if (one := step.given(name)) is not None), None)
        if node is not None and node.text():
            yield f"gcp:{_said(node.text(), step)}", node
    elif uses.is_one("azure/login"):
        yield from _signed(step, "client-id", lambda text: f"azure:{text}")
    elif uses.is_one("hashicorp/vault-action"):
        yield from _signed(step, "role", lambda text: f"vault:role/{text}")


def _signed(step: Step, name: str, subject: Callable[[str], str]) -> Iterator[tuple[str, Node]]:
    node = step.given(name)
    if node is not None and node.text():
        yield subject(_said(node.text(), step)), node


def _said(text: str, step: Step) -> str:
    """A value with what only the run knows as an unknown: `${{ vars.ROLE }}` is `${vars.ROLE}`. A
    variable that the file sets is looked up."""
    for span in reversed(list(spans(text))):
        text = f"{text[: span.begin]}{_variable(span.text, step)}{text[span.end :]}"
    return text


def _variable(name: str, step: Step) -> str:
    if name.startswith("env.") and step.job is not None:
        for owner in (step.node, step.job.node, step.job.workflow.root):
            node = owner.get("env", name.removeprefix("env."))
            if node is not None and "${{" not in node.text():
                return node.text()
    return "${" + re.sub(r"[{}]", "", name) + "}"


def _passwords(workflow: Workflow, key: bytes, blob: Blob) -> Iterator[Observation]:
    """Passwords of registries that stand in the file."""
    for job in workflow.jobs:
        services = job.node.get("services")
        owners = [one for _, one in services.entries()] if services else []
        owners += filter(None, [job.node.get("container")])
        for owner in owners:
            node = owner.get("credentials", "password")
            if node is None or not node.text() or "${{" in node.text():
                continue
            if blob.counts(node.line, node.end_line):
                yield written_secret(
                    "Password of a container registry", node.text(), node.location(), blob, key,
                    Confidence.HIGH,
                )  # fmt: skip


def _variables(workflow: Workflow, key: bytes, blob: Blob) -> Iterator[Observation]:
    """Secrets in variables whose values stand in the file."""
    owners = [workflow.root, *(job.node for job in workflow.jobs)]
    owners += [step.node for step in workflow.every_step()]
    for owner in owners:
        for name, node, value in variables(owner.get("env")):
            if "${{" in value or not blob.counts(node.line, node.end_line):
                continue
            if is_written_secret(name, value):
                yield written_secret(name, value, node.location(), blob, key, Confidence.MEDIUM)
