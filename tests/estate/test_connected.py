"""Which targets must be judged together."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from keymuster.estate import connected
from keymuster.estate.connected import components
from keymuster.estate.keys import keys
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Location,
    Observation,
    ServiceLocation,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.model.kubernetes import by_issuer, called

HERE = FileLocation(path="a.yml")
LIVE = ServiceLocation(service="aws", account="111122223333", resource="x")


def credential(id: str, place: Location = HERE, **more: Any) -> Credential:
    return Credential(id=id, kind=CredentialKind.API_KEY, name="k", location=place, **more)


def role(id: str, place: Location = HERE, *aliases: str) -> Identity:
    return Identity(
        id=id, kind=IdentityKind.ROLE, provider="aws", name="r", location=place, aliases=aliases
    )


def among(**targets: list[Observation]) -> list[set[str]]:
    """The groups of more than one."""
    found = components({name: keys(several) for name, several in targets.items()})
    return [set(one) for one in found if len(one) > 1]


def test_the_same_secret_connects_and_another_does_not() -> None:
    one, other = credential("secret:1"), credential("secret:2")
    assert among(a=[one], b=[one, other], c=[other, other], d=[credential("secret:3")]) == [{
        "a", "b", "c",
    }]  # fmt: skip


def test_what_has_the_same_path_in_two_is_not_the_same() -> None:
    same = [role("terraform:.:aws_iam_role.r", HERE, "aws:role/r")]
    assert among(a=same, b=same) == []


def test_a_name_of_which_there_is_one_connects() -> None:
    arn = "arn:aws:iam::111122223333:role/r"
    use = Use(id="u", subject=arn, by="job", kind=UseKind.WORKFLOW, location=HERE)
    declared = role("terraform:.:aws_iam_role.r", HERE, arn)
    assert among(a=[use], b=[declared], c=[role("terraform:.:aws_iam_role.r")]) == [{"a", "b"}]
    assert among(a=[use], c=[role("terraform:.:aws_iam_role.r")]) == []


def test_a_cluster_and_the_cloud_that_trusts_its_accounts_connect() -> None:
    cluster = "0f1e6d2c-3b4a-4c5d-8e6f-7a8b9c0d1e2f"

    def account(issuer: str) -> Identity:
        return Identity(
            id=called("ServiceAccount/prod/app", cluster), kind=IdentityKind.SERVICE_ACCOUNT, provider="kubernetes",
            name="app", account="prod", aliases=(by_issuer(issuer, "prod", "app"),),
            location=ServiceLocation(service="kubernetes", account=cluster, resource="x"),
        )  # fmt: skip

    arn = "arn:aws:iam::111122223333:role/r"
    by = by_issuer("https://oidc.acme.test/id/A", "prod", "app")
    use = Use(id="u", subject=arn, by=by, kind=UseKind.WORKLOAD, location=LIVE)
    assert among(aws=[use], one=[account("https://oidc.acme.test/id/A")]) == [{"aws", "one"}]
    assert among(aws=[use], one=[account("https://oidc.acme.test/id/B")]) == []


def test_a_key_that_a_service_tells_of_connects() -> None:
    key = credential("secret:1", fingerprint="f" * 32, format="github-pat")
    told = credential("github:token/1", LIVE, fingerprint="f" * 32, format="github-pat")
    assert among(a=[key], aws=[told], c=[credential("secret:2", fingerprint="e" * 32)]) == [{
        "a", "aws",
    }]  # fmt: skip


def account(number: str) -> ServiceLocation:
    return ServiceLocation(service="aws", account=number, resource="x")


def live(number: str, name: str, *more: Observation) -> list[Observation]:
    id = f"arn:aws:iam::{number}:role/{name}"
    return [replace(role(id, account(number)), account=number), *more]


def trust(number: str, name: str, principal: str) -> Trust:
    id = f"arn:aws:iam::{number}:role/{name}"
    return Trust(id=f"{id}#trust", identity=id, principal=principal, kind=TrustKind.ASSUME, provider="aws", location=account(number))  # fmt: skip


def grant(number: str, name: str, resource: str) -> Grant:
    id = f"arn:aws:iam::{number}:role/{name}"
    return Grant(id=f"{id}#grant", identity=id, kind=GrantKind.POLICY, provider="aws", location=account(number),
        actions=("sts:AssumeRole",), resources=(resource,))  # fmt: skip


def test_accounts_that_say_nothing_of_each_other_are_apart() -> None:
    assert among(a=live("1" * 12, "r"), b=live("2" * 12, "r")) == []


def test_an_account_that_another_one_speaks_of_is_with_it() -> None:
    first, other = "1" * 12, "2" * 12
    trusting = live(first, "r", trust(first, "r", f"arn:aws:iam::{other}:root"))
    assert among(a=trusting, b=live(other, "x"), c=live("3" * 12, "y")) == [{"a", "b"}]


def test_a_role_that_anybody_may_assume_is_with_whoever_may_assume_any() -> None:
    first, other, third = "1" * 12, "2" * 12, "3" * 12
    public = live(first, "r", trust(first, "r", "*"))
    free, bound = (
        live(other, "x", grant(other, "x", "*")),
        live(third, "y", grant(third, "y", f"arn:aws:iam::{third}:role/*")),
    )
    assert among(a=public, b=free, c=bound) == [{"a", "b"}]


def test_many_keys_are_looked_up_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "_AT_A_TIME", 3)
    several = {
        f"t{n}": [credential(f"secret:{n // 2}", fingerprint=f"{n // 2}")] for n in range(20)
    }
    assert among(**several) == [{f"t{n}", f"t{n + 1}"} for n in range(0, 20, 2)]
