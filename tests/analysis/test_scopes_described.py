"""Every scope that the vendors' own descriptions name has a grade."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.third import app, consent
from keymuster.analysis.scopes import Grade, Grades
from keymuster.inventory.build import build
from keymuster.rules import azure_roles
from keymuster.rules.schema import RuleSet

DESCRIPTIONS = Path(__file__).parents[3] / "shared/testbeds/openapi"

WORKSPACE = (
    "admin.directory_v1", "admin.datatransfer_v1", "admin.reports_v1", "alertcenter.v1beta1", "calendar.v3", "chat.v1",
    "classroom.v1", "cloudidentity.v1", "docs.v1", "drive.v3", "driveactivity.v2", "drivelabels.v2", "forms.v1", "gmail.v1",
    "groupssettings.v1", "iam.v1", "keep.v1", "licensing.v1", "meet.v2", "people.v1", "script.v1", "sheets.v4", "slides.v1",
    "storage.v1", "tasks.v1", "vault.v1", "youtube.v3",
)  # fmt: skip


@pytest.fixture
def grades(rules: RuleSet) -> Grades:
    return Grades(build([]), rules)


def ungraded(grades: Grades, provider: str, scopes: set[str]) -> list[str]:
    holder = app(provider=provider)
    return [one for one in sorted(scopes) if grades.of(consent(holder, one)) is Grade.UNKNOWN]


def described(name: str) -> Any:
    file = DESCRIPTIONS / f"{name}.json"
    if not file.exists():
        pytest.skip("the description lies beside the repository")
    return json.loads(file.read_text())


def inside(tree: Any) -> Iterator[dict[str, Any]]:
    """Every map in it."""
    if isinstance(tree, dict):
        yield tree
    for one in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from inside(one)


def test_google(grades: Grades) -> None:
    cache = pytest.importorskip("googleapiclient.discovery_cache")
    folder = Path(cache.__file__).parent / "documents"
    scopes = {
        scope
        for name in WORKSPACE
        for scope in json.loads((folder / f"{name}.json").read_text())["auth"]["oauth2"]["scopes"]
    }
    assert len(scopes) > 180
    assert ungraded(grades, "google-workspace", scopes) == []


def test_microsoft_graph(grades: Grades) -> None:
    names = set(azure_roles.names("graph").values())
    assert len(names) > 500
    assert ungraded(grades, "entra", names) == []


def test_github(grades: Grades) -> None:
    permissions = described("github")["components"]["schemas"]["app-permissions"]["properties"]
    scopes = {
        f"{name}:{level}" for name, one in permissions.items() for level in one.get("enum", ())
    }
    assert len(scopes) > 80
    assert ungraded(grades, "github", scopes) == []


def test_okta(grades: Grades) -> None:
    scopes = {
        scope
        for one in inside(described("okta"))
        for scope in (one["oauth2"] if isinstance(one.get("oauth2"), list) else ())
    }
    assert len(scopes) > 20
    assert ungraded(grades, "okta", scopes) == []


def test_slack(grades: Grades) -> None:
    scopes = {
        scope
        for one in inside(described("slack"))
        for scope in (one["scopes"] if isinstance(one.get("scopes"), dict) else ())
    }
    assert len(scopes) > 50
    assert ungraded(grades, "slack", scopes) == []
