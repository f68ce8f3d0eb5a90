"""`keymuster inventory`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import moto_server
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


def test_what_a_service_has_is_listed_without_texts(keymuster: Run, aws: str, token: Token) -> None:
    text = token("github-pat")
    moto_server.client("iam", aws).create_user(UserName="ci")
    moto_server.client("ssm", aws).put_parameter(Name="/token", Value=text, Type="String")
    asked = ("inventory", "list", "--service", "aws", "--regions", "us-east-1")
    said = keymuster(*asked)
    assert "user               ci" in said.out
    every = keymuster(*asked, "--format", "json").out
    assert "arn:aws:iam::123456789012:user/ci" in every
    assert text not in every


def test_options_of_a_service_need_one(keymuster: Run) -> None:
    for option in (("--regions", "us-east-1"), ("--profile", "audit")):
        said = keymuster("inventory", "list", *option)
        assert said.code == 2
        assert f"{option[0]} needs --service" in said.err


DECLARED = {
    "main.tf": 'resource "aws_db_instance" "d" {{\n  password = "{word}"\n}}\n'
    'resource "aws_ssm_parameter" "p" {{\n  type = "String"\n  value = "{word}"\n}}\n'
    'resource "aws_instance" "i" {{\n  user_data = "export DB_PASSWORD={word}"\n}}\n',
    "play.yml": "- hosts: all\n  tasks:\n  - community.mysql.mysql_user: {{name: a, password: {word}}}\n",
    "docker-compose.yml": "services:\n  a:\n    image: x\n    environment: {{DB_PASSWORD: {word}}}\n",
    "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n"
    "  - {{name: a, image: x, env: [{{name: DB_PASSWORD, value: {word}}}]}}\n",
    ".github/workflows/a.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    "    - {{run: make, env: {{DB_PASSWORD: {word}}}}}\n",
    ".mcp.json": '{{"mcpServers": {{"a": {{"command": "a", "env": {{"DB_PASSWORD": "{word}"}}}}}}}}',
}


@pytest.mark.parametrize("format_", ["text", "json"])
def test_settings_of_what_is_declared_are_listed_without_their_texts(
    keymuster: Run, tmp_path: Path, format_: str
) -> None:
    word = "zebra-lamp-" + "42-Quill"
    for name, text in DECLARED.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(word=word))
    kinds = ("identity", "credential", "grant", "trust", "use", "resource")
    wanted = [part for kind in kinds for part in ("--kind", kind)]
    said = keymuster("inventory", "list", "--format", format_, *wanted)
    assert said.code == 0
    assert "aws_db_instance.d" in said.out
    assert word not in said.out
    if format_ == "json":
        [database] = [one for one in json.loads(said.out) if one.get("name") == "aws_db_instance.d"]
        assert database["settings"]["MasterUserPassword"] == "****"


@pytest.mark.parametrize("words", [(), ("--format", "json")])
def test_words_that_others_wrote_are_listed_without_secrets(
    keymuster: Run, tmp_path: Path, token: Token, words: tuple[str, ...]
) -> None:
    secret = token("github-pat", "a tag")
    role = tmp_path / "main.tf"
    role.write_text(
        f'resource "aws_iam_role" "ci" {{\n  name = "ci"\n  tags = {{ note = "{secret}", '
        f'Owner = "{secret}", Purpose = "uses {secret}" }}\n}}\n'
    )
    folder = tmp_path / ".claude/agents"
    folder.mkdir(parents=True)
    said_of_itself = f"---\nname: a\ndescription: signs in as {secret}\n---\n"
    folder.joinpath("a.md").write_text(said_of_itself)
    tmp_path.joinpath(f"{secret}.tf").write_text(role.read_text().replace('"ci"', '"other"'))
    said = keymuster("inventory", "list", *words)
    assert said.code == 0
    assert "signs in as ghp_****" in said.out
    assert "uses ghp_****" in said.out
    assert "ghp_****.tf" in said.out
    assert secret not in said.out


def test_what_could_not_be_looked_at_is_said_without_secrets(
    keymuster: Run, tmp_path: Path, token: Token
) -> None:
    secret = token("github-pat", "a name")
    tmp_path.joinpath(secret).write_bytes(b"x" * 3000)
    tmp_path.joinpath(".keymuster.yaml").write_text("max_file_size: 2KB\n")
    said = keymuster("inventory", "list")
    assert "not seen: ghp_****" in said.err
    assert secret not in said.err
