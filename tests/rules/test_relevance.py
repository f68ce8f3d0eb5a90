"""Which policies ask about which part of an estate."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from keymuster.rules.relevance import concerns
from keymuster.rules.schema import Policy, RuleSet

ALL = ("identity", "credential", "grant", "trust", "use")


def policy(rules: RuleSet, subject: str, when: str = "true", types: tuple[str, ...] = ()) -> Policy:
    made: Policy = replace(
        rules.policies[0], id="some-policy", applies_to=subject, when=when, types=list(types)
    )
    return made


@pytest.mark.parametrize(
    ("subject", "when", "types", "answer"),
    [
        ("resource", "true", ("AWS::S3::Bucket",), True),
        ("resource", "true", ("AWS::SQS::Queue",), False),
        ("grant", "grant.provider == 'aws'", (), True),
        ("grant", "grant.provider in ['aws', 'gcp']", (), True),
        ("grant", "grant.provider == 'gcp'", (), False),
        ("grant", "true", (), False),
        ("credential", "true", (), False),
        ("credential", "credential.storages == ['service']", (), True),
        ("credential", "credential.tags['type'] in ['AWS::S3::Bucket']", (), True),
        ("credential", "credential.tags['type'] in ['AWS::S3::Object']", (), False),
        ("inline_allow", "true", (), False),
    ],
)
def test_by_provider_and_type(
    rules: RuleSet, subject: str, when: str, types: tuple[str, ...], answer: bool
) -> None:
    asked = policy(rules, subject, when, types)
    assert concerns(asked, "aws", ("AWS::S3::Bucket",), ALL) is answer


def test_what_makes_no_such_records_is_not_asked(rules: RuleSet) -> None:
    asked = policy(rules, "trust", "trust.provider == 'aws'")
    assert not concerns(asked, "aws", ("AWS::S3::Bucket",), ("grant",))


@pytest.mark.parametrize("provider", ["aws", "entra", "github", "slack"])
def test_outsiders_are_everybodys_concern(rules: RuleSet, provider: str) -> None:
    asked = next(one for one in rules.policies if one.id == "third-party-administers")
    assert concerns(asked, provider, (), (asked.applies_to,))
    assert not concerns(asked, provider, (), ())
