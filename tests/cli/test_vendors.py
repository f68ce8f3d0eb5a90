"""`keymuster vendors`: who outside holds what."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CODE = """
resource "aws_iam_role" "datadog" {
  name = "DatadogIntegrationRole"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::464622532012:root" }
    }]
  })
}
resource "google_project_iam_member" "datadog" {
  project = "acme-prod"
  role    = "roles/owner"
  member  = "user:ann@datadoghq.com"
}
resource "google_project_iam_member" "fivetran" {
  project = "acme-prod"
  role    = "roles/viewer"
  member  = "serviceAccount:g-x@fivetran-production.iam.gserviceaccount.com"
}
"""


@pytest.fixture
def estate(tmp_path: Path, token: Callable[..., str]) -> Path:
    (tmp_path / "main.tf").write_text(CODE)
    (tmp_path / "app.py").write_text(f'DATADOG_API_KEY = "{token("datadog-api-key")}"\n')
    return tmp_path


def test_without_a_name_there_is_one_line_for_each(keymuster: Any, estate: Path) -> None:
    done = keymuster("vendors")
    assert done.code == 0
    head, first, second, *rest = done.out.splitlines()
    assert head.split()[:4] == ["VENDOR", "ON", "MAY", "HOLDS"]
    assert first.startswith("Datadog")
    assert "aws" in first
    assert "administer" in first
    assert second.startswith("Fivetran")
    assert rest[-1] == "Credentials of ours for others, which give them nothing: Datadog (1)"


def test_with_a_name_all_is_told_of_one_with_the_commands(keymuster: Any, estate: Path) -> None:
    out = keymuster("vendors", "datadog").out
    assert "Fivetran" not in out
    assert (
        "revoke: gcloud projects remove-iam-policy-binding acme-prod --member=user:ann@datadoghq.com"
        in out
    )
    assert "revoke: aws iam update-assume-role-policy --role-name DatadogIntegrationRole" in out
    assert "credentials of ours for it, which give it nothing:" in out


def test_paths_may_follow_a_name_or_stand_alone(keymuster: Any, estate: Path) -> None:
    (estate / "infra").mkdir()
    (estate / "main.tf").rename(estate / "infra/main.tf")
    assert "Fivetran" in keymuster("vendors", "infra").out
    assert "Fivetran" in keymuster("vendors", "all", "infra").out
    assert "Fivetran" not in keymuster("vendors", "datadog", "infra").out


def test_programs_get_json(keymuster: Any, estate: Path, token: Callable[..., str]) -> None:
    out = keymuster("vendors", "--format", "json").out
    told = json.loads(out)
    assert told["version"] == 1
    datadog = next(one for one in told["vendors"] if one["id"] == "datadog")
    assert datadog["surfaces"] == ["gcp", "aws"]
    assert datadog["grade"] == "administer"
    assert {one["kind"] for one in datadog["holdings"]} == {"trust", "role_binding"}
    assert len(datadog["credentials"]) == 1
    [one] = [one for one in datadog["holdings"] if one["kind"] == "role_binding"]
    assert one["actions"] == [{"name": "roles/owner", "grade": "administer"}]
    assert one["places"] == ["main.tf:13"]
    assert token("datadog-api-key") not in out


def test_a_name_that_nobody_has_is_refused_with_the_nearest(keymuster: Any, estate: Path) -> None:
    done = keymuster("vendors", "fivetrann")
    assert done.code == 2
    assert "did you mean `fivetran`" in done.err


def test_a_vendor_that_is_known_and_not_here_holds_nothing(keymuster: Any, estate: Path) -> None:
    done = keymuster("vendors", "snyk")
    assert (done.code, done.out) == (0, "It was not seen to hold anything.\n")


def test_nothing_is_told_of_nobody(keymuster: Any, tmp_path: Path) -> None:
    assert keymuster("vendors").out == "Nobody outside was seen to hold anything.\n"


@pytest.mark.parametrize("words", [(), ("fivetran",), ("all", "--format", "json")])
def test_what_others_wrote_is_told_without_secrets(
    keymuster: Any, estate: Path, token: Callable[..., str], words: tuple[str, ...]
) -> None:
    secret = token("github-pat", "a project")
    code = CODE.replace('"acme-prod"', f'"{secret}"')
    (estate / "main.tf").write_text(code)
    done = keymuster("vendors", *words)
    assert done.code == 0
    assert "Fivetran" in done.out
    assert secret not in done.out
    assert not words or "ghp_****" in done.out
