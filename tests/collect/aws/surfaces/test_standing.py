"""Keys, shares, pools, APIs, databases and findings, from answers that botocore's models allow."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import aws_surfaces
from keymuster.model import Credential, CredentialStatus, Grant
from keymuster.rules.schema import RuleSet
from service_models import ACCOUNT, REGION, scripted

LONG_AGO = datetime(2023, 5, 1, tzinfo=UTC)
LATELY = datetime(2025, 12, 20, tzinfo=UTC)
OPEN = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "x:Get", "Resource": "*"}],
    }
)


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def test_key_pairs_have_an_age(rules: RuleSet) -> None:
    pairs = [
        {"KeyPairId": "key-1", "KeyName": "old", "CreateTime": LONG_AGO, "KeyType": "rsa"},
        {"KeyPairId": "key-2", "KeyName": "new", "CreateTime": LATELY, "KeyType": "ed25519"},
    ]
    told, _ = scripted("key-pairs", {"ec2:DescribeKeyPairs": {"KeyPairs": pairs}})
    assert [one.id for one in told] == [
        arn("ec2", "key-pair/key-1"), arn("ec2", "key-pair/key-2"),
    ]  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {"aws-key-pair-old": 1}


def test_users_of_a_file_server_and_their_keys(rules: RuleSet) -> None:
    server, role = "s-0123456789abcdef0", f"arn:aws:iam::{ACCOUNT}:role/sftp"
    user = arn("transfer", f"user/{server}/partner")
    keys = [
        {"SshPublicKeyId": "key-0123456789abcdef0", "SshPublicKeyBody": "ssh-ed25519 AAAA", "DateImported": LONG_AGO},
        {"SshPublicKeyId": "key-0123456789abcdef1", "SshPublicKeyBody": "ssh-ed25519 AAAB", "DateImported": LATELY},
    ]  # fmt: skip
    told, access = scripted("transfer", {
        "transfer:ListServers": {"Servers": [
            {"Arn": arn("transfer", f"server/{server}"), "ServerId": server, "IdentityProviderType": "SERVICE_MANAGED", "UserCount": 1},
            {"Arn": arn("transfer", "server/other"), "ServerId": "s-0123456789abcdef1", "IdentityProviderType": "AWS_LAMBDA"},
        ]},
        "transfer:ListUsers": {"ServerId": server, "Users": [{"Arn": user, "UserName": "partner", "Role": role}]},
        "transfer:DescribeUser": {"ServerId": server, "User": {"Arn": user, "UserName": "partner", "Role": role, "SshPublicKeys": keys}},
    })  # fmt: skip
    assert [call for call, _ in access.asked].count("transfer:ListUsers") == 1
    assert aws_surfaces.judged(told, rules) == {
        "aws-transfer-user-by-key": 1, "aws-transfer-key-old": 1,
    }  # fmt: skip


def test_certificates_of_devices(rules: RuleSet) -> None:
    certificates = [
        {"certificateArn": arn("iot", f"cert/{status}"), "status": status, "creationDate": made}
        for status, made in (("ACTIVE", LONG_AGO), ("INACTIVE", LONG_AGO), ("PENDING_TRANSFER", LATELY))
    ]  # fmt: skip
    told, _ = scripted("iot-certificates", {"iot:ListCertificates": {"certificates": certificates}})
    found = [one for one in aws_surfaces.records(told, rules) if isinstance(one, Credential)]
    assert [one.status for one in found] == [
        CredentialStatus.ACTIVE, CredentialStatus.DISABLED, CredentialStatus.UNKNOWN,
    ]  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {"aws-device-certificate-old": 1}


def test_connections_with_static_keys(rules: RuleSet) -> None:
    connections = [
        {
            "ConnectionArn": arn("events", f"connection/{kind}/1"), "Name": kind, "AuthorizationType": kind,
            "LastAuthorizedTime": LONG_AGO, "LastModifiedTime": LONG_AGO, "CreationTime": LONG_AGO,
        }
        for kind in ("API_KEY", "OAUTH_CLIENT_CREDENTIALS")
    ]  # fmt: skip
    told, _ = scripted(
        "event-connections", {"events:ListConnections": {"Connections": connections}}
    )
    assert aws_surfaces.judged(told, rules) == {
        "aws-event-connection-by-static-key": 1, "aws-event-connection-stale": 1,
    }  # fmt: skip


def test_shares_and_to_whom_they_are_given(rules: RuleSet) -> None:
    own, other = arn("ram", "resource-share/1"), arn("ram", "resource-share/2")
    told, access = scripted("ram", {
        "ram:GetResourceShares": {"resourceShares": [
            {"resourceShareArn": own, "name": "inside", "allowExternalPrincipals": False},
            {"resourceShareArn": other, "name": "outside", "allowExternalPrincipals": True},
        ]},
        "ram:ListPrincipals": {"principals": [
            {"id": "777788889999", "resourceShareArn": own, "external": False},
            {"id": "444455556666", "resourceShareArn": other, "external": True},
        ]},
        "ram:ListResources": {"resources": [{"arn": arn("ec2", "subnet/s"), "resourceShareArn": other}]},
    })  # fmt: skip
    assert len(access.asked) == 3
    [inside, outside] = told
    assert inside.texts("Principals") == ["777788889999"]
    assert outside.texts("ExternalPrincipals") == ["444455556666"]
    assert aws_surfaces.judged(told, rules) == {
        "aws-resource-share-outside": 1, "aws-resource-shared-outside": 1,
    }  # fmt: skip


def test_an_account_that_shares_nothing_costs_one_call() -> None:
    _, access = scripted("ram", {"ram:GetResourceShares": {"resourceShares": []}})
    assert [call for call, _ in access.asked] == ["ram:GetResourceShares"]


def test_pools_that_let_guests_in(rules: RuleSet) -> None:
    pool = f"{REGION}:0123"
    told, _ = scripted("identity-pools", {
        "cognito-identity:ListIdentityPools": {"IdentityPools": [{"IdentityPoolId": pool, "IdentityPoolName": "app"}]},
        "cognito-identity:DescribeIdentityPool": {
            "IdentityPoolId": pool, "IdentityPoolName": "app", "AllowUnauthenticatedIdentities": True, "AllowClassicFlow": False,
        },
        "cognito-identity:GetIdentityPoolRoles": {
            "IdentityPoolId": pool, "Roles": {"unauthenticated": f"arn:aws:iam::{ACCOUNT}:role/guest"},
        },
    })  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {"aws-identity-pool-for-guests": 1}
    assert [
        one.subject for one in aws_surfaces.records(told, rules) if hasattr(one, "subject")
    ] == [f"aws:{ACCOUNT}:role/guest"]


def test_methods_and_policies_of_apis(rules: RuleSet) -> None:
    escaped = json.dumps(OPEN.replace("x:Get", "execute-api:Invoke"))[1:-1]
    told, access = scripted("rest-apis", {
        "apigateway:GetRestApis": {"items": [{"id": "a1", "name": "shop", "policy": escaped}]},
        "apigateway:GetResources": {"items": [{"id": "r1", "path": "/orders", "resourceMethods": {
            "GET": {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False},
            "POST": {"httpMethod": "POST", "authorizationType": "AWS_IAM", "apiKeyRequired": False},
        }}]},
    })  # fmt: skip
    assert [given for call, given in access.asked if call == "apigateway:GetResources"] == [
        {"restApiId": "a1", "embed": ["methods"]}
    ]
    [grant] = [one for one in aws_surfaces.records(told, rules) if isinstance(one, Grant)]
    assert (grant.identity, grant.actions) == ("*", ("execute-api:Invoke",))
    assert aws_surfaces.judged(told, rules) == {"aws-api-method-open": 1, "aws-api-open-to-anyone": 1}  # fmt: skip
    assert {one.account for one in told} == {ACCOUNT}


def test_routes_of_apis(rules: RuleSet) -> None:
    routes = [
        {"RouteId": key, "RouteKey": key, "AuthorizationType": kind}
        for key, kind in (("GET /", "NONE"), ("GET /me", "JWT"), ("$disconnect", "NONE"))
    ]
    told, _ = scripted("http-apis", {
        "apigatewayv2:GetApis": {"Items": [{"ApiId": "b1", "Name": "web", "ProtocolType": "HTTP", "RouteSelectionExpression": "x"}]},
        "apigatewayv2:GetRoutes": {"Items": routes},
    })  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {"aws-api-route-open": 1}


def test_keys_of_apis_are_told_without_their_values(rules: RuleSet) -> None:
    told, access = scripted("api-keys", {
        "apigateway:GetApiKeys": {"items": [
            {"id": "k1", "name": "partner", "enabled": True, "createdDate": LONG_AGO},
            {"id": "k2", "name": "new", "enabled": True, "createdDate": LATELY},
        ]},
    })  # fmt: skip
    assert access.asked[0][1]["includeValues"] is False
    assert aws_surfaces.judged(told, rules)["aws-api-key-old"] == 1


def test_the_id_of_a_graphql_key_is_the_key(rules: RuleSet) -> None:
    secret = "-".join(("da2", "x" * 26))
    api = {"name": "app", "apiId": "g1", "arn": arn("appsync", "apis/g1"), "authenticationType": "API_KEY"}  # fmt: skip
    told, _ = scripted("appsync", {
        "appsync:ListGraphqlApis": {"graphqlApis": [api]},
        "appsync:ListApiKeys": {"apiKeys": [{"id": secret, "expires": 1796000000, "deletes": 1800000000}]},
    })  # fmt: skip
    records = aws_surfaces.records(told, rules)
    assert secret not in str([one.settings.plain() for one in told]) + str(records)
    assert aws_surfaces.judged(told, rules) == {
        "aws-graphql-api-by-key": 1, "aws-graphql-key-long": 1, "aws-api-key-declared": 1,
    }  # fmt: skip
    closed = {**api, "authenticationType": "AWS_IAM"}
    _, access = scripted("appsync", {"appsync:ListGraphqlApis": {"graphqlApis": [closed]}})
    assert len(access.asked) == 1


def test_databases(rules: RuleSet) -> None:
    def one(name: str, **more: Any) -> dict[str, Any]:
        return {
            "DBInstanceIdentifier": name, "DBInstanceArn": arn("rds", f"db:{name}"), "Engine": "postgres",
            "MasterUsername": "root", "IAMDatabaseAuthenticationEnabled": True, **more,
        }  # fmt: skip

    kept = {"SecretArn": arn("secretsmanager", "secret:rds"), "SecretStatus": "active"}
    told, _ = scripted("rds", {
        "rds:DescribeDBClusters": {"DBClusters": [
            {
                "DBClusterIdentifier": "graph", "DBClusterArn": arn("rds", "cluster:graph"), "Engine": "neptune",
                "IAMDatabaseAuthenticationEnabled": False,
            },
        ]},
        "rds:DescribeDBInstances": {"DBInstances": [
            one("good", MasterUserSecret=kept), one("copy", ReadReplicaSourceDBInstanceIdentifier="good"),
            one("by-hand"), one("passwords", MasterUserSecret=kept, IAMDatabaseAuthenticationEnabled=False),
            one("graph-1", Engine="neptune", DBClusterIdentifier="graph", IAMDatabaseAuthenticationEnabled=False),
        ]},
    })  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {
        "aws-database-password-by-hand": 1, "aws-database-without-iam-sign-in": 1,
        "aws-graph-database-without-iam-sign-in": 1,
    }  # fmt: skip


def test_findings_of_access_analyzer(rules: RuleSet) -> None:
    outside, unused, inside = (
        arn("access-analyzer", f"analyzer/{kind}") for kind in ("outside", "unused", "inside")
    )
    analyzers = [
        {"arn": one, "name": kind, "type": kind, "createdAt": LONG_AGO, "status": "ACTIVE"}
        for one, kind in ((outside, "ACCOUNT"), (unused, "ACCOUNT_UNUSED_ACCESS"), (inside, "ORGANIZATION_INTERNAL_ACCESS"))
    ]  # fmt: skip

    def finding(id: str, resource: str, **more: Any) -> dict[str, Any]:
        return {
            "id": id, "resource": resource, "resourceType": "AWS::S3::Bucket", "resourceOwnerAccount": ACCOUNT,
            "status": "ACTIVE", "createdAt": LATELY, "updatedAt": LATELY, "analyzedAt": LATELY, **more,
        }  # fmt: skip

    def others(given: dict[str, Any]) -> dict[str, Any]:
        if given["analyzerArn"] == unused:
            role = f"arn:aws:iam::{ACCOUNT}:role/old"
            return {"findings": [finding("2", role, findingType="UnusedIAMRole")]}
        return {"findings": [finding("3", "arn:aws:s3:::payroll", findingType="InternalAccess")]}

    details = {
        "principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/intern"}, "action": ["s3:GetObject"],
        "serviceControlPolicyRestriction": "NOT_APPLICABLE",
    }  # fmt: skip
    told, access = scripted("access-analyzer", {
        "accessanalyzer:ListAnalyzers": {"analyzers": analyzers},
        "accessanalyzer:ListFindings": {
            "findings": [finding("1", "arn:aws:s3:::open", isPublic=True, condition={}, principal={"AWS": "*"})],
        },
        "accessanalyzer:ListFindingsV2": others,
        "accessanalyzer:GetFindingV2": {
            **finding("3", "arn:aws:s3:::payroll", findingType="InternalAccess"),
            "findingDetails": [{"internalAccessDetails": details}],
        },
    })  # fmt: skip
    assert [given["filter"] for call, given in access.asked if "ListFindings" in call] == [
        {"status": {"eq": ["ACTIVE"]}}
    ] * 3
    assert aws_surfaces.judged(told, rules) == {
        "aws-analyzer-found-outside-access": 1, "aws-analyzer-found-unused-access": 1,
        "aws-analyzer-found-inside-access": 1,
    }  # fmt: skip


def test_no_analyzer_is_told_only_if_one_could_look(rules: RuleSet) -> None:
    told, _ = scripted("access-analyzer", {"accessanalyzer:ListAnalyzers": {"analyzers": []}})
    assert aws_surfaces.judged(told, rules) == {"aws-analyzer-absent": 1}


def test_layers_keep_old_versions_open(rules: RuleSet) -> None:
    layer = arn("lambda", "layer:tools")

    def policy(given: dict[str, Any]) -> dict[str, Any]:
        if given["VersionNumber"] == 2:
            return {"Error": {"Code": "ResourceNotFoundException", "Message": ""}}
        return {"Policy": OPEN.replace("x:Get", "lambda:GetLayerVersion"), "RevisionId": "r"}

    told, _ = scripted("lambda-layers", {
        "lambda:ListLayers": {"Layers": [{"LayerName": "tools", "LayerArn": layer}]},
        "lambda:ListLayerVersions": {"LayerVersions": [
            {"LayerVersionArn": f"{layer}:{number}", "Version": number} for number in (2, 1)
        ]},
        "lambda:GetLayerVersionPolicy": policy,
    })  # fmt: skip
    [grant] = [one for one in aws_surfaces.records(told, rules) if isinstance(one, Grant)]
    assert (grant.identity, grant.resources) == ("*", (f"{layer}:1",))
    assert len(aws_surfaces.judged(told, rules)) == 1


def test_addresses_of_functions_that_ask_for_no_sign_in(rules: RuleSet) -> None:
    function = arn("lambda", "function:hook")
    url = {
        "FunctionUrl": "https://0123456789abcdef.lambda-url.us-east-1.example", "FunctionArn": f"{function}:live", "AuthType": "NONE",
        "CreationTime": "2025-01-01T00:00:00Z", "LastModifiedTime": "2025-01-01T00:00:00Z",
    }  # fmt: skip
    told, _ = scripted("lambda-access", {
        "lambda:ListFunctions": {"Functions": [{"FunctionName": "hook", "FunctionArn": function}]},
        "lambda:GetPolicy": {"Error": {"Code": "ResourceNotFoundException", "Message": ""}},
        "lambda:ListFunctionUrlConfigs": {"FunctionUrlConfigs": [url]},
    })  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {"aws-function-url-open": 1}


def test_archives_and_backups(rules: RuleSet) -> None:
    told, _ = scripted("glacier", {
        "glacier:ListVaults": {"VaultList": [{"VaultName": "cold", "VaultARN": arn("glacier", "vaults/cold")}]},
        "glacier:GetVaultAccessPolicy": {"policy": {"Policy": OPEN.replace("x:Get", "glacier:GetJobOutput")}},
    })  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {"aws-resource-open-to-anyone": 1}
    told, _ = scripted("backup", {
        "backup:ListBackupVaults": {"BackupVaultList": [
            {"BackupVaultName": "daily", "BackupVaultArn": arn("backup", "backup-vault:daily")},
        ]},
        "backup:GetBackupVaultAccessPolicy": {"Policy": OPEN.replace("x:Get", "backup:CopyIntoBackupVault")},
    })  # fmt: skip
    assert aws_surfaces.judged(told, rules) == {"aws-resource-open-to-anyone": 1}
