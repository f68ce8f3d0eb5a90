"""For which environment each thing is, and what says so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from keymuster.analysis.environments import Environments
from keymuster.inventory.build import build
from keymuster.inventory.environments import Placed
from keymuster.model import (
    Credential,
    CredentialKind,
    Environment,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Location,
    Observation,
    Resource,
    ServiceLocation,
    Use,
    UseKind,
)
from keymuster.settings import Settings

ACCOUNT = "111122223333"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"


def _identity(id: str = "i", provider: str = "aws", **more: Any) -> Identity:
    said: dict[str, Any] = {
        "name": "ci", "kind": IdentityKind.ROLE, "location": FileLocation(path="a.tf")
    }  # fmt: skip
    return Identity(id=id, provider=provider, **(said | more))


def _credential(place: Location, **more: Any) -> Credential:
    said: dict[str, Any] = {"kind": CredentialKind.API_KEY, "name": "A key", "format": "acme"}
    return Credential(id="c", location=place, **(said | more))


def _of(record: Observation, *others: Observation, **words: tuple[str, ...]) -> Placed:
    inventory = build([record, *others])
    return Environments(inventory, Settings(environments=words)).of(record)


def _account(number: str, name: str) -> Resource:
    return Resource(
        id=f"aws:account/{number}", type="aws:account", name=name, settings={"number": number},
        location=ServiceLocation(service="aws", account=number, resource=number),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("record", "scope"),
    [
        (_identity(account=ACCOUNT), f"aws:{ACCOUNT}"),
        (_identity(id=f"arn:aws:iam::{ACCOUNT}:role/ci"), f"aws:{ACCOUNT}"),
        (_identity(provider="gcp", aliases=("gcp:ci@acme-blue.iam.gserviceaccount.com",)), "gcp:acme-blue"),
        (_identity(provider="gcp", account="acme-blue"), "gcp:acme-*"),
        (_identity(id=f"/subscriptions/{SUBSCRIPTION}/x/ci", provider="azure"), f"azure:{SUBSCRIPTION}"),
        (_identity(provider="kubernetes", account="payments"), "namespace:payments"),
        (_identity(tags={"eks:cluster-name": "eu-1"}), "cluster:eu-1"),
        (_identity(location=FileLocation(path="deploy/blue/a.tf")), "path:deploy/blue"),
        (_identity(location=FileLocation(path="deploy/blue/a.tf")), "path:**/blue/*.tf"),
        (_credential(FileLocation(path="a"), vendor="aws", tags={"account": ACCOUNT}), f"aws:{ACCOUNT}"),
        (_credential(ServiceLocation(service="github", account="acme", resource="s")), "github:acme"),
        (Resource(id="r", type="KubeconfigCluster", name="eu-1", location=FileLocation(path="k")), "cluster:eu-1"),
        (
            Use(id="u", subject="s", by="kubernetes:Deployment/payments/api", kind=UseKind.WORKLOAD, location=FileLocation(path="d.yaml")),
            "namespace:payments",
        ),
    ],
)  # fmt: skip
def test_settings_name_what_is_wholly_of_one(record: Observation, scope: str) -> None:
    found = _of(record, production=(scope,))
    assert (found.environment, found.by) == (Environment.PRODUCTION, "settings")
    assert scope in found.because
    assert _of(record, production=(f"{scope}-not",)).environment is Environment.UNKNOWN


def test_an_account_of_another_service_is_another() -> None:
    assert _of(_identity(provider="gcp", account="acme"), production=("github:acme",)) == Placed()


@pytest.mark.parametrize(
    ("record", "said", "by"),
    [
        (_credential(FileLocation(path="prod/a"), environment=Environment.TEST), "test", "itself"),
        (_identity(name="dev", tags={"Stage": "prd"}), "production", "tag"),
        (_identity(name="dev-ci", account=ACCOUNT), "production", "account"),
        (_identity(name="dev-ci"), "development", "name"),
        (_identity(location=FileLocation(path="envs/qa/a.tf")), "test", "path"),
        (_identity(location=FileLocation(path="a/prod.tf")), "unknown", ""),
        (_credential(FileLocation(path=".env.production")), "production", "path"),
        (_credential(FileLocation(path="a.env"), tags={"setting": "STAGING_TOKEN"}), "staging", "name"),
        (_credential(FileLocation(path="a.env"), name="Live key"), "unknown", ""),
        (_credential(FileLocation(path="a.env"), identity="p"), "production", "tag"),
        (
            Grant(id="g", identity="p", kind=GrantKind.OTHER, provider="aws", location=FileLocation(path="a")),
            "production", "tag",
        ),
        (
            Use(id="u", subject="c", by="p", kind=UseKind.WORKLOAD, location=FileLocation(path="dev/a")),
            "production", "tag",
        ),
    ],
)  # fmt: skip
def test_the_strongest_sign_says_it(record: Observation, said: str, by: str) -> None:
    others = (_account(ACCOUNT, "acme-prod"), _identity(id="p", tags={"env": "prod"}))
    found = _of(record, *others)
    assert (found.environment, found.by) == (said, by)
    assert bool(found.because) is bool(by)


def test_a_subscription_and_a_resource_group_have_names() -> None:
    told = Resource(
        id=f"azure:subscription/subscriptions/{SUBSCRIPTION}", type="azure:subscription", name="acme-prod",
        location=ServiceLocation(service="azure", account="t", resource="s"),
    )  # fmt: skip
    of = _identity(id=f"/subscriptions/{SUBSCRIPTION}/resourcegroups/x/ci", provider="azure")
    nearer = _identity(id=f"/subscriptions/{SUBSCRIPTION}/resourcegroups/dev-x/ci", provider="azure")  # fmt: skip
    assert _of(of, told).environment is Environment.PRODUCTION
    assert _of(nearer, told).environment is Environment.DEVELOPMENT


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (_identity(name="prod-to-dev"), {}),
        (_identity(tags={"env": "dev"}, account=ACCOUNT), {"production": (f"aws:{ACCOUNT}",)}),
        (
            _identity(account=ACCOUNT, location=FileLocation(path="a/b.tf")),
            {"production": (f"aws:{ACCOUNT}",), "test": ("path:a",)},
        ),
    ],
)
def test_signs_that_contradict_each_other_leave_it_unknown_with_a_reason(
    record: Identity, words: dict[str, tuple[str, ...]]
) -> None:
    found = _of(record, **words)
    assert found.environment is Environment.UNKNOWN
    assert "; " in found.because


def test_every_place_of_a_credential_is_asked() -> None:
    here, there = (FileLocation(path=f"{one}/.env") for one in ("prod", "dev"))
    inventory = build([_credential(here), _credential(there), _credential(FileLocation(path="x"))])
    asked = Environments(inventory, Settings())
    found = asked.everywhere(inventory.records["c"])
    assert {one.value: placed.because for one, placed in found.items()} == {
        "production": "the path prod/ says prod",
        "development": "the path dev/ says dev",
    }
    assert asked.of_place(there).environment is Environment.DEVELOPMENT


def test_a_consumer_is_known_by_a_name_that_it_alone_has() -> None:
    name = "kubernetes:Deployment/default/api"
    one, other = (
        Resource(id=at, type="Workload", name="api", aliases=(name,), location=FileLocation(path=f"{at}/d.yaml"))
        for at in ("prod", "dev")
    )  # fmt: skip
    use = Use(
        id="u", subject="s", by=name, kind=UseKind.WORKLOAD, location=FileLocation(path="x/y.yaml")
    )
    assert _of(use, one).environment is Environment.PRODUCTION
    assert _of(use, one, other).environment is Environment.UNKNOWN
    beside = msgspec.structs.replace(use, location=FileLocation(path="dev/d.yaml"))
    assert _of(beside, one, other).environment is Environment.DEVELOPMENT
