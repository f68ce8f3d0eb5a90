"""Ways through workloads that are declared beside the permissions."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.inventory.build import build
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from terraforming import objects

ROLES = """
resource "aws_iam_role" "strong" { name = "strong" }
resource "aws_iam_role_policy_attachment" "strong" {
  role       = aws_iam_role.strong.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "aws_iam_role" "weak" { name = "weak" }
resource "aws_iam_role_policy" "weak" {
  role   = aws_iam_role.weak.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::letters/*" }] })
}
"""

MACHINES = """
resource "aws_iam_instance_profile" "host" {
  name = "host"
  role = aws_iam_role.strong.name
}
resource "aws_instance" "host" { iam_instance_profile = aws_iam_instance_profile.host.name }
resource "aws_instance" "bare" { ami = "ami-1" }
"""

TASKS = """
resource "aws_ecs_cluster" "main" { name = "main" }
resource "aws_ecs_task_definition" "mail" {
  task_role_arn      = aws_iam_role.weak.arn
  execution_role_arn = aws_iam_role.strong.arn
}
resource "aws_ecs_service" "mail" {
  cluster                = aws_ecs_cluster.main.id
  task_definition        = aws_ecs_task_definition.mail.arn
  enable_execute_command = %s
}
"""


def user(actions: str, *resources: str) -> str:
    """A user who may do that; resources are expressions."""
    listed = ", ".join(resources)
    return f"""
resource "aws_iam_user" "ann" {{ name = "ann" }}
resource "aws_iam_user_policy" "ann" {{
  user   = aws_iam_user.ann.name
  policy = jsonencode({{ Statement = [{{ Effect = "Allow", Action = [{actions}], Resource = [{listed}] }}] }})
}}
"""


def facts(rules: RuleSet, *texts: str) -> dict[str, dict[str, Any]]:
    declared = objects(ROLES + "".join(texts)).values()
    inventory = build(record for one in declared for record in meanings.records(one, ()))
    return analysed(inventory, Settings(), rules).facts


def told(rules: RuleSet, *texts: str) -> tuple[str, str]:
    """The ways of Ann's policy to all rights, and whom it makes her."""
    found = facts(rules, *texts)
    [said] = [one for id, one in found.items() if "aws_iam_user_policy.ann" in id] or [{}]
    return ", ".join(said.get("escalations", [])), said.get("takes_over", "")


WORKLOADS = [
    ('resource "aws_lambda_function" "it" {\n function_name = "resize"\n role = aws_iam_role.%s.arn\n}',
     '"lambda:UpdateFunctionCode"',
     ["aws_lambda_function.it.arn", '"${aws_lambda_function.it.arn}"',
      '"arn:aws:lambda:eu-west-1:${var.account}:function:resize"'],
     '"arn:aws:lambda:*:*:function:other"', "update-function-code"),
    ('resource "aws_apprunner_service" "it" {\n service_name = "shop"\n'
     ' instance_configuration { instance_role_arn = aws_iam_role.%s.arn }\n}',
     '"apprunner:UpdateService"',
     ["aws_apprunner_service.it.arn", '"arn:aws:apprunner:*:${var.account}:service/shop/*"'],
     '"arn:aws:apprunner:*:${var.account}:service/shops/*"', "update-app-runner-service"),
    ('resource "aws_cloudformation_stack" "it" {\n name = "base"\n iam_role_arn = aws_iam_role.%s.arn\n}',
     '"cloudformation:UpdateStack"', ['"arn:aws:cloudformation:*:${var.account}:stack/base/*"'],
     '"arn:aws:cloudformation:*:${var.account}:stack/other/*"', "update-stack"),
    ('resource "aws_codebuild_project" "it" {\n name = "build"\n service_role = aws_iam_role.%s.arn\n}',
     '"codebuild:StartBuild"', ["aws_codebuild_project.it.arn", '"arn:aws:codebuild:*:1:project/build"'],
     '"arn:aws:codebuild:*:1:project/test"', "start-build"),
    ('resource "aws_sagemaker_notebook_instance" "it" {\n name = "study"\n role_arn = aws_iam_role.%s.arn\n}',
     '"sagemaker:CreatePresignedNotebookInstanceUrl"', ["aws_sagemaker_notebook_instance.it.arn"],
     '"arn:aws:sagemaker:*:1:notebook-instance/other"', "open-notebook"),
    ('resource "aws_sfn_state_machine" "it" {\n name = "flow"\n role_arn = aws_iam_role.%s.arn\n}',
     '"states:UpdateStateMachine", "states:StartExecution"', ["aws_sfn_state_machine.it.arn"],
     '"arn:aws:states:*:1:stateMachine:other"', "update-state-machine"),
    ('resource "aws_glue_dev_endpoint" "it" {\n name = "dev"\n role_arn = aws_iam_role.%s.arn\n}',
     '"glue:UpdateDevEndpoint"', ["aws_glue_dev_endpoint.it.arn"],
     '"arn:aws:glue:*:1:devEndpoint/other"', "update-dev-endpoint"),
]  # fmt: skip


@pytest.mark.parametrize(("workload", "actions", "mine", "other", "way"), WORKLOADS)
def test_who_may_change_a_workload_has_its_role(
    workload: str, actions: str, mine: list[str], other: str, way: str, rules: RuleSet
) -> None:
    for resource in mine:
        may = user(actions, resource)
        assert told(rules, may, workload % "strong") == (way, ""), resource
        assert told(rules, may, workload % "weak") == ("", "weak"), resource
    assert told(rules, user(actions, other), workload % "strong") == ("", "")


@pytest.mark.parametrize(
    "resource", ["aws_instance.host.arn", '"arn:aws:ec2:*:*:instance/${aws_instance.host.id}"']
)
@pytest.mark.parametrize(
    ("action", "way"),
    [("ssm:StartSession", "start-session"), ("ssm:SendCommand", "send-command"),
     ("ec2-instance-connect:SendSSHPublicKey", "connect-to-instance")],
)  # fmt: skip
def test_a_machine_has_the_role_of_its_profile(
    resource: str, action: str, way: str, rules: RuleSet
) -> None:
    assert told(rules, MACHINES, user(f'"{action}"', resource)) == (way, "")


def test_another_machine_leads_nowhere(rules: RuleSet) -> None:
    assert told(rules, MACHINES, user('"ssm:StartSession"', "aws_instance.bare.arn")) == ("", "")


def test_a_pattern_means_workloads_that_are_declared_and_others(rules: RuleSet) -> None:
    may = user('"lambda:UpdateFunctionCode"', '"arn:aws:lambda:*:*:function:res*"')
    assert told(rules, may, WORKLOADS[0][0] % "strong") == ("update-function-code", "")
    assert told(rules, may, WORKLOADS[0][0] % "weak") == ("", "")


def test_a_function_is_no_machine(rules: RuleSet) -> None:
    function = WORKLOADS[0][0] % "strong"
    named = '"arn:aws:ec2:*:*:instance/resize"'
    assert told(rules, function, user('"ssm:StartSession"', named)) == ("", "")


def test_tasks_that_take_commands_have_the_role_of_their_task_alone(rules: RuleSet) -> None:
    may = user('"ecs:ExecuteCommand"', '"arn:aws:ecs:*:1:cluster/${aws_ecs_cluster.main.name}"')
    assert told(rules, may, TASKS % "true") == ("", "weak")
    assert told(rules, may, TASKS % "false") == ("", "")


def test_a_policy_that_rewrites_itself_is_known_by_its_name(rules: RuleSet) -> None:
    text = """
resource "aws_iam_policy" "own" {
  name   = "own"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "iam:CreatePolicyVersion",
                                       Resource = "arn:aws:iam::${var.account}:policy/%s" }] })
}
resource "aws_iam_user" "ann" { name = "ann" }
resource "aws_iam_user_policy_attachment" "ann" {
  user       = aws_iam_user.ann.name
  policy_arn = aws_iam_policy.own.arn
}
"""
    own, other = (
        [one for id, one in facts(rules, text % name).items() if "aws_iam_policy.own" in id]
        for name in ("own", "other")
    )
    assert [one["escalations"] for one in own] == [["create-policy-version"]]
    assert not any(one.get("escalations") for one in other)


def test_the_grant_by_which_an_administrator_is_assumed_is_told(rules: RuleSet) -> None:
    role = """
resource "aws_iam_role" "boss" {
  name               = "boss"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
                                                   Principal = { AWS = aws_iam_user.ann.arn } }] })
}
"""
    rights = """
resource "aws_iam_role_policy_attachment" "boss" {
  role       = aws_iam_role.boss.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
"""
    may = user('"sts:AssumeRole"', "aws_iam_role.boss.arn")
    assert told(rules, may, role, rights) == ("assume-role", "")
    assert told(rules, may, role) == ("", "")
