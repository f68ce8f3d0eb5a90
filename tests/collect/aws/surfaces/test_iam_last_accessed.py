"""Which services principals have used: jobs, which moto has not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from asking import asking
from keymuster.collect import meanings
from keymuster.collect.aws.surfaces import iam_last_accessed
from keymuster.collect.declared import Declared
from keymuster.model import Resource

[SURFACE] = iam_last_accessed.SURFACES
A = "arn:aws:iam::123456789012"
MADE = datetime(2025, 7, 1, tzinfo=UTC)
JOB = "11112222-3333-4444-5555-66667777888{}"


def job(stub: Stubber, number: int, arn: str) -> dict[str, str]:
    """The parameters by which a job is asked for that is begun for somebody."""
    id = JOB.format(number)
    stub.add_response("generate_service_last_accessed_details", {"JobId": id}, {"Arn": arn})
    return {"JobId": id}


def details(state: str, *services: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "JobStatus": state, "JobCreationDate": MADE, "JobCompletionDate": MADE,
        "ServicesLastAccessed": [*services], **more,
    }  # fmt: skip


def service(name: str, used: bool = False) -> dict[str, Any]:
    one: dict[str, Any] = {"ServiceName": name.title(), "ServiceNamespace": name}
    return {**one, "LastAuthenticated": MADE} if used else one


def administrators(stub: Stubber, *names: str, asked: int = 1) -> None:
    """Roles that have the first of the widest policies, some of which are asked for; nobody has the others."""
    for number, policy in enumerate(("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")):
        roles = [{"RoleName": name} for name in names] if not number else []
        stub.add_response(
            "list_entities_for_policy", {"PolicyRoles": roles, "PolicyUsers": []},
            {"PolicyArn": f"arn:aws:iam::aws:policy/{policy}"},
        )  # fmt: skip
    for name in names[:asked]:
        stub.add_response("get_role", {"Role": role(name)}, {"RoleName": name})


def role(name: str, path: str = "/") -> dict[str, Any]:
    return {
        "RoleName": name, "Path": path, "Arn": f"{A}:role{path}{name}", "CreateDate": MADE,
        "RoleId": "AROAEXAMPLEEXAMPLE12",
    }  # fmt: skip


def test_only_those_with_all_rights_are_asked_about() -> None:
    with asking(SURFACE, "iam") as (ask, stub):
        administrators(stub, "ci")
        asked = job(stub, 1, f"{A}:role/ci")
        call = "get_service_last_accessed_details"
        stub.add_response(call, details("IN_PROGRESS"), asked)
        first = details(
            "COMPLETED", service("s3", used=True), service("ec2"), IsTruncated=True, Marker="m"
        )
        stub.add_response(call, first, asked)
        stub.add_response(call, details("COMPLETED", service("rds")), {**asked, "Marker": "m"})
        [one] = SURFACE.look(ask)
        stub.assert_no_pending_responses()
        assert list(ask.troubles()) == []
    assert isinstance(one, Declared)
    [record] = meanings.records(one, ())
    assert isinstance(record, Resource)
    assert record.id == f"{A}:role/ci#services"
    assert record.settings == {"Used": ["s3"], "Unused": ["ec2", "rds"]}


def test_everybody_is_if_somebody_wants_it_but_roles_of_aws_itself() -> None:
    user = {
        "UserName": "ann", "Path": "/", "UserId": "AIDAEXAMPLEEXAMPLE12", "Arn": f"{A}:user/ann", "CreateDate": MADE,
    }  # fmt: skip
    of_aws = role("AWSServiceRoleForSupport", "/aws-service-role/support.amazonaws.com/")
    with asking(SURFACE, "iam", {"last_accessed"}) as (ask, stub):
        stub.add_response("list_users", {"Users": [user]})
        stub.add_response("list_roles", {"Roles": [role("ci"), of_aws]})
        jobs = [job(stub, n, arn) for n, arn in enumerate((f"{A}:user/ann", f"{A}:role/ci"))]
        for one in jobs:
            answer = details("COMPLETED", service("s3"))
            stub.add_response("get_service_last_accessed_details", answer, one)
        found = list(SURFACE.look(ask))
        stub.assert_no_pending_responses()
    assert [one.id for one in found] == [f"{A}:user/ann#services", f"{A}:role/ci#services"]


def test_a_job_that_fails_is_a_trouble() -> None:
    with asking(SURFACE, "iam") as (ask, stub):
        administrators(stub, "ci")
        asked = job(stub, 1, f"{A}:role/ci")
        stub.add_response("get_service_last_accessed_details", details("FAILED"), asked)
        assert list(SURFACE.look(ask)) == []
        [trouble] = ask.troubles()
    assert "came to no end" in trouble.message


def test_too_many_administrators_are_a_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam_last_accessed, "MOST_ASKED", 1)
    with asking(SURFACE, "iam") as (ask, stub):
        administrators(stub, "a", "b", "c")
        asked = job(stub, 1, f"{A}:role/a")
        stub.add_response("get_service_last_accessed_details", details("COMPLETED"), asked)
        assert list(SURFACE.look(ask)) == []
        stub.assert_no_pending_responses()
        [trouble] = ask.troubles()
    assert "2 principals" in trouble.message


def test_as_many_administrators_as_are_asked_about_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(iam_last_accessed, "MOST_ASKED", 2)
    with asking(SURFACE, "iam") as (ask, stub):
        administrators(stub, "a", "b", asked=2)
        for number, name in enumerate("ab"):
            job(stub, number, f"{A}:role/{name}")
        for number in range(2):
            asked = {"JobId": JOB.format(number)}
            stub.add_response(
                "get_service_last_accessed_details", details("COMPLETED", service("s3")), asked
            )
        assert len(list(SURFACE.look(ask))) == 2
        assert list(ask.troubles()) == []
