from __future__ import annotations

from base64 import b64encode

import moto_server
from asking_aws import ACCOUNT, answering, asked, objects, records
from keymuster.model import Credential, Use
from keymuster.rules.schema import RuleSet
from reading import only

ROLE = f"arn:aws:iam::{ACCOUNT}:role/data"
PASSWORD = "hiccup-" + "wagon-95-rusk"
SCRIPT = f"#!/bin/sh\nexport DB_PASSWORD={PASSWORD}\n"


def test_jobs_and_crawlers_have_a_role_and_arguments(aws: str, rules: RuleSet) -> None:
    client = moto_server.client("glue", aws)
    client.create_job(
        Name="nightly", Role=ROLE, Command={"Name": "glueetl"},
        DefaultArguments={"--db_password": PASSWORD},
    )  # fmt: skip
    client.create_database(DatabaseInput={"Name": "db"})
    client.create_crawler(Name="c", Role=ROLE, DatabaseName="db", Targets={})
    found = objects(asked("glue"))
    job, crawler = found["AWS::Glue::Job"][0], found["AWS::Glue::Crawler"][0]
    assert job.id == f"arn:aws:glue:us-east-1:{ACCOUNT}:job/nightly"
    told = records([job, crawler], rules)
    assert {one.subject for one in only(Use, told)} == {f"aws:{ACCOUNT}:role/data"}
    assert [one.name for one in only(Credential, told)] == ["--db_password"]


def test_notebooks_models_and_domains_have_roles(aws: str, rules: RuleSet) -> None:
    client = moto_server.client("sagemaker", aws)
    client.create_notebook_instance(
        NotebookInstanceName="n", InstanceType="ml.t3.medium", RoleArn=ROLE
    )
    client.create_model(
        ModelName="m", ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": "m:1", "Environment": {"HUB_PASSWORD": PASSWORD}},
    )  # fmt: skip
    ask = asked("sagemaker")
    told = [*ask.surface.look(ask)]
    found = records(told, rules)
    assert len(only(Use, found)) == 2
    assert [one.name for one in only(Credential, found)] == ["HUB_PASSWORD"]


def test_what_notebooks_do_when_they_start_is_read(rules: RuleSet) -> None:
    name, arn = (
        "prepare",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance-lifecycle-config/p",
    )
    listed = {
        "NotebookInstanceLifecycleConfigName": name, "NotebookInstanceLifecycleConfigArn": arn,
    }  # fmt: skip
    content = b64encode(SCRIPT.encode()).decode()
    with answering(
        "sagemaker",
        ("list_notebook_instances", {"NotebookInstances": []}),
        (
            "list_notebook_instance_lifecycle_configs",
            {"NotebookInstanceLifecycleConfigs": [listed]},
        ),
        (
            "describe_notebook_instance_lifecycle_config",
            {**listed, "OnStart": [{"Content": content}]},
        ),
        ("list_models", {"Models": []}),
        ("list_domains", {"Domains": []}),
    ) as ask:
        found = records(objects(ask)["AWS::SageMaker::NotebookInstanceLifecycleConfig"], rules)
    assert [one.name for one in only(Credential, found)] == ["DB_PASSWORD"]
