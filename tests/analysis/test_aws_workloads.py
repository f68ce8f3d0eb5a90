"""What runs in AWS as whom, and who reaches it."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis.aws_workloads import facts
from keymuster.inventory.build import build
from keymuster.model import (
    Identity,
    IdentityKind,
    Observation,
    Resource,
    ServiceLocation,
    Use,
    UseKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

PLACE = ServiceLocation(service="aws", account="1", resource="")
ROLE = "arn:aws:iam::1:role/web"
PROFILE = "arn:aws:iam::1:instance-profile/web"
MACHINE = "arn:aws:ec2:us-east-1:1:instance/i-1"
FUNCTION = "arn:aws:lambda:us-east-1:1:function:f"
EVERYBODY = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
EVERYBODY_6 = {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
OFFICE = {"IpRanges": [{"CidrIp": "192.0.2.0/24"}]}


def use(by: str, subject: str, kind: UseKind = UseKind.WORKLOAD) -> Use:
    return Use(id=f"{by}>{subject}", subject=subject, by=by, kind=kind, location=PLACE)


def thing(id: str, type: str, name: str = "", **settings: Any) -> Resource:
    return Resource(id=id, type=type, name=name, location=PLACE, settings=settings)


def of_role(rules: RuleSet, *records: Observation) -> dict[str, Any]:
    role = Identity(
        id=ROLE, kind=IdentityKind.ROLE, provider="aws", name="web", location=PLACE
    )  # fmt: skip
    return facts(build([role, *records]), Settings(), rules).get(ROLE, {})


def machine(*rules: dict[str, Any], address: str = "203.0.113.7") -> Resource:
    groups = [{"GroupId": "sg-1", "IpPermissions": [*rules]}]
    settings: dict[str, Any] = {"SecurityGroups": groups}
    if address:
        settings["PublicIpAddress"] = address
    return thing(f"resource:{MACHINE}", "AWS::EC2::Instance", **settings)


BY_PROFILE = (
    thing(MACHINE, "aws:instance", "i-1"), thing(PROFILE, "aws:instance-profile", "web"),
    use(MACHINE, PROFILE), use(PROFILE, ROLE),
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "exposed"),
    [
        (machine(EVERYBODY), ["i-1"]),
        (machine(OFFICE, EVERYBODY_6), ["i-1"]),
        (machine(OFFICE), []),
        (machine(), []),
        (machine(EVERYBODY, address=""), []),
    ],
)
def test_a_machine_with_a_public_address_is_reached_where_a_group_lets_everybody_in(
    rules: RuleSet, one: Resource, exposed: list[str]
) -> None:
    found = of_role(rules, *BY_PROFILE, one)
    assert found["workloads"] == ["i-1"]
    assert found.get("exposed", []) == exposed


@pytest.mark.parametrize(("type", "exposed"), [("NONE", ["f"]), ("AWS_IAM", [])])
def test_a_function_is_reached_by_an_address_that_asks_nobody(
    rules: RuleSet, type: str, exposed: list[str]
) -> None:
    url = thing(
        f"resource:{FUNCTION}/url", "AWS::Lambda::Url", TargetFunctionArn=FUNCTION, AuthType=type
    )
    found = of_role(rules, thing(FUNCTION, "aws:function", "f"), use(FUNCTION, ROLE), url)
    assert found.get("exposed", []) == exposed


def test_agents_stand_apart_and_what_starts_containers_is_nobody(rules: RuleSet) -> None:
    found = of_role(rules, use("bot", ROLE, UseKind.AGENT), use("task", ROLE, UseKind.OTHER))
    assert found == {"agents": ["bot"]}
