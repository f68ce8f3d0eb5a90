"""Modules of the public registry: their files are not in the repository, but what they make of their
inputs is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keymuster import regex
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.modules import BLOCKS
from keymuster.collect.terraform.values import is_made, unknown_at
from keymuster.rules.schema import TerraformObject

_REPOSITORY = regex.later(
    r"(?:git::)?(?:https://|ssh://|git@)?(?:[^/@]{1,100}@)?github\.com[/:](?P<owner>[\w-]{1,60})/terraform-"
    r"(?P<provider>[a-z0-9]{1,30})-(?P<name>[\w-]{1,80}?)(?:\.git)?(?P<inside>//[\w./-]{1,200})?(?:\?.*)?"
)


def address(source: str) -> str:
    """What the public registry calls the module that a call names, by its own name or its repository."""
    found = _REPOSITORY.fullmatch(source)
    if found is None:
        return source
    inside = found["inside"] or ""
    return f"{found['owner']}/{found['name']}/{found['provider']}{inside}"


def resources(known: list[TerraformObject], given: Node) -> Iterator[tuple[str, Node]]:
    """(type, settings) of each resource that a module makes of what it is given."""
    for one in known:
        if one.needs and not any(_is_on(given, name) for name in one.needs):
            continue
        if any(_is_off(given, name) for name in one.switches):
            continue
        yield one.resource, _settings(one, given)


_IAM = "terraform-aws-modules/iam/aws//modules/"
_GITHUB = "token.actions.githubusercontent.com"


def makes_role(source: str) -> bool:
    """Whether the module of this address makes a role for those whom it is told to trust."""
    return source in _ROLES


def roles(source: str, given: Node) -> Iterator[tuple[str, Node]]:
    """(type, settings), in the words of CloudFormation, of the role that a module makes for those whom it
    is told to trust. What it is given must be settled."""
    make = _ROLES.get(source)
    if make is None or _is_off(given, "create_role") or _is_off(given, "create"):
        return
    statements = list(make(given))
    if not statements:
        return
    settings: dict[str, Any] = {"AssumeRolePolicyDocument": {"Statement": statements}}
    if (name := given.get("role_name") or given.get("name")) is not None:
        settings["RoleName"] = name
    attached = [node for key in _ATTACHED for node in _items(given.get(key))]
    if _is_on(given, "attach_admin_policy"):
        attached.append(given.holding("arn:aws:iam::aws:policy/AdministratorAccess"))
    if attached:
        settings["ManagedPolicyArns"] = attached
    yield "AWS::IAM::Role", given.made(settings)


_ATTACHED = ("custom_role_policy_arns", "role_policy_arns", "policies")


def _for_those_named(given: Node) -> Iterator[dict[str, Any]]:
    """`iam-assumable-role`: other identities, with a second factor unless it is told not to ask for one,
    and services."""
    who = _items(given.get("trusted_role_arns"))
    if who:
        statement: dict[str, Any] = {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": who},
        }  # fmt: skip
        conditions: dict[str, Any] = {}
        if not _is_off(given, "role_requires_mfa"):
            conditions["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
        if ids := _items(given.get("role_sts_externalid")):
            conditions["StringEquals"] = {"sts:ExternalId": ids}
        if conditions:
            statement["Condition"] = conditions
        yield statement
    if services := _items(given.get("trusted_role_services")):
        yield {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services}}


def _for_github(given: Node) -> Iterator[dict[str, Any]]:
    """`iam-github-oidc-role`: workflows, by subjects that may leave out how they begin."""
    subjects = [
        one.holding("repo:" + one.text().removeprefix("repo:"))
        for one in _items(given.get("subjects"))
        if one.text()
    ]
    audience = _items(given.get("audience")) or [given.holding("sts.amazonaws.com")]
    yield _by_token(
        _GITHUB,
        {"StringEquals": {f"{_GITHUB}:aud": audience}, "StringLike": {f"{_GITHUB}:sub": subjects}},
    )


def _for_tokens(given: Node) -> Iterator[dict[str, Any]]:
    """`iam-assumable-role-with-oidc`: holders of tokens of any issuer."""
    urls = [*_items(given.get("provider_url")), *_items(given.get("provider_urls"))]
    for url in urls:
        issuer = url.text().removeprefix("https://")
        conditions: dict[str, Any] = {}
        if exact := _items(given.get("oidc_fully_qualified_subjects")):
            conditions.setdefault("StringEquals", {})[f"{issuer}:sub"] = exact
        if alike := _items(given.get("oidc_subjects_with_wildcards")):
            conditions["StringLike"] = {f"{issuer}:sub": alike}
        if audiences := _items(given.get("oidc_fully_qualified_audiences")):
            conditions.setdefault("StringEquals", {})[f"{issuer}:aud"] = audiences
        yield _by_token(issuer, conditions)


def _by_token(issuer: str, conditions: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::${AWS::AccountId}:oidc-provider/" + issuer},
    }
    return {**statement, "Condition": conditions} if conditions else statement


_ROLES: dict[str, Callable[[Node], Iterator[dict[str, Any]]]] = {
    f"{_IAM}iam-assumable-role": _for_those_named,
    f"{_IAM}iam-github-oidc-role": _for_github,
    f"{_IAM}iam-assumable-role-with-oidc": _for_tokens,
}


def _items(node: Node | None) -> list[Node]:
    """The entries of a list or map, or the one thing that is given instead."""
    if node is None or node.value is None:
        return []
    if isinstance(node.value, dict):
        return list(node.value.values())
    return node.items()


def _settings(one: TerraformObject, given: Node) -> Node:
    made: dict[str, Node] = {}
    for name, path in one.names.items():
        value = given.get(name)
        if value is not None and not _is_empty(value):
            _put(made, path, value)
    for name, switch in one.decides.items():
        if name not in made and (not switch or _is_on(given, switch)):
            made[name] = unknown_at(given, "${module." + name + "}")
    return given.holding(made)


def _put(entries: dict[str, Node], path: str, value: Node) -> None:
    """An attribute, or one of a block: `environment.variables`."""
    block, _, name = path.rpartition(".")
    if block:
        if block not in entries:
            entries[block] = value.holding([value.holding({})])
            entries[block].tag = BLOCKS
        inner = entries[block].items()[0].value
        assert isinstance(inner, dict)
        entries = inner
    entries.setdefault(name, value)


def _is_on(given: Node, name: str) -> bool:
    value = given.get(name)
    return value is not None and not _is_empty(value) and value.value is not False


def _is_off(given: Node, name: str) -> bool:
    value = given.get(name)
    return value is not None and value.value is False


def _is_empty(value: Node) -> bool:
    return value.value is None and not is_made(value)
