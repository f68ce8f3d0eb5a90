"""APIs of API Gateway and AppSync: what they ask of callers, and the keys that they take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def rest(ask: Scope) -> Iterator[Told]:
    """APIs of the first kind, with their methods."""
    for one in ask.pages("apigateway:GetRestApis", "items"):
        id, name = one["id"], one.get("name", "")
        yield told(
            "AWS::ApiGateway::RestApi", _arn(ask, f"/restapis/{id}"),
            {
                "Name": name, "Policy": _document(one.get("policy")), "CreatedDate": one.get("createdDate"),
                "DisableExecuteApiEndpoint": one.get("disableExecuteApiEndpoint"),
                "EndpointConfiguration": {"Types": one.get("endpointConfiguration", {}).get("types")},
            },
            name=name, account=ask.account,
        )  # fmt: skip
        for resource in ask.pages(
            "apigateway:GetResources", "items", restApiId=id, embed=["methods"]
        ):
            for verb, method in (resource.get("resourceMethods") or {}).items():
                path = resource.get("path", "")
                arn = _arn(ask, f"/restapis/{id}/resources/{resource['id']}/methods/{verb}")
                yield told(
                    "AWS::ApiGateway::Method", arn,
                    {
                        "RestApiId": id, "HttpMethod": verb,
                        "AuthorizationType": method.get("authorizationType"),
                        "AuthorizerId": method.get("authorizerId"), "ApiKeyRequired": method.get("apiKeyRequired"),
                    },
                    name=f"{name} {verb} {path}", account=ask.account,
                )  # fmt: skip


def _document(policy: str | None) -> str | None:
    """A policy as it was given: the service answers it with its quotation marks escaped."""
    if not policy or not policy.startswith('{\\"'):
        return policy
    try:
        return str(json.loads(f'"{policy}"'))
    except ValueError:
        return policy


def http(ask: Scope) -> Iterator[Told]:
    """APIs of the second kind: HTTP and WebSocket."""
    for api in ask.pages("apigatewayv2:GetApis", "Items"):
        id, name = api["ApiId"], api.get("Name", "")
        for one in ask.pages("apigatewayv2:GetRoutes", "Items", ApiId=id):
            key = one.get("RouteKey", "")
            if key.startswith("$") and key not in _ENTRANCES:
                continue
            yield told(
                "AWS::ApiGatewayV2::Route", _arn(ask, f"/apis/{id}/routes/{one['RouteId']}"),
                {
                    "ApiId": id, "RouteKey": key, "AuthorizationType": one.get("AuthorizationType"),
                    "AuthorizerId": one.get("AuthorizerId"), "ApiKeyRequired": one.get("ApiKeyRequired"),
                },
                name=f"{name} {key}", account=ask.account,
            )  # fmt: skip


_ENTRANCES = ("$connect", "$default")
"""Routes of a WebSocket through which one comes in; whoever is in has been let in there."""


def keys(ask: Scope) -> Iterator[Told]:
    """Without their values."""
    for one in ask.pages("apigateway:GetApiKeys", "items", includeValues=False):
        yield told(
            "AWS::ApiGateway::ApiKey", _arn(ask, f"/apikeys/{one['id']}"),
            {
                "Name": one.get("name"), "Enabled": one.get("enabled"), "StageKeys": one.get("stageKeys"),
                "CustomerId": one.get("customerId"), "CreatedDate": one.get("createdDate"),
                "LastUpdatedDate": one.get("lastUpdatedDate"),
            },
            name=one.get("name", ""), account=ask.account,
        )  # fmt: skip


def _arn(ask: Scope, path: str) -> str:
    """Of API Gateway, whose ARNs have no account."""
    return f"arn:{ask.partition}:apigateway:{ask.region}::{path}"


def graphql(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("appsync:ListGraphqlApis", "graphqlApis"):
        more = one.get("additionalAuthenticationProviders") or []
        yield told(
            "AWS::AppSync::GraphQLApi", one["arn"],
            {
                "Name": one["name"], "AuthenticationType": one.get("authenticationType"),
                "Visibility": one.get("visibility"),
                "AdditionalAuthenticationProviders": [
                    {"AuthenticationType": each.get("authenticationType")} for each in more
                ],
            },
            name=one["name"],
        )  # fmt: skip
        methods = {one.get("authenticationType"), *(each.get("authenticationType") for each in more)}  # fmt: skip
        if "API_KEY" in methods:
            yield from _graphql_keys(ask, one)


def _graphql_keys(ask: Scope, api: dict[str, Any]) -> Iterator[Told]:
    """By number: what AppSync calls the id of a key is the key."""
    found = ask.pages("appsync:ListApiKeys", "apiKeys", apiId=api["apiId"])
    ends = sorted((one.get("expires", 0), one.get("deletes", 0)) for one in found)
    for number, (expires, deletes) in enumerate(ends, start=1):
        yield told(
            "AWS::AppSync::ApiKey", f"{api['arn']}/apikeys/{number}",
            {"ApiId": api["apiId"], "Expires": expires, "ExpirationDate": _date(expires), "Deletes": _date(deletes)},
            name=f"{number} of {api['name']}",
        )  # fmt: skip


def _date(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


SURFACES = (
    Surface(
        name="rest-apis",
        calls=("apigateway:GetRestApis", "apigateway:GetResources"),
        types=("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Method"),
        look=rest,
    ),
    Surface(
        name="http-apis",
        calls=("apigatewayv2:GetApis", "apigatewayv2:GetRoutes"),
        types=("AWS::ApiGatewayV2::Route",),
        look=http,
    ),
    Surface(
        name="api-keys",
        calls=("apigateway:GetApiKeys",),
        types=("AWS::ApiGateway::ApiKey",),
        look=keys,
    ),
    Surface(
        name="appsync",
        calls=("appsync:ListGraphqlApis", "appsync:ListApiKeys"),
        types=("AWS::AppSync::GraphQLApi", "AWS::AppSync::ApiKey"),
        look=graphql,
    ),
)
