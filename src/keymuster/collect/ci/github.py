"""What a workflow or an action of GitHub holds, as objects with plain settings for policies: triggers,
tokens, steps, images, secrets, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from keymuster.collect.ci import conditions, matrices
from keymuster.collect.ci.commands import commands, environment_writes, is_public, registry
from keymuster.collect.ci.common import login_cloud
from keymuster.collect.ci.contexts import WORDS, Control
from keymuster.collect.ci.expressions import (
    ANY,
    Call,
    Expression,
    contexts,
    every,
    flows,
    path,
    spans,
    texts,
    whole,
)
from keymuster.collect.ci.injections import expansions
from keymuster.collect.ci.known_actions import (
    APP_TOKEN_ACTIONS,
    ARCHIVED,
    CACHES,
    COMPROMISED,
    PUBLISHING_ACTIONS,
    READ_ONLY_ACTIONS,
    SIGN_IN_ACTIONS,
    STATIC_KEY_INPUTS,
    STATIC_KEY_VARIABLES,
    WELL_KNOWN_OWNERS,
)
from keymuster.collect.ci.references import FIRST_PARTY, Uses, image_pin
from keymuster.collect.ci.things import Thing
from keymuster.collect.ci.workflows import OUTSIDE, PRIVILEGED, Job, Step, Workflow
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
        steps = list(workflow.every_step())
        settings = {
            "event": event,
            "privileged": event in PRIVILEGED and _names_what_it_needs(event, node),
            "only_read_only_steps": bool(steps)
            and all(one.uses is not None and one.uses.is_one(*READ_ONLY_ACTIONS) for one in steps)
            and all(job.uses is None for job in workflow.jobs),
        }
        where = workflow.places.from_to(on, place) if on is not None else place
        yield Thing("GitHub::Actions::Trigger", event, event, where, settings)


def _names_what_it_needs(event: str, node: Node) -> bool:
    """GitHub does not take a `workflow_run` without the names of workflows."""
    return event != "workflow_run" or node.get("workflows") is not None


def _jobs(workflow: Workflow) -> Iterator[Thing]:
    for job in workflow.jobs:
        node = job.permissions
        settings = {
            "token": "default" if node is None else "declared",
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
            yield Thing("GitHub::Actions::SecretsInherit", job.id, job.id, where, {"local": local})


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
            },
        )  # fmt: skip


def _signs_in(workflow: Workflow, job: Job | None) -> bool:
    """Whether something may ask for proof of who the job is."""
    for one in [job] if job else workflow.jobs:
        if one.uses is not None:
            return True
        for step in one.steps:
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


def _steps(workflow: Workflow) -> Iterator[Thing]:
    publishing = _publishes(workflow)
    for step, key in _keyed(workflow):
        uses = step.uses
        if uses is not None and uses.kind in ("action", "workflow"):
            node = step.node.get("uses")
            assert node is not None
            yield _reference(workflow, uses, node, key, step.job)
            place = workflow.places.head(node)
            if uses.is_one("actions/checkout"):
                yield Thing(
                    "GitHub::Actions::Checkout", key, uses.text, place, _checkout(step, workflow)
                )
            if uses.is_one(*APP_TOKEN_ACTIONS):
                for fault, at in _faults_of_app_token(step, node):
                    where = workflow.places.from_to(node, workflow.places.head(at))
                    settings = {"fault": fault}
                    yield Thing(
                        "GitHub::Actions::AppToken", f"{key}.{fault}", uses.text, where, settings
                    )
            if (uses.action.lower() in CACHES) and publishing(step.job):
                yield Thing(
                    "GitHub::Actions::Cache", key, uses.text, place,
                    {"restores": _restores_cache(step), "publishes": True},
                )  # fmt: skip
        elif uses is not None and uses.kind == "local" and uses.action != _plain(uses.action):
            node = step.node.get("uses")
            assert node is not None
            yield _reference(workflow, uses, node, key, step.job)
    for job in workflow.jobs:
        if job.uses is not None and job.uses.kind == "workflow":
            node = job.node.get("uses")
            assert node is not None
            yield _reference(workflow, job.uses, node, job.id, job)


def _plain(action: str) -> str:
    from keymuster.collect.ci.references import tidy

    start = action[:2] if action[:2] in ("./", "$/") else ""
    return start + tidy(action[len(start) :]) if start else action


def _keyed(workflow: Workflow) -> Iterator[tuple[Step, str]]:
    for step in workflow.every_step():
        yield step, f"{step.job.id}.{step.key}" if step.job else step.key


def _reference(workflow: Workflow, uses: Uses, node: Node, key: str, job: Job | None) -> Thing:
    written = uses.text.partition("@")[0]
    settings = {
        "action": uses.action,
        "kind": uses.kind,
        "ref": uses.ref,
        "pin": uses.pin,
        "first_party": uses.owner in FIRST_PARTY,
        "sees_secrets": job is not None and job.sees_secrets,
        "archived": uses.action.lower() in ARCHIVED or uses.repository in ARCHIVED,
        "compromised": COMPROMISED.get(uses.repository, ""),
        "looks_like": _looks_like(uses.owner),
        "has_detours": uses.kind != "image" and written != _plain(written)
        if uses.kind == "local"
        else written != uses.action,
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


def _checkout(step: Step, workflow: Workflow) -> dict[str, Any]:
    """`keeps_token` is `yes`, `no`, or `maybe` where an expression decides."""
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
    return {
        "keeps_token": answer,
        "explicitly": keeps is not None,
        "uploads": _uploads(step),
        "untrusted": _is_untrusted(step),
        "privileged": workflow.has(*PRIVILEGED, "issue_comment"),
        "reaches_secrets": step.job is not None and (step.job.sees_secrets or _writes(step.job)),
        "repository": (step.given("repository") or step.node.holding("")).text(),
    }


def _writes(job: Job) -> bool:
    node = job.permissions
    if node is None:
        return True
    return any(
        one.text().startswith("write") for one in [node, *(one for _, one in node.entries())]
    )


def _uploads(step: Step) -> bool:
    """Whether a later step of the same job hands out files."""
    steps = step.job.steps if step.job else []
    later = steps[steps.index(step) + 1 :] if step in steps else []
    return any(
        one.uses is not None
        and one.uses.is_one("actions/upload-artifact", "actions/upload-pages-artifact")
        for one in later
    )


def _is_untrusted(step: Step) -> bool:
    """Whether the code that is checked out is that of a pull request or of another's branch."""
    for name in ("ref", "repository"):
        node = step.given(name)
        for span in spans(node.text()) if node else ():
            if span.expression is None:
                continue
            for where in contexts(span.expression):
                if where == ("github", "head_ref"):
                    return True
                if where[:2] == ("github", "event") and (
                    "head" in where
                    or where[-1] in ("head_sha", "head_branch", "merge_commit_sha")
                    or (where[-1] == "number" and "refs/pull" in (node.text() if node else ""))
                ):
                    return True
    return False


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


