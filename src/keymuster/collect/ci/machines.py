"""Where the jobs of a workflow run: runners and images."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.ci import matrices
from keymuster.collect.ci.expressions import (
    Call,
    Expression,
    every,
    flows,
    path,
    texts,
    whole,
)
from keymuster.collect.ci.references import image_pin
from keymuster.collect.ci.things import Thing
from keymuster.collect.ci.workflows import OUTSIDE, Job, Workflow
from keymuster.collect.syntax.node import Node


def runners(workflow: Workflow) -> Iterator[Thing]:
    for job in workflow.jobs:
        node = job.node.get("runs-on")
        if node is None:
            continue
        yield Thing(
            "GitHub::Actions::Runner", job.id, job.id, workflow.places.head(node),
            {
                "hosted_by": _hosted_by(job, node),
                "outsiders": workflow.has("pull_request", *OUTSIDE),
            },
        )  # fmt: skip


def _hosted_by(job: Job, node: Node) -> str:
    """`github`, `self`, or `unknown` where only the run knows."""
    if isinstance(node.value, dict):
        if node.get("group") is not None:
            return "self"
        labels = node.get("labels")
        return _hosted_by(job, labels) if labels else "unknown"
    answer = "github"
    for label in node.items():
        values = _possible(label.text(), job)
        if values is None:
            answer = "unknown"
        elif any(one.lower() == "self-hosted" for one in values):
            return "self"
    return answer


_PUBLISHED = "docker://"


def images(workflow: Workflow) -> Iterator[Thing]:
    for job in workflow.jobs:
        container = job.node.get("container")
        services = job.node.get("services")
        if container is not None:
            yield from _of_container(workflow, job, f"{job.id}.container", container)
        for name, service in services.entries() if services else ():
            yield from _of_container(workflow, job, f"{job.id}.services.{name}", service)
    own = workflow.root.get("runs", "image")
    if workflow.is_action and own is not None and own.text().startswith(_PUBLISHED):
        name = own.text().removeprefix(_PUBLISHED)
        yield _image(workflow, [], "runs.image", own, name)
    for step, key in workflow.keyed_steps():
        node = step.node.get("uses")
        if node is not None and step.uses is not None and step.uses.kind == "image":
            jobs = workflow.jobs_of(step)
            yield _image(workflow, jobs, key, node, step.uses.action)


def _of_container(workflow: Workflow, job: Job, key: str, node: Node) -> Iterator[Thing]:
    image = node if isinstance(node.value, str) else node.get("image")
    if image is not None and image.text():
        yield _image(workflow, [job], key, image, image.text())


def _image(workflow: Workflow, jobs: list[Job], key: str, node: Node, text: str) -> Thing:
    """`pin` is the loosest of all images that it may be; `unknown` if something else decides."""
    values = _possible(text, jobs[0] if len(jobs) == 1 else None)
    if values is None:
        pin = "undecided"
    else:
        pins = [image_pin(one) for one in values if one]
        pin = next((one for one in ("none", "tag") if one in pins), "hash")
    settings = {"pin": pin, "sees_secrets": any(job.sees_secrets for job in jobs)}
    return Thing("GitHub::Actions::Image", key, text, workflow.places.head(node), settings)


def _possible(text: str, job: Job | None) -> list[str] | None:
    """All texts that a value may have, from its matrix and the literals in its expression; None if
    something else decides."""
    if "${{" not in text:
        return [text]
    expression = whole(text)
    if expression is None:
        return None
    return _possible_of(expression, job)


def _possible_of(expression: Expression, job: Job | None) -> list[str] | None:
    found: list[str] = []
    literal = texts(expression)
    if literal is not None:
        return literal
    if any(isinstance(one, Call) for one in every(expression)):
        return None
    for one in flows(expression):
        said = texts(one)
        where = path(one)
        if said is None and where[:1] == ("matrix",) and job is not None:
            nodes = matrices.values(job, where[1:])
            if nodes is None:
                return None
            said = []
            for node in nodes:
                for value in node.walk():
                    inner = value.text()
                    if "${{" in inner:
                        return None
                    said.append(inner)
        if said is None:
            return None
        found += said
    return found
