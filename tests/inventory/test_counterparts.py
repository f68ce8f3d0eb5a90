"""What a service tells of, and where code declares it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from directory_objects import application, entra, guid, records, told
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


def of_google(location: FileLocation | ServiceLocation, id: str, *aliases: str) -> Identity:
    return Identity(
        id=id, kind=IdentityKind.SERVICE_ACCOUNT, provider="gcp", name="deploy", aliases=aliases, location=location
    )  # fmt: skip


ADDRESS = "gcp:deploy@acme-prod.iam.gserviceaccount.com"


def test_a_name_that_nothing_else_has_is_enough() -> None:
    account = of_google(
        ServiceLocation(service="gcp", account="acme-prod", resource=ADDRESS), ADDRESS
    )
    code = of_google(FileLocation(path="main.tf", line=3), "terraform:.:x", ADDRESS)
    assert build([account, code]).places(account) == [account.location, code.location]
    other = of_google(FileLocation(path="other.tf", line=3), "terraform:.:y", ADDRESS)
    assert build([account, code, other]).places(account) == [account.location]


def test_an_application_of_a_tenant_is_where_its_code_is() -> None:
    """Its name is one among applications, and says nothing of groups."""
    live_one, code = application(display_name="billing"), application(display_name="billing")
    code.key, code.account = "", ""
    crowd = told("azuread_group", entra(guid(9)), display_name="billing", object_id=guid(9))
    places = [FileLocation(path="main.tf", line=3)]
    found = [
        replace(one, id="terraform:main.tf:x", location=places[0])
        for one in records([code])
        if isinstance(one, Identity)
    ]
    inventory = build([*records([live_one, crowd]), *found])
    by_id = inventory.records
    assert inventory.places(by_id[entra(guid(1))])[1:] == places
    assert inventory.places(by_id[entra(guid(9))])[1:] == []
