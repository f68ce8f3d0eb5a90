"""`keymuster inventory`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cli.conftest import Said

Run = Callable[..., Said]
Token = Callable[..., str]


def test_credentials_are_listed_with_their_places_and_without_their_text(
    keymuster: Run, tmp_path: Path, token: Token
) -> None:
    made = token("github-pat")
    tmp_path.joinpath("a.env").write_text(f"T={made}\n")
    tmp_path.joinpath("b.env").write_text(f"\nT={made}\n")
    said = keymuster("inventory", "list", "--kind", "credential")
    assert said.code == 0
    assert "at: a.env:1" in said.out
    assert "at: b.env:2" in said.out
    assert made not in said.out


def test_json_holds_every_kind(keymuster: Run, tmp_path: Path, token: Token) -> None:
    tmp_path.joinpath("a.env").write_text(f"T={token('github-pat')}\n")
    said = keymuster("inventory", "list", "--format", "json")
    [one] = json.loads(said.out)
    assert (one["is"], one["format"], one["facts"]) == ("credential", "github-pat", {})


def test_what_could_not_be_looked_at_is_said(keymuster: Run, tmp_path: Path) -> None:
    tmp_path.joinpath("big").write_bytes(b"x" * 3000)
    tmp_path.joinpath(".keymuster.yaml").write_text("max_file_size: 2KB\n")
    said = keymuster("inventory", "list")
    assert said.code == 3
    assert "not seen: big" in said.err


def test_a_path_that_is_not_there(keymuster: Run) -> None:
    said = keymuster("inventory", "list", "nowhere")
    assert said.code == 2
    assert "there is no" in said.err
