"""Which targets must be judged together."""

from __future__ import annotations

from typing import Any

from keymuster.estate.connected import components
from keymuster.estate.keys import keys
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Identity,
    IdentityKind,
    Location,
    Observation,
    ServiceLocation,
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
