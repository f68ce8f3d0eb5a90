"""One finding for each principal that may do too much, and for each policy that allows too much."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from analysis.aws import ACCOUNT, ADMINISTRATOR
from keymuster.analysis import analysed
from keymuster.analysis.kubernetes_rules import RBAC
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Finding
from keymuster.model.kubernetes import called, local
from keymuster.rules.schema import Case, RuleSet, Told
from keymuster.selftest import NOW, told
from keymuster.settings import Settings
from kubernetes_cluster import UID

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
QUEUES = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
POLICIES = {"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*"}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


def user(name: str, *statements: dict[str, Any], **more: Any) -> Told:
    own = [{"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}]
    settings = {"UserName": name, "Policies": own if statements else [], **more}
    return Told(type="AWS::IAM::User", id=arn("user", name), settings=settings)


def policy(name: str, *statements: dict[str, Any]) -> Told:
    settings = {"ManagedPolicyName": name, "PolicyDocument": {"Statement": list(statements)}}
    return Told(type="AWS::IAM::ManagedPolicy", id=arn("policy", name), settings=settings)


def found(rules: RuleSet, *objects: Told, only: tuple[str, ...] = ()) -> list[Finding]:
    case = Case(name="", expect="finding", told=list(objects))
    inventory = analysed(build(told(case, rules, {})), Settings(), rules)
    if only:
        rules = replace(rules, policies=[one for one in rules.policies if one.id in only])
    judged = evaluate(inventory, rules, Choice(), NOW).findings
    return [one for one in judged if one.nhi[0].value == "NHI5"]


def said(rules: RuleSet, *objects: Told, **more: Any) -> list[tuple[str, str]]:
    return sorted(
        (one.policy, one.subject.partition("#")[0]) for one in found(rules, *objects, **more)
    )


def test_an_administrator_is_told_of_once(rules: RuleSet) -> None:
    expected = [("aws-identity-is-administrator", arn("user", "ann"))]
    assert said(rules, user("ann", ALL, QUEUES)) == expected
    assert said(rules, user("ann", ManagedPolicyArns=[ADMINISTRATOR])) == expected


def test_who_can_escalate_is_told_of_once(rules: RuleSet) -> None:
    assert said(rules, user("ann", POLICIES)) == [
        ("aws-identity-escalates", arn("user", "ann")),
    ]  # fmt: skip


def test_something_else_in_the_same_policy_is_told_too(rules: RuleSet) -> None:
    assert said(rules, user("ann", POLICIES, QUEUES)) == [
        ("aws-identity-escalates", arn("user", "ann")),
        ("aws-service-wildcard", arn("user", "ann")),
    ]


def test_a_policy_that_several_have_is_told_of_once(rules: RuleSet) -> None:
    has = {"ManagedPolicyArns": [arn("policy", "own")]}
    objects = (policy("own", QUEUES, POLICIES), user("ann", **has), user("bob", **has))
    first, *others = sorted(found(rules, *objects), key=lambda one: one.subject)
    assert first.severity == "high"
    assert first.subject.startswith(arn("policy", "own"))
    assert "aws-service-wildcard" in first.evidence["also_found"]
    assert {step.statements[0].actions for [step] in first.paths} == {
        ("sqs:*",), ("iam:PutUserPolicy",),
    }  # fmt: skip
    assert [one.subject for one in others] == [arn("user", "ann"), arn("user", "bob")]


def cluster_role(name: str, *rules: tuple[str, str, str]) -> Told:
    said = [
        {"verbs": [verb], "apiGroups": [group], "resources": [kind]} for verb, group, kind in rules
    ]
    return Told(
        type="ClusterRole", id=called(f"ClusterRole/{name}", UID), account=UID, service="kubernetes",
        settings={"metadata": {"name": name}, "rules": said},
    )  # fmt: skip


def test_each_role_of_a_cluster_is_told_of_once(rules: RuleSet) -> None:
    roles = (
        cluster_role("all", ("bind", RBAC, "clusterroles"), ("*", "*", "*")),
        cluster_role("all#0", ("*", "*", "*")),
        cluster_role("signs", ("update", "certificates.k8s.io", "certificatesigningrequests/approval")),
    )  # fmt: skip
    assert sorted((one.policy, local(one.subject)) for one in found(rules, *roles)) == [
        ("rbac-grants-everything", "ClusterRole/all#0#0"),
        ("rbac-grants-everything", "ClusterRole/all#1"),
        ("rbac-may-approve-certificates", "ClusterRole/signs#0"),
    ]


def cluster_binding(role: str, *accounts: str) -> Told:
    subjects = [{"kind": "ServiceAccount", "name": one, "namespace": "prod"} for one in accounts]
    settings = {"metadata": {"name": role}, "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": subjects}  # fmt: skip
    return Told(
        type="ClusterRoleBinding", id=called(f"ClusterRoleBinding/{role}", UID), account=UID, service="kubernetes",
        settings=settings,
    )  # fmt: skip


def test_a_role_that_one_account_has_is_told_of_with_that_account(rules: RuleSet) -> None:
    roles = [cluster_role(name, ("get", "", "secrets")) for name in ("one", "two", "none")]
    bindings = [cluster_binding("one", "app"), cluster_binding("two", "app", "ci")]
    assert sorted(local(one.subject) for one in found(rules, *roles, *bindings)) == [
        "ClusterRole/none#0",
        "ClusterRole/two#0",
        "ClusterRoleBinding/one#0",
        "ClusterRoleBinding/two#0",
        "ClusterRoleBinding/two#1",
    ]


def test_what_nobody_asked_for_hides_nothing(rules: RuleSet) -> None:
    assert said(rules, user("ann", ALL), only=("aws-admin-statement",)) == [
        ("aws-admin-statement", arn("user", "ann")),
    ]  # fmt: skip


def test_a_milder_finding_hides_no_graver_one(rules: RuleSet) -> None:
    reads = {"Effect": "Allow", "Action": ["s3:GetObject", "dynamodb:*"], "Resource": "*"}
    grave = {"Effect": "Allow", "Action": "ssm:GetParametersByPath", "Resource": "*"}
    assert said(rules, user("ann", reads), user("bob", reads, grave)) == [
        ("aws-any-secret-readable", arn("user", "bob")),
        ("aws-identity-reads-all-data", arn("user", "ann")),
        ("aws-identity-reads-all-data", arn("user", "bob")),
    ]


def test_what_is_shared_by_applications_is_not_told_again_of_each_use(rules: RuleSet) -> None:
    def function(name: str) -> Told:
        settings = {"FunctionName": name, "Role": arn("role", "worker")}
        id = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"
        return Told(type="AWS::Lambda::Function", id=id, settings=settings)

    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    settings = {"RoleName": "worker", "AssumeRolePolicyDocument": {"Statement": [trust]}}
    objects = [Told(type="AWS::IAM::Role", id=arn("role", "worker"), settings=settings), function("a"), function("b")]  # fmt: skip
    case = Case(name="", expect="finding", told=objects)
    inventory = analysed(build(told(case, rules, {})), Settings(), rules)
    judged = evaluate(inventory, rules, Choice(), NOW).findings
    assert {one.policy for one in judged if "NHI9" in one.nhi} == {"aws-shared-role"}
    inventory.facts[arn("role", "worker")]["applications"] = ["orders", "billing"]
    judged = evaluate(inventory, rules, Choice(), NOW).findings
    assert [one.policy for one in judged if "NHI9" in one.nhi] == [
        "identity-of-several-applications"
    ]
