"""Jobs, crawlers and endpoints of Glue; notebooks, models and domains of SageMaker: their roles, and what
they are handed."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def glue(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("glue:GetJobs", "Jobs"):
        yield told("AWS::Glue::Job", ask.arn("glue", f"job/{one['Name']}"), one)
    for one in ask.pages("glue:GetCrawlers", "Crawlers"):
        yield told("AWS::Glue::Crawler", ask.arn("glue", f"crawler/{one['Name']}"), one)
    for one in ask.pages("glue:GetDevEndpoints", "DevEndpoints"):
        arn = ask.arn("glue", f"devEndpoint/{one['EndpointName']}")
        yield told("AWS::Glue::DevEndpoint", arn, one)


def sagemaker(ask: Scope) -> Iterator[Told]:
    for listed in ask.pages("sagemaker:ListNotebookInstances", "NotebookInstances"):
        name = listed["NotebookInstanceName"]
        one = ask.answer("sagemaker:DescribeNotebookInstance", NotebookInstanceName=name)
        if one is not None:
            yield told("AWS::SageMaker::NotebookInstance", listed["NotebookInstanceArn"], one)
    for listed in ask.pages(
        "sagemaker:ListNotebookInstanceLifecycleConfigs", "NotebookInstanceLifecycleConfigs"
    ):
        name = listed["NotebookInstanceLifecycleConfigName"]
        one = ask.answer(
            "sagemaker:DescribeNotebookInstanceLifecycleConfig",
            NotebookInstanceLifecycleConfigName=name,
        )
        if one is not None:
            yield told(
                "AWS::SageMaker::NotebookInstanceLifecycleConfig",
                listed["NotebookInstanceLifecycleConfigArn"],
                {"OnCreate": _hooks(one, "OnCreate"), "OnStart": _hooks(one, "OnStart")},
            )
    for listed in ask.pages("sagemaker:ListModels", "Models"):
        one = ask.answer("sagemaker:DescribeModel", ModelName=listed["ModelName"])
        if one is not None:
            yield told("AWS::SageMaker::Model", listed["ModelArn"], one)
    for listed in ask.pages("sagemaker:ListDomains", "Domains"):
        one = ask.answer("sagemaker:DescribeDomain", DomainId=listed["DomainId"])
        if one is not None:
            yield told(
                "AWS::SageMaker::Domain", listed["DomainArn"], one, listed.get("DomainName", "")
            )


def _hooks(one: dict[str, Any], key: str) -> list[dict[str, str]]:
    return [{"Content": _decoded(each.get("Content", ""))} for each in one.get(key, ())]


def _decoded(text: str) -> str:
    try:
        return b64decode(text).decode("utf-8", "replace")
    except ValueError:
        return text


SURFACES = (
    Surface(
        name="glue",
        calls=("glue:GetJobs", "glue:GetCrawlers", "glue:GetDevEndpoints"),
        types=("AWS::Glue::Job", "AWS::Glue::Crawler", "AWS::Glue::DevEndpoint"),
        look=glue,
    ),
    Surface(
        name="sagemaker",
        calls=(
            "sagemaker:ListNotebookInstances", "sagemaker:DescribeNotebookInstance",
            "sagemaker:ListNotebookInstanceLifecycleConfigs",
            "sagemaker:DescribeNotebookInstanceLifecycleConfig", "sagemaker:ListModels",
            "sagemaker:DescribeModel", "sagemaker:ListDomains", "sagemaker:DescribeDomain",
        ),
        types=(
            "AWS::SageMaker::NotebookInstance", "AWS::SageMaker::NotebookInstanceLifecycleConfig",
            "AWS::SageMaker::Model", "AWS::SageMaker::Domain",
        ),
        look=sagemaker,
    ),
)  # fmt: skip
