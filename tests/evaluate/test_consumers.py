"""How many consume the same identity."""

from __future__ import annotations

import pytest

from keymuster.evaluate.view import view
from keymuster.inventory.build import build
from keymuster.model import ServiceLocation, Use, UseKind
from keymuster.selftest import NOW

ROLE = "aws:1:role/web"
PLACE = ServiceLocation(service="aws", account="1", resource="")
FUNCTION = "arn:aws:lambda:us-east-1:1:function:web"
TASK = "arn:aws:ecs:eu-west-1:1:task-definition/web"


def use(by: str, kind: UseKind = UseKind.WORKLOAD) -> Use:
    return Use(id=f"{by}#Role/{ROLE}", subject=ROLE, by=by, kind=kind, location=PLACE)


@pytest.mark.parametrize(
    ("others", "count"),
    [
        ([use(f"{TASK}:2")], 2),
        ([use(f"{TASK}:2"), use(f"{TASK}:13")], 2),
        ([use("terraform:infra:aws_lambda_function.web")], 1),
        ([use(f"{TASK}:2", UseKind.OTHER)], 1),
        ([], 1),
    ],
)
def test_what_exists_is_counted_over_all_services_and_once(others: list[Use], count: int) -> None:
    one = use(FUNCTION)
    inventory = build([one, *others])
    assert view("use", one, inventory, NOW)["consumer_count"] == count
