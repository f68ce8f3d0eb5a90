"""Pipelines of Bitbucket: steps, pipes, images."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
from keymuster.collect.ci.references import image_pin
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import Node
from keymuster.model import FileLocation

PROVIDER = "bitbucket"

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w{0,80})\}?")
_ROLES = ("AWS_OIDC_ROLE_ARN", "oidc-role")


def steps(root: Node) -> Iterator[tuple[str, Node]]:
    """Every step, once, also those that are defined to be used by others."""
    seen: set[tuple[int, int]] = set()
    number = 0
    for node in root.walk():
        step = node.get("step")
        if step is None or not isinstance(step.value, dict) or (step.line, step.column) in seen:
            continue
        seen.add((step.line, step.column))
        number += 1
        name = step.get("name")
        yield (name.text() if name else "") or f"step {number}", step


def pipelines(root: Node, scope: str, places: Places) -> Iterator[Pipeline]:
    names: dict[str, int] = {}
    for name, node in steps(root):
        names[name] = names.get(name, 0) + 1
        secrets: dict[str, FileLocation] = {}
        roles: list[tuple[str, FileLocation]] = []
        for one in node.walk():
            for found in _VARIABLE.findall(one.text()):
                if SECRET_NAME.fullmatch(found) and not found.startswith("BITBUCKET_"):
                    secrets.setdefault(found, places.head(one))
            for key in _ROLES:
                role = one.get(key)
                if role is not None and role.text():
                    roles.append((aws_role(_unknown(role.text())), places.head(role)))
        again = f"#{names[name]}" if names[name] > 1 else ""
        yield Pipeline(
            id=f"{scope}:{name}{again}", provider=PROVIDER, name=name, location=places.head(node),
            secrets=tuple(secrets.items()), identities=tuple(roles),
        )  # fmt: skip


def _unknown(text: str) -> str:
    return _VARIABLE.sub(lambda found: "${" + found[1] + "}", text)


def things(root: Node, places: Places) -> Iterator[Thing]:
    yield from _images("pipeline", root.get("image"), places)
    services = root.get("definitions", "services")
    for name, service in services.entries() if services else ():
        yield from _images(name, service.get("image"), places)
    for name, step in steps(root):
        yield from _images(name, step.get("image"), places)
        script = step.get("script")
        for one in script.items() if script else ():
            pipe = one.get("pipe")
            if pipe is not None and pipe.text():
                text = pipe.text()
                pin = image_pin(text.removeprefix("docker://"))
                settings = {
                    "pin": pin,
                    "sees_secrets": True,
                    "first_party": text.startswith("atlassian/"),
                }
                yield Thing(
                    "Bitbucket::Pipelines::Pipe",
                    f"{name}.{text}",
                    text,
                    places.head(pipe),
                    settings,
                )
                given = variables(one.get("variables"))
                yield from cloud_keys(
                    "Bitbucket::Pipelines::CloudKey", f"{name}.{text}", given, places
                )
                continue
            for command in commands(one.text()):
                if cloud := login_cloud(command.words):
                    words = " ".join(command.words[:3])
                    yield Thing(
                        "Bitbucket::Pipelines::CloudKey", f"{name}.{words}", command.words[0],
                        places.line(one, command.line), {"cloud": cloud},
                    )  # fmt: skip


def _images(key: str, node: Node | None, places: Places) -> Iterator[Thing]:
    named = node.get("name") if node is not None and isinstance(node.value, dict) else node
    if named is not None and named.text():
        yield image("Bitbucket::Pipelines::Image", key, named.text(), places.head(named))
    keys = node.get("aws") if node is not None else None
    if keys is not None and keys.get("secret-key") is not None:
        yield Thing(
            "Bitbucket::Pipelines::CloudKey", f"{key}.image.aws", "secret-key", places.head(keys),
            {"cloud": "aws"},
        )  # fmt: skip


def written(root: Node) -> Iterator[tuple[str, Node, str]]:
    """Variables of pipes, and passwords of registries, that stand in the file."""
    for node in root.walk():
        yield from variables(node.get("variables"))
        password = node.get("password")
        if password is not None and node.get("username") is not None:
            yield "password", password, password.text()
