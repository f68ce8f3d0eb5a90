"""Pipelines of GitLab CI: jobs, images, includes, variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster import regex
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
from keymuster.collect.ci.references import ref_pin
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import Node
from keymuster.model import FileLocation

PROVIDER = "gitlab"

KEYWORDS = {
    "image", "services", "stages", "types", "before_script", "after_script", "variables", "cache",
    "include", "default", "workflow", "spec", "pages:deploy",
}  # fmt: skip
"""Top-level keys that are no jobs."""

_SCRIPTS = ("before_script", "script", "after_script")
_VARIABLE = regex.later(r"\$\{?([A-Za-z_]\w{0,80})\}?")
_PREDEFINED = ("CI_", "GITLAB_")
_ROLE_NAMES = ("AWS_ROLE_ARN", "ROLE_ARN")


def jobs(root: Node) -> Iterator[tuple[str, Node]]:
    """The jobs, and what others extend."""
    for name, node in root.entries():
        if name in KEYWORDS or not isinstance(node.value, dict):
            continue
        if name.startswith(".") or any(
            node.get(key) is not None for key in ("script", "extends", "trigger", "run", "stage")
        ):
            yield name, node


def pipelines(root: Node, scope: Callable[[Node], str], places: Places) -> Iterator[Pipeline]:
    """The jobs of a pipeline that is put together; `scope` names the file that a job stands in."""
    shared = {name for name, _, _ in variables(root.get("variables"))}
    for name, node in jobs(root):
        if name.startswith("."):
            continue
        own = {one for one, _, _ in variables(node.get("variables"))}
        secrets: dict[str, FileLocation] = {}
        for one in node.walk():
            for found in _VARIABLE.findall(one.text()):
                if SECRET_NAME.fullmatch(found) and found not in own | shared:
                    secrets.setdefault(found, places.head(one))
        kept = node.get("secrets")
        for found, one in kept.entries() if kept else ():
            secrets[found] = places.head(one)
        yield Pipeline(
            id=f"{scope(node)}:{name}",
            provider=PROVIDER,
            name=name,
            location=places.head(node),
            secrets=tuple(
                (one, at) for one, at in secrets.items() if not one.startswith(_PREDEFINED)
            ),
            identities=tuple(_identities(root, node, places)),
            tags=_environment(node),
        )


def _environment(node: Node) -> dict[str, str]:
    """Where it deploys to, if no variable decides that."""
    found = node.get("environment")
    text = (found.text() or found.text("name")) if found is not None else ""
    return {"environment": text} if text and "$" not in text else {}


def _identities(root: Node, node: Node, places: Places) -> Iterator[tuple[str, FileLocation]]:
    """The roles of AWS it becomes: by name in its variables, or in a script."""
    for owner in (node, root):
        for name, one, value in variables(owner.get("variables")):
            if name in _ROLE_NAMES and value:
                yield aws_role(_unknown(value)), places.head(one)
    for script, place in _commands(node, places):
        for at, word in enumerate(script[:-1]):
            if word == "--role-arn":
                yield aws_role(_unknown(script[at + 1])), place


def _unknown(text: str) -> str:
    return _VARIABLE.sub(lambda found: "${" + found[1] + "}", text)


def things(root: Node, places: Places) -> Iterator[Thing]:
    yield from _includes(root, places)
    owners = [("", root), *jobs(root)]
    default = root.get("default")
    if default is not None:
        owners.append(("default", default))
    for name, node in owners:
        yield from _images(name, node, places)
        given = list(variables(node.get("variables")))
        yield from cloud_keys("GitLab::CI::CloudKey", name, given, places)
        for key, one, value in given:
            if key in ("CI_DEBUG_TRACE", "CI_DEBUG_SERVICES") and value.lower() in ("true", "1"):
                yield Thing(
                    "GitLab::CI::DebugOutput", f"{name}.{key}", key, places.head(one), {"on": True}
                )
        for words, place in _commands(node, places):
            if cloud := login_cloud(words):
                key = f"{name}.{' '.join(words[:3])}"
                yield Thing("GitLab::CI::CloudKey", key, words[0], place, {"cloud": cloud})
        tokens = node.get("id_tokens")
        for token, one in tokens.entries() if tokens else ():
            audience = one.get("aud")
            settings = {"audience": [item.text() for item in audience.items()] if audience else []}
            yield Thing("GitLab::CI::IdToken", f"{name}.{token}", token, places.head(one), settings)


def _commands(node: Node, places: Places) -> Iterator[tuple[tuple[str, ...], FileLocation]]:
    for key in _SCRIPTS:
        script = node.get(key)
        for item in script.items() if script else ():
            for line in item.items():
                for command in commands(line.text()):
                    yield command.words, places.line(line, command.line)


def _images(name: str, node: Node, places: Places) -> Iterator[Thing]:
    services = node.get("services")
    for key, one in [("image", node.get("image"))] + [
        ("services", item) for item in (services.items() if services else [])
    ]:
        named = one.get("name") if one is not None and isinstance(one.value, dict) else one
        text = named.text() if named is not None else ""
        if named is None or not text or text.startswith(_OWN_IMAGES):
            continue
        yield image("GitLab::CI::Image", f"{name}.{key}", text, places.head(named))


_OWN_IMAGES = ("$CI_REGISTRY_IMAGE", "${CI_REGISTRY_IMAGE")
"""Images that the project builds itself."""


def _includes(root: Node, places: Places) -> Iterator[Thing]:
    """What others keep: files of other projects, of other servers, components."""
    for kind, name, one in included(root):
        if kind == "local":
            continue
        node = one.get(kind) or one
        if kind == "template":
            pin = "server"
        elif kind == "remote":
            pin = "hash" if one.get("integrity") is not None else "none"
        elif kind == "component":
            pin = ref_pin(name.rpartition("@")[2] if "@" in name else "")
        else:
            ref = one.get("ref")
            pin = ref_pin(ref.text() if ref else "")
        cleartext = name.startswith("http://")
        settings = {"kind": kind, "pin": pin, "cleartext": cleartext, "looked_at": "no"}
        yield Thing("GitLab::CI::Include", name, name, places.head(node), settings)


_FOREIGN = ("remote", "project", "template", "component")


def included(root: Node) -> Iterator[tuple[str, str, Node]]:
    """(kind, name, entry) of everything that a file includes. The kind of what lies in the repository is
    `local`."""
    given = root.get("include")
    for one in given.items() if given else ():
        text = one.text()
        kind = next((key for key in ("local", *_FOREIGN) if one.get(key) is not None), "")
        if text:
            kind = "remote" if text.startswith(("http://", "https://")) else "local"
        if kind:
            yield kind, (one.get(kind) or one).text(), one


def written(root: Node) -> Iterator[tuple[str, Node, str]]:
    """Variables that stand in the file."""
    for _, node in [("", root), *jobs(root)]:
        yield from variables(node.get("variables"))
