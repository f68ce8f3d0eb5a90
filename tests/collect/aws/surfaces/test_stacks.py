from __future__ import annotations

import json
from base64 import b64encode

import moto_server
from asking_aws import ACCOUNT, answering, asked, objects, records
from keymuster.model import Credential, Use, UseKind
from keymuster.rules.schema import RuleSet
from reading import only

PASSWORD = "hiccup-" + "wagon-97-rusk"


def test_a_stack_shows_what_it_was_given(aws: str, rules: RuleSet) -> None:
    template = {
        "Parameters": {
            "DbPassword": {"Type": "String"},
            "HiddenPassword": {"Type": "String"},
        },
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"AdminPassword": {"Value": {"Ref": "DbPassword"}}},
    }
    moto_server.client("cloudformation", aws).create_stack(
        StackName="shop", TemplateBody=json.dumps(template), RoleARN=f"arn:aws:iam::{ACCOUNT}:role/deploy",
        Parameters=[
            {"ParameterKey": "DbPassword", "ParameterValue": PASSWORD},
            {"ParameterKey": "HiddenPassword", "ParameterValue": "****"},
        ],
        Tags=[{"Key": "team", "Value": "shop"}],
    )  # fmt: skip
    [one] = objects(asked("cloudformation"))["AWS::CloudFormation::Stack"]
    assert one.name == "shop"
    assert one.id.startswith(f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/shop/")
    found = records([one], rules)
    [use] = only(Use, found)
    assert (use.subject, use.kind) == (f"aws:{ACCOUNT}:role/deploy", UseKind.WORKFLOW)
    assert [each.name for each in only(Credential, found)] == ["DbPassword"]


def test_an_app_of_amplify_and_its_branches_have_variables(rules: RuleSet) -> None:
    app = {
        "appId": "d1", "appArn": f"arn:aws:amplify:us-east-1:{ACCOUNT}:apps/d1", "name": "site",
        "description": "", "repository": "https://git.example/site", "platform": "WEB",
        "createTime": 1, "updateTime": 1, "environmentVariables": {"CMS_PASSWORD": PASSWORD},
        "defaultDomain": "d1.example", "enableBranchAutoBuild": True, "enableBasicAuth": True,
        "iamServiceRoleArn": f"arn:aws:iam::{ACCOUNT}:role/site",
        "basicAuthCredentials": b64encode(f"ann:{PASSWORD}3".encode()).decode(),
    }  # fmt: skip
    branch = {
        "branchArn": f"{app['appArn']}/branches/main", "branchName": "main", "description": "",
        "stage": "PRODUCTION", "displayName": "main", "enableNotification": False, "createTime": 1,
        "updateTime": 1, "environmentVariables": {"CMS_PASSWORD": PASSWORD + "4"},
        "enableAutoBuild": True, "customDomains": [], "framework": "", "activeJobId": "1",
        "totalNumberOfJobs": "1", "enableBasicAuth": False, "ttl": "5", "enablePullRequestPreview": False,
    }  # fmt: skip
    with answering(
        "amplify", ("list_apps", {"apps": [app]}), ("list_branches", {"branches": [branch]})
    ) as ask:
        found = records([one for some in objects(ask).values() for one in some], rules)
    assert [one.subject for one in only(Use, found)] == [f"aws:{ACCOUNT}:role/site"]
    assert sorted(one.name for one in only(Credential, found)) == [
        "CMS_PASSWORD", "CMS_PASSWORD", "Password",
    ]  # fmt: skip


def test_an_environment_of_elastic_beanstalk_has_options(rules: RuleSet) -> None:
    environment = {
        "EnvironmentName": "shop-web", "ApplicationName": "shop", "Status": "Ready",
        "EnvironmentArn": f"arn:aws:elasticbeanstalk:us-east-1:{ACCOUNT}:environment/shop/web",
        "OperationsRole": f"arn:aws:iam::{ACCOUNT}:role/operations",
    }  # fmt: skip
    option = {
        "Namespace": "aws:elasticbeanstalk:application:environment", "OptionName": "DB_PASSWORD",
        "Value": PASSWORD,
    }  # fmt: skip
    gone = {**environment, "EnvironmentName": "shop-old", "Status": "Terminated"}
    with answering(
        "elasticbeanstalk",
        ("describe_environments", {"Environments": [gone, environment]}),
        (
            "describe_configuration_settings",
            {"ConfigurationSettings": [{"OptionSettings": [option]}]},
        ),
    ) as ask:
        found = records(objects(ask)["AWS::ElasticBeanstalk::Environment"], rules)
    assert [one.name for one in only(Credential, found)] == ["DB_PASSWORD"]
    assert [one.subject for one in only(Use, found)] == [f"aws:{ACCOUNT}:role/operations"]
