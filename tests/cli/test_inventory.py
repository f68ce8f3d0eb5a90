"""`keymuster inventory`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import moto_server
import other_scanners
from cli.conftest import Said, end_the_source_with
from keymuster import registry
from repositories import Repository

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


# --- conditions, one record, exports ---------------------------------------------------------------

ROLE = """resource "aws_iam_role" "ci" {
  name = "ci"
  tags = { owner = "platform" }
  assume_role_policy = jsonencode({Version = "2012-10-17", Statement = [{Effect = "Allow", Action = "sts:AssumeRole", Principal = {AWS = aws_iam_user.ann.arn}}]})
}
resource "aws_iam_user" "ann" { name = "ann" }
resource "aws_iam_role_policy_attachment" "all" {
  role = aws_iam_role.ci.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
"""


@pytest.fixture
def estate(tmp_path: Path, token: Token) -> Path:
    tmp_path.joinpath("main.tf").write_text(ROLE)
    tmp_path.joinpath("b.env").write_text(f"T={token('github-pat')}\n")
    tmp_path.joinpath("a.env").write_text(
        f"T={token('slack-bot-token')}\nU={token('github-pat')}\n"
    )
    return tmp_path


def test_a_condition_picks_records_and_says_of_which_kind(keymuster: Run, estate: Path) -> None:
    said = keymuster("inventory", "list", "--where", "credential.format == 'github-pat'")
    assert (said.code, said.err) == (0, "")
    assert "GitHub personal access token" in said.out
    assert "Slack" not in said.out
    said = keymuster("inventory", "list", "--where", "identity.privilege == 'admin'", "--format", "json")  # fmt: skip
    assert [one["name"] for one in json.loads(said.out)] == ["ci"]


def test_a_condition_on_several_kinds(keymuster: Run, estate: Path) -> None:
    kinds = ("--kind", "identity", "--kind", "credential")
    said = keymuster("inventory", "list", *kinds, "--where", "record.name in ['ann', 'Slack bot token']")  # fmt: skip
    assert [line for line in said.out.splitlines() if not line.startswith(" ")] == [
        "user               ann",
        "access_token       Slack bot token",
    ]
    said = keymuster("inventory", "list", *kinds, "--where", "record.fingerprint != ''")
    assert said.code == 2
    assert "no field `fingerprint` on identity" in said.err
    assert "They share" in said.err


def test_a_condition_that_is_wrong_names_the_nearest_field(keymuster: Run, estate: Path) -> None:
    said = keymuster("inventory", "list", "--where", "identity.privilge == 'admin'")
    assert said.code == 2
    assert "did you mean `privilege`?" in said.err


def test_what_a_condition_cannot_decide_is_counted(keymuster: Run, estate: Path) -> None:
    said = keymuster("inventory", "list", "--where", "identity.registration == 'x' && identity.vouched == 'yes'")  # fmt: skip
    assert said.code == 0
    said = keymuster("inventory", "list", "--where", "identity.vouched == 'yes'")
    assert "not decided: 2 more" in said.err


@pytest.mark.parametrize("kind", ["identity", "credential", "grant", "trust", "use", "resource"])
def test_records_are_listed_in_order_of_their_ids(keymuster: Run, estate: Path, kind: str) -> None:
    said = keymuster("inventory", "list", "--kind", kind, "--format", "json")
    ids = [one["id"] for one in json.loads(said.out)]
    assert ids == sorted(ids)


def test_one_record_is_shown_with_all_that_it_is_linked_to(keymuster: Run, estate: Path) -> None:
    said = keymuster("inventory", "show", "ci")
    assert said.code == 0
    assert said.out.startswith("identity ci\n")
    assert "owner: platform" in said.out
    assert "places\n  main.tf:1\n" in said.out
    assert "grant: " in said.out
    assert "trust: " in said.out
    assert "privilege: admin" in said.out


def test_json_of_one_record_has_the_evidence_of_its_facts(keymuster: Run, estate: Path) -> None:
    said = keymuster("inventory", "show", "ann", "--format", "json")
    shown = json.loads(said.out)
    assert (shown["version"], shown["is"], shown["record"]["name"]) == (1, "identity", "ann")
    assert {"trusted by"} <= {one["link"] for one in shown["links"]}
    [[step, *_], *_] = shown["evidence"]["administrator_by"]
    assert step["statements"]
    assert step["proved"] in (True, False)


def test_a_credential_is_shown_by_the_beginning_of_its_id(
    keymuster: Run, estate: Path, token: Token
) -> None:
    listed = json.loads(keymuster("inventory", "list", "--kind", "credential", "--format", "json").out)  # fmt: skip
    one = next(one for one in listed if one["format"] == "github-pat")
    said = keymuster("inventory", "show", one["id"][:14])
    assert "places\n  a.env:2\n  b.env:1\n" in said.out
    assert token("github-pat")[6:] not in said.out


def test_what_there_is_not_has_the_nearest_ids(keymuster: Run, estate: Path) -> None:
    said = keymuster("inventory", "show", "an")
    assert said.code == 2
    assert "there is no record `an`" in said.err
    assert "Did you mean terraform:.:aws_iam_user.ann?" in said.err
    said = keymuster("inventory", "show", "terraform:")
    assert "records are called so: terraform:" in said.err
    assert keymuster("inventory", "show", "\x1b[31m").err.startswith(
        "keymuster: there is no record"
    )


@pytest.mark.parametrize("format_", registry.names("export"))
def test_an_export_is_the_same_wherever_it_goes_and_each_time(
    keymuster: Run, estate: Path, token: Token, format_: str
) -> None:
    words = ("inventory", "export", "--format", format_)
    first = keymuster(*words)
    assert (first.code, first.err) == (0, "")
    assert keymuster(*words, "-o", "out").out == ""
    written = (estate / "out").read_bytes().decode()
    (estate / "out").unlink()
    assert written.replace("\r\n", "\n") == first.out.replace("\r\n", "\n")
    assert keymuster(*words, "--jobs", "2").out == first.out
    assert "aws_iam_role" in written
    assert token("github-pat")[6:] not in written


def test_an_export_that_was_cut_short_leaves_the_file_as_it_is(
    keymuster: Run, estate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.json").write_text("as it was")
    end_the_source_with(KeyboardInterrupt(), monkeypatch)
    said = keymuster("inventory", "export", "-o", str(tmp_path / "out.json"))
    assert said.code == 3
    assert "out.json: not written" in said.err
    assert (tmp_path / "out.json").read_text() == "as it was"


def test_an_export_that_cannot_be_written_leaves_nothing(keymuster: Run, estate: Path) -> None:
    said = keymuster("inventory", "export", "-o", "nowhere/out.json")
    assert said.code == 2
    assert "could not be written" in said.err
    assert keymuster("inventory", "export", "--at", "noon").code == 2


def test_a_table_has_the_line_ends_of_the_standard(keymuster: Run, estate: Path) -> None:
    keymuster("inventory", "export", "--format", "csv", "-o", "out.csv")
    content = (estate / "out.csv").read_bytes()
    assert content.count(b"\r\n") > 3
    assert b"\r\r\n" not in content


def test_what_others_report_is_in_the_inventory(keymuster: Run, estate: Path, token: Token) -> None:
    row = {"rule": "gitlab-pat", "secret": token("gitlab-pat"), "file": "gone.env", "line": 9}
    (estate / "r.json").write_text(other_scanners.gitleaks(row))
    said = keymuster(
        "inventory", "list", "--import", "r.json", "--where", "credential.only_reported"
    )
    assert "at: gone.env:9" in said.out


def test_what_is_only_in_the_history_is_found_there(
    keymuster: Run, estate: Path, token: Token
) -> None:
    repository = Repository.create(estate)
    repository.git("add", ".")
    repository.commit()
    (estate / "b.env").unlink()
    (estate / "a.env").write_text(f"T={token('slack-bot-token')}\n")
    repository.git("add", ".")
    repository.commit()
    words = ("--where", "credential.only_in_history")
    assert keymuster("inventory", "list", *words).out == ""
    said = keymuster("inventory", "list", "--history", *words)
    assert "GitHub personal access token" in said.out
    assert "Slack" not in said.out
    said = keymuster("inventory", "list", "--history", "--machine")
    assert (said.code, "exclude each other" in said.err) == (2, True)
