"""`keymuster rules`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Said
from keymuster.detect import cost
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


NEW = {
    "token": ("acme-api-key", "x", "no-key", "7"),
    "policy": ("acme-rule", "on"),
}
"""Names of every sort: of one letter, a number, and words that mean something to YAML."""


def test_new_rules_load_and_pass_their_check_as_written(keymuster: Run, tmp_path: Path) -> None:
    for kind, names in NEW.items():
        for name in names:
            said = keymuster("rules", "new", kind, name)
            assert said.code == 0
            path, _, then = said.out.partition(": edit it, then run: ")
            assert (tmp_path / path).is_file()
            assert then == "keymuster rules check rules\n"
    said = keymuster("rules", "check", "rules")
    assert (said.code, said.err) == (0, "")
    assert "4 token formats" in said.out
    assert "2 policies" in said.out
    listed = keymuster("rules", "list", "--rules", "rules").out.split()
    assert {name for names in NEW.values() for name in names} <= set(listed)
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


GITLEAKS = """
[[rules]]
id = "acme-key"
regex = 'acme_[a-z0-9]{20}'
[[rules]]
id = "files"
path = '[.]p12$'
"""


def test_import_writes_rules_that_scan_and_tells_what_it_left_out(
    keymuster: Run, tmp_path: Path
) -> None:
    (tmp_path / "gitleaks.toml").write_text(GITLEAKS)
    (tmp_path / "a.txt").write_text("acme_" + "k3q8w5z1x7c9v2b4n6m0\n")
    said = keymuster("rules", "import", "gitleaks.toml", "--output", "own")
    assert said.code == 0
    assert [line.split()[:4] for line in said.out.splitlines()] == [
        ["files", "not", "imported", "path"]
    ]
    assert "1 of 2 rules imported" in said.err
    assert keymuster("rules", "check", "own").code == 0
    assert "acme-key" in keymuster("scan", "a.txt", "--rules", "own").out


def test_import_replaces_nothing(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "gitleaks.toml").write_text(GITLEAKS)
    assert keymuster("rules", "import", "gitleaks.toml").code == 0
    said = keymuster("rules", "import", "gitleaks.toml")
    assert said.code == 2
    assert "exists already" in said.err


@pytest.mark.parametrize("text", [None, "rules = [", "rules = 3\n"])
def test_import_of_what_cannot_be_read_is_2(
    text: str | None, keymuster: Run, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "gitleaks.toml").write_text(text)
    said = keymuster("rules", "import", "gitleaks.toml")
    assert (said.code, said.out) == (2, "")
    assert "gitleaks.toml" in said.err
    assert not (tmp_path / "rules").exists()


def test_check_holds_the_formats_of_the_settings(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / ".keymuster.yaml").write_text(
        "formats:\n  - id: acme-key\n    shape: acme_{base62:32}\n"
    )
    said = keymuster("rules", "check", ".keymuster.yaml")
    assert (said.code, said.err) == (0, "")
    assert "1 token formats" in said.out


def test_a_format_without_fixed_text_is_named(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / ".keymuster.yaml").write_text(
        "formats:\n- {id: acme-key, pattern: '[A-Z]{2}[0-9]{18}', examples: ['AB123456789012345678']}\n"
        "- {id: acme-other, shape: 'acme_{base62:20}'}\n"
    )
    said = keymuster("rules", "check", ".keymuster.yaml")
    assert said.code == 0
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["acme-key"]


def test_the_cost_of_own_formats_is_listed_and_an_expensive_one_is_named(
    keymuster: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = "formats:\n- {id: acme-key, shape: 'acme_{base62:20}'}\n"
    (tmp_path / ".keymuster.yaml").write_text(formats)
    (tmp_path / "text").write_text("a = b\n" * 1000)
    words = ("rules", "check", ".keymuster.yaml", "--cost", "--sample", "text")
    said = keymuster(*words)
    assert said.code == 0
    listed = said.out.partition("each alone:")[2]
    assert "acme-key" in listed
    assert "takes" not in said.err
    monkeypatch.setattr(cost, "TOO_MUCH", -1.0)
    assert "acme-key: takes" in keymuster(*words).err
