"""An estate that is judged group by group tells what it would tell as one inventory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keymuster.estate import joining
from keymuster.estate.joining import Joined, Seen, joined
from keymuster.estate.keys import keys
from keymuster.evaluate.choice import Choice
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Effect,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    OwnerHint,
    Resource,
    Secret,
    ServiceLocation,
    Storage,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.model import organizations as aws
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)

NUMBERS = st.integers(0, 1)
ACCOUNTS = st.integers(0, 2).map(lambda one: f"{one}" * 12)


def print_of(key: str) -> str:
    return Secret(key.encode()).fingerprint()


def in_file(path: str, **more: Any) -> FileLocation:
    return FileLocation(path=path, line=1, **more)


@st.composite
def secrets(draw: st.DrawFn) -> list[Observation]:
    """In a file: perhaps the same as elsewhere, perhaps the key of a user."""
    key = draw(st.sampled_from(["a", "b", "c"]) | st.builds("{}/u{}".format, ACCOUNTS, NUMBERS))
    form, vendor = ("aws-access-key-id", "aws") if "/" in key else ("github-pat", "github")
    return [
        Credential(
            id=f"secret:{print_of(key)}", kind=CredentialKind.API_KEY, name="t", format=form, vendor=vendor,
            fingerprint=print_of(key), location=in_file(draw(st.sampled_from(["a.env", "prod/b.env"]))), storage=Storage.TREE,
            tags=draw(st.sampled_from([{}, {"account": "0" * 12}])),
        )
    ]  # fmt: skip


@st.composite
def roles_in_code(draw: st.DrawFn) -> list[Observation]:
    """Declared: of an account that it tells or does not, of the same names in all repositories."""
    name = f"aws_iam_role.r{draw(NUMBERS)}"
    id, place = f"terraform:.:{name}", in_file("main.tf")
    account = draw(st.just("") | ACCOUNTS)
    short = name.rpartition(".")[2]
    aliases = (f"arn:aws:iam::{account}:role/{short}",) if account else (f"aws:role/{short}",)
    trusted = draw(
        st.sampled_from(
            [f"terraform:.:aws_iam_role.r{one}" for one in range(3)] + ["*", "${var.who}"]
        )
        | st.builds("arn:aws:iam::{}:user/u{}".format, ACCOUNTS, NUMBERS)
        | st.builds("arn:aws:iam::{}:root".format, ACCOUNTS)
    )
    found: list[Observation] = [
        Identity(id=id, kind=IdentityKind.ROLE, provider="aws", name=short, location=place, account=account, aliases=aliases),
        Trust(id=f"{id}#trust", identity=id, principal=trusted, kind=TrustKind.ASSUME, provider="aws", location=place,
            actions=("sts:AssumeRole",)),
        grant(draw, id, place),
    ]  # fmt: skip
    if draw(st.booleans()):
        found.append(
            Use(id=f"{id}#use", subject=draw(st.sampled_from([id, *aliases])), by="github-actions:.github/workflows/x.yml:j",
                kind=UseKind.WORKFLOW, location=in_file(".github/workflows/x.yml"))
        )  # fmt: skip
    return found


def grant(draw: st.DrawFn, id: str, place: Any) -> Grant:
    actions, resources = draw(
        st.sampled_from([
            (("*",), ("*",)),
            (("s3:GetObject",), ("*",)),
            (("iam:PutRolePolicy",), ("*",)),
            (("iam:CreateAccessKey",), ("*",)),
        ])
        | st.builds(lambda one: (("sts:AssumeRole",), (one,)), st.sampled_from(["*", "arn:aws:iam::*:role/r1"])
            | st.builds("arn:aws:iam::{}:role/r{}".format, ACCOUNTS, NUMBERS))
    )  # fmt: skip
    return Grant(id=f"{id}#grant", identity=id, kind=GrantKind.POLICY, provider="aws", location=place, actions=actions,
        resources=resources)  # fmt: skip


@st.composite
def in_account(draw: st.DrawFn, account: str) -> list[Observation]:
    found: list[Observation] = []
    for number in range(draw(st.integers(1, 2))):
        arn = f"arn:aws:iam::{account}:user/u{number}"
        place = ServiceLocation(service="aws", account=account, resource=arn)
        owner = draw(st.sampled_from(["", "ann@acme.test", "bob@acme.test"]))
        found += [
            Identity(id=arn, kind=IdentityKind.USER, provider="aws", name=f"u{number}", location=place, account=account,
                aliases=(f"aws:{account}:user/u{number}",), owner_hints=(OwnerHint(name=owner, source="tag"),) if owner else ()),
            Credential(id=f"{arn}/key", kind=CredentialKind.ACCESS_KEY, name="key", location=place, vendor="aws", identity=arn,
                format="aws-access-key-id", fingerprint=print_of(f"{account}/u{number}"), created_at=NOW - timedelta(days=400),
                status=draw(st.sampled_from([CredentialStatus.ACTIVE, CredentialStatus.DISABLED])), tags={"type": "AWS::IAM::AccessKey"}),
            grant(draw, arn, place),
        ]  # fmt: skip
    for number in range(draw(st.integers(1, 2))):
        arn = f"arn:aws:iam::{account}:role/r{number}"
        place = ServiceLocation(service="aws", account=account, resource=arn)
        principal = draw(
            st.just("*") | st.builds("arn:aws:iam::{}:root".format, ACCOUNTS)
            | st.builds("arn:aws:iam::{}:user/u{}".format, ACCOUNTS, NUMBERS)
        )  # fmt: skip
        conditions = draw(
            st.sampled_from([{}, {"StringEquals": {"sts:ExternalId": "of-acme-2026"}}])
        )
        found += [
            Identity(id=arn, kind=IdentityKind.ROLE, provider="aws", name=f"r{number}", location=place, account=account),
            Trust(id=f"{arn}#trust", identity=arn, principal=principal, kind=TrustKind.ASSUME, provider="aws", location=place,
                actions=("sts:AssumeRole",), conditions=conditions, effect=Effect.ALLOW),
            grant(draw, arn, place),
        ]  # fmt: skip
    return found


def organization(listed: Iterable[str]) -> list[Observation]:
    place = ServiceLocation(service="aws", account="9" * 12, resource="o-1")
    return [
        Resource(id="o-1", type=aws.ORGANIZATION, name="acme", location=place,
            settings={"number": "o-1", "management": "9" * 12, "listed": True, "read": ["SERVICE_CONTROL_POLICY"]}),
        *(Resource(id=f"o-1/{one}", type=aws.ACCOUNT, name=f"prod {one}", location=place,
            settings={"number": one, "parent": "o-1"}) for one in listed),
    ]  # fmt: skip


def directory() -> list[Observation]:
    def person(name: str, status: str) -> Identity:
        place = ServiceLocation(service="okta", account="acme", resource=name)
        return Identity(id=f"okta:{name}", kind=IdentityKind.USER, provider="okta", name=f"{name}@acme.test", location=place,
            account="acme", status=status, aliases=(f"okta:{name}@acme.test",))  # fmt: skip

    return [person("ann", "active"), person("bob", "deprovisioned")]


@st.composite
def estates(draw: st.DrawFn) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = {}
    for number in range(draw(st.integers(2, 4))):
        parts = draw(st.lists(secrets() | roles_in_code(), min_size=1, max_size=4))
        found[f"repository:{number}"] = [one for part in parts for one in part]
    accounts = draw(st.lists(ACCOUNTS, min_size=1, max_size=3, unique=True))
    for account in accounts:
        found[f"service:aws/{account}"] = draw(in_account(account))
    if draw(st.booleans()):
        found["service:aws/organization"] = organization(accounts)
    if draw(st.booleans()):
        found["service:okta"] = directory()
    return {
        name: list({one.id: one for one in several}.values())
        for name, several in sorted(found.items())
    }


def judged(rules: RuleSet, estate: dict[str, list[Observation]]) -> Joined:
    def read(wanted: Collection[str]) -> Iterator[Seen]:
        for one in sorted(wanted):
            yield Seen(one, one.replace(":", "/"), estate[one])

    return joined(
        {name: keys(several) for name, several in estate.items()}, read, lambda target: {}, rules=rules,
        choice=Choice(), configured=Settings(), now=NOW,
    )  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(estate=estates())
def test_group_by_group_is_as_all_at_once(
    rules: RuleSet, estate: dict[str, list[Observation]]
) -> None:
    apart = judged(rules, estate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "components", lambda keyed: [list(keyed)])
        whole = judged(rules, estate)
    assert apart.verdict.findings == whole.verdict.findings
    assert apart.stands_for == whole.stands_for
    assert apart.verdict.rules == whole.verdict.rules
    assert apart.until == whole.until
    for name in ("identities", "credentials", "exceptions"):
        ids = [[one.id for one in getattr(each.roll, name)] for each in (apart, whole)]
        assert ids[0] == ids[1]


def test_a_large_estate_holds_one_group_at_a_time(rules: RuleSet) -> None:
    def secret(text: str) -> Credential:
        return Credential(
            id=f"secret:{text}", kind=CredentialKind.API_KEY, name="t", location=in_file("a.env"), fingerprint=text
        )  # fmt: skip

    estate: dict[str, list[Observation]] = {
        "a": [secret("1"), secret("2")], "b": [secret("1")], "c": [secret("3")], "d": [secret("4")], "e": [secret("4")],
    }  # fmt: skip
    asked: list[set[str]] = []

    def read(wanted: Collection[str]) -> Iterator[Seen]:
        asked.append({*wanted})
        return iter([Seen(one, one, estate[one]) for one in sorted(wanted)])

    made = joined(
        {name: keys(several) for name, several in estate.items()}, read, lambda target: {}, rules=rules,
        choice=Choice(), configured=Settings(), now=NOW, most=5,
    )  # fmt: skip
    assert asked == [{"a", "b"}, {"d", "e"}]
    assert str(made.size) == "4 targets in 2 groups, the largest of 3 records"
    assert [one.id for one in made.roll.credentials] == ["secret:1", "secret:2", "secret:4"]
