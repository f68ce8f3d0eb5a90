"""`keymuster rules`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Said
from keymuster.rules.schema import RuleSet

Run = Callable[..., Said]


def test_list_has_a_line_for_every_rule(keymuster: Run, rules: RuleSet) -> None:
    said = keymuster("rules", "list")
    assert said.code == 0
    ids = [line.split()[1] for line in said.out.splitlines()]
    assert ids == [rule.id for rule in rules.rules]


def test_show_tells_how_to_revoke_a_token(keymuster: Run) -> None:
    said = keymuster("rules", "show", "github-pat")
    assert said.code == 0
    assert "**To revoke:** Delete the token at https://github.com/settings/tokens." in said.out


def test_show_tells_when_a_policy_holds(keymuster: Run) -> None:
    said = keymuster("rules", "show", "secret-in-tree")
    assert "**When:** `credential.in_tree" in said.out
    assert "**Frameworks:** " in said.out


def test_every_rule_can_be_shown(rules: RuleSet) -> None:
    from keymuster.rules import pages

    for rule in rules.rules:
        assert pages.page(rule, rules).startswith(f"### {rule.id}\n")


@pytest.mark.parametrize(
    ("id", "hint"), [("github-pta", "Did you mean `github-pat`?"), ("%%%", "keymuster rules list")]
)
def test_show_of_what_is_not_there_is_2(id: str, hint: str, keymuster: Run) -> None:
    said = keymuster("rules", "show", id)
    assert (said.code, said.out) == (2, "")
    assert hint in said.err


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("token", "acme-api-key"),
        ("token", "x"),
        ("token", "no-key"),
        ("token", "7"),
        ("policy", "acme-rule"),
        ("policy", "on"),
    ],
)
def test_a_new_rule_loads_and_passes_its_check_as_written(
    kind: str, name: str, keymuster: Run, tmp_path: Path
) -> None:
    said = keymuster("rules", "new", kind, name)
    assert said.code == 0
    [path] = (tmp_path / "rules").rglob("*.yaml")
    assert (
        said.out
        == f"{path.relative_to(tmp_path)}: edit it, then run: keymuster rules check rules\n"
    )
    said = keymuster("rules", "check", "rules")
    assert (said.code, said.err) == (0, "")
    assert "1 token formats" in said.out or "1 policies" in said.out
    assert name in keymuster("rules", "list", "--rules", "rules").out
    assert keymuster("scan", "--rules", "rules", "--exclude", "rules").code == 0


def test_a_new_rule_goes_where_it_is_told(keymuster: Run, tmp_path: Path) -> None:
    keymuster("rules", "new", "policy", "acme-rule", "--dir", "deep/own")
    assert (tmp_path / "deep/own/policies/own/acme-rule.yaml").is_file()


def test_a_new_rule_replaces_none(keymuster: Run, tmp_path: Path) -> None:
    keymuster("rules", "new", "token", "acme-key")
    said = keymuster("rules", "new", "token", "acme-key")
    assert said.code == 2
    assert "exists already" in said.err


@pytest.mark.parametrize("name", ["Acme Key", "../up", "a_b", "-a", "a--b"])
def test_a_name_that_is_none_is_2(name: str, keymuster: Run, tmp_path: Path) -> None:
    said = keymuster("rules", "new", "token", "--", name)
    assert said.code == 2
    assert "is not lower-case words joined by hyphens" in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_rule_can_be_written_is_2(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("a file")
    said = keymuster("rules", "new", "token", "acme-key")
    assert said.code == 2
    assert "could not be written" in said.err


def test_check_tells_each_example_that_does_not_hold(keymuster: Run, tmp_path: Path) -> None:
    keymuster("rules", "new", "token", "acme-key")
    [path] = (tmp_path / "rules").rglob("*.yaml")
    path.write_text(
        path.read_text().replace('"{short}" ', '"{token}" ').replace("'key = ", "'k{short} = ")
    )
    said = keymuster("rules", "check", "rules")
    assert said.code == 2
    assert "acme-key: counter-example" in said.out
    assert "1 problems" in said.err


def test_check_of_a_folder_that_is_not_there_is_2(keymuster: Run) -> None:
    said = keymuster("rules", "check", "nowhere")
    assert (said.code, said.out) == (2, "")
    assert "nowhere is not a folder of rules" in said.err
