"""The policy that lets somebody look, and do no more."""

from __future__ import annotations

import json
from collections.abc import Iterable

from keymuster.collect.aws.permissions import actions

SIGN_IN = ("sts:GetCallerIdentity", "ec2:DescribeRegions", "organizations:ListAccounts")
"""What is called whichever surfaces are looked at."""


def policy(calls: Iterable[str]) -> str:
    """A policy document that allows these calls, as JSON."""
    needed = sorted({action for call in (*SIGN_IN, *calls) for action in actions(call)})
    statement = {"Sid": "Keymuster", "Effect": "Allow", "Action": needed, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
