"""What deploys other things: stacks of CloudFormation with what they were given and what they show, apps of
Amplify, environments of Elastic Beanstalk."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import capitalized, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def stacks(ask: Scope) -> Iterator[Told]:
    """Of a parameter that its template marks with `NoEcho`, AWS shows stars, and no secret is known."""
    for one in ask.pages("cloudformation:DescribeStacks", "Stacks"):
        given = {
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in one.get("Parameters", ())
        }
        shown = {each["OutputKey"]: each.get("OutputValue", "") for each in one.get("Outputs", ())}
        yield told(
            "AWS::CloudFormation::Stack", one["StackId"],
            {
                "StackName": one["StackName"], "RoleARN": one.get("RoleARN"), "Parameters": given,
                "Outputs": shown, "Tags": one.get("Tags"), "CreationTime": one.get("CreationTime"),
                "Capabilities": one.get("Capabilities"), "RootId": one.get("RootId"),
            },
            name=one["StackName"],
        )  # fmt: skip


def apps(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("amplify:ListApps", "apps"):
        yield told(
            "AWS::Amplify::App", one["appArn"],
            {**_amplified(one), "IAMServiceRole": one.get("iamServiceRoleArn")}, one["name"],
        )  # fmt: skip
        for branch in ask.pages("amplify:ListBranches", "branches", appId=one["appId"]):
            yield told(
                "AWS::Amplify::Branch",
                branch["branchArn"],
                _amplified(branch),
                branch["branchName"],
            )


def _amplified(one: dict[str, Any]) -> dict[str, Any]:
    """With the password of visitors as CloudFormation has it, and not in base64."""
    settings: dict[str, Any] = capitalized(one, "environmentVariables", "tags")
    encoded = settings.pop("BasicAuthCredentials", "")
    try:
        user, _, password = b64decode(encoded).decode().partition(":")
    except ValueError:
        return settings
    return {**settings, "BasicAuthConfig": {"Username": user, "Password": password}}


def environments(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("elasticbeanstalk:DescribeEnvironments", "Environments"):
        if one.get("Status") in ("Terminated", "Terminating"):
            continue
        options = [
            {key: each.get(key) for key in ("Namespace", "OptionName", "Value")}
            for found in ask.pages(
                "elasticbeanstalk:DescribeConfigurationSettings", "ConfigurationSettings",
                ApplicationName=one["ApplicationName"], EnvironmentName=one["EnvironmentName"],
            )
            for each in found.get("OptionSettings", ())
            if each.get("Value") not in (None, "")
        ]  # fmt: skip
        yield told(
            "AWS::ElasticBeanstalk::Environment", one["EnvironmentArn"],
            {
                "EnvironmentName": one["EnvironmentName"], "ApplicationName": one["ApplicationName"],
                "OperationsRole": one.get("OperationsRole"), "OptionSettings": options,
            },
        )  # fmt: skip


SURFACES = (
    Surface(
        name="cloudformation",
        calls=("cloudformation:DescribeStacks",),
        types=("AWS::CloudFormation::Stack",),
        look=stacks,
    ),
    Surface(
        name="amplify",
        calls=("amplify:ListApps", "amplify:ListBranches"),
        types=("AWS::Amplify::App", "AWS::Amplify::Branch"),
        look=apps,
    ),
    Surface(
        name="elasticbeanstalk",
        calls=(
            "elasticbeanstalk:DescribeEnvironments",
            "elasticbeanstalk:DescribeConfigurationSettings",
        ),
        types=("AWS::ElasticBeanstalk::Environment",),
        look=environments,
    ),
)
