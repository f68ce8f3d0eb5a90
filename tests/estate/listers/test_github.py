"""Repositories of organisations and users of GitHub, as a fake on loopback plays it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("requests")

import github_acme
import json_fake
from json_fake import Fake, Fault
from keymuster.collect.asking import rest
from keymuster.errors import CollectError
from keymuster.estate.base import Target
from keymuster.estate.listers.github import GitHub, GitHubOptions
from keymuster.model import Trouble


@pytest.fixture
def github(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setenv("LISTING", "made-up")
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    state = github_acme.organization()
    state["repos"] += [
        github_acme.repository("fork", fork=True), github_acme.repository("shut", disabled=True),
    ]  # fmt: skip
    fake = github_acme.fake(state)
    fake.handlers["GET /users/{username}/repos"] = lambda **_: [
        {**github_acme.repository("dots"), "full_name": "jo/dots"}
    ]
    fake.tokens.add("made-up")
    with json_fake.serving(fake) as served:
        yield served


def listed(fake: Fake, **more: Any) -> tuple[list[Target], list[Trouble]]:
    return GitHub().list({
        "lister": "github", "organizations": ["acme"], "credential": {"env": "LISTING"}, "api_url": fake.url, **more,
    })  # fmt: skip


def names(fake: Fake, **more: Any) -> list[str]:
    return [one.name.partition("/")[2] for one in listed(fake, **more)[0]]


def test_the_repositories_of_an_organisation(github: Fake) -> None:
    targets, troubles = listed(github)
    host = github.url.removeprefix("http://")
    assert [one.name for one in targets] == [
        f"{host}/acme/{name}" for name in ("app", "site", "old")
    ]
    assert targets[0] == Target(
        id=f"repository:{host}/acme/app", kind="repository", name=f"{host}/acme/app",
        options={
            "url": f"{github.url}/acme/app.git", "credential": {"env": "LISTING"}, "user": "x-access-token",
        },
        found_by="github:127.0.0.1/acme",
    )  # fmt: skip
    assert [(one.scope, one.message) for one in troubles] == [
        ("acme/shut", "GitHub has disabled it; it cannot be fetched")
    ]


def test_of_github_com_they_are_called_as_everybody_calls_them() -> None:
    said = {"lister": "github", "organizations": ["acme"], "credential": {"env": "X"}}
    assert GitHub.scopes(said) == ["acme"]


def test_forks_and_archived_ones_as_it_is_said(github: Fake) -> None:
    assert names(github, forks=True, archived=False) == ["acme/app", "acme/site", "acme/fork"]


def test_some_by_name(github: Fake) -> None:
    assert names(github, only=["acme/*"], skip=["S*"]) == ["acme/app", "acme/old"]


def test_users_and_what_they_have(github: Fake) -> None:
    assert names(github, organizations=[], users=["jo"]) == ["jo/dots"]


def test_every_page_is_read(github: Fake) -> None:
    github.largest = 2
    assert names(github) == ["acme/app", "acme/site", "acme/old"]
    assert github.counts["GET /orgs/{org}/repos"] == 3


def test_a_page_that_fails_leaves_what_was_listed_and_a_trouble(github: Fake) -> None:
    github.largest = 2
    github.faults.append(Fault("/orgs/acme/repos", status=404, skip=1, times=9))
    targets, [trouble] = listed(github)
    assert [one.name.rpartition("/")[2] for one in targets] == ["app", "site"]
    assert (trouble.part, trouble.scope) == ("github", "127.0.0.1/acme")
    assert "were not all listed (404)" in trouble.message


def test_one_organisation_that_cannot_be_listed_leaves_the_others(github: Fake) -> None:
    github.faults.append(Fault("/orgs/other/repos", status=403, times=9))
    targets, troubles = listed(github, organizations=["other", "acme"])
    assert len(targets) == 3
    assert "127.0.0.1/other" in {one.scope for one in troubles}


@pytest.mark.parametrize("name", ["acme/../x", "-x/y", "acme", "acme/a b", "acme/@evil.test:x", ""])
def test_names_that_lead_elsewhere_are_not_believed(name: str, github: Fake) -> None:
    github.handlers["GET /orgs/{org}/repos"] = lambda **_: [
        {"full_name": name, "clone_url": "https://evil.test/x"}, github_acme.repository("app"),
    ]  # fmt: skip
    targets, [trouble] = listed(github)
    assert [one.options["url"] for one in targets] == [f"{github.url}/acme/app.git"]
    assert trouble.scope == "127.0.0.1/acme"


@pytest.mark.parametrize("answer", [{"message": "hello"}, [1], [{"full_name": 3}]])
def test_an_answer_that_is_none_is_a_trouble(answer: Any, github: Fake) -> None:
    github.handlers["GET /orgs/{org}/repos"] = lambda **_: answer
    assert listed(github)[0] == []
    assert listed(github)[1] != []


def test_without_its_credential_nobody_is_asked(
    github: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LISTING")
    with pytest.raises(CollectError, match="LISTING is not set"):
        listed(github)
    assert github.asked == []


def test_repositories_may_have_a_credential_of_their_own(github: Fake, tmp_path: Path) -> None:
    targets, _ = listed(github, clone_by="ssh", clone_credential={"file": "key"})
    assert targets[0].options["url"] == "git@127.0.0.1:acme/app.git"
    assert targets[0].options["credential"] == {"file": "key"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"organizations": []}, "name some"),
        ({"credential": {"oidc": "x"}}, "by env or file"),
        ({"clone_by": "ssh"}, "names a key by file"),
        ({"api_url": "https://ada:hush@ghe.acme.test"}, "name the credential"),
        ({"api_url": "http://ghe.acme.test"}, "no address of an API"),
        ({"refs": ["main"]}, "refs are such as"),
    ],
)
def test_what_does_not_fit_together_is_refused(more: dict[str, Any], words: str) -> None:
    said = {"lister": "github", "organizations": ["acme"], "credential": {"env": "X"}, **more}
    with pytest.raises(msgspec.ValidationError, match=words) as refusal:
        msgspec.convert(said, type=GitHubOptions)
    assert "hush" not in str(refusal.value)
