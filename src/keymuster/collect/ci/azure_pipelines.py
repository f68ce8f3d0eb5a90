"""Pipelines of Azure DevOps: jobs, service connections, templates of others, secrets in variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from keymuster import regex
from keymuster.collect.ci.commands import commands
from keymuster.collect.ci.common import (
    SECRET_NAME,
    Pipeline,
    cloud_keys,
    image,
    login_cloud,
    variables,
)
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.references import ref_pin
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import Node
from keymuster.model import FileLocation

PROVIDER = "azure-devops"

_MACRO = regex.later(r"\$\(([\w.-]{1,80})\)")
_SCRIPTS = ("script", "bash", "pwsh", "powershell")
_CONNECTIONS = (
    "azureSubscription", "connectedServiceName", "connectedServiceNameARM", "ConnectedServiceName",
    "azureResourceManagerConnection", "kubernetesServiceConnection", "dockerRegistryServiceConnection",
    "containerRegistry", "awsCredentials", "backendServiceArm", "environmentServiceNameAWS",
    "environmentServiceNameAzureRM", "gitHubConnection", "npmServiceConnection", "externalEndpoint",
    "publishEndpoint", "twineServiceConnection", "pythonUploadServiceConnection",
)  # fmt: skip
"""Inputs of tasks that name a service connection."""

_SET_SECRET = regex.later(r"##vso\[task\.setvariable[^\]]{0,200}issecret=true", re.IGNORECASE)


def jobs(root: Node) -> Iterator[tuple[str, Node]]:
    """Every job; a pipeline without jobs is one."""
    found = False
    for node in root.walk():
        given = node.get("jobs")
        for one in given.items() if given and isinstance(given.value, list) else ():
            for key in ("job", "deployment"):
                name = one.get(key)
                if name is not None:
                    found = True
                    yield name.text() or "job", one
    if not found and root.get("steps") is not None:
        yield "pipeline", root


def pipelines(root: Node, scope: Callable[[Node], str], places: Places) -> Iterator[Pipeline]:
    """The jobs of a pipeline with its templates; `scope` names the file that a job stands in."""
    set_here = {
        name.upper() for node in root.walk() for name, _, _ in variables(node.get("variables"))
    }
    for name, node in jobs(root):
        secrets: dict[str, FileLocation] = {}
        connections: dict[str, FileLocation] = {}
        for one in node.walk():
            for found in _MACRO.findall(one.text()):
                if SECRET_NAME.fullmatch(found.replace(".", "_")) and found.upper() not in set_here:
                    secrets.setdefault(found, places.head(one))
            inputs = one.get("inputs")
            for key, value in inputs.entries() if inputs else ():
                if key in _CONNECTIONS and value.text():
                    connections.setdefault(_unknown(value.text()), places.head(value))
        yield Pipeline(
            id=f"{scope(node)}:{name}", provider=PROVIDER, name=name, location=places.head(node),
            secrets=tuple((one, at) for one, at in secrets.items() if one != "System.AccessToken"),
            identities=tuple(
                (f"azure-devops:service-connection/{one}", at) for one, at in connections.items()
            ),
        )  # fmt: skip


def _unknown(text: str) -> str:
    return _MACRO.sub(lambda found: "${" + found[1] + "}", text)


def things(root: Node, places: Places) -> Iterator[Thing]:
    yield from _resources(root, places)
    for node in root.walk():
        if not isinstance(node.value, dict):
            continue
        key = next((one.text() for name in _NAMES if (one := node.get(name)) is not None), "")
        yield from _of_step(key, node, places)
        given = [*variables(node.get("variables")), *variables(node.get("env"))]
        yield from cloud_keys("Azure::Pipelines::CloudKey", key, given, places)
        for name, one, value in given:
            if name.lower() == "system.debug" and value.lower() == "true":
                settings = {"on": True}
                yield Thing(
                    "Azure::Pipelines::DebugOutput",
                    f"{key}.{name}",
                    name,
                    places.head(one),
                    settings,
                )
        container = node.get("container")
        yield from _images(key, container, places)


_NAMES = ("job", "deployment", "stage", "task", "displayName")


def _resources(root: Node, places: Places) -> Iterator[Thing]:
    """Repositories that templates come from, and images."""
    repositories = root.get("resources", "repositories")
    for one in repositories.items() if repositories else ():
        name, ref = one.get("name"), one.get("ref")
        if name is not None:
            pin = _git_pin(ref.text() if ref else "")
            yield Thing(
                "Azure::Pipelines::Repository",
                name.text(),
                name.text(),
                places.head(ref or name),
                {"pin": pin, "looked_at": "no"},
            )
    containers = root.get("resources", "containers")
    for one in containers.items() if containers else ():
        yield from _images("resources", one, places)


def _images(key: str, owner: Node | None, places: Places) -> Iterator[Thing]:
    node = owner.get("image") if owner else None
    if node is not None and node.text():
        yield image("Azure::Pipelines::Image", key, node.text(), places.head(node))


def _git_pin(ref: str) -> str:
    if ref.startswith("refs/tags/"):
        return "tag"
    if ref.startswith("refs/heads/"):
        return "branch"
    return ref_pin(ref)


def _of_step(key: str, node: Node, places: Places) -> Iterator[Thing]:
    keeps = node.get("persistCredentials")
    if node.get("checkout") is not None and keeps is not None and keeps.text() == "true":
        yield Thing(
            "Azure::Pipelines::Checkout", f"{key}.checkout", node.text() or "checkout", places.head(keeps),
            {"keeps_token": "yes", "uploads": False},
        )  # fmt: skip
    for name in (*_SCRIPTS, "inlineScript"):
        script = node.get(name)
        if script is None or not isinstance(script.value, str):
            continue
        for number, line in enumerate(script.value.splitlines()):
            if _SET_SECRET.search(line):
                yield Thing(
                    "Azure::Pipelines::SecretVariable", f"{key}.setvariable", "task.setvariable",
                    places.line(script, number), {"from_script": True},
                )  # fmt: skip
        if name == "inlineScript":
            continue
        for command in commands(script.value):
            if cloud := login_cloud(command.words):
                words = " ".join(command.words[:3])
                yield Thing(
                    "Azure::Pipelines::CloudKey", f"{key}.{words}", command.words[0],
                    places.line(script, command.line), {"cloud": cloud},
                )  # fmt: skip


def written(root: Node) -> Iterator[tuple[str, Node, str]]:
    """Variables that stand in the file."""
    for node in root.walk():
        yield from variables(node.get("variables"))
        yield from variables(node.get("env"))
