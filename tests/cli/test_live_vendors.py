"""`keymuster vendors --service`: what a service tells of others' apps, beside what code says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("requests")

import github_acme
import json_fake
from json_fake import Fake
from keymuster.collect.asking import rest
from keymuster.collect.github import access

CODE = """
resource "google_iam_workload_identity_pool_provider" "ci" {
  workload_identity_pool_id          = "ci"
  workload_identity_pool_provider_id = "buildkite"
  attribute_mapping                  = { "google.subject" = "assertion.sub" }
  oidc { issuer_uri = "https://agent.buildkite.com" }
}
"""


@pytest.fixture
def github(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """GitHub, where one app is of a vendor that is known by its login."""
    monkeypatch.setenv("GH_TOKEN", "made-up")
    monkeypatch.setattr(access, "host_of", lambda address: "")
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    state = github_acme.organization()
    state["apps"]["writer"] = github_acme.app("writer", "buildkite")
    with json_fake.serving(github_acme.fake(state)) as fake:
        yield fake


def test_apps_of_an_organisation_are_told_with_the_page_where_they_are_ended(
    keymuster: Any, github: Fake
) -> None:
    done = keymuster("vendors", "all", "--service", "github", "--api-url", github.url)
    assert "Buildkite: known by GitHub login buildkite" in done.out
    assert "contents:write (write)" in done.out
    assert "settings/installations/1 and choose Uninstall" in done.out
    assert "lintco: known by login lintco" in done.out


def test_a_vendor_of_code_and_of_a_service_is_one(
    keymuster: Any, github: Fake, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(CODE)
    out = keymuster(
        "vendors",
        "buildkite",
        "main.tf",
        "--service",
        "github",
        "--api-url",
        github.url,
        "--format",
        "json",
    ).out
    [one] = json.loads(out)["vendors"]
    assert sorted(one["surfaces"]) == ["gcp", "github"]
    assert {held["kind"] for held in one["holdings"]} == {"app_installation", "issuer"}
