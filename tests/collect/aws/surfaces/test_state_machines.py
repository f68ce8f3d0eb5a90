from __future__ import annotations

import json

import moto_server
from asking_aws import ACCOUNT, asked, objects, records
from keymuster.model import Credential, Use
from keymuster.rules.schema import RuleSet
from reading import only

PASSWORD = "hiccup-" + "wagon-96-rusk"


def test_a_state_machine_has_a_role_and_secrets_in_its_steps(aws: str, rules: RuleSet) -> None:
    definition = {
        "StartAt": "call",
        "States": {"call": {"Type": "Pass", "Result": {"password": PASSWORD}, "End": True}},
    }
    moto_server.client("stepfunctions", aws).create_state_machine(
        name="flow", definition=json.dumps(definition), roleArn=f"arn:aws:iam::{ACCOUNT}:role/flow"
    )
    [one] = objects(asked("stepfunctions"))["AWS::StepFunctions::StateMachine"]
    found = records([one], rules)
    assert [use.subject for use in only(Use, found)] == [f"aws:{ACCOUNT}:role/flow"]
    assert [each.name for each in only(Credential, found)] == ["password"]
