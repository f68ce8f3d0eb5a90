"""What a service tells of, and where code declares it."""

from __future__ import annotations

import pytest

from keymuster.inventory.build import build
from keymuster.model import FileLocation, Grant, GrantKind, Identity, IdentityKind, ServiceLocation

ONE, OTHER = "111122223333", "444455556666"


def live(account: str = ONE, name: str = "ci") -> Identity:
    arn = f"arn:aws:iam::{account}:role/{name}"
    return Identity(
        id=arn, kind=IdentityKind.ROLE, provider="aws", name=name, account=account,
        aliases=(f"aws:{account}:role/{name}",),
        location=ServiceLocation(service="aws", account=account, resource=arn),
    )  # fmt: skip


def declared(path: str = "main.tf", name: str = "ci") -> Identity:
    return Identity(
        id=f"terraform:{path}:{name}", kind=IdentityKind.ROLE, provider="aws", name=name,
        aliases=(f"aws:role/{name}",), location=FileLocation(path=path, line=3),
    )  # fmt: skip


def test_a_live_role_is_where_its_code_is() -> None:
    role, code = live(), declared()
    assert build([role, code]).places(role) == [role.location, code.location]


def test_what_the_service_tells_of_it_is_there_too() -> None:
    role, code = live(), declared()
    grant = Grant(
        id=f"{role.id}#all/0", identity=role.id, kind=GrantKind.POLICY, provider="aws",
        location=role.location,
    )  # fmt: skip
    assert code.location in build([role, code, grant]).places(grant)


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([declared("a.tf"), declared("b.tf")], id="two-declarations"),
        pytest.param([declared(), live(OTHER)], id="two-accounts"),
        pytest.param([declared(name="web")], id="another-name"),
        pytest.param([], id="no-code"),
    ],
)
def test_what_may_be_another_is_none(others: list[Identity]) -> None:
    role = live()
    assert build([role, *others]).places(role) == [role.location]


def test_what_is_only_declared_stays_where_it_is() -> None:
    code = declared()
    assert build([live(), code]).places(code) == [code.location]
