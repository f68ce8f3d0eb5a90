"""Machines of EC2 and what they are started from: their instance profiles, who reaches them, their scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.start_scripts import script
from keymuster.collect.aws.surface import Surface, Told

_TEMPLATE = "aws:ec2launchtemplate:id"
_VERSION = "aws:ec2launchtemplate:version"
"""Tags that AWS gives to instances."""


def machines(ask: Scope) -> Iterator[Told]:
    """Launch templates first: an instance of one of them has its script, and is not asked for it."""
    known: set[tuple[str, str]] = set()
    for one in _versions(ask):
        known.add((one["LaunchTemplateId"], str(one["VersionNumber"])))
        yield _template(ask, one)
    instances = [
        one
        for found in ask.pages("ec2:DescribeInstances", "Reservations")
        for one in found.get("Instances", ())
        if one.get("State", {}).get("Name") not in ("terminated", "shutting-down")
    ]
    is_public = any(one.get("PublicIpAddress") for one in instances)
    rules = _rules(ask) if is_public else {}
    for one in instances:
        tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}
        is_known = (tags.get(_TEMPLATE, ""), tags.get(_VERSION, "")) in known
        yield told(
            "AWS::EC2::Instance", ask.arn("ec2", f"instance/{one['InstanceId']}"),
            {
                **one, **_started(one), "SecurityGroups": _groups(one, rules),
                "NetworkInterfaces": _interfaces(one),
                "UserData": "" if is_known else _user_data(ask, one["InstanceId"]),
            },
        )  # fmt: skip


def _versions(ask: Scope) -> Iterator[dict[str, Any]]:
    """Of each launch template the version that is used, and then the last if that is another."""
    found = ask.pages(
        "ec2:DescribeLaunchTemplateVersions", "LaunchTemplateVersions",
        Versions=["$Default", "$Latest"],
    )  # fmt: skip
    seen: set[tuple[str, int]] = set()
    for one in sorted(found, key=lambda one: (one["LaunchTemplateId"], one["VersionNumber"])):
        key = one["LaunchTemplateId"], one["VersionNumber"]
        if key not in seen:
            seen.add(key)
            yield one


def _template(ask: Scope, one: dict[str, Any]) -> Told:
    arn = ask.arn("ec2", f"launch-template/{one['LaunchTemplateId']}")
    version = "" if one.get("DefaultVersion") else f":{one['VersionNumber']}"
    data = one.get("LaunchTemplateData", {})
    return told(
        "AWS::EC2::LaunchTemplate", arn + version,
        {
            "LaunchTemplateName": one.get("LaunchTemplateName"), "VersionNumber": one["VersionNumber"],
            "LaunchTemplateData": {**data, "UserData": script(data.get("UserData", ""))},
        },
        name=one.get("LaunchTemplateName", ""),
    )  # fmt: skip


def _started(one: dict[str, Any]) -> dict[str, Any]:
    """The name of a profile where CloudFormation has a name."""
    return {"IamInstanceProfile": one.get("IamInstanceProfile", {}).get("Arn")}


def _interfaces(one: dict[str, Any]) -> list[dict[str, Any]]:
    """With what CloudFormation says of them: whether they have an address that the internet knows."""
    return [
        {
            "AssociatePublicIpAddress": "PublicIp" in each.get("Association", {}),
            "SubnetId": each.get("SubnetId"), "NetworkInterfaceId": each.get("NetworkInterfaceId"),
        }
        for each in one.get("NetworkInterfaces", ())
    ]  # fmt: skip


def _rules(ask: Scope) -> dict[str, list[dict[str, Any]]]:
    return {
        one["GroupId"]: one.get("IpPermissions", [])
        for one in ask.pages("ec2:DescribeSecurityGroups", "SecurityGroups")
    }


def _groups(one: dict[str, Any], rules: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The groups of all interfaces, with whom they let in, where that was asked for."""
    places = (
        one.get("SecurityGroups", ()),
        *(i.get("Groups", ()) for i in one.get("NetworkInterfaces", ())),
    )
    found = {each["GroupId"]: each for groups in places for each in groups}
    return [
        {**each, "IpPermissions": rules[id]} if id in rules else each for id, each in found.items()
    ]


def _user_data(ask: Scope, instance: str) -> str:
    answer = ask.answer(
        "ec2:DescribeInstanceAttribute", "InvalidInstanceID.NotFound",
        InstanceId=instance, Attribute="userData",
    )  # fmt: skip
    return script((answer or {}).get("UserData", {}).get("Value", ""))


def configurations(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("autoscaling:DescribeLaunchConfigurations", "LaunchConfigurations"):
        yield told(
            "AWS::AutoScaling::LaunchConfiguration", one["LaunchConfigurationARN"],
            {**one, "UserData": script(one.get("UserData", ""))}, one["LaunchConfigurationName"],
        )  # fmt: skip


SURFACES = (
    Surface(
        name="ec2",
        calls=(
            "ec2:DescribeInstances", "ec2:DescribeInstanceAttribute", "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeSecurityGroups",
        ),
        types=("AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"),
        look=machines,
    ),
    Surface(
        name="autoscaling",
        calls=("autoscaling:DescribeLaunchConfigurations",),
        types=("AWS::AutoScaling::LaunchConfiguration",),
        look=configurations,
    ),
)  # fmt: skip
