"""The targets of an estate, written down and listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keymuster import registry
from keymuster.errors import CollectError, SettingsError
from keymuster.estate import config, targets
from keymuster.estate.base import Target
from keymuster.estate.definition import Estate
from keymuster.model import Trouble
from repositories import Repository

Load = Callable[[str], Estate]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(text: str) -> Estate:
        (tmp_path / "estate.yaml").write_text(text)
        return config.load(str(tmp_path / "estate.yaml"))

    return read


def by_id(said: Estate) -> dict[str, Target]:
    return {one.id: one for one in targets.found(said).targets}


def test_what_is_written_down(
    load: Load, tmp_path: Path, make_repo: Callable[..., Repository]
) -> None:
    make_repo(tmp_path / "mirrors/a.git", "--bare")
    make_repo(tmp_path / "mirrors/b")
    (tmp_path / "mirrors/c").mkdir()
    (tmp_path / "homes/ada").mkdir(parents=True)
    found = by_id(load("""\
targets:
  repositories:
    - https://git.acme.test/team/api.git
    - {url: https://git.acme.test/web, name: web, credential: {env: T}, source: worktree, limits: {seconds: 5}}
    - glob: mirrors/*
  services:
    - aws
    - {service: github, name: acme, credential: {file: token}, options: {organizations: [acme]}}
  machines: [{name: build, homes: [homes/*]}, {name: desk}]
"""))  # fmt: skip
    top = str(tmp_path)
    assert list(found) == [
        "repository:git.acme.test/team/api", "repository:git.acme.test/web", "service:aws",
        "service:github/acme", f"machine:build/{top.strip('/')}/homes/ada", "machine:desk",
        f"repository:{top}/mirrors/a.git", f"repository:{top}/mirrors/b",
    ]  # fmt: skip
    web = found["repository:git.acme.test/web"]
    assert (web.name, web.bounds.seconds, web.options["source"]) == ("web", 5, "worktree")
    assert web.options["credential"] == {"env": "T"}
    assert found["service:github/acme"].options["environment"] == {
        "GH_TOKEN": {"file": f"{top}/token"}
    }
    assert found[f"repository:{top}/mirrors/a.git"].name == f"{top.strip('/')}/mirrors/a"


def test_two_that_are_one_are_a_mistake(load: Load) -> None:
    said = load("targets: {repositories: ['https://x.test/a', 'git@x.test:a.git']}")
    with pytest.raises(SettingsError, match=r"two targets are repository:x.test/a") as refusal:
        targets.found(said)
    assert refusal.value.advice() == "Take one of them out."


def test_what_is_written_down_by_itself_is_not_found_by_a_glob_once_more(
    load: Load, tmp_path: Path, make_repo: Callable[..., Repository]
) -> None:
    make_repo(tmp_path / "mirrors/a.git", "--bare")
    make_repo(tmp_path / "mirrors/b.git", "--bare")
    found = by_id(
        load("""\
targets:
  repositories:
    - glob: mirrors/*
    - glob: mirrors/b*
    - {path: mirrors/a.git, name: shop, limits: {seconds: 5}}
""")
    )
    assert [(one.name.rpartition("/")[2], one.bounds.seconds) for one in found.values()] == [
        ("shop", 5), ("b", 3600),
    ]  # fmt: skip


def test_what_finds_nothing_is_a_trouble(load: Load) -> None:
    said = load("targets: {repositories: [{glob: none/*}], machines: [{name: a, homes: [none/*]}]}")
    assert len(targets.found(said).troubles) == 2


def test_what_is_written_down_wins_over_what_is_listed(
    load: Load, tmp_path: Path, make_repo: Callable[..., Repository]
) -> None:
    make_repo(tmp_path / "mirrors/a.git", "--bare")
    make_repo(tmp_path / "mirrors/b.git", "--bare")
    found = by_id(load("""\
targets:
  repositories: [{path: mirrors/a.git, name: a}]
  listers: [{lister: folder, path: mirrors, source: worktree, limits: {seconds: 7}}]
"""))  # fmt: skip
    a, b = found.values()
    assert (a.name, a.found_by, a.options["source"]) == ("a", "", "history")
    assert (b.found_by, b.options["source"], b.bounds.seconds) == (
        f"folder:{tmp_path}/mirrors", "worktree", 7,
    )  # fmt: skip


def test_no_two_have_one_name(load: Load) -> None:
    said = load("targets: {services: [aws], machines: [{name: aws}]}")
    assert [one.name for one in targets.found(said).targets] == ["aws", "machine:aws"]


def test_some_are_selected_by_globs_of_ids_or_names(load: Load) -> None:
    said = load("targets: {services: [aws, gcp], repositories: ['https://x.test/shop/api']}")
    every = targets.found(said).targets
    assert [one.name for one in targets.selected(every, ["service:*"])] == ["aws", "gcp"]
    assert [one.name for one in targets.selected(every, ["*/shop/*", "gcp"])] == [
        "x.test/shop/api",
        "gcp",
    ]
    assert targets.selected(every, ["shop"]) == []


def known(name: str, found_by: str) -> Target:
    return Target(id=f"repository:{name}", kind="repository", name=name, found_by=found_by)


def test_a_listing_that_was_cut_short_makes_nothing_vanish(load: Load, tmp_path: Path) -> None:
    found = targets.found(load("targets: {listers: [{lister: folder, path: mirrors}]}"))
    assert found.cut_short == {f"folder:{tmp_path}/mirrors"}
    there = known("a", f"folder:{tmp_path}/mirrors")
    assert found.with_known([there, known("b", "folder:/elsewhere"), known("c", "")]) == (there,)


def test_a_listing_that_is_whole_does(load: Load, tmp_path: Path) -> None:
    (tmp_path / "mirrors").mkdir()
    found = targets.found(load("targets: {listers: [{lister: folder, path: mirrors}]}"))
    assert found.with_known([known("a", f"folder:{tmp_path}/mirrors")]) == ()


def test_a_lister_that_nobody_lets_in_keeps_what_was_known_of_all_its_places(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("requests")
    said = load(
        "targets: {listers: [{lister: github, organizations: [a, b], credential: {env: NOT_SET}}]}"
    )
    monkeypatch.delenv("NOT_SET", raising=False)
    found = targets.found(said)
    assert found.cut_short == {"github:a", "github:b"}
    assert len(found.troubles) == 2
    assert found.with_known([known("x", "github:b")])


def test_a_trouble_with_one_repository_is_none_of_the_list(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(_: Any, options: dict[str, Any]) -> tuple[list[Target], list[Trouble]]:
        return [], [Trouble(part="folder", scope="one/repository", message="is odd", advice="")]

    monkeypatch.setattr(registry.part("lister", "folder"), "list", some)
    found = targets.found(load("targets: {listers: [{lister: folder, path: mirrors}]}"))
    assert found.troubles
    assert found.with_known([known("a", "folder:mirrors")]) == ()


def test_without_asking_no_connection_is_made(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("requests")

    def never(*_: Any) -> Any:
        raise CollectError("was asked")

    monkeypatch.setattr(registry.part("lister", "github"), "list", never)
    said = load("targets: {listers: [{lister: github, organizations: [a], credential: {env: X}}]}")
    assert targets.found(said, asking=False).troubles == ()
    assert targets.found(said).troubles != ()
