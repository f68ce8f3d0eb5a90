"""`keymuster owners`: who answers for what, and for which nobody does."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.conftest import PASSWORD, end_the_source_with
from keymuster.cli.codeowners_file import updated
from keymuster.errors import SettingsError
from keymuster.inventory.codeowners import BEGIN, END, Codeowners
from repositories import Repository

CODE = """
resource "aws_iam_role" "ci" {
  name               = "ci"
  tags               = { owner = "%s" }
  assume_role_policy = "{}"
}
"""
PEOPLE = "userPrincipalName,accountEnabled,github\nada@example.org,true,ada\nbob@acme.example,false,bob\n"


@pytest.fixture
def estate(make_repo: Callable[..., Repository], tmp_path: Path) -> Repository:
    repository = make_repo(tmp_path)
    repository.commit(
        {
            "a/main.tf": CODE % "@acme/core",
            "b/main.tf": (CODE % "bob@acme.example").replace("ci", "old"),
            "c.tf": (CODE % "").replace("ci", "nobodys"),
        }
    )
    (tmp_path / "people.csv").write_text(PEOPLE)
    return repository


def _identities(keymuster: Any, *words: str) -> dict[str, dict[str, Any]]:
    done = keymuster("owners", "--format", "json", *words)
    assert done.code == 0
    schema = json.loads(
        (Path(__file__).parents[2] / "docs/schemas/owners-v1.json").read_text(encoding="utf-8")
    )
    told = json.loads(done.out)
    jsonschema.validate(told, schema)
    return {one["name"]: one for one in told["identities"]}


def test_each_identity_has_its_owner_with_what_says_so(keymuster: Any, estate: Repository) -> None:
    out = keymuster("owners", "--no-blame").out
    assert "role ci (aws)\n    owner: @acme/core (high confidence)\n    0.80 @acme/core\n" in out
    assert "         tag: its tag owner (a/main.tf:2)\n    at a/main.tf:2\n" in out
    assert "role nobodys (aws)\n    NOBODY\n    at c.tf:2\n" in out


def test_the_environment_is_told_where_it_is_known(keymuster: Any, estate: Repository) -> None:
    (estate.path / ".keymuster.yaml").write_text("environments: {staging: ['path:a']}\n")
    assert "role ci (aws, staging)\n" in keymuster("owners", "a", "--no-blame").out


def test_a_directory_and_git_say_who_is_left(keymuster: Any, estate: Repository) -> None:
    alone = _identities(keymuster, "--no-blame", "--directory", "people.csv")
    assert {name: one["status"] for name, one in alone.items()} == {
        "ci": "named", "old": "left", "nobodys": "none",
    }  # fmt: skip
    blamed = _identities(keymuster, "--directory", "people.csv")
    assert {name: (one["status"], one["owner"]) for name, one in blamed.items()} == {
        "ci": ("named", "@acme/core"),
        "old": ("named", "ada@example.org"),
        "nobodys": ("named", "ada@example.org"),
    }
    assert blamed["old"]["candidates"][0]["active"] == "no"


def test_orphans_are_those_that_nobody_answers_for(keymuster: Any, estate: Repository) -> None:
    done = keymuster("owners", "--orphans", "--no-blame", "--directory", "people.csv")
    assert done.code == 0
    assert [line for line in done.out.splitlines() if not line.startswith(" ")] == [
        "role old (aws)",
        "role nobodys (aws)",
    ]
    assert "    NOBODY: bob@acme.example has left\n" in done.out
    assert keymuster("owners", "a", "--orphans").out == "none of 1: somebody answers for each\n"


def test_settings_name_a_directory_from_where_they_stand(
    keymuster: Any, estate: Repository, tmp_path: Path
) -> None:
    (tmp_path / ".keymuster.yaml").write_text("owners: {directory: people.csv}\n")
    here = tmp_path / "a"
    words = ("--rule", "identity-owner-left", "-o", "json=out", "-o", "text=said")
    keymuster("scan", "../b", *words, cwd=here)
    assert "bob@acme.example, who answers for old, has left" in (here / "said").read_text()
    assert json.loads((here / "out").read_text())["findings"][0]["owner"] == {
        "name": "bob@acme.example", "source": "tag", "status": "left", "confidence": "high", "active": False,
    }  # fmt: skip


def test_what_cannot_be_is_said(keymuster: Any, estate: Repository, tmp_path: Path) -> None:
    missing = keymuster("owners", "--directory", "none.csv")
    assert (missing.code, "none.csv cannot be read" in missing.err) == (2, True)
    assert keymuster("owners", "no-such-folder").code == 2
    assert keymuster("owners", "--machine", "--write-codeowners").code == 2
    (tmp_path / "catalog-info.yaml").write_text("apiVersion: [\nkind: metadata\n")
    broken = keymuster("owners")
    assert (broken.code, "not seen: catalog-info.yaml" in broken.err) == (3, True)


def test_without_identities_that_is_said(keymuster: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing\n")
    assert keymuster("owners").out == "no identities\n"


def test_findings_about_secrets_say_whose_file_it_is(
    keymuster: Any, secret: Path, make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    make_repo(tmp_path)
    (tmp_path / "CODEOWNERS").write_text("/code/ @acme/core\n")
    words = [word for one in ("text", "json", "sarif") for word in ("-o", f"{one}={one}")]
    keymuster("scan", "code", "-v", *words)
    assert "owner: @acme/core, by codeowners" in (tmp_path / "text").read_text()
    report = json.loads((tmp_path / "json").read_text())
    assert [one["owner"]["name"] for one in report["findings"]] == ["@acme/core"]
    sarif = json.loads((tmp_path / "sarif").read_text())
    assert sarif["runs"][0]["results"][0]["properties"]["owner"] == "@acme/core"


def test_a_commit_hook_does_not_ask_git_and_standard_input_is_nobodys(
    keymuster: Any, estate: Repository, tmp_path: Path
) -> None:
    estate.commit({"CODEOWNERS": "* @acme/core\n"})
    (tmp_path / ".keymuster.yaml").write_text("owners: {blame: true}\n")
    text = f"key = '{PASSWORD}'\npassword = '{PASSWORD}'\n"
    keymuster("scan", "--stdin", "-o", "json=out", "--confidence", "low", input=text)
    found = json.loads((tmp_path / "out").read_text())["findings"]
    assert [one.get("owner") for one in found] == [None] * len(found)
    assert found
    estate.write("a/new.tf", (CODE % "").replace("ci", "deploy").replace("role", "user"))
    estate.git("add", "a/new.tf")
    keymuster("scan", "--staged", "-o", "json=out")
    staged = json.loads((tmp_path / "out").read_text())["findings"]
    assert {one["owner"]["source"] for one in staged} == {"codeowners"}


# --- CODEOWNERS ----------------------------------------------------------------------------------


def test_the_lines_that_codeowners_lacks_are_written_once(
    keymuster: Any, estate: Repository, tmp_path: Path
) -> None:
    written = keymuster("owners", "--no-blame", "--write-codeowners")
    assert written.err == ".github/CODEOWNERS: 2 lines written\n"
    file = tmp_path / ".github/CODEOWNERS"
    text = file.read_text()
    assert text.splitlines()[1:-1] == ["/a/main.tf @acme/core", "/b/main.tf bob@acme.example"]
    again = keymuster("owners", "--no-blame", "--write-codeowners")
    assert again.err == ".github/CODEOWNERS: nothing to change\n"
    assert file.read_text() == text


def test_lines_about_what_was_not_looked_at_stay(
    keymuster: Any, estate: Repository, tmp_path: Path
) -> None:
    keymuster("owners", "--no-blame", "--write-codeowners")
    before = (tmp_path / ".github/CODEOWNERS").read_text()
    estate.commit(
        {"a/main.tf": CODE % "@acme/new", "b/main.tf": CODE % "", "b ä/x.tf": CODE % "@x"}
    )
    keymuster("owners", "a", "--no-blame", "--write-codeowners")
    after = (tmp_path / ".github/CODEOWNERS").read_text()
    assert after == before.replace("/a/main.tf @acme/core", "/a/main.tf @acme/new")
    keymuster("owners", "b ä", "--no-blame", "--write-codeowners")
    keymuster("owners", "b", "--no-blame", "--write-codeowners")
    last = (tmp_path / ".github/CODEOWNERS").read_text().splitlines()
    assert last[1:-1] == ["/a/main.tf @acme/new", "/b\\ ä/x.tf @x"]


def test_what_people_wrote_stays_and_is_not_repeated(
    keymuster: Any, estate: Repository, tmp_path: Path
) -> None:
    (tmp_path / "CODEOWNERS").write_text("# ours\r\n/a/ @acme/core\r\n*.md @docs")
    done = keymuster("owners", "--no-blame", "--write-codeowners", "--directory", "people.csv")
    assert done.err == "CODEOWNERS: nothing to change\n"
    keymuster("owners", "--no-blame", "--write-codeowners")
    text = (tmp_path / "CODEOWNERS").read_bytes().decode()
    assert text.startswith("# ours\r\n/a/ @acme/core\r\n*.md @docs\r\n\r\n# keymuster:begin")
    assert text.endswith("\r\n/b/main.tf bob@acme.example\r\n# keymuster:end\r\n")
    assert "/a/main.tf" not in text
    keymuster("owners", "--no-blame", "--write-codeowners", "--directory", "people.csv")
    left = (tmp_path / "CODEOWNERS").read_bytes().decode()
    assert left == "# ours\r\n/a/ @acme/core\r\n*.md @docs\r\n"


def test_an_owner_without_a_name_that_it_takes_is_left_out(
    keymuster: Any, estate: Repository
) -> None:
    estate.commit({"a/main.tf": CODE % "core"})
    done = keymuster("owners", "a", "--no-blame", "--write-codeowners")
    assert "left out: core: no login, team or address is known" in done.err
    estate.commit(
        {
            "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Group\n"
            "metadata: {name: core, annotations: {github.com/team-slug: acme/core}}\nspec: {type: team}\n"
        }
    )
    keymuster("owners", "a", "--no-blame", "--write-codeowners")
    assert "/a/main.tf @acme/core\n" in (estate.path / ".github/CODEOWNERS").read_text()


def test_an_owner_that_is_a_secret_is_not_told(
    keymuster: Any, estate: Repository, token: Callable[..., str]
) -> None:
    first, second = token("github-pat", "an owner"), token("github-pat", "an address")
    estate.commit({"a/main.tf": CODE % first, "b/main.tf": CODE % f"@{second}"})
    done = keymuster("owners", "--no-blame", "--write-codeowners")
    assert "left out: ghp_****: no login" in done.err
    assert "left out: b/main.tf @ghp_****: a secret seems to stand in it" in done.err
    files = estate.path.glob("**/CODEOWNERS")
    for text in (done.out, done.err, *(one.read_text() for one in files)):
        assert first not in text
        assert second not in text


def test_in_a_repository_of_gitlab_the_lines_have_a_section(
    keymuster: Any, estate: Repository, tmp_path: Path
) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("job: {script: [x]}\n")
    (tmp_path / "CODEOWNERS").write_text("[Docs] @docs\n*.md\n")
    keymuster("owners", "a", "--no-blame", "--write-codeowners")
    text = (tmp_path / "CODEOWNERS").read_text()
    assert f"{BEGIN} (" in text
    found = Codeowners(text, "gitlab")
    assert [one.owners for one in found.of("a/main.tf")] == [("@acme/core",)]
    assert [one.owners for one in found.of("a.md")] == [("@docs",)]


@pytest.mark.parametrize(
    "names", ["a b.tf", "ü.tf", "a[1].tf", "*.tf", "#x.tf", "!x.tf", "d ir/x.tf", "a?b"]
)
def test_a_line_means_its_file(names: str, estate: Repository) -> None:
    updated(str(estate.path), [(names, ("@ada",))])
    found = Codeowners((estate.path / ".github/CODEOWNERS").read_text(), "github")
    assert [one.owners for one in found.of(names)] == [("@ada",)]
    assert found.of("other/file.py") == []


def test_nothing_is_written_through_a_link_or_outside(
    estate: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "CODEOWNERS").write_text("* @all\n")
    lines = [("a.tf", ("@ada",))]
    link = estate.path / "CODEOWNERS"
    link.symlink_to(outside / "CODEOWNERS")
    with pytest.raises(SettingsError, match="CODEOWNERS is a symbolic link"):
        updated(str(estate.path), lines)
    link.unlink()
    (estate.path / ".github").symlink_to(outside)
    with pytest.raises(SettingsError, match=r"\.github is a symbolic link"):
        updated(str(estate.path), lines)
    assert (outside / "CODEOWNERS").read_text() == "* @all\n"
    with pytest.raises(SettingsError, match="is not a repository"):
        updated(str(estate.path / "a"), lines)


@pytest.mark.parametrize(
    "text", [f"{BEGIN}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n"]
)
def test_marks_that_somebody_has_broken_are_not_guessed_at(text: str, estate: Repository) -> None:
    file = estate.path / "CODEOWNERS"
    file.write_text(text)
    with pytest.raises(SettingsError, match="do not stand there once each"):
        updated(str(estate.path), [("a.tf", ("@ada",))])
    assert file.read_text() == text


def test_a_file_that_is_not_utf8_is_left_alone(estate: Repository) -> None:
    (estate.path / "CODEOWNERS").write_bytes(b"# \xff\n")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        updated(str(estate.path), [("a.tf", ("@ada",))])
    assert os.listdir(estate.path / "a") == ["main.tf"]


def test_a_scan_that_was_cut_short_leaves_codeowners_as_it_is(
    keymuster: Any, estate: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_the_source_with(KeyboardInterrupt(), monkeypatch)
    said = keymuster("owners", "--no-blame", "--write-codeowners")
    assert (said.code, "CODEOWNERS: not written" in said.err) == (3, True)
    assert not (estate.path / ".github" / "CODEOWNERS").exists()


def test_attestations_that_cannot_be_read_are_told_once(keymuster: Any, estate: Repository) -> None:
    (estate.path / ".keymuster").mkdir()
    (estate.path / ".keymuster" / "owners.yaml").write_text("owners: [\n")
    said = keymuster("owners", "--no-blame")
    assert (said.code, said.err.count("not seen: .keymuster/owners.yaml")) == (3, 1)
    (estate.path / ".keymuster" / "owners.yaml").write_text("owners:\n- what: 1\n  owner: ''\n")
    said = keymuster("owners", "--no-blame", "a")  # where it is not among the files
    assert (said.code, said.err.count("not seen: .keymuster/owners.yaml")) == (3, 1)
