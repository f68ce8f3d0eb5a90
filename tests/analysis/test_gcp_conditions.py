"""Whether conditions of bindings hold, as far as anybody can tell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.analysis.answers import Answer
from keymuster.analysis.gcp_conditions import AccountNames, Conditions

NOW = datetime(2026, 1, 1, tzinfo=UTC)
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN

BUCKET = {
    "name": "projects/_/buckets/acme-logs/objects/a/b.txt",
    "type": "storage.googleapis.com/Object",
    "service": "storage.googleapis.com",
}


def _holds(expression: str, now: datetime | None = NOW, **resource: object) -> Answer:
    return Conditions(now).holds({"condition": {"expression": expression}}, **resource)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("request.time < timestamp('2025-06-01T00:00:00Z')", NO),
        ("request.time < timestamp('2027-06-01T00:00:00Z')", YES),
        ('request.time < timestamp("2025-06-01T00:00:00.000Z") || resource.name == "x"', UNKNOWN),
        ("request.time > timestamp('2027-01-01T00:00:00Z')", UNKNOWN),
        (
            "request.time > timestamp('2027-01-01T00:00:00Z') && request.time < timestamp('2027-02-01T00:00:00Z')",
            UNKNOWN,
        ),
        ("request.time < timestamp('2025-12-30T00:00:00Z') + duration('86400s')", NO),
        ("request.time < timestamp('2025-12-30T00:00:00Z') + duration('240h')", YES),
        ("request.time.getHours('Europe/Berlin') < 18", UNKNOWN),
        ("request.time.getHours() < 18 && request.time < timestamp('2020-01-01T00:00:00Z')", NO),
    ],
)
def test_the_time_decides_where_nothing_else_is_asked(expression: str, expected: Answer) -> None:
    assert _holds(expression) is expected


def test_without_a_time_nothing_that_asks_for_it_is_told() -> None:
    assert _holds("request.time < timestamp('2020-01-01T00:00:00Z')", now=None) is UNKNOWN


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("resource.name.startsWith('projects/_/buckets/acme-logs')", YES),
        ("resource.name.startsWith('projects/_/buckets/other')", NO),
        ("resource.type == 'storage.googleapis.com/Object'", YES),
        ("resource.type != 'storage.googleapis.com/Object'", NO),
        ("!(resource.type == 'storage.googleapis.com/Object')", NO),
        ("resource.service in ['storage.googleapis.com', 'x']", YES),
        ("resource.name.extract('buckets/{bucket}/objects') == 'acme-logs'", YES),
        ("resource.name.endsWith('.txt') && !resource.name.contains('secret')", YES),
        ("resource.type == 'x' ? false : true", YES),
        ("resource.matchTag('123/env', 'prod')", UNKNOWN),
        ("resource.matchTag('123/env', 'prod') && resource.type == 'x'", NO),
        ("resource.matchTag('123/env', 'prod') || resource.type == 'storage.googleapis.com/Object'", YES),
        ("'x'", UNKNOWN),
        ("resource.name.startsWith(", UNKNOWN),
        ("1 2", UNKNOWN),
        ("timestamp('yesterday') < request.time", UNKNOWN),
        ("'a' < 1", UNKNOWN),
        ("(" * 100 + "true" + ")" * 100, UNKNOWN),
    ],
)  # fmt: skip
def test_a_condition_on_the_resource(expression: str, expected: Answer) -> None:
    assert _holds(expression, **BUCKET) is expected


@pytest.mark.parametrize(
    ("expression", "projects", "expected"),
    [
        ("resource.name.startsWith('projects/_/buckets/acme')", (), NO),
        ("resource.name.startsWith('projects/acme-prod/')", ("acme-prod", "4711"), UNKNOWN),
        ("resource.name.startsWith('projects/acme-prod/serviceAccounts/')", ("acme-prod",), YES),
        ("resource.name.startsWith('projects/other/')", ("acme-prod", "4711"), NO),
        ("resource.name.startsWith('projects/')", (), YES),
        ("resource.name.startsWith('projects/acme-prod/serviceAccounts/ci')", ("acme-prod",), UNKNOWN),
        ("resource.name == 'projects/_/buckets/x'", (), NO),
        ("resource.name == 'projects/acme-prod/serviceAccounts/1'", (), UNKNOWN),
        ("resource.name.endsWith('/1')", (), UNKNOWN),
    ],
)  # fmt: skip
def test_the_name_of_an_account_is_known_in_part(
    expression: str, projects: tuple[str, ...], expected: Answer
) -> None:
    assert _holds(expression, name=AccountNames(projects)) is expected


@pytest.mark.parametrize(
    ("roles", "expected"),
    [("['roles/viewer']", NO), ("['roles/viewer', 'roles/owner']", YES)],
)
def test_who_may_grant_some_roles_only_is_as_strong_as_those(roles: str, expected: Answer) -> None:
    asks = f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly({roles})"
    conditions = Conditions(NOW, lambda role: role == "roles/owner")
    assert conditions.holds({"condition": {"expression": asks}}) is expected


def test_what_asks_nothing_holds() -> None:
    conditions = Conditions(NOW)
    assert conditions.holds({}) is YES
    assert conditions.holds({"condition": "${var.condition}"}) is UNKNOWN


def test_a_long_one_is_not_read() -> None:
    assert _holds(" || ".join(["resource.name == 'x'"] * 5000), **BUCKET) is UNKNOWN


_PIECES = st.sampled_from(
    ["resource.name", "request.time", "'x'", "1", "true", "(", ")", "[", "]", ".", ",", "!", "&&", "||", "==", "<",
     "in", "?", ":", "+", "-", "startsWith", "timestamp", "duration", "size", "has", "'2025-01-01'", "api.getAttribute"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=25).map(" ".join)))
def test_whatever_stands_there_has_an_answer(expression: str) -> None:
    assert _holds(expression, **BUCKET) in (YES, NO, UNKNOWN)
