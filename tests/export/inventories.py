"""An invented inventory with a record of each kind, and what an export writes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

from keymuster import registry
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Commit,
    Credential,
    CredentialKind,
    CredentialStatus,
    Environment,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    OwnerHint,
    Resource,
    ServiceLocation,
    Storage,
    Trust,
    TrustKind,
    Use,
    UseKind,
)

ROLE = "arn:aws:iam::111122223333:role/ci"
JOB = "workflow:.github/workflows/ci.yml#build"
SECRET = "secret:00112233445566778899aabbccddeeff"
THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
AT_AWS = ServiceLocation(service="aws", account="111122223333", resource=ROLE)
HERE = FileLocation(path="a b/é.env", line=3, end_line=3)
THERE = FileLocation(path="old.env", line=1, end_line=1, commit=Commit(id="c" * 40, author="Ann"))

WORDS = "-".join(("zebra", "lamp"))

RECORDS: tuple[Observation, ...] = (
    Identity(
        id=ROLE, kind=IdentityKind.ROLE, provider="aws", name="ci", location=AT_AWS, account="111122223333",
        environment=Environment.PRODUCTION, created_at=THEN, last_used_at=THEN, tags={"team": "=platform"},
        owner_hints=(OwnerHint(name="platform", source="tag team"),), purpose="builds, tests",
    ),
    Identity(id=JOB, kind=IdentityKind.WORKFLOW_JOB, provider="github", name="build", location=HERE),
    Credential(
        id=SECRET, kind=CredentialKind.ACCESS_KEY, name="AWS access key", location=HERE, format="aws-access-key-id",
        vendor="aws", identity=ROLE, fingerprint=SECRET.removeprefix("secret:"), preview="AKIA****",
        storage=Storage.TREE, created_at=THEN, expires_at=THEN, last_used_at=THEN,
    ),
    Credential(
        id=SECRET, kind=CredentialKind.ACCESS_KEY, name="AWS access key", location=THERE,
        fingerprint=SECRET.removeprefix("secret:"), storage=Storage.HISTORY,
    ),
    Credential(
        id="cert:1", kind=CredentialKind.CERTIFICATE, name="CN=ci", location=AT_AWS, identity=ROLE,
        created_at=THEN, expires_at=THEN, status=CredentialStatus.ACTIVE, storage=Storage.SERVICE,
    ),
    Grant(
        id="grant:1", identity=ROLE, kind=GrantKind.POLICY, provider="aws", location=AT_AWS, actions=("s3:*",),
        resources=("*",), conditions={"Bool": {"aws:SecureTransport": ["true"]}}, granted_at=THEN,
    ),
    Trust(
        id="trust:1", identity=ROLE, principal="*", kind=TrustKind.ASSUME, provider="aws", location=AT_AWS,
    ),
    Use(id="use:1", subject=SECRET, by=JOB, kind=UseKind.WORKFLOW, location=HERE),
    Resource(
        id="resource:1", type="aws_db_instance", name="@db", location=HERE,
        settings={"password": WORDS, "open": True, "list": ["x", {"deep": 1}]},
    ),
)  # fmt: skip


def inventory(*records: Observation) -> Inventory:
    made = build(records or RECORDS)
    made.facts[ROLE] = {"owner": "platform", "privilege": "admin", "escalations": ["iam:PassRole"]}
    return made


def written(format: str, made: Inventory | None = None, at: datetime | None = None) -> str:
    out = StringIO(newline="")
    registry.part("export", format)(at).write(made or inventory(), out)
    return out.getvalue()
