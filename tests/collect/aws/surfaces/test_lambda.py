from __future__ import annotations

import io
import json
import zipfile

import moto_server
from asking_aws import answering, asked, objects, records
from keymuster.model import Credential, Use
from keymuster.rules.schema import RuleSet
from reading import only

ROLE = "arn:aws:iam::123456789012:role/mailer"
PASSWORD = "hiccup-" + "wagon-91-rusk"


def code() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): pass")
    return content.getvalue()


def seed(endpoint: str) -> None:
    trust = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
    moto_server.client("iam", endpoint).create_role(
        RoleName="mailer", AssumeRolePolicyDocument=json.dumps(trust)
    )
    moto_server.client("lambda", endpoint).create_function(
        FunctionName="mail", Role=ROLE, Runtime="python3.13", Handler="main.handler",
        Code={"ZipFile": code()}, Environment={"Variables": {"SMTP_PASSWORD": PASSWORD}},
    )  # fmt: skip


def test_a_function_runs_as_its_role_and_holds_a_password(aws: str, rules: RuleSet) -> None:
    seed(aws)
    found = records(objects(asked("lambda"))["AWS::Lambda::Function"], rules)
    [use] = only(Use, found)
    assert use.by == "arn:aws:lambda:us-east-1:123456789012:function:mail"
    assert use.subject == "aws:123456789012:role/mailer"
    [password] = only(Credential, found)
    assert (password.name, str(password.storage)) == ("SMTP_PASSWORD", "service")
    assert PASSWORD not in repr(found)


def test_variables_that_nobody_may_decrypt_are_not_none() -> None:
    function = {
        "FunctionName": "mail", "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:mail",
        "Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}},
    }  # fmt: skip
    with answering("lambda", ("list_functions", {"Functions": [function]})) as ask:
        assert len([*ask.surface.look(ask)]) == 1
    [trouble] = ask.troubles()
    assert "kms:Decrypt was denied" in trouble.message