def _publishes(workflow: Workflow) -> Callable[[Job | None], bool]:
    """Whether what a job makes is published: by what starts it, or by what it does."""
    started = "release" in workflow.triggers
    push = workflow.triggers.get("push")
    if push is not None:
        tags, branches = push.get("tags"), push.get("branches")
        started |= tags is not None and bool(tags.items())
        started |= any("release" in one.text() for one in (branches.items() if branches else []))
    known: dict[str, bool] = {}

    def answer(job: Job | None) -> bool:
        if job is None:
            return False
        if started:
            return True
        if job.id not in known:
            known[job.id] = any(map(_is_publishing, job.steps)) and not any(
                map(_downloads, job.steps)
            )
        return known[job.id]

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
    return any(answers) if answers else cache.by_itself


def _runners(workflow: Workflow) -> Iterator[Thing]:
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


def _images(workflow: Workflow) -> Iterator[Thing]:
    for job in workflow.jobs:
        container = job.node.get("container")
        services = job.node.get("services")
        if container is not None:
            yield from _of_container(workflow, job, f"{job.id}.container", container)
        for name, service in services.entries() if services else ():
            yield from _of_container(workflow, job, f"{job.id}.services.{name}", service)
    for step, key in _keyed(workflow):
        node = step.node.get("uses")
        if node is not None and step.uses is not None and step.uses.kind == "image":
            yield _image(workflow, step.job, key, node, step.uses.action)


