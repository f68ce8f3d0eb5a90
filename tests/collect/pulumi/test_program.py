"""Expressions of Pulumi in YAML."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from keymuster.collect.pulumi.program import Program, secrets
from keymuster.collect.syntax.node import File, Node
from keymuster.collect.syntax.yaml import parse
from keymuster.collect.terraform.values import settled


def _document(text: str) -> Node:
    return parse(textwrap.dedent(text), File(path="Pulumi.yaml"))[0]


def _value(expression: str, before: str = "") -> Any:
    """What an expression of a property is worth."""
    head = textwrap.dedent(before)
    document = _document(
        f"{head}\nresources:\n  role: {{type: 'aws:iam:Role'}}\n  my_role: {{type: 'aws:iam:Role'}}\n"
        f"  st: {{type: 'azure-native:storage:StorageAccount'}}\n"
        f"  x:\n    type: a:b:C\n    properties:\n      v: {expression}\n"
    )
    program = Program(document)
    [made] = [settings for name, _, settings, _ in program.resources() if name == "x"]
    return settled(made, program.budget).plain()["v"]


_BEFORE = """
config:
  owner: {type: string, default: acme}
  size: {type: integer, default: 3}
  region: {type: string}
  fixed: {value: f}
variables:
  repo: repo:${owner}/app
  nested: {a: [{b: deep}]}
  ami: {'fn::invoke': {function: 'aws:ec2:getAmi', arguments: {owners: [x]}, return: id}}
  loop: ${loop}x
  one: ${other}
  other: ${one}
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("${owner}", "acme"),
        ("${size}", 3),
        ("${fixed}", "f"),
        ("${repo}:*", "repo:acme/app:*"),
        ("${nested.a[0].b}", "deep"),
        ('\'${nested["a"][0]["b"]}\'', "deep"),
        ("$${aws:username}", "${aws:username}"),
        ("arn:aws:s3:::b/$${aws:username}/${owner}", "arn:aws:s3:::b/${aws:username}/acme"),
        ("{'fn::toJSON': {A: ['${owner}']}}", '{"A":["acme"]}'),
        ("{'fn::secret': abc}", "abc"),
        ("{'fn::join': ['-', [a, '${owner}']]}", "a-acme"),
        ("{'fn::select': [1, [a, b]]}", "b"),
        ("{'fn::split': [',', 'a,b']}", ["a", "b"]),
        ("{'fn::toBase64': hi}", "aGk="),
        ("{'fn::fromBase64': aGk=}", "hi"),
        ("{'Fn::Join': ['', [a, b]]}", "ab"),
    ],
)
def test_what_can_be_known_is(expression: str, expected: object) -> None:
    assert _value(expression, _BEFORE) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("${role.arn}", "${role.arn}"),
        ("${role}", "${role.id}"),
        ("${role.assumeRolePolicy}", "${role.assume_role_policy}"),
        ("${my_role.arn}", "${[my_role].arn}"),
        ("${st.primaryEndpoints.blob}", "${st.primaryEndpoints.blob}"),
        ("arn:${role.name}/x", "arn:${role.name}/x"),
        ("${region}", "${config.region}"),
        ("${aws:region}", "${config.aws.region}"),
        ("${pulumi.stack}", "${pulumi.stack}"),
        ("${ami}", "${aws.ec2.getAmi.id}"),
        ("${nested.a[7]}", "${nested.a7}"),
        ("{'fn::readFile': ./x}", "${fn.readFile()}"),
        ("{'fn::join': ['-', '${region}']}", "${fn.join(config.region)}"),
        ("{'fn::select': [9, [a]]}", "${fn.select()}"),
        ("${}", "${expression}"),
        ("${one}", "${one}"),
    ],
)
def test_what_cannot_names_what_it_depends_on(expression: str, expected: object) -> None:
    assert _value(expression, _BEFORE) == expected


@pytest.mark.parametrize(
    "before",
    [
        """
        variables:
          p: {'fn::invoke': {function: 'aws:iam:getPolicyDocument', arguments: %s}}
        """,
        """
        variables:
          p: {'fn::aws:iam:getPolicyDocument': %s}
        """,
    ],
)
def test_a_policy_document_is_made_as_terraform_makes_it(before: str) -> None:
    arguments = """{statements: [{sid: S, actions: ['s3:*'], notResources: [x],
        principals: [{type: AWS, identifiers: ['*']}],
        conditions: [{test: StringLike, variable: 'a:B', values: [v]}]}]}""".replace("\n", " ")
    document = _document(
        (textwrap.dedent(before) % arguments)
        + "resources:\n  x:\n    type: a:b:C\n    properties: {v: '${p.json}'}\n"
    )
    [(_, _, settings, _)] = Program(document).resources()
    tree = settings.get("v")
    assert tree is not None
    assert tree.tree.plain() == {  # type: ignore[attr-defined]
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow", "Sid": "S", "Action": ["s3:*"], "NotResource": ["x"],
                "Principal": {"AWS": ["*"]}, "Condition": {"StringLike": {"a:B": ["v"]}},
            }
        ],
    }  # fmt: skip


def test_what_is_only_looked_up_is_not_declared() -> None:
    document = _document("resources:\n  a: {type: 'aws:iam:Role', get: {id: x}}\n")
    assert list(Program(document).resources()) == []


def test_variables_that_grow_are_bounded() -> None:
    grown = "".join(f"  v{n}: ${{v{n + 1}}}${{v{n + 1}}}\n" for n in range(50))
    before = f"variables:\n{grown}  v50: '{'x' * 1000}'\n"
    assert len(_value("${v0}", before)) < 2_000_000


def test_a_tower_of_calls_is_bounded() -> None:
    tower = "{'fn::secret': " * 90 + "x" + "}" * 90
    assert "${fn.secret}" in str(_value(tower))


def test_what_is_marked_as_secret_is_found_by_its_name() -> None:
    document = _document("""
        variables:
          apiKey: {'fn::secret': plain}
          listed: {'fn::secret': {a: 1}}
        resources:
          x: {type: 'a:b:C', properties: {deep: [{token: {'fn::secret': other}}]}}
        """)
    assert sorted((name, node.text()) for name, node in secrets(document)) == [
        ("apiKey", "plain"),
        ("token", "other"),
    ]
