"""Projects of groups of GitLab, as a fake on loopback plays it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

pytest.importorskip("requests")

import gitlab_acme
import json_fake
from json_fake import Fake, Fault
from keymuster.collect.asking import rest
from keymuster.estate.base import Target
from keymuster.estate.listers.gitlab import GitLab, GitLabOptions
from keymuster.model import Trouble


@pytest.fixture
def gitlab(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setenv("LISTING", "made-up")
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    state = gitlab_acme.group()
    state["projects"] += [
        {**gitlab_acme.project(3, "acme/old"), "archived": True},
        {**gitlab_acme.project(4, "acme/fork"), "forked_from_project": {"id": 99}},
        {**gitlab_acme.project(5, "acme/wiki"), "repository_access_level": "disabled"},
    ]
    fake = gitlab_acme.fake(state)
    fake.tokens.add("made-up")
    with json_fake.serving(fake) as served:
        yield served


def listed(fake: Fake, **more: Any) -> tuple[list[Target], list[Trouble]]:
    return GitLab().list({
        "lister": "gitlab", "groups": ["acme"], "credential": {"env": "LISTING"}, "gitlab_url": fake.url, **more,
    })  # fmt: skip


def test_the_projects_of_a_group_and_below(gitlab: Fake) -> None:
    targets, troubles = listed(gitlab)
    assert [one.options["url"] for one in targets] == [
        f"{gitlab.url}/{name}.git" for name in ("acme/app", "acme/web/site", "acme/old")
    ]
    assert targets[0].options["user"] == "oauth2"
    assert {one.found_by for one in targets} == {
        f"gitlab:{gitlab.url.removeprefix('http://')}/acme"
    }
    assert troubles == []


def test_forks_and_archived_ones_as_it_is_said(gitlab: Fake) -> None:
    targets, _ = listed(gitlab, forks=True, archived=False)
    assert [one.name.rpartition("/")[2] for one in targets] == ["app", "site", "fork"]


def test_a_group_that_cannot_be_listed_is_a_trouble(gitlab: Fake) -> None:
    gitlab.faults.append(Fault("/groups/.*/projects", status=403, times=9))
    targets, [trouble] = listed(gitlab)
    assert targets == []
    assert "were not all listed (403)" in trouble.message


def test_a_server_of_ones_own_is_another_place() -> None:
    said = {"lister": "gitlab", "groups": ["acme"], "credential": {"env": "X"}}
    assert GitLab.scopes(said) == ["acme"]
    assert GitLab.scopes({**said, "gitlab_url": "https://git.acme.test"}) == ["git.acme.test/acme"]


def test_groups_are_named() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(
            {"lister": "gitlab", "groups": [], "credential": {"env": "X"}}, type=GitLabOptions
        )
