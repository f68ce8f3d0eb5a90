"""What people write scripts and variables into: documents of Systems Manager, stages of API Gateway."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_OWN = [{"Key": "Owner", "Values": ["Self"]}]


def documents(ask: Scope) -> Iterator[Told]:
    for listed in ask.pages("ssm:ListDocuments", "DocumentIdentifiers", Filters=_OWN):
        name = listed["Name"]
        one = ask.answer("ssm:GetDocument", "InvalidDocument", Name=name)
        if one is not None:
            yield told(
                "AWS::SSM::Document", ask.arn("ssm", f"document/{name}"),
                {
                    "Name": name, "DocumentType": one.get("DocumentType"),
                    "Content": one.get("Content"), "Tags": listed.get("Tags"),
                },
            )  # fmt: skip


def stages(ask: Scope) -> Iterator[Told]:
    for api in ask.pages("apigateway:GetRestApis", "items"):
        for one in ask.pages("apigateway:GetStages", "item", restApiId=api["id"]):
            yield told(
                "AWS::ApiGateway::Stage",
                _arn(ask, f"/restapis/{api['id']}/stages/{one['stageName']}"),
                {
                    "StageName": one["stageName"], "RestApiId": api["id"],
                    "Variables": one.get("variables"),
                },
                name=f"{api.get('name', api['id'])}/{one['stageName']}",
            )  # fmt: skip


def newer_stages(ask: Scope) -> Iterator[Told]:
    for api in ask.pages("apigatewayv2:GetApis", "Items"):
        for one in ask.pages("apigatewayv2:GetStages", "Items", ApiId=api["ApiId"]):
            yield told(
                "AWS::ApiGatewayV2::Stage",
                _arn(ask, f"/apis/{api['ApiId']}/stages/{one['StageName']}"),
                {
                    "StageName": one["StageName"], "ApiId": api["ApiId"],
                    "StageVariables": one.get("StageVariables"),
                },
                name=f"{api.get('Name', api['ApiId'])}/{one['StageName']}",
            )  # fmt: skip


def _arn(ask: Scope, path: str) -> str:
    """ARNs of API Gateway have no account; without one, two accounts could not be told apart."""
    return ask.arn("apigateway", path)


SURFACES = (
    Surface(
        name="ssm-documents",
        calls=("ssm:ListDocuments", "ssm:GetDocument"),
        types=("AWS::SSM::Document",),
        look=documents,
    ),
    Surface(
        name="apigateway-stages",
        calls=("apigateway:GetRestApis", "apigateway:GetStages"),
        types=("AWS::ApiGateway::Stage",),
        look=stages,
    ),
    Surface(
        name="apigatewayv2-stages",
        calls=("apigatewayv2:GetApis", "apigatewayv2:GetStages"),
        types=("AWS::ApiGatewayV2::Stage",),
        look=newer_stages,
    ),
)
