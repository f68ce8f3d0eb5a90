from __future__ import annotations

import moto_server
from asking_aws import ACCOUNT, answering, asked, objects, records
from keymuster.model import Credential, Use
from keymuster.rules.schema import RuleSet
from reading import only

PASSWORD = "hiccup-" + "wagon-94-rusk"


def test_a_build_has_a_role_and_variables(aws: str, rules: RuleSet) -> None:
    moto_server.client("codebuild", aws).create_project(
        name="site", serviceRole=f"arn:aws:iam::{ACCOUNT}:role/build",
        source={"type": "GITHUB", "location": "https://git.example/site.git"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                {"name": "NPM_PASSWORD", "value": PASSWORD, "type": "PLAINTEXT"},
                {"name": "API_PASSWORD", "value": "shop/password", "type": "PARAMETER_STORE"},
            ],
        },
    )  # fmt: skip
    ask = asked("codebuild")
    found = records(ask.surface.look(ask), rules)
    assert [one.subject for one in only(Use, found)] == [f"aws:{ACCOUNT}:role/build"]
    assert [one.name for one in only(Credential, found)] == ["NPM_PASSWORD"]


def test_what_builds_sign_in_to_sources_with_is_told_of() -> None:
    token = {
        "arn": f"arn:aws:codebuild:us-east-1:{ACCOUNT}:token/github", "serverType": "GITHUB",
        "authType": "PERSONAL_ACCESS_TOKEN",
    }  # fmt: skip
    with answering(
        "codebuild",
        ("list_projects", {}),
        ("list_source_credentials", {"sourceCredentialsInfos": [token]}),
    ) as ask:
        [one] = objects(ask)["AWS::CodeBuild::SourceCredential"]
    assert one.text("AuthType") == "PERSONAL_ACCESS_TOKEN"


def test_a_pipeline_and_its_actions_have_roles(rules: RuleSet) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/"
    kind = {"category": "Source", "owner": "ThirdParty", "provider": "GitHub", "version": "1"}
    action = {
        "name": "fetch", "actionTypeId": kind, "roleArn": f"{role}fetch",
        "configuration": {"OAuthToken": "****", "Owner": "acme"},
    }  # fmt: skip
    pipeline = {
        "name": "site", "roleArn": f"{role}pipeline", "stages": [{"name": "Source", "actions": [action]}],
    }  # fmt: skip
    with answering(
        "codepipeline",
        ("list_pipelines", {"pipelines": [{"name": "site"}]}),
        ("get_pipeline", {"pipeline": pipeline}),
    ) as ask:
        [one] = objects(ask)["AWS::CodePipeline::Pipeline"]
    found = records([one], rules)
    assert [use.subject for use in only(Use, found)] == [
        f"aws:{ACCOUNT}:role/pipeline", f"aws:{ACCOUNT}:role/fetch",
    ]  # fmt: skip
    assert only(Credential, found) == []
