"""A workflow as records: its jobs are identities, with the rights of their tokens, the secrets they are
handed and the cloud identities they sign in as."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from keymuster.collect.base import Blob
from keymuster.collect.ci.calls import Chain, kept_names, runs, told, ways
from keymuster.collect.ci.common import (
    Pipeline,
    aws_role,
    is_written_secret,
    variables,
    written_secret,
)
from keymuster.collect.ci.common import records as job_records
from keymuster.collect.ci.expressions import contexts
from keymuster.collect.ci.github import things
from keymuster.collect.ci.subjects import UNKNOWN, subjects
from keymuster.collect.ci.things import Seen, resources
from keymuster.collect.ci.workflows import Job, Step, Workflow, allows
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Confidence,
    Grant,
    GrantKind,
    Location,
    Observation,
)

PROVIDER = "github"

_UNKNOWN_RIGHTS = "${the default of the repository}"


def of(
    workflow: Workflow, wanted: Container[str], key: bytes, seen: Blob | Seen
) -> Iterator[Observation]:
    yield from resources(scope(workflow), things(workflow), wanted, seen)
    for job in workflow.jobs:
        if seen.counts(job.node.line, job.node.end_line):
            yield from _of_job(workflow, job)
    yield from _passwords(workflow, key, seen)
    yield from _variables(workflow, key, seen)


def scope(workflow: Workflow) -> str:
    return f"github-actions:{workflow.name}"


def _of_job(workflow: Workflow, job: Job) -> Iterator[Observation]:
    place = workflow.places.head(job.node)
    id = f"{scope(workflow)}:{job.id}"
    identities, said = _signed_in(workflow, job)
    title = job.node.get("name") or workflow.root.get("name")
    yield from job_records(
        Pipeline(
            id=id, provider=PROVIDER, name=job.id, location=place, purpose=title.text() if title else "",
            secrets=tuple(_secrets(workflow, job)), identities=tuple(identities.items()),
            tags=_tags(job, said),
        )
    )  # fmt: skip
    yield from _token(workflow, job, id, place)


def _tags(job: Job, said: dict[str, None]) -> dict[str, str]:
    """What it says of itself when it signs in, and where it deploys to; an expression decides of others."""
    name = job.environment
    named = {"environment": name} if name and "${{" not in name else {}
    return named | ({"subjects": "\n".join(said)} if said else {})


def _signed_in(workflow: Workflow, job: Job) -> tuple[dict[str, Location], dict[str, None]]:
    """The cloud identities that a job becomes, by its own steps or by what it calls, and what it says of
    itself to become them."""
    found: dict[str, Location] = {}
    said: dict[str, None] = {}
    for way in ways(workflow):
        for step, calls in runs(job, way):
            for subject, node in _sign_ins(step, calls):
                found.setdefault(subject, workflow.head(node))
                said |= dict.fromkeys(_says(step, calls, job))
    return found, said


def _says(step: Step, calls: Chain, job: Job) -> tuple[str, ...]:
    if any(step.given(name) is not None for name in _OTHER_PROOFS):
        return (UNKNOWN,)
    runner = step.job or next((call.job for call in reversed(calls) if call.job), None) or job
    outer = tuple(call for call in calls if call.step is None)
    gates = [step.node.get("if"), *(call.node.get("if") for call in calls if call.step is not None)]
    return subjects(runner, outer, tuple(gates))


_OTHER_PROOFS = (
    "aws-access-key-id",
    "role-chaining",
    "web-identity-token-file",
    "credentials_json",
    "creds",
)
"""Inputs that make a step sign in by something else than the token of its job."""


def _token(workflow: Workflow, job: Job, id: str, place: Location) -> Iterator[Grant]:
    for action, node in _rights(job).items():
        yield Grant(
            id=f"{id}:token:{action}", identity=id, kind=GrantKind.TOKEN_SCOPE, provider=PROVIDER,
            location=workflow.head(node) if node is not None else place, actions=(action,),
            resources=("repository",),
        )  # fmt: skip


def _rights(job: Job) -> dict[str, Node | None]:
    """What the token of a job may do, each with where that is said. One that calls a workflow has what
    the jobs of that have, of what it may hand on."""
    own = {
        action: where
        for node in job.granted
        for action, where in (_written(node).items() if node else [(_UNKNOWN_RIGHTS, None)])
    }
    if job.call is None:
        return own
    handed: dict[str, Node | None] = {}
    for called in job.call.called.jobs:
        if called.permissions is None:
            handed |= own
            continue
        for action, where in _written(called.permissions).items():
            scope, _, access = action.partition(":")
            if not access or any(one is None or allows(one, scope, access) for one in job.granted):
                handed[action] = where
    return handed


def _written(permissions: Node) -> dict[str, Node]:
    if isinstance(permissions.value, dict):
        return {
            f"{name}:{one.text()}": one
            for name, one in permissions.entries()
            if one.text() != "none"
        }
    return {permissions.text(): permissions} if permissions.text() else {}


def _secrets(workflow: Workflow, job: Job) -> Iterator[tuple[str, Location]]:
    """The secrets that a job names, each with its first place, by the names that they are kept under."""
    wanted = set(job.secrets)
    shared = workflow.root.get("env")
    seen: set[str] = set()
    for owner in (job.node, shared):
        for one in workflow.expressions(owner) if owner else ():
            for path in contexts(one.expression):
                name = path[1].upper() if path[0] == "secrets" and len(path) > 1 else ""
                if name not in wanted or name == "*":
                    continue
                wanted.discard(name)
                for kept in kept_names(name, workflow):
                    if kept not in seen:
                        seen.add(kept)
                        yield kept, workflow.places.expression(one.node, one.index)
    passed = job.node.get("secrets")
    if passed is not None and job.inherits:
        for name in sorted(wanted - seen - {"*"}):
            yield name, workflow.places.head(passed)


def _sign_ins(step: Step, calls: Chain) -> Iterator[tuple[str, Node]]:
    """The cloud identities that a step becomes, each with what names it."""
    uses = step.uses
    if uses is None:
        return
    if uses.is_one("aws-actions/configure-aws-credentials"):
        yield from _signed(step, calls, "role-to-assume", aws_role)
    elif uses.is_one("google-github-actions/auth"):
        names = ("service_account", "workload_identity_provider")
        name = next((name for name in names if step.given(name) is not None), names[0])
        yield from _signed(step, calls, name, lambda text: f"gcp:{text}")
    elif uses.is_one("azure/login"):
        yield from _signed(step, calls, "client-id", lambda text: f"azure:{text}")
    elif uses.is_one("hashicorp/vault-action"):
        yield from _signed(step, calls, "role", lambda text: f"vault:role/{text}")


def _signed(
    step: Step, calls: Chain, name: str, subject: Callable[[str], str]
) -> Iterator[tuple[str, Node]]:
    node = step.given(name)
    if node is None or not node.text():
        return
    owners = [step.node, *([step.job.node, step.job.workflow.root] if step.job else [])]
    found = told(node, owners, calls)
    if found.text:
        yield subject(found.text), found.node


def _passwords(workflow: Workflow, key: bytes, seen: Blob | Seen) -> Iterator[Observation]:
    """Passwords of registries that stand in the file."""
    for job in workflow.jobs:
        services = job.node.get("services")
        owners = [one for _, one in services.entries()] if services else []
        owners += filter(None, [job.node.get("container")])
        for owner in owners:
            node = owner.get("credentials", "password")
            if node is None or not node.text() or "${{" in node.text():
                continue
            if seen.counts(node.line, node.end_line):
                yield written_secret(
                    "Password of a container registry", node.text(), node.location(), seen, key,
                    Confidence.HIGH,
                )  # fmt: skip


def _variables(workflow: Workflow, key: bytes, seen: Blob | Seen) -> Iterator[Observation]:
    """Secrets in variables whose values stand in the file."""
    owners = [workflow.root, *(job.node for job in workflow.jobs)]
    owners += [step.node for step in workflow.every_step()]
    for owner in owners:
        for name, node, value in variables(owner.get("env")):
            if "${{" in value or not seen.counts(node.line, node.end_line):
                continue
            if is_written_secret(name, value):
                yield written_secret(name, value, node.location(), seen, key, Confidence.MEDIUM)
