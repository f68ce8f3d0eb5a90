"""`keymuster estate check`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Said

Run = Callable[..., Said]

TEXT = """\
targets:
  repositories:
    - url: https://git.acme.test/api
      credential: {env: GIT_ACME}
    - glob: mirrors/*
  listers: [{lister: folder, path: .}]
schedule: {nightly: {cron: 0 3 * * *, zone: Europe/Berlin}}
"""


def test_a_file_that_is_not_there_is_said_so(keymuster: Run) -> None:
    said = keymuster("estate", "check")
    assert (said.code, said.out) == (2, "")
    assert "estate.yaml: cannot be read" in said.err


def test_a_word_that_is_nearly_a_subcommand(keymuster: Run) -> None:
    said = keymuster("estate", "chek")
    assert said.code == 2
    assert "Did you mean 'check'?" in said.err


def test_what_the_file_says_is_explained(
    keymuster: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirrors/a.git/objects").mkdir(parents=True)
    (tmp_path / "mirrors/a.git/refs").mkdir()
    (tmp_path / "mirrors/a.git/HEAD").touch()
    (tmp_path / "e.yaml").write_text(TEXT)
    monkeypatch.setenv("GIT_ACME", "hush")
    said = keymuster("estate", "check", "e.yaml")
    assert (said.code, said.err) == (0, "")
    assert "targets:     2 of kind repository" in said.out
    assert f"lister:      folder (path {tmp_path})" in said.out
    assert "nightly: 0 3 * * * (Europe/Berlin), next " in said.out
    assert "the environment variable GIT_ACME is there, for git.acme.test/api" in said.out
    assert "hush" not in said.out


def test_what_it_names_and_is_not_there_ends_with_3(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "estate.yaml").write_text(TEXT)
    said = keymuster("estate", "check")
    assert said.code == 3
    assert said.err.splitlines() == [
        "not there: the environment variable GIT_ACME is not set; it is for git.acme.test/api",
        f"not there: {tmp_path}/mirrors/*: no repository is there",
    ]


def test_what_is_wrong_with_it_ends_with_2(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "estate.yaml").write_text("targts: {}")
    said = keymuster("estate", "check", "--estate", "estate.yaml")
    assert (said.code, said.out) == (2, "")
    assert "estate.yaml:1: there is no `targts` here; did you mean `targets`?" in said.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "targets: the file names nothing to look at"),
        ("targets: {repositories: [{path: none}]}", "{here}/none: no repository is there"),
        (
            "targets: {services: [aws]}\nschedule: {a: {cron: 0 3 * * *, targets: [x*, y]}}",
            "schedule a: none of the targets is called x* or y",
        ),
    ],
)
def test_what_would_never_be_looked_at_is_not_there(
    text: str, said: str, keymuster: Run, tmp_path: Path
) -> None:
    (tmp_path / "estate.yaml").write_text(text)
    found = keymuster("estate", "check")
    assert (found.code, found.err.strip()) == (3, f"not there: {said.format(here=tmp_path)}")


def test_schedules_of_what_is_listed_are_not_judged(keymuster: Run, tmp_path: Path) -> None:
    listers = "listers: [{lister: github, organizations: [acme], credential: {env: PATH}}]"
    (tmp_path / "estate.yaml").write_text(
        f"targets: {{{listers}}}\nschedule: {{a: {{cron: 0 3 * * *, targets: [x]}}}}"
    )
    assert keymuster("estate", "check").code == 0
