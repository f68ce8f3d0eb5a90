"""What the jobs of a workflow sign in and publish with: secrets, keys that last, tokens of registries."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.ci.commands import commands, is_public, registry
from keymuster.collect.ci.common import login_cloud
from keymuster.collect.ci.expressions import (
    ANY,
    Call,
    Expression,
    contexts,
    every,
    spans,
)
from keymuster.collect.ci.known_actions import (
    STATIC_KEY_INPUTS,
    STATIC_KEY_VARIABLES,
)
from keymuster.collect.ci.things import Thing
from keymuster.collect.ci.workflows import Step, Workflow
from keymuster.collect.syntax.node import Node


def secrets(workflow: Workflow) -> Iterator[Thing]:
    """Where secrets are handed to something: each name once in a job, but every odd use."""
    shared = workflow.root.get("env")
    safe = bool(workflow.jobs) and all(job.environment for job in workflow.jobs)
    if shared is not None:
        yield from _of_secrets(workflow, shared, "", has_environment=safe)
    for job in workflow.jobs:
        has_environment = bool(job.environment) or job.uses is not None
        yield from _of_secrets(workflow, job.node, job.id, has_environment=has_environment)


def _of_secrets(
    workflow: Workflow, owner: Node, key: str, *, has_environment: bool
) -> Iterator[Thing]:
    named: set[str] = set()
    for one in workflow.expressions(owner):
        for name, how in _uses_of_secrets(one.expression):
            if how == "named" and (name in named or name == "GITHUB_TOKEN"):
                continue
            named.add(name)
            yield Thing(
                "GitHub::Actions::SecretReference", f"{key}.{name}.{how}", name,
                workflow.places.expression(one.node, one.index),
                {"how": how, "has_environment": has_environment},
            )  # fmt: skip


def _uses_of_secrets(expression: Expression) -> Iterator[tuple[str, str]]:
    """(name, how): `named`, `all`, `computed` where its name is, `parsed` where a part is taken."""
    parsed: set[str] = set()
    for one in every(expression):
        if isinstance(one, Call) and one.name.lower() == "fromjson":
            for where in (p for argument in one.arguments for p in contexts(argument)):
                if where[0] == "secrets" and where[1:] and where[1] != ANY:
                    parsed.add(where[1].upper())
                    yield where[1].upper(), "parsed"
    for where in contexts(expression):
        if where[0] != "secrets":
            continue
        if len(where) == 1:
            yield "*", "all"
        elif where[1] == ANY:
            yield "*", "computed"
        else:
            yield where[1].upper(), "named"


def publishing(workflow: Workflow) -> Iterator[Thing]:
    for step, key in workflow.keyed_steps():
        trusted = step.job is None or step.job.may("id-token")
        if step.run is not None and isinstance(step.run.value, str):
            for command in commands(step.run.value):
                name = registry(command.words)
                if name and not _set_elsewhere(step, name):
                    yield Thing(
                        "GitHub::Actions::Publishing", f"{key}.{name}", name,
                        workflow.places.line(step.run, command.line), {"trusted": trusted},
                    )  # fmt: skip
        for action, inputs in _PUBLISHING_SECRETS.items():
            if step.uses is not None and step.uses.is_one(action) and _refuses_trust(step, inputs):
                node = step.node.get("uses")
                assert node is not None
                yield Thing(
                    "GitHub::Actions::Publishing", f"{key}.{action}", action,
                    workflow.places.head(node), {"trusted": False},
                )  # fmt: skip


def _set_elsewhere(step: Step, name: str) -> bool:
    """Whether variables, or a step before, name another registry."""
    owners = [step.node, *([step.job.node, step.job.workflow.root] if step.job else [])]
    given = [owner.get("env", one) for owner in owners for one in _REGISTRY_VARIABLES]
    if name == "npm" and step.job is not None:
        setups = (
            one for one in step.job.steps if one.uses and one.uses.is_one("actions/setup-node")
        )
        given += [one.given("registry-url") for one in setups]
    return any(one is not None and one.text() and not is_public(one.text()) for one in given)


_REGISTRY_VARIABLES = (
    "TWINE_REPOSITORY_URL", "UV_PUBLISH_URL", "NPM_CONFIG_REGISTRY", "npm_config_registry",
    "HATCH_INDEX_REPO", "PDM_PUBLISH_REPO", "CARGO_REGISTRY_DEFAULT", "RUBYGEMS_HOST",
)  # fmt: skip


_PUBLISHING_SECRETS: dict[str, tuple[str, ...]] = {
    "pypa/gh-action-pypi-publish": ("password",),
    "js-devtools/npm-publish": ("token",),
    "rubygems/configure-rubygems-credentials": ("api-token",),
    "rubygems/release-gem": ("!setup-trusted-publisher",),
    "katyo/publish-crates": ("registry-token",),
    "jrubics/poetry-publish": ("pypi_token",),
    "nuget/setup-nuget": ("nuget-api-key",),
    "code-specialist/pypi-poetry-publish": ("access_token",),
    "actions/setup-node": ("always-auth",),
}
"""Publishing actions and the inputs that make them use a stored token; `!` if it is by being false."""


_PUBLIC = regex.later(r"(?:\b|\.)(?:(?:pypi|npmjs|rubygems)\.org|crates\.io)\b")
"""Hosts of the public registries, which know trusted publishing."""


def _refuses_trust(step: Step, inputs: tuple[str, ...]) -> bool:
    for name in ("repository-url", "registry", "gem-server", "registry-url"):
        node = step.given(name)
        if node is not None and not _PUBLIC.search(node.text()):
            return False
    if "always-auth" in inputs:
        always = step.given("always-auth")
        is_on = always is not None and always.text().lower() == "true"
        return is_on and step.given("registry-url") is not None
    for name in inputs:
        node = step.given(name.removeprefix("!"))
        if node is not None and (
            node.text() == "false" if name.startswith("!") else bool(node.text())
        ):
            return True
    return False


def static_keys(workflow: Workflow) -> Iterator[Thing]:
    for step, key in workflow.keyed_steps():
        known = STATIC_KEY_INPUTS.get(step.uses.action.lower(), {}) if step.uses else {}
        for name, cloud in known.items():
            node = step.given(name)
            if node is not None and node.text() and not _is_for_a_moment(node.text()):
                yield Thing(
                    "GitHub::Actions::CloudKey", f"{key}.{name}", cloud,
                    workflow.places.head(node), {"cloud": cloud},
                )  # fmt: skip
    owners = [("", workflow.root), *((job.id, job.node) for job in workflow.jobs)]
    owners += [(key, step.node) for step, key in workflow.keyed_steps()]
    for key, owner in owners:
        env = owner.get("env")
        for name, node in env.entries() if env else ():
            if name in STATIC_KEY_VARIABLES and node.text() and not _is_for_a_moment(node.text()):
                cloud = STATIC_KEY_VARIABLES[name]
                yield Thing(
                    "GitHub::Actions::CloudKey", f"{key}.env.{name}", cloud,
                    workflow.places.head(node), {"cloud": cloud},
                )  # fmt: skip


def logins_in_scripts(workflow: Workflow) -> Iterator[Thing]:
    for step, key in workflow.keyed_steps():
        if step.run is None or not isinstance(step.run.value, str):
            continue
        for command in commands(step.run.value):
            if cloud := login_cloud(command.words):
                place = workflow.places.line(step.run, command.line)
                words = " ".join(command.words[:3])
                settings = {"cloud": cloud}
                yield Thing("GitHub::Actions::CloudKey", f"{key}.{words}", words, place, settings)


def _is_for_a_moment(text: str) -> bool:
    """Whether a value comes from an earlier step, which got it for this run."""
    found = list(spans(text))
    return bool(found) and all(
        one.expression is not None
        and all(where[0] in ("steps", "needs", "env") for where in contexts(one.expression))
        for one in found
    )