def _of_container(workflow: Workflow, job: Job, key: str, node: Node) -> Iterator[Thing]:
    image = node if isinstance(node.value, str) else node.get("image")
    if image is not None and image.text():
        yield _image(workflow, job, key, image, image.text())


def _image(workflow: Workflow, job: Job | None, key: str, node: Node, text: str) -> Thing:
    """`pin` is the loosest of all images that it may be; `unknown` if something else decides."""
    values = _possible(text, job)
    if values is None:
        pin = "undecided"
    else:
        pins = [image_pin(one) for one in values if one]
        pin = next((one for one in ("none", "tag") if one in pins), "hash")
    settings = {"pin": pin, "sees_secrets": job is not None and job.sees_secrets}
    return Thing("GitHub::Actions::Image", key, text, workflow.places.head(node), settings)


def _code(workflow: Workflow) -> Iterator[Thing]:
    for one in expansions(workflow):
        if one.control is Control.NOBODY:
            continue
        job = f"{one.step.job.id}." if one.step.job else ""
        settings = {"controlled_by": WORDS[one.control], "certainly_code": one.certain}
        key = f"{job}{one.step.key}.{one.text}"
        yield Thing("GitHub::Actions::Expansion", key, one.text, one.location, settings)


def _environment_files(workflow: Workflow) -> Iterator[Thing]:
    for step, key in _keyed(workflow):
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
    owners += [(key, step.node) for step, key in _keyed(workflow)]
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


def _secrets(workflow: Workflow) -> Iterator[Thing]:
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


def _publishing(workflow: Workflow) -> Iterator[Thing]:
    for step, key in _keyed(workflow):
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
}
"""Publishing actions and the inputs that make them use a stored token; `!` if it is by being false."""


def _refuses_trust(step: Step, inputs: tuple[str, ...]) -> bool:
    for name in ("repository-url", "registry", "gem-server"):
        node = step.given(name)
        if node is not None and not any(
            host in node.text() for host in ("pypi.org", "npmjs.org", "rubygems.org", "crates.io")
        ):
            return False
    for name in inputs:
        node = step.given(name.removeprefix("!"))
        if node is not None and (
            node.text() == "false" if name.startswith("!") else bool(node.text())
        ):
            return True
    return False


def _static_keys(workflow: Workflow) -> Iterator[Thing]:
    for step, key in _keyed(workflow):
        known = STATIC_KEY_INPUTS.get(step.uses.action.lower(), {}) if step.uses else {}
        for name, cloud in known.items():
            node = step.given(name)
            if node is not None and node.text() and not _is_for_a_moment(node.text()):
                yield Thing(
                    "GitHub::Actions::CloudKey", f"{key}.{name}", cloud,
                    workflow.places.head(node), {"cloud": cloud},
                )  # fmt: skip
    owners = [("", workflow.root), *((job.id, job.node) for job in workflow.jobs)]
    owners += [(key, step.node) for step, key in _keyed(workflow)]
    for key, owner in owners:
        env = owner.get("env")
        for name, node in env.entries() if env else ():
            if name in STATIC_KEY_VARIABLES and node.text() and not _is_for_a_moment(node.text()):
                cloud = STATIC_KEY_VARIABLES[name]
                yield Thing(
                    "GitHub::Actions::CloudKey", f"{key}.env.{name}", cloud,
                    workflow.places.head(node), {"cloud": cloud},
                )  # fmt: skip


def _logins_in_scripts(workflow: Workflow) -> Iterator[Thing]:
    for step, key in _keyed(workflow):
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


def _conditions(workflow: Workflow) -> Iterator[Thing]:
    owners = [(job.id, job.node) for job in workflow.jobs]
    owners += [(key, step.node) for step, key in _keyed(workflow)]
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
    _triggers, _jobs, _permissions, _steps, _runners, _images, _code, _environment_files,
    _environments, _secrets, _publishing, _static_keys, _logins_in_scripts, _conditions,
)  # fmt: skip
