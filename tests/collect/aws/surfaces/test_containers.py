from __future__ import annotations

import moto_server
from asking_aws import answering, asked, objects, records
from keymuster.model import Credential, Use, UseKind
from keymuster.rules.schema import RuleSet
from reading import only

ROLE = "arn:aws:iam::123456789012:role/web"
STARTS = "arn:aws:iam::123456789012:role/starts"
PASSWORD = "hiccup-" + "wagon-92-rusk"


def seed(endpoint: str) -> None:
    client = moto_server.client("ecs", endpoint)
    client.create_cluster(clusterName="main")
    for _ in range(3):
        client.register_task_definition(
            family="web", taskRoleArn=ROLE, executionRoleArn=STARTS,
            containerDefinitions=[
                {
                    "name": "web", "image": "web:1", "memory": 128,
                    "environment": [{"name": "DB_PASSWORD", "value": PASSWORD}],
                    "dockerLabels": {"team": "shop"},
                }
            ],
        )  # fmt: skip
    client.create_service(
        cluster="main", serviceName="web", taskDefinition="web:2", desiredCount=1,
        enableExecuteCommand=True,
    )  # fmt: skip


def test_what_services_run_and_what_is_newest_is_told_of(aws: str) -> None:
    seed(aws)
    found = objects(asked("ecs"))
    definitions = [one.id.rpartition("/")[2] for one in found["AWS::ECS::TaskDefinition"]]
    assert definitions == ["web:2", "web:3"]
    [definition, _] = found["AWS::ECS::TaskDefinition"]
    [container] = definition.get("ContainerDefinitions").items()  # type: ignore[union-attr]
    assert container.get("DockerLabels").plain() == {"team": "shop"}  # type: ignore[union-attr]
    assert [one.text("ServiceName") for one in found["AWS::ECS::Service"]] == ["web"]


def test_tasks_run_as_one_role_and_are_started_with_another(aws: str, rules: RuleSet) -> None:
    seed(aws)
    told = objects(asked("ecs"))
    found = records(told["AWS::ECS::TaskDefinition"][:1], rules)
    assert [(one.subject, one.kind) for one in only(Use, found)] == [
        ("aws:123456789012:role/web", UseKind.WORKLOAD),
        ("aws:123456789012:role/starts", UseKind.OTHER),
    ]
    assert [one.name for one in only(Credential, found)] == ["DB_PASSWORD"]


def test_who_enters_tasks_of_a_service_has_what_they_have(rules: RuleSet) -> None:
    cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/main"
    definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:2"
    service = {
        "serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/main/web", "serviceName": "web",
        "clusterArn": cluster, "taskDefinition": definition, "enableExecuteCommand": True,
        "roleArn": "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
    }  # fmt: skip
    with answering(
        "ecs",
        ("list_clusters", {"clusterArns": [cluster]}),
        ("describe_clusters", {"clusters": [{"clusterArn": cluster}]}),
        ("list_services", {"serviceArns": [service["serviceArn"]]}),
        ("describe_services", {"services": [service]}),
        ("list_task_definition_families", {"families": []}),
        ("describe_task_definition", {"taskDefinition": {"taskDefinitionArn": definition}}),
    ) as ask:
        [use] = only(Use, records(objects(ask)["AWS::ECS::Service"], rules))
    assert (use.subject, use.by, use.kind) == (definition, cluster, UseKind.OTHER)


def test_the_newest_revision_of_a_job_counts(aws: str, rules: RuleSet) -> None:
    client = moto_server.client("batch", aws)
    for value in ("one", PASSWORD):
        client.register_job_definition(
            jobDefinitionName="nightly", type="container",
            containerProperties={
                "image": "job:1", "vcpus": 1, "memory": 128, "jobRoleArn": ROLE,
                "environment": [{"name": "API_PASSWORD", "value": value}],
            },
        )  # fmt: skip
    [job] = objects(asked("batch"))["AWS::Batch::JobDefinition"]
    assert job.id.endswith("job-definition/nightly:2")
    assert [one.subject for one in only(Use, records([job], rules))] == [
        "aws:123456789012:role/web"
    ]


SERVICE = "arn:aws:apprunner:us-east-1:123456789012:service/shop/1234"


def test_a_service_of_app_runner_is_handed_variables(rules: RuleSet) -> None:
    service = {
        "ServiceName": "shop", "ServiceId": "0" * 32, "ServiceArn": SERVICE, "CreatedAt": 1, "UpdatedAt": 1,
        "Status": "RUNNING", "AutoScalingConfigurationSummary": {}, "NetworkConfiguration": {},
        "InstanceConfiguration": {"InstanceRoleArn": ROLE},
        "SourceConfiguration": {
            "ImageRepository": {
                "ImageIdentifier": "shop:1", "ImageRepositoryType": "ECR",
                "ImageConfiguration": {"RuntimeEnvironmentVariables": {"DB_PASSWORD": PASSWORD}},
            }
        },
    }  # fmt: skip
    listed = {"ServiceName": "shop", "ServiceArn": SERVICE}
    with answering(
        "apprunner",
        ("list_services", {"ServiceSummaryList": [], "NextToken": "more"}),
        ("list_services", {"ServiceSummaryList": [listed]}),
        ("describe_service", {"Service": service}),
    ) as ask:
        found = records(objects(ask)["AWS::AppRunner::Service"], rules)
    assert [one.subject for one in only(Use, found)] == ["aws:123456789012:role/web"]
    assert [one.name for one in only(Credential, found)] == ["DB_PASSWORD"]
