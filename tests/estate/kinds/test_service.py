"""Accounts of services as targets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("requests")

import github_acme
import json_fake
from json_fake import Fake
from keymuster.collect.asking import rest
from keymuster.collect.github import access
from keymuster.errors import CollectError
from keymuster.estate.base import Outcome, Target, Task
from keymuster.estate.kinds.service import Service
from keymuster.inventory.build import build
from keymuster.model import Identity

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def github(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """It plays GitHub.com, and lets in whoever has the one token."""
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(access, "host_of", lambda address: "")
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    with json_fake.serving(github_acme.fake()) as fake:
        fake.tokens.add("made-up")
        yield fake


def perform(fake: Fake, environment: dict[str, Any], config: str = "", **options: Any) -> Outcome:
    # the fake's address is no option of the file: `api-url` is
    target = Target(
        id="service:github/acme", kind="service", name="acme",
        options={
            "service": "github", "options": {"api-url": fake.url, **options}, "environment": environment,
        },
    )  # fmt: skip
    return Service().perform(Task(target=target, now=NOW, config=config))


def test_an_organisation_is_looked_at(github: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "made-up")
    outcome = perform(github, {"GH_TOKEN": {"env": "ACME_TOKEN"}}, organizations=["acme"])
    assert outcome.report is not None
    assert "github-app-writes-everywhere" in {one.policy for one in outcome.report.findings}
    assert (outcome.report.mode, outcome.report.scope.services) == ("services", ("github",))
    assert outcome.report.coverage
    assert any(isinstance(one, Identity) for one in build(outcome.observations).records.values())
    assert b"made-up" not in msgspec.json.encode(outcome)


def test_the_credential_is_gone_when_it_was_used(
    github: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("made-up\n")
    monkeypatch.setenv("HERE_BEFORE", "old")
    perform(github, {"GH_TOKEN": {"file": str(tmp_path / "token")}, "HERE_BEFORE": "new"})
    assert "GH_TOKEN" not in os.environ
    assert os.environ["HERE_BEFORE"] == "old"


def test_a_variable_that_names_a_file_gets_its_name(tmp_path: Path) -> None:
    from keymuster.estate.kinds import service

    (tmp_path / "token").write_text("hush")
    reference = {"oidc": str(tmp_path / "token")}
    assert service._value("AWS_WEB_IDENTITY_TOKEN_FILE", reference) == str(tmp_path / "token")
    with pytest.raises(CollectError, match="gone is not there"):
        service._value("GOOGLE_APPLICATION_CREDENTIALS", {"file": str(tmp_path / "gone")})


def test_who_is_not_let_in_is_no_clean_organisation(
    github: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "another")
    with pytest.raises(CollectError, match="does not let this token in"):
        perform(github, {"GH_TOKEN": {"env": "ACME_TOKEN"}})


def test_a_credential_that_is_not_there(github: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_TOKEN", raising=False)
    with pytest.raises(CollectError, match="ACME_TOKEN is not set"):
        perform(github, {"GH_TOKEN": {"env": "ACME_TOKEN"}})
    assert github.asked == []


def test_options_are_those_of_the_command_line() -> None:
    from keymuster.estate.kinds import service

    said = {
        "organization": True,
        "accounts": [111122223333, "444455556666"],
        "regions": "a, b",
        "profile": "audit",
    }
    assert service._chosen("aws", said) == {
        "organization": True, "accounts": ("111122223333", "444455556666"), "regions": ("a", "b"),
        "profile": "audit",
    }  # fmt: skip


def test_the_settings_of_the_estate_say_which_policies(
    github: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "made-up")
    (tmp_path / "team.yaml").write_text("rules: {only: [github-app-suspended]}\n")
    outcome = perform(github, {"GH_TOKEN": {"env": "ACME_TOKEN"}}, str(tmp_path / "team.yaml"))
    assert outcome.report is not None
    assert {one.policy for one in outcome.report.findings} == {"github-app-suspended"}
    assert "GET /orgs/{org}/hooks" not in github.counts
