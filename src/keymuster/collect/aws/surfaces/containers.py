"""Containers of ECS, Batch and App Runner: the roles that they run as, and what they are handed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.groups import groups
from keymuster.collect.aws.objects import capitalized, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_SERVICES_AT_ONCE = 10
_CLUSTERS_AT_ONCE = 100
_FREE = ("options", "dockerLabels", "driverOpts", "labels", "parameters", "tags")


def tasks(ask: Scope) -> Iterator[Told]:
    """Clusters, their services, and the definitions of tasks that these run, or that are the newest of
    their family: what is older and run by nobody is history."""
    wanted: dict[str, None] = {}
    clusters = [*ask.pages("ecs:ListClusters", "clusterArns")]
    for some in groups(clusters, _CLUSTERS_AT_ONCE):
        for one in ask.pages("ecs:DescribeClusters", "clusters", clusters=some):
            yield told("AWS::ECS::Cluster", one["clusterArn"], capitalized(one, *_FREE))
    for cluster in clusters:
        names = ask.pages("ecs:ListServices", "serviceArns", cluster=cluster)
        for few in groups(names, _SERVICES_AT_ONCE):
            for one in ask.pages("ecs:DescribeServices", "services", cluster=cluster, services=few):
                if definition := one.get("taskDefinition"):
                    wanted[definition] = None
                yield _service(one)
    for family in ask.pages("ecs:ListTaskDefinitionFamilies", "families", status="ACTIVE"):
        wanted.setdefault(family)
    seen: set[str] = set()
    for name in wanted:
        answer = ask.answer("ecs:DescribeTaskDefinition", taskDefinition=name)
        one = answer["taskDefinition"] if answer else None
        if one is not None and one["taskDefinitionArn"] not in seen:
            seen.add(one["taskDefinitionArn"])
            yield told(
                "AWS::ECS::TaskDefinition", one["taskDefinitionArn"],
                {**capitalized(one, *_FREE), "Status": one.get("status")},
            )  # fmt: skip


def _service(one: dict[str, Any]) -> Told:
    return told(
        "AWS::ECS::Service", one["serviceArn"],
        {
            "ServiceName": one.get("serviceName"), "Cluster": one.get("clusterArn"),
            "TaskDefinition": one.get("taskDefinition"), "Role": one.get("roleArn"),
            "EnableExecuteCommand": one.get("enableExecuteCommand"),
            "NetworkConfiguration": capitalized(one.get("networkConfiguration")),
            "DesiredCount": one.get("desiredCount"), "LaunchType": one.get("launchType"),
        },
    )  # fmt: skip


def jobs(ask: Scope) -> Iterator[Told]:
    """The newest revision of each definition of a job."""
    newest: dict[str, dict[str, Any]] = {}
    for one in ask.pages("batch:DescribeJobDefinitions", "jobDefinitions", status="ACTIVE"):
        name = one["jobDefinitionName"]
        if name not in newest or newest[name]["revision"] < one["revision"]:
            newest[name] = one
    for one in newest.values():
        yield told(
            "AWS::Batch::JobDefinition",
            one["jobDefinitionArn"],
            capitalized(one, *_FREE),
            name=one["jobDefinitionName"],
        )


def services(ask: Scope) -> Iterator[Told]:
    for listed in ask.pages("apprunner:ListServices", "ServiceSummaryList"):
        arn = listed["ServiceArn"]
        if answer := ask.answer("apprunner:DescribeService", ServiceArn=arn):
            yield told("AWS::AppRunner::Service", arn, answer["Service"], listed["ServiceName"])


SURFACES = (
    Surface(
        name="ecs",
        calls=(
            "ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListServices", "ecs:DescribeServices",
            "ecs:ListTaskDefinitionFamilies", "ecs:DescribeTaskDefinition",
        ),
        types=("AWS::ECS::Cluster", "AWS::ECS::Service", "AWS::ECS::TaskDefinition"),
        look=tasks,
    ),
    Surface(
        name="batch",
        calls=("batch:DescribeJobDefinitions",),
        types=("AWS::Batch::JobDefinition",),
        look=jobs,
    ),
    Surface(
        name="apprunner",
        calls=("apprunner:ListServices", "apprunner:DescribeService"),
        types=("AWS::AppRunner::Service",),
        look=services,
    ),
)  # fmt: skip
