"""Services of the Serverless Framework."""

from __future__ import annotations

from textwrap import dedent
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.json import encode

from keymuster.collect.base import Blob
from keymuster.collect.readers.serverless import Serverless
from keymuster.collect.syntax.node import Broken
from keymuster.model import Credential, Grant, Identity, Resource, Storage, Use
from keymuster.rules.schema import RuleSet
from scans import context

T = TypeVar("T")
ROLE = "serverless:serverless.yml:IamRoleLambdaExecution"


class Read:
    def __init__(self, reader: Serverless) -> None:
        self._reader = reader

    def __call__(self, text: str, path: str = "serverless.yml") -> list[Any]:
        blob = Blob(path=path, data=dedent(text).encode(), storage=Storage.TREE)
        assert self._reader.reads(path)
        return list(self._reader.read(blob))

    def only(self, kind: type[T], text: str) -> list[T]:
        return [one for one in self(text) if isinstance(one, kind)]


@pytest.fixture(scope="module")
def read(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Read:
    return Read(Serverless(context(rules, tmp_path_factory.mktemp("tree"))))


def service(provider: str = "", functions: str = "", rest: str = "") -> str:
    def block(text: str) -> str:
        return "".join(f"  {line}\n" for line in dedent(text).strip().splitlines())

    made = f"service: api\nprovider:\n  name: aws\n{block(provider)}"
    made += f"functions:\n{block(functions)}" if functions else ""
    return made + dedent(rest)


@pytest.mark.parametrize(
    "text",
    ["service: a\nprovider:\n  name: google\n", "provider:\n  name: aws\nregions: 1\n", "service: aws\n"],
)  # fmt: skip
def test_what_is_no_service_on_aws_is_left_alone(text: str, read: Read) -> None:
    assert read(text, "a.yml") == []


def test_a_broken_service_says_where(read: Read) -> None:
    with pytest.raises(Broken) as raised:
        read("service: a\nprovider:\n  name: aws\n - x\n")
    assert raised.value.line == 4


@pytest.mark.parametrize(
    "provider",
    ["iamRoleStatements:\n  - {Effect: Allow, Action: 's3:*', Resource: '*'}",
     "iam:\n  role:\n    statements:\n      - {Effect: Allow, Action: 's3:*', Resource: '*'}"],
)  # fmt: skip
def test_all_functions_have_what_the_service_is_allowed(provider: str, read: Read) -> None:
    text = service(provider, "a: {handler: x}\nb-c: {handler: y}")
    [role] = read.only(Identity, text)
    [grant] = read.only(Grant, text)
    uses = read.only(Use, text)
    assert (role.id, grant.identity, grant.actions) == (ROLE, ROLE, ("s3:*",))
    assert {use.subject for use in uses} == {ROLE}
    assert [use.by.rpartition(":")[2] for use in uses] == [
        "ALambdaFunction",
        "BDashcLambdaFunction",
    ]


def test_a_function_may_name_its_own_role(read: Read) -> None:
    functions = """
        a: {handler: x, role: "arn:aws:iam::111122223333:role/a"}
        b: {handler: x, role: Declared}
        """
    subjects = [use.subject for use in read.only(Use, service("", functions))]
    assert subjects == ["aws:role/a", "serverless:serverless.yml:Declared"]


def test_statements_of_a_function_make_a_role_of_its_own(read: Read) -> None:
    functions = """
        a:
          handler: x
          iamRoleStatementsInherit: true
          iamRoleStatements:
            - {Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}
        """
    provider = "iamRoleStatements:\n  - {Effect: Allow, Action: 's3:GetObject', Resource: '*'}"
    text = service(provider, functions)
    [use] = read.only(Use, text)
    mine = [grant.actions for grant in read.only(Grant, text) if grant.identity == use.subject]
    assert mine == [("sqs:SendMessage",), ("s3:GetObject",)]


def test_variables_are_filled_in_as_far_as_the_file_tells(read: Read) -> None:
    provider = """
        stage: ${opt:stage, 'dev'}
        iamRoleStatements: ${self:custom.statements}
        """
    rest = """
        custom:
          table: ${self:provider.stage}-users-${env:SUFFIX}
          statements:
            - Effect: Allow
              Action: "dynamodb:GetItem"
              Resource: "arn:aws:dynamodb:*:${AWS::AccountId}:table/${self:custom.table}"
        """
    [grant] = read.only(Grant, service(provider, "a: {handler: x}", rest))
    assert grant.resources == (
        "arn:aws:dynamodb:*:${AWS::AccountId}:table/dev-users-${env.SUFFIX}",
    )


def test_variables_that_mean_each_other_are_unknown(read: Read) -> None:
    rest = "custom:\n  a: ${self:custom.b}\n  b: ${self:custom.a}\n"
    text = service("iamRoleStatements: ${self:custom.a}", "a: {handler: x}", rest)
    [grant] = read.only(Grant, text)
    assert grant.actions[0].startswith("${self.custom.")


def test_a_password_for_all_functions_is_a_secret_once(read: Read) -> None:
    given = "tr0ub" + "4dor"
    text = service(f"environment:\n  DB_PASSWORD: {given}", "a: {handler: x}\nb: {handler: y}")
    assert len({(one.id, one.location) for one in read.only(Credential, text)}) == 1


def test_addresses_of_functions_say_who_may_call(read: Read) -> None:
    functions = """
        a: {handler: x, url: true}
        b: {handler: x, url: {authorizer: aws_iam}}
        c: {handler: x, events: [{http: {path: /, method: post, private: true}}, {httpApi: "GET /"}]}
        """
    found = {one.name: one.settings for one in read.only(Resource, service("", functions))}
    assert found["ALambdaFunctionUrl"]["AuthType"] == "NONE"
    assert found["BLambdaFunctionUrl"]["AuthType"] == "AWS_IAM"
    assert found["CEvent0"]["ApiKeyRequired"] is True
    assert found["CEvent1"]["AuthorizationType"] == "NONE"


def test_resources_of_cloudformation_inside_are_read(read: Read) -> None:
    rest = """
        resources:
          Resources:
            U:
              Type: AWS::IAM::User
              Properties: {UserName: !Sub "ci-${AWS::Region}"}
        """
    users = [one for one in read.only(Identity, service("", "", rest)) if one.kind == "user"]
    assert [one.name for one in users] == ["U"]


KEYS = some.sampled_from(
    [
        "service",
        "provider",
        "name",
        "functions",
        "custom",
        "environment",
        "iam",
        "role",
        "statements",
        "iamRoleStatements",
        "events",
        "http",
        "httpApi",
        "url",
        "resources",
        "Resources",
        "Type",
        "handler",
        "apiGateway",
        "apiKeys",
    ]
)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5)
    | some.sampled_from(["aws", "${self:}", "${self:provider}", "${opt:a, ${self:custom}}", "AWS::IAM::Role"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(document=some.dictionaries(KEYS, VALUES, max_size=6))
def test_nothing_that_a_service_may_hold_ends_the_reading(
    document: dict[str, Any], read: Read
) -> None:
    document = {
        "service": "a",
        **document,
        "provider": {**_map(document.get("provider")), "name": "aws"},
    }
    assert isinstance(read(encode(document).decode(), "serverless.json"), list)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
