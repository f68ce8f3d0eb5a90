"""Programs and stacks of Pulumi."""

from __future__ import annotations

import pytest
from hypothesis import given

from keymuster.collect.readers.pulumi import Pulumi
from keymuster.collect.syntax.node import Broken
from keymuster.model import Grant, Identity, Trust
from keymuster.rules.schema import RuleSet
from reading import only, read, said, structures, survives

SECRET = "Tr0ub4dor" + "-9x"

PROGRAM = """\
name: app
runtime: yaml
resources:
  ci:
    type: aws:iam:Role
    properties:
      name: ci
      assumeRolePolicy:
        fn::toJSON:
          Statement:
            - Effect: Allow
              Action: sts:AssumeRole
              Principal: {AWS: "*"}
  admin:
    type: aws:iam:RolePolicyAttachment
    properties:
      role: ${ci.name}
      policyArn: arn:aws:iam::aws:policy/AdministratorAccess
"""


@pytest.mark.parametrize(
    ("path", "yes"),
    [
        ("Pulumi.yaml", True),
        ("infra/Pulumi.yml", True),
        ("infra/Pulumi.prod.yaml", True),
        ("Main.yaml", True),
        ("plugin/PulumiPlugin.yaml", True),
        ("MyPulumi.yaml", False),
        ("main.yaml", False),
        ("Pulumi.yaml.tpl", False),
    ],
)
def test_its_files_are_known_by_their_names(rules: RuleSet, path: str, yes: bool) -> None:
    assert bool(read(Pulumi, path, f"{PROGRAM}config: {{}}\n", rules)) is (
        yes and "prod" not in path
    )
    stack = f"config: {{app:password: {SECRET}}}\n"
    assert bool(read(Pulumi, path, stack, rules)) is (yes and "Main" not in path)


def test_resources_are_identities_grants_and_trusts(rules: RuleSet) -> None:
    found = read(Pulumi, "Pulumi.yaml", PROGRAM, rules)
    [role] = only(Identity, found)
    [grant] = only(Grant, found)
    [trust] = only(Trust, found)
    assert (role.id, role.name) == ("pulumi:Pulumi.yaml:ci", "ci")
    assert grant.identity == trust.identity == role.id
    assert "AdministratorAccess" in grant.via
    assert (trust.principal, trust.location.line) == ("*", 11)  # type: ignore[union-attr]
    assert role.location.line == 4  # type: ignore[union-attr]


def test_components_have_resources_of_their_own(rules: RuleSet) -> None:
    text = """\
        name: plugin
        runtime: yaml
        components:
          one:
            inputs: {who: {type: string, default: me}}
            resources: {user: {type: 'aws:iam:User', properties: {name: '${who}'}}}
          two:
            resources: {user: {type: 'aws:iam:User'}}
        """
    found = only(Identity, read(Pulumi, "PulumiPlugin.yaml", text, rules))
    assert [(one.id, one.name) for one in found] == [
        ("pulumi:PulumiPlugin.yaml#one:user", "me"),
        ("pulumi:PulumiPlugin.yaml#two:user", "user"),
    ]


def test_of_a_stack_only_what_is_not_encrypted_is_told(rules: RuleSet) -> None:
    text = f"""\
        encryptionsalt: v1:abc
        config:
          app:dbPassword: {SECRET}
          app:apiToken:
            secure: v1:{SECRET}
          app:service:
            password: {{secure: v1:{SECRET}}}
            accounts: [{{clientSecret: {SECRET}x}}, {{clientSecret: {{secure: x}}}}]
        """
    assert sorted(said(read(Pulumi, "Pulumi.prod.yaml", text, rules)), key=str) == [
        ("clientSecret", 8),
        ("dbPassword", 3),
    ]


