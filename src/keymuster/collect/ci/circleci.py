"""Pipelines of CircleCI: jobs, contexts, orbs, images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster.collect.ci.circleci_parts import jobs, parts
from keymuster.collect.ci.commands import commands
from keymuster.collect.ci.common import (
    SECRET_NAME,
    Pipeline,
    aws_role,
    cloud_keys,
    image,
    login_cloud,
    variables,
)
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import Node
from keymuster.model import FileLocation

PROVIDER = "circleci"

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w{0,80})\}?")
_EXACT = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+].*)?")


def pipelines(root: Node, scope: str, places: Places) -> Iterator[Pipeline]:
    contexts: dict[str, list[tuple[str, FileLocation]]] = {}
    calls: dict[str, list[Node]] = {}
    for name, node in _calls(root):
        calls.setdefault(name, []).append(node)
        for one in _texts(node.get("context")):
            contexts.setdefault(name, []).append(
                (f"circleci:context/{one.text()}", places.head(one))
            )
    for job in jobs(root):
        secrets: dict[str, FileLocation] = {}
        roles: dict[str, FileLocation] = {}
        for part in parts(job, root, calls.get(job.name, ())):
            for one in part.node.walk():
                for found in _VARIABLE.findall(part.text(one)):
                    if SECRET_NAME.fullmatch(found) and not found.startswith("CIRCLE_"):
                        secrets.setdefault(found, places.head(one))
            for key in ("role_arn", "role-arn"):
                for one in _settings(part.node, key):
                    if text := part.text(one):
                        roles.setdefault(aws_role(_unknown(text)), places.head(one))
        yield Pipeline(
            id=f"{scope}:{job.name}", provider=PROVIDER, name=job.name, location=places.head(job.node),
            secrets=tuple(secrets.items()),
            identities=(*contexts.get(job.name, ()), *roles.items()),
        )  # fmt: skip


def _unknown(text: str) -> str:
    """What only a run knows as an unknown: `<< pipeline.parameters.role >>`, `$ROLE`."""
    text = re.sub(r"<<\s{0,20}([\w.-]{1,100})\s{0,20}>>", lambda found: "${" + found[1] + "}", text)
    return _VARIABLE.sub(lambda found: "${" + found[1] + "}", text)


def _settings(node: Node, key: str) -> Iterator[Node]:
    for one in node.walk():
        found = one.get(key)
        if found is not None:
            yield found


def _texts(node: Node | None) -> list[Node]:
    return [one for one in node.items() if one.text()] if node else []


def _calls(root: Node) -> Iterator[tuple[str, Node]]:
    """The jobs that workflows run, with how they run them."""
    workflows = root.get("workflows")
    for _, workflow in workflows.entries() if workflows else ():
        jobs = workflow.get("jobs")
        for one in jobs.items() if jobs else ():
            yield from one.entries()


def things(root: Node, places: Places) -> Iterator[Thing]:
    orbs = root.get("orbs")
    for name, node in orbs.entries() if orbs else ():
        if node.text():
            yield Thing(
                "CircleCI::Orb",
                name,
                node.text(),
                places.head(node),
                {"pin": _orb_pin(node.text()), "looked_at": "no"},
            )
    inline = [one for _, one in (orbs.entries() if orbs else ()) if isinstance(one.value, dict)]
    for number, scope in enumerate([root, *inline]):
        for group in ("jobs", "executors", "commands"):
            owners = scope.get(group)
            for name, node in owners.entries() if owners else ():
                yield from _of_job(
                    f"{f'orbs.{number}.' if number else ''}{group}.{name}", node, places
                )
    for name, node in _calls(root):
        filters = node.get("filters")
        for one in _texts(node.get("context")):
            yield Thing(
                "CircleCI::ContextUse", f"{name}.{one.text()}", one.text(), places.head(one),
                {"job": name, "limited_to_branches": _is_limited(filters)},
            )  # fmt: skip
        yield from _keys_of_orbs(name, node, places)


def _is_limited(filters: Node | None) -> bool:
    if filters is None:
        return False
    if filters.text():  # an expression
        return True
    return any(filters.get(kind, "only") is not None for kind in ("branches", "tags"))


def _orb_pin(text: str) -> str:
    """`exact`, `minor` or `major` for a version of which others follow by themselves, `volatile`,
    `dev`."""
    version = text.rpartition("@")[2] if "@" in text else "volatile"
    if version == "volatile" or version.startswith("dev:"):
        return version.partition(":")[0]
    if "<<" in version:
        return "undecided"
    if _EXACT.fullmatch(version):
        return "exact"
    return "minor" if "." in version else "major"


def _of_job(key: str, node: Node, places: Places) -> Iterator[Thing]:
    docker = node.get("docker")
    for one in docker.items() if docker else ():
        named = one.get("image")
        if named is not None and named.text():
            yield image("CircleCI::Image", key, named.text(), places.head(named))
        yield from cloud_keys("CircleCI::CloudKey", key, variables(one.get("environment")), places)
    yield from cloud_keys("CircleCI::CloudKey", key, variables(node.get("environment")), places)
    yield from _keys_of_orbs(key, node, places)
    for run in _settings(node, "run"):
        script = run.get("command") or run
        for command in commands(script.text()):
            if cloud := login_cloud(command.words):
                words = " ".join(command.words[:3])
                yield Thing(
                    "CircleCI::CloudKey", f"{key}.{words}", command.words[0],
                    places.line(script, command.line), {"cloud": cloud},
                )  # fmt: skip
    machine = node.get("resource_class")
    if machine is not None and "/" in machine.text():
        yield Thing(
            "CircleCI::Runner",
            key,
            machine.text(),
            places.head(machine),
            {"hosted_by": "self", "outsiders": False},
        )


_ORB_KEYS = {
    "aws-secret-access-key": "aws", "aws_secret_access_key": "aws",
    "gcloud-service-key": "gcp", "gcloud_service_key": "gcp", "azure-sp-password": "azure",
}  # fmt: skip


def _keys_of_orbs(key: str, node: Node, places: Places) -> Iterator[Thing]:
    for name, cloud in _ORB_KEYS.items():
        for one in _settings(node, name):
            if one.text():
                yield Thing(
                    "CircleCI::CloudKey", f"{key}.{name}", name, places.head(one), {"cloud": cloud}
                )


def written(root: Node) -> Iterator[tuple[str, Node, str]]:
    """Variables and passwords that stand in the file."""
    for node in root.walk():
        yield from variables(node.get("environment"))
        password = node.get("auth", "password")
        if password is not None:
            yield "password", password, password.text()
