"""What findings rest on."""

from __future__ import annotations

from msgspec.structs import replace

from analysis.aws import ADMINISTRATOR, Made
from keymuster.analysis import analysed
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.evaluate.evidence import MOST_WORDS, conditions, statement
from keymuster.inventory.build import build
from keymuster.model import Finding
from keymuster.rules.schema import RuleSet
from keymuster.selftest import NOW
from keymuster.settings import Settings


def findings(made: Made, rules: RuleSet, policy: str) -> list[Finding]:
    inventory = build((*made.identities, *made.grants, *made.trusts, *made.uses))
    only = replace(rules, policies=[one for one in rules.policies if one.id == policy])
    judged = evaluate(analysed(inventory, Settings(), rules), only, Choice(), NOW)
    return list(judged.findings)


def test_a_statement_is_quoted_in_the_vendors_words(rules: RuleSet) -> None:
    made = Made()
    made.allow(made.user("ann"), "*")
    [finding] = findings(made, rules, "aws-admin-statement")
    [[step]] = finding.paths
    [said] = step.statements
    assert (said.record, said.effect, said.actions, said.resources) == (
        "grant-1", "allow", ("*",), ("*",),
    )  # fmt: skip


def test_each_step_of_a_path_has_its_statements(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ann"), made.role("boss")
    made.allow(user, "sts:AssumeRole", role)
    made.trust(role, user, conditions={"Bool": {"aws:SecureTransport": "true"}})
    made.has(role, ADMINISTRATOR)
    [finding] = findings(made, rules, "aws-identity-becomes-administrator")
    [[step]] = finding.paths
    allowed, trusted = step.statements
    assert (step.way, step.to, step.to_name, step.proved) == ("assume-role", role, "boss", True)
    assert (allowed.actions, allowed.resources) == (("sts:AssumeRole",), (role,))
    assert trusted.principal == user
    assert trusted.conditions == ("Bool aws:SecureTransport = true",)


def test_every_way_is_a_path_of_its_own(rules: RuleSet) -> None:
    made = Made()
    made.allow(made.user("ann"), ["iam:PutUserPolicy", "iam:AttachUserPolicy"])
    [finding] = findings(made, rules, "aws-identity-escalates")
    assert [[step.way for step in path] for path in finding.paths][:2] == [
        ["attach-user-policy"], ["put-user-policy"],
    ]  # fmt: skip


def test_long_lists_end_with_how_many_more_there_are(rules: RuleSet) -> None:
    made = Made()
    made.allow(made.user("ann"), [f"s3:Get{number}" for number in range(30)])
    said = statement(made.grants[0])
    assert said.actions[-1] == f"and {30 - MOST_WORDS} more"
    assert len(said.actions) == MOST_WORDS + 1


def test_what_two_sides_share_as_a_password_is_kept_back() -> None:
    said = {
        "StringEquals": {"aws:Referer": "x1", "sts:ExternalId": ["x2"], "aws:PrincipalArn": ["a", "b"]},
        "expression": "request.time < x",
    }  # fmt: skip
    assert list(conditions(said)) == [
        "StringEquals aws:Referer = (kept back)",
        "StringEquals sts:ExternalId = (kept back)",
        "StringEquals aws:PrincipalArn = a, b",
        "expression request.time < x",
    ]
