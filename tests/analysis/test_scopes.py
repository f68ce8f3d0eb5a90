"""How scopes of different vendors are graded by what they let somebody do."""

from __future__ import annotations

import pytest

from analysis.third import app, consent
from keymuster.analysis.scopes import Grade, Grades, gravest
from keymuster.inventory.build import build
from keymuster.model import Grant, GrantKind
from keymuster.rules.schema import RuleSet

_GOOGLE = "https://www.googleapis.com/auth/"


@pytest.fixture
def grades(rules: RuleSet) -> Grades:
    return Grades(build([]), rules)


@pytest.mark.parametrize(
    ("provider", "scope", "grade"),
    [
        ("google-workspace", "openid", "identity"),
        ("google-workspace", f"{_GOOGLE}gmail.readonly", "read"),
        ("google-workspace", f"{_GOOGLE}calendar.events.readonly", "read"),
        ("google-workspace", f"{_GOOGLE}gmail.send", "write"),
        ("google-workspace", "https://mail.google.com/", "write"),
        ("google-workspace", f"{_GOOGLE}admin.directory.user", "administer"),
        ("google-workspace", f"{_GOOGLE}admin.directory.user.readonly", "read"),
        ("google-workspace", f"{_GOOGLE}cloud-platform", "administer"),
        ("google-workspace", f"{_GOOGLE}made.up", "unknown"),
        ("entra", "User.Read", "identity"),
        ("entra", "Mail.Read", "read"),
        ("entra", "Mail.Send", "write"),
        ("entra", "Directory.ReadWrite.All", "administer"),
        ("entra", "RoleManagement.ReadWrite.Directory", "administer"),
        ("entra", "${var.scope}", "unknown"),
        ("github", "metadata:read", "identity"),
        ("github", "contents:read", "read"),
        ("github", "contents:write", "write"),
        ("github", "administration:write", "administer"),
        ("github", "organization_projects:admin", "administer"),
        ("github", "repo", "write"),
        ("github", "admin:org", "administer"),
        ("github", "read:org", "identity"),
        ("slack", "users:read", "identity"),
        ("slack", "channels:history", "read"),
        ("slack", "chat:write", "write"),
        ("slack", "admin.users:write", "administer"),
        ("okta", "okta.logs.read", "read"),
        ("okta", "okta.schemas.manage", "write"),
        ("okta", "okta.users.manage", "administer"),
        ("gitlab", "read_repository", "read"),
        ("gitlab", "api", "write"),
        ("gitlab", "sudo", "administer"),
        ("nobody-knows", "anything", "unknown"),
    ],
)
def test_scopes(grades: Grades, provider: str, scope: str, grade: str) -> None:
    assert grades.of(consent(app(provider=provider), scope)) == grade


@pytest.mark.parametrize(
    ("action", "grade"),
    [("s3:GetObject", "read"), ("s3:PutObject", "write"), ("s3:*", "administer"), ("*", "administer")],
)  # fmt: skip
def test_actions_on_a_resource_of_aws(grades: Grades, action: str, grade: str) -> None:
    one = Grant(
        id="g", identity="*", kind=GrantKind.RESOURCE_POLICY, provider="aws", actions=(action,),
        location=app().location,
    )  # fmt: skip
    assert grades.of(one) == grade


@pytest.mark.parametrize(
    ("role", "scope", "grade"),
    [
        ("roles/viewer", "projects/acme", "read"),
        ("roles/owner", "projects/acme", "administer"),
        ("roles/owner", "storage_bucket/logs", "write"),
        ("roles/nobody.knows", "projects/acme", "unknown"),
    ],
)
def test_roles_of_google_cloud(grades: Grades, role: str, scope: str, grade: str) -> None:
    one = Grant(
        id="g", identity="gcp:user:x@y.example", kind=GrantKind.ROLE_BINDING, provider="gcp", via=role,
        resources=(scope,), location=app().location,
    )  # fmt: skip
    assert grades.of(one) == grade


def test_of_several_the_gravest_counts_and_what_is_not_known_is_not_passed_over() -> None:
    assert gravest([Grade.IDENTITY, Grade.WRITE, Grade.READ]) is Grade.WRITE
    assert gravest([Grade.WRITE, Grade.UNKNOWN]) is Grade.UNKNOWN
    assert gravest([Grade.ADMINISTER, Grade.UNKNOWN]) is Grade.ADMINISTER
    assert gravest([]) is Grade.NONE


def test_sensitive_scopes_read_what_is_nobody_elses_or_write(grades: Grades) -> None:
    one = consent(
        app(), "openid", "User.Read", "Mail.Read", "Calendars.ReadWrite", "offline_access"
    )
    assert grades.sensitive(one) == ["Mail.Read", "Calendars.ReadWrite"]
    assert grades.is_offline(one)
    assert not grades.is_offline(consent(app(), "Mail.Read"))
