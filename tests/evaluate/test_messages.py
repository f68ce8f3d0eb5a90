"""Messages in words that people have for things."""

from __future__ import annotations

from string import Formatter

import pytest

from evaluate.records import credential, place
from keymuster.evaluate.messages import filled, holes
from keymuster.inventory.build import build
from keymuster.model import Grant, GrantKind, Identity, IdentityKind
from keymuster.rules.schema import RuleSet

CI = Identity(
    id="terraform:.:aws_iam_role.ci", kind=IdentityKind.ROLE, provider="aws", name="ci-deploy",
    location=place(),
)  # fmt: skip


OPEN = Grant(
    id="arn:aws:s3:::site#Policy/0/*", identity="*", kind=GrantKind.RESOURCE_POLICY, provider="aws",
    location=place(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("terraform:.:aws_iam_role.ci", "ci-deploy"),
        ("terraform:infra/prod:aws_lambda_function.f", "aws_lambda_function.f"),
        ("terraform:.:aws_sqs_queue_policy.q#ResourcePolicy/0/*", "aws_sqs_queue_policy.q"),
        ("azure:role/Owner", "Owner"),
        ("aws:user/bot", "user/bot"),
        ("roles/owner", "roles/owner"),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        ("arn:aws:s3:::site#Policy/0/*", "arn:aws:s3:::site"),
        ("arn:aws:s3:::other#Policy/0/*", "arn:aws:s3:::other#Policy/0/*"),
        (["read-secrets", "azure:role/Owner"], "read-secrets, Owner"),
        ([], ""),
        (list("abcdefghi"), "a, b, c, d, e, f and 3 more"),
    ],
)
def test_a_field_is_said_as_people_say_it(value: object, said: str) -> None:
    inventory = build([CI, OPEN, credential()])

    assert filled("{by} runs", {"by": value}, inventory) == f"{said} runs"


@pytest.mark.parametrize(
    ("vendors", "said"),
    [(["Datadog"], "464622532012 (Datadog) may assume it"), ([], "464622532012 may assume it")],
)
def test_who_is_let_in_is_told_with_the_name_of_the_vendor(vendors: list[str], said: str) -> None:
    seen = {"principal": "464622532012", "vendors": vendors}

    assert filled("{principal} may assume it", seen, build([])) == said


def test_the_fields_of_a_message_are_those_that_are_filled_in(rules: RuleSet) -> None:
    for message in ("{{a}} {b}", "{{{a}}}", "no", *(policy.message for policy in rules.policies)):
        parsed = Formatter().parse(message)
        assert holes(message) == [name for _, name, _, _ in parsed if name is not None]
