"""CloudFormation templates."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from msgspec.json import encode

from keymuster.collect.base import Blob
from keymuster.collect.readers.cloudformation import CloudFormation
from keymuster.collect.syntax.node import Broken
from keymuster.model import (
    Credential,
    CredentialStatus,
    FileLocation,
    Grant,
    Identity,
    Resource,
    Storage,
    Trouble,
    Trust,
    Use,
)
from keymuster.rules.schema import RuleSet
from scans import context

T = TypeVar("T")


class Read:
    """What the reader says of one file."""

    def __init__(self, reader: CloudFormation) -> None:
        self._reader = reader

    def __call__(self, text: str, path: str = "stack.yaml", **more: Any) -> list[Any]:
        blob = Blob(path=path, data=dedent(text).encode(), storage=Storage.TREE, **more)
        assert self._reader.reads(path)
        return list(self._reader.read(blob))

    def only(self, kind: type[T], text: str, path: str = "stack.yaml", **more: Any) -> list[T]:
        return [one for one in self(text, path, **more) if isinstance(one, kind)]

    def settings(self, text: str) -> dict[str, Any]:
        """Of the only bucket of a template."""
        [bucket] = [one for one in self.only(Resource, text) if one.type == "AWS::S3::Bucket"]
        return bucket.settings


@pytest.fixture(scope="module")
def read(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Read:
    return Read(CloudFormation(context(rules, tmp_path_factory.mktemp("tree"))))


def template(properties: str, rest: str = "") -> str:
    lines = "".join(f"      {line}\n" for line in dedent(properties).strip().splitlines())
    return f"{dedent(rest)}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n{lines}"


# --- what is read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("values.yaml", "Resources:\n  limits: {cpu: 1}\n"),
        ("a.yaml", "kind: Pod\nspec: {Resources: 1}\n"),
        ("a.json", '{"Type": "AWS::IAM::User"}'),
        ("broken.yaml", "Resources:\n  A:\n    Type: AWS::IAM::User\n  - no\n"),
        ("notes.yaml", "# Resources:\n# Type: AWS::IAM::User\n"),
    ],
)
def test_a_file_that_is_no_template_is_left_alone(path: str, text: str, read: Read) -> None:
    assert read(text, path) == []


def test_a_broken_template_says_where(read: Read) -> None:
    with pytest.raises(Broken) as raised:
        read(
            "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  A:\n    Type: AWS::IAM::User\n  - no\n"
        )
    assert raised.value.line == 5


def test_yaml_and_json_say_the_same(read: Read) -> None:
    yaml = "Resources:\n  U:\n    Type: AWS::IAM::User\n    Properties: {UserName: ci}\n"
    json = '{"Resources": {"U": {"Type": "AWS::IAM::User", "Properties": {"UserName": "ci"}}}}'
    [one] = read.only(Identity, yaml, "a.yaml")
    [other] = read.only(Identity, json, "a.json")
    assert (one.kind, one.name, one.aliases) == (other.kind, other.name, other.aliases)
    assert one.aliases == ("aws:user/ci",)
    assert isinstance(one.location, FileLocation)
    assert (one.location.line, one.location.column, one.location.end_line) == (2, 3, 4)
    assert one.id == "cloudformation:a.yaml:U"


def test_only_what_has_changed_is_looked_at(read: Read) -> None:
    text = "Resources:\n  A:\n    Type: AWS::IAM::User\n  B:\n    Type: AWS::IAM::User\n"
    [identity] = read.only(Identity, text, changed=[(5, 5)])
    assert identity.name == "B"


def test_a_template_that_is_too_large_is_a_trouble(read: Read) -> None:
    text = "Resources:\n  A:\n    Type: AWS::IAM::User\n" + "# filler\n" * 300_000
    [trouble] = read(text)
    assert isinstance(trouble, Trouble)
    assert "larger than any template" in trouble.message


def test_a_nested_template_that_lies_elsewhere_is_named(read: Read) -> None:
    stack = "Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n"
    [trouble] = read.only(Trouble, stack + "      TemplateURL: https://example.com/n.yaml\n")
    assert "N" in trouble.message
    assert read.only(Trouble, stack + "      TemplateURL: ./n.yaml\n") == []


# --- functions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!Ref Given", "text"),
        ("{Ref: Given}", "text"),
        ("!Ref Open", "${Parameters.Open}"),
        ("!Ref Other", "${Other}"),
        ("!Ref AWS::AccountId", "${AWS::AccountId}"),
        ("!GetAtt Role.Arn", "${Role.Arn}"),
        ('{"Fn::GetAtt": [Role, Arn]}', "${Role.Arn}"),
        ("!Sub 'a-${Given}-${Open}-${Role.Arn}-${!aws:username}'", "a-text-${Parameters.Open}-${Role.Arn}-${aws:username}"),
        ("!Sub ['${x}/${Given}', {x: !Ref Given}]", "text/text"),
        ("!Sub '${Given}'", "text"),
        ("!Join ['-', [a, !Ref Given, !Ref Open]]", "a-text-${Parameters.Open}"),
        ("!Select [1, [a, b, c]]", "b"),
        ("!Select [1, !Split ['/', 'x/y']]", "y"),
        ("!Select ['0', !Ref Listed]", "one"),
        ("!FindInMap [Sizes, !Ref Given, s]", "small"),
        ("!FindInMap [Sizes, !Ref Open, s]", "${Mappings.Sizes.Parameters.Open.s}"),
        ("!If [IsGiven, yes-it-is, no]", "yes-it-is"),
        ("!If [IsOpen, a, b]", "${Conditions.IsOpen}"),
        ("!If [Both, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!If [Circle, a, b]", "${Conditions.Circle}"),
        ("!ImportValue net-role", "${ImportValue.net-role}"),
        ("!Base64 plain", "plain"),
        ("!GetAZs ''", "${Fn::GetAZs}"),
        ("!Ref Stored", "${Parameters.Stored}"),
        ("'true'", True),
        ("!Ref Listed", ["one", "two"]),
    ],
)  # fmt: skip
def test_functions_are_worked_out_as_far_as_the_template_tells(
    written: str, value: Any, read: Read
) -> None:
    rest = """
        Parameters:
          Given: {Type: String, Default: text}
          Open: {Type: String}
          Listed: {Type: CommaDelimitedList, Default: "one, two"}
          Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /a/b}
        Mappings:
          Sizes: {text: {s: small}}
        Conditions:
          IsGiven: !Equals [!Ref Given, text]
          IsOpen: !Equals [!Ref Open, x]
          Both: !And [!Condition IsGiven, !Not [!Condition IsGiven]]
          Either: !Or [!Condition IsOpen, !Condition IsGiven]
          Circle: !Not [!Condition Circle]
        """
    found = read.settings(template(f"BucketName: {written}", rest))["BucketName"]
    assert found == value


def test_no_value_is_no_setting(read: Read) -> None:
    found = read.settings(template("A: !Ref AWS::NoValue\nB: 1\nC: [!Ref AWS::NoValue, 2]"))
    assert found == {"B": 1, "C": [2]}


def test_conditions_of_policies_stay_as_they_are_written(read: Read) -> None:
    text = """
        Resources:
          P:
            Type: AWS::IAM::ManagedPolicy
            Properties:
              PolicyDocument:
                Statement:
                  Effect: Allow
                  Action: "s3:*"
                  Resource: "*"
                  Condition: {Bool: {"aws:SecureTransport": "true"}}
        """
    [grant] = read.only(Grant, text)
    assert grant.conditions == {"Bool": {"aws:SecureTransport": "true"}}


def _loop(collection: str, more: str = "") -> str:
    return f"""
    Transform: AWS::LanguageExtensions
    Parameters:
      Names: {{Type: CommaDelimitedList, Default: "alice,bob"}}
      Open: {{Type: CommaDelimitedList}}
    Resources:
      Fn::ForEach::Users:
        - Name
        - {collection}
        - User${{Name}}:
            Type: AWS::IAM::User
            Properties: {{UserName: !Sub "the-${{Name}}", Path: !Ref Name{more}}}
    """


@pytest.mark.parametrize("collection", ["[alice, bob]", "!Ref Names", '{"Ref": "Names"}'])
def test_a_loop_stands_for_each_of_its_texts(collection: str, read: Read) -> None:
    found = read.only(Identity, _loop(collection))
    assert [one.name for one in found] == ["the-alice", "the-bob"]
    assert [one.id.rpartition(":")[2] for one in found] == ["Useralice", "Userbob"]


def test_a_loop_over_what_is_not_known_stands_for_something_unknown(read: Read) -> None:
    [found] = read.only(Identity, _loop("!Ref Open"))
    assert "Parameters.Open" in found.id


def test_loops_stand_inside_each_other_and_in_properties(read: Read) -> None:
    template = """
    Resources:
      Fn::ForEach::A:
        - X
        - [a, b]
        - Fn::ForEach::B:
          - Y
          - [c, d]
          - ${X}${Y}:
              Type: AWS::S3::Bucket
              Properties:
                Fn::ForEach::C: [Z, [One, Two], {"P${Z}": !Ref X}]
    """
    buckets = [one for one in read.only(Resource, template) if one.type == "AWS::S3::Bucket"]
    assert [one.name for one in buckets] == ["ac", "ad", "bc", "bd"]
    assert buckets[0].settings == {"POne": "a", "PTwo": "a"}


def test_loops_cannot_make_much_of_little(read: Read) -> None:
    body = "{'R${A}${B}${C}': {Type: AWS::IAM::User}}"
    for name in "CBA":
        body = f"{{Fn::ForEach::{name}: [{name}, [{','.join(map(str, range(200)))}], {body}]}}"
    with pytest.raises(Broken, match="too many values"):
        read(f"Resources: {body}\n")


def test_functions_cannot_make_much_of_little(read: Read) -> None:
    big = "x" * 4000
    rest = f"Parameters:\n  P: {{Type: String, Default: {big}}}\n"
    found = read.settings(template("A: !Sub '" + "${P}" * 20_000 + "'", rest))
    assert len(found["A"]) < 10_000_000


# --- what SAM adds ---------------------------------------------------------------------------

SAM = """
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Environment: {Variables: {SHARED: a}}
        Runtime: python3.13
    Resources:
      F:
        Type: AWS::Serverless::Function
        Properties:
          Environment: {Variables: {OWN: b}}
          Policies:
            - AmazonS3ReadOnlyAccess
            - S3CrudPolicy: {BucketName: x}
            - Statement: {Effect: Allow, Action: "s3:GetObject", Resource: "*"}
    """


def test_a_function_of_sam_without_a_role_gets_one_with_its_policies(read: Read) -> None:
    [role] = read.only(Identity, SAM)
    [use] = read.only(Use, SAM)
    grants = read.only(Grant, SAM)
    assert (role.id, use.subject) == ("cloudformation:stack.yaml:FRole",) * 2
    assert {grant.identity for grant in grants} == {role.id}
    assert [grant.via or grant.actions for grant in grants] == [
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "aws:sam-template/S3CrudPolicy",
        ("s3:GetObject",),
    ]


def test_what_is_set_for_all_functions_is_set_for_each(read: Read) -> None:
    [function] = [
        one for one in read.only(Resource, SAM) if one.type == "AWS::Serverless::Function"
    ]
    assert function.settings["Runtime"] == "python3.13"
    assert function.settings["Environment"]["Variables"] == {"SHARED": "a", "OWN": "b"}


# --- secrets ---------------------------------------------------------------------------------

DATABASE = """
    Parameters:
      Given: {{Type: String{default}}}
    Resources:
      D:
        Type: AWS::RDS::DBInstance
        Properties:
          MasterUserPassword: {value}
    """


def database(value: str, default: str = "") -> str:
    return DATABASE.format(value=value, default=default)


def test_a_default_that_ends_as_a_password_is_a_secret_where_it_stands(
    read: Read, token: Callable[..., str]
) -> None:
    secret = token("github-pat", 7)
    found = read.only(Credential, database("!Ref Given", f", Default: {secret}"))
    assert {one.kind for one in found} == {"password"}
    assert {one.location.line for one in found} == {3}  # type: ignore[union-attr]
    assert secret not in repr(found)
    assert secret.encode() not in encode(found)


@pytest.mark.parametrize(
    "value",
    ["!Ref Given", "'{{resolve:secretsmanager:db:SecretString:password}}'", "Given", "''", "REPLACE_ME",
     "!GetAtt Secret.Value", "!Sub '${Given}x'", "true", "<password>"],
)  # fmt: skip
def test_what_only_says_where_the_password_is_is_no_secret(value: str, read: Read) -> None:
    assert read.only(Credential, database(value)) == []


def test_a_value_that_documentation_publishes_is_a_sample(read: Read) -> None:
    [one] = read.only(Credential, database("wJalrXUtnFEMI-of-the-EXAMPLE"))
    assert one.status is CredentialStatus.SAMPLE


def test_a_script_that_sets_a_password_holds_a_secret(read: Read) -> None:
    text = """
        Resources:
          I:
            Type: AWS::EC2::Instance
            Properties:
              UserData:
                Fn::Base64: |
                  export REGION=us-east-1
                  export DB_PASSWORD=GIVEN
                  export API_TOKEN=$(fetch)
        """
    [one] = read.only(Credential, text.replace("GIVEN", "tr0ub" + "4dor"))
    assert one.name.startswith("DB_PASSWORD")


# --- whatever comes --------------------------------------------------------------------------

KEYS = some.sampled_from(
    [
        "Resources",
        "Type",
        "Properties",
        "PolicyDocument",
        "Statement",
        "Effect",
        "Action",
        "Principal",
        "Condition",
        "Ref",
        "Fn::Sub",
        "Fn::If",
        "Fn::Join",
        "Fn::GetAtt",
        "Fn::Select",
        "Fn::FindInMap",
        "Policies",
        "Role",
        "Roles",
        "Environment",
        "Variables",
        "UserData",
        "AssumeRolePolicyDocument",
        "Default",
        "Tags",
        "MasterUserPassword",
        "AWS",
        "Name",
        "Value",
    ]
)
TYPES = some.sampled_from(
    [
        "AWS::IAM::Role",
        "AWS::IAM::Policy",
        "AWS::S3::BucketPolicy",
        "AWS::Lambda::Permission",
        "AWS::Serverless::Function",
        "AWS::SQS::QueuePolicy",
        "AWS::EC2::Instance",
        "AWS::SecretsManager::Secret",
        "AWS::Events::EventBusPolicy",
    ]
)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=6) | KEYS
    | some.sampled_from(["${A.B}", "*", '{"Statement": 1}', "{", "arn:aws:iam::1:role/${x}"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(type=TYPES, properties=VALUES, sections=some.dictionaries(
    some.sampled_from(["Parameters", "Mappings", "Conditions", "Globals", "Outputs"]), VALUES, max_size=3,
))  # fmt: skip
def test_nothing_that_a_template_may_hold_ends_the_reading(
    type: str, properties: Any, sections: dict[str, Any], read: Read
) -> None:
    resource = {"Type": type, "Properties": properties}
    document = {**sections, "Resources": {"A": resource, "B": properties}}
    assert isinstance(read(encode(document).decode(), "a.json"), list)


def test_a_principal_of_a_trust_is_one_record(read: Read) -> None:
    text = """
        Resources:
          R:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Statement:
                  - Effect: Allow
                    Principal: {AWS: ["111122223333", !GetAtt Q.Arn], Service: ec2.amazonaws.com}
                    Action: "sts:AssumeRole"
        """
    found = read.only(Trust, text)
    assert [(one.principal, one.kind.value) for one in found] == [
        ("111122223333", "assume"),
        ("cloudformation:stack.yaml:Q", "assume"),
        ("ec2.amazonaws.com", "service"),
    ]


def test_a_deep_template_is_not_followed(read: Read) -> None:
    deep = (
        '{"Resources": {"A": {"Type": "AWS::IAM::User", "Properties": '
        + "[" * 5000
        + "]" * 5000
        + "}}}"
    )
    assert read(deep, "a.json") == []
