"""Rolls made by hand, small and large, for the tests of pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from keymuster.model import (
    Coverage,
    GraphEdge,
    GraphNode,
    GraphSort,
    Report,
    Roll,
    RolledCredential,
    RolledException,
    RolledGrant,
    RolledIdentity,
    RolledTrust,
    RolledUse,
    ServiceLocation,
    Severity,
    Trend,
    TrendDay,
    Trouble,
    Undecided,
)
from report.reports import accepted, finding, place, report

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CI = "arn:aws:iam::111122223333:role/ci"
SORTS = (
    GraphSort(id="assumes", says="{start} assumes {to}", cut="Take {start} out of {to}"),
    GraphSort(id="holds", says="{start} holds {to}", cut="Revoke {to}"),
    GraphSort(id="proves", says="{start} signs in as {to}", cut="Revoke {start}"),
)


def small(word: str = "") -> Roll:
    """Three identities, two keys, a file and somebody outside. Each text that others write has the `word` in it."""
    return Roll(
        identities=(
            RolledIdentity(
                id=f"{CI}{word}", kind="role", provider="aws", name=f"ci{word}", account="111122223333",
                environment="production", environment_because=f"tag env{word}", owner=f"team-platform{word}",
                owner_status="named", owner_confidence="high", owner_sources=("tag",), purpose=f"deploys{word}",
                privilege="admin", leads_to=("admin",), leads_by=f"ci{word} has every right",
                created_at=NOW - timedelta(days=400), last_used_at=NOW - timedelta(days=2),
                tags={f"owner{word}": f"team-platform{word}"},
                grants=(
                    RolledGrant(
                        id=f"grant{word}", effect="allow", kind="policy", actions=(f"s3:GetObject{word}",),
                        resources=("*",), conditions=(f"StringEquals aws:x: {word}",), via=f"policy/all{word}",
                        place=f"main.tf:7{word}",
                    ),
                ),
                trusts=(
                    RolledTrust(
                        id=f"trust{word}", effect="allow", kind="federation", principal=f"github{word}",
                        actions=("sts:AssumeRoleWithWebIdentity",), conditions=(f"sub: repo:acme*{word}",),
                        audience="anyone", example=f"repo:acme-evil/x{word}", place="main.tf:9",
                    ),
                ),
                uses=(RolledUse(id=f"use{word}", by=f"job deploy{word}", kind="workflow", place="ci.yml:3"),),
                places=(f"main.tf:1{word}",),
            ),
            RolledIdentity(
                id="bot", kind="service_account", provider="gcp", name="bot", environment="unknown",
                owner_status="none", never_used=True,
            ),
            RolledIdentity(id="old", kind="user", provider="aws", name="old", owner="jo", owner_status="left"),
        ),
        credentials=(
            RolledCredential(
                id=f"secret:1{word}", kind="access_key", name=f"AWS key{word}", identity=0, same=("key/1",), format="aws-access-key",
                preview="AKIA****", status="active", storages=("tree",), owner=f"team-platform{word}",
                created_at=NOW - timedelta(days=200), expires_at=NOW + timedelta(days=3),
                uses=(RolledUse(id="key used", by=f"job{word}", kind="workflow"),), places=(f"a.env:3{word}",),
            ),
            RolledCredential(
                id="key/2", kind="access_key", name="key 2", identity=1, status="active",
                created_at=NOW - timedelta(days=10),
            ),
        ),
        nodes=(
            GraphNode(
                id=CI, kind="role", name=f"ci{word}", identity=0, account=f"aws 111122223333{word}",
                owner=f"team-platform{word}", place="main.tf:1", worth=("admin",),
            ),
            GraphNode(id="bot", kind="service_account", name="bot", identity=1, account="gcp acme"),
            GraphNode(id="old", kind="user", name="old", identity=2, account=f"aws 111122223333{word}", owner="jo"),
            GraphNode(id="secret:1", kind="access_key", name=f"AWS key{word}", credential=0, account="files"),
            GraphNode(
                id="file:a.env", kind="file", name=f"deploy/a.env{word}", account="files", place=f"a.env:3{word}",
                entry="leaked",
            ),
            GraphNode(id="outside:anyone", kind="outsider", name="anyone", account="outside", entry="outside"),
        ),
        sorts=SORTS,
        edges=(
            GraphEdge(start=4, to=3, sort=1),
            GraphEdge(start=3, to=0, sort=2),
            GraphEdge(start=0, to=1, sort=0, way=f"iam{word}", assumed=f"a condition is not known{word}"),
            GraphEdge(start=5, to=0, sort=0),
        ),
        exceptions=(
            RolledException(
                id="e1", rule="a-rule", identity=f"ci{word}", reason=f"until the vendor has roles{word}",
                owner=f"platform{word}", approver=f"jane{word}", expires=date(2026, 1, 20), place="e1.yaml:1",
                compensating_control=f"alarm{word}",
            ),
            RolledException(id="e2", finding="4f2a", reason="over", expires=date(2025, 12, 1)),
            RolledException(
                id="e3", inline=True, rule="generic-secret", problem=f"has no date{word}", place=f"a.py:3{word}"
            ),
        ),
    )  # fmt: skip


def full(word: str = "") -> Report:
    """A report with something of everything that a page shows."""
    return report(
        finding(place(f"deploy/a.env{word}", 3), id="f1", severity=Severity.CRITICAL, subject=f"secret:1{word}", message=f"AWS key AKIA****{word}"),
        finding(
            ServiceLocation(service="aws", account="111122223333", resource=f"{CI}{word}"), id="f2",
            severity=Severity.MEDIUM, subject=f"{CI}{word}", message=f"ci may do all{word}", evidence={f"because{word}": f"of a policy{word}"},
            remediation=f"Take the policy away{word}", rule=f"r{word}", told_by=("iam:ListRoles",),
        ),
        accepted(place(f"tests/fixture.py{word}", 4), id="f3", message=f"a fixture{word}"),
        troubles=(Trouble(part="git", scope=f"a.pack{word}", message=f"cannot be read{word}", advice=f"Mend it.{word}"),),
        undecided=(Undecided(policy="p", subject=f"s{word}", location=place(f"x.tf{word}"), unknown=f"var.x{word}"),),
        coverage=(
            Coverage(policy="p", service="aws", account=f"1111{word}", status="unseen", unseen=(f"iam:ListUsers is missing{word}",)),
            Coverage(policy="q", service="aws", account=f"1111{word}", status="clean"),
        ),
        signed_in_as=(f"audit{word}",),
        roll=small(word),
        trend=Trend(
            days=(
                TrendDay(day=date(2025, 12, 30), open=7, counts={"NHI2": 5}),
                TrendDay(day=date(2025, 12, 31), open=4, counts={"NHI2": 2}),
            )
        ),
    )  # fmt: skip


def large(nodes: int, accounts: int = 40, owners: int = 120) -> Roll:
    """So many nodes: identities with keys, most edges within an account, as in real estates."""
    random = Random(nodes)
    count = nodes * 3 // 5
    of = [min(int(random.expovariate(0.125)), accounts - 1) for _ in range(count)]
    owner = [f"team-{min(int(random.expovariate(0.04)), owners - 1)}" for _ in range(count)]
    by: dict[int, list[int]] = {}
    for number, account in enumerate(of):
        by.setdefault(account, []).append(number)
    identities = tuple(
        RolledIdentity(
            id=f"id/{number}", kind=("role", "user")[number % 2], provider="aws", name=f"app-{number}",
            account=str(of[number]), owner=owner[number], owner_status="named", owner_confidence="high",
        )
        for number in range(count)
    )  # fmt: skip
    proves = [random.randrange(count) for _ in range(nodes - count)]
    keys = tuple(
        RolledCredential(
            id=f"key/{number}", kind="access_key", name=f"key {number}", identity=whose, status="active",
            created_at=NOW - timedelta(days=random.randrange(900)),
        )
        for number, whose in enumerate(proves)
    )  # fmt: skip
    edges = [
        GraphEdge(start=count + number, to=whose, sort=2) for number, whose in enumerate(proves)
    ]
    for start in range(count):
        to = random.choice(by[of[start]]) if random.random() < 0.95 else random.randrange(count)
        if to != start:
            edges.append(GraphEdge(start=start, to=to, sort=0))
    return Roll(
        identities=identities,
        credentials=keys,
        nodes=(
            *(GraphNode(id=one.id, kind=one.kind, name=one.name, identity=number, account=f"aws {one.account}", owner=one.owner) for number, one in enumerate(identities)),
            *(GraphNode(id=one.id, kind=one.kind, name=one.name, credential=number, account=f"aws {of[proves[number]]}", owner=owner[proves[number]]) for number, one in enumerate(keys)),
        ),
        sorts=SORTS,
        edges=tuple(edges),
    )  # fmt: skip
