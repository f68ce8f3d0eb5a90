from __future__ import annotations

import json

import moto_server
from asking_aws import ACCOUNT, asked, objects, records
from keymuster.model import Credential
from keymuster.rules.schema import RuleSet
from reading import only

PASSWORD = "hiccup-" + "wagon-98-rusk"


def test_own_documents_are_read(aws: str, rules: RuleSet) -> None:
    content = {
        "schemaVersion": "2.2", "description": "backup",
        "mainSteps": [
            {
                "action": "aws:runShellScript", "name": "run",
                "inputs": {"runCommand": [f"export PGPASSWORD={PASSWORD}", "pg_dump shop"]},
            }
        ],
    }  # fmt: skip
    moto_server.client("ssm", aws).create_document(
        Name="backup", Content=json.dumps(content), DocumentType="Command", DocumentFormat="JSON"
    )
    [one] = objects(asked("ssm-documents"))["AWS::SSM::Document"]
    assert one.id == f"arn:aws:ssm:us-east-1:{ACCOUNT}:document/backup"
    assert [each.name for each in only(Credential, records([one], rules))] == ["PGPASSWORD"]


def test_stages_of_both_kinds_have_variables(aws: str, rules: RuleSet) -> None:
    client = moto_server.client("apigateway", aws)
    api = client.create_rest_api(name="shop")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    client.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    client.create_deployment(
        restApiId=api, stageName="prod", variables={"backendPassword": PASSWORD}
    )
    newer = moto_server.client("apigatewayv2", aws)
    id = newer.create_api(Name="chat", ProtocolType="HTTP")["ApiId"]
    newer.create_stage(ApiId=id, StageName="prod", StageVariables={"backendPassword": PASSWORD})
    [old] = objects(asked("apigateway-stages"))["AWS::ApiGateway::Stage"]
    [new] = objects(asked("apigatewayv2-stages"))["AWS::ApiGatewayV2::Stage"]
    assert (old.name, new.name) == ("shop/prod", "chat/prod")
    names = [each.name for each in only(Credential, records([old, new], rules))]
    assert names == ["backendPassword", "backendPassword"]