def test_what_a_program_says_is_secret_and_holds_is_told(rules: RuleSet) -> None:
    text = f"""\
        name: app
        runtime: yaml
        config:
          thing: {{type: string, secret: true, default: {SECRET}}}
          open: {{type: string, default: {SECRET}y}}
        variables:
          other: {{'fn::secret': {SECRET}z}}
        """
    assert said(read(Pulumi, "Pulumi.yaml", text, rules)) == [("thing", 4), ("other", 7)]


def test_a_password_in_a_resource_is_told(rules: RuleSet) -> None:
    text = f"""\
        runtime: yaml
        resources:
          db: {{type: 'aws:rds:Instance', properties: {{password: {SECRET}}}}}
          hook: {{type: 'github:RepositoryWebhook', properties: {{configuration: {{secret: {SECRET}1}}}}}}
          other: {{type: 'aws:rds:Instance', properties: {{password: '${{db.password}}'}}}}
        """
    lines = [line for _, line in said(read(Pulumi, "Pulumi.yaml", text, rules))]
    assert lines == [3, 4]


def test_only_what_has_changed_counts(rules: RuleSet) -> None:
    found = read(Pulumi, "Pulumi.yaml", PROGRAM, rules, changed=[(16, 16)])
    assert [type(one).__name__ for one in found] == ["Grant"]


def test_a_broken_program_is_said_to_be(rules: RuleSet) -> None:
    with pytest.raises(Broken) as broken:
        read(Pulumi, "Pulumi.yaml", "runtime: yaml\nresources: {a: [\n", rules)
    assert broken.value.line >= 2


@pytest.mark.parametrize("text", ["", "a: b\n", "- runtime: x\n", "{{ template }}\n"])
def test_what_is_no_program_is_left_alone(rules: RuleSet, text: str) -> None:
    assert read(Pulumi, "Pulumi.yaml", text, rules) == []


def test_a_program_that_is_too_much_work_is_said_to_be(rules: RuleSet) -> None:
    many = ", ".join("'${v0}'" for _ in range(2000))
    grown = "".join(f"  v{n}: ['${{v{n + 1}}}', '${{v{n + 1}}}']\n" for n in range(30))
    text = f"runtime: yaml\nvariables:\n{grown}  v30: x\nresources: {{a: {{type: 'a:b:C', properties: {{v: [{many}]}}}}}}\n"
    with pytest.raises(Broken):
        read(Pulumi, "Pulumi.yaml", text, rules)


@given(
    structures(
        "runtime", "resources", "variables", "config", "components", "type", "properties", "get",
        "aws:iam:Role", "kubernetes:core/v1:Secret", "azure-native:web:WebApp", "aws-native:iam:Role",
        "pulumi:providers:aws", "gcp:projects:IAMMember", "fn::toJSON", "fn::join", "fn::select",
        "fn::invoke", "fn::secret", "fn::aws:iam:getPolicyDocument", "function", "arguments", "statements",
        "principals", "${a.b}", "${runtime}", "$${x}", "default", "secret", "secure", "assumeRolePolicy",
        "metadata", "identity", "userAssignedIdentities", "return", "json",
    )
)  # fmt: skip
def test_anything_is_read_or_broken(rules: RuleSet, value: object) -> None:
    survives(
        Pulumi,
        "Pulumi.yaml",
        {"runtime": "yaml", "resources": {"a": value}, "config": value},
        rules,
    )
    survives(
        Pulumi, "Pulumi.yaml", {"runtime": "yaml", "resources": value, "variables": value}, rules
    )
    survives(Pulumi, "Pulumi.x.yaml", {"config": value}, rules)
    typed = {"type": "aws:iam:Role", "properties": value}
    survives(Pulumi, "Pulumi.yaml", {"runtime": "yaml", "resources": {"a": typed}}, rules)
    typed = {"type": "azure-native:keyvault:Secret", "properties": value}
    survives(Pulumi, "Pulumi.yaml", {"runtime": "yaml", "resources": {"a": typed}}, rules)
