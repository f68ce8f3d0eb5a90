"""`gitleaks.toml` as rules of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from keymuster.detect.engine import Engine
from keymuster.errors import RuleError
from keymuster.rules import gitleaks, loader
from keymuster.rules.gitleaks import Imported

RULE = '[[rules]]\nid = "acme-key"\ndescription = "Acme key"\n'


def convert(tmp_path: Path, text: str, taken: tuple[str, ...] = ()) -> Imported:
    path = tmp_path / "gitleaks.toml"
    path.write_text(text)
    return gitleaks.convert(path, taken)


def formats(imported: Imported) -> list[dict[str, Any]]:
    return list(yaml.safe_load(imported.text)["formats"]) if imported.text else []


def said(imported: Imported) -> list[tuple[str, str, bool]]:
    return [(one.rule, one.part, one.refused) for one in imported.unsupported]


def scanned(tmp_path: Path, imported: Imported, text: str) -> list[bytes]:
    """What the imported rules alone find in a text."""
    folder = tmp_path / "own/tokens"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gitleaks.yaml").write_text(imported.text)
    engine = Engine(loader.one_folder(tmp_path / "own"))
    return [match.secret.reveal() for match in engine.scan(text.encode())]


def test_a_rule_becomes_a_format_that_loads_and_finds(tmp_path: Path) -> None:
    regex = (
        r"""(?i)[\w.-]{0,50}?acme[ \t\w.-]{0,20}[\s'"]{0,3}=[\s'"]{0,5}([a-z0-9]{20})(?:['"\s]|$)"""
    )
    imported = convert(
        tmp_path, RULE + f"regex = '''{regex}'''\nkeywords = ['acme']\nentropy = 3\n"
    )
    assert imported.unsupported == []
    assert (imported.rules, imported.formats) == (1, 1)
    value = "k3" * 2 + "q8w5z1x7c9v2b4n6"
    assert scanned(tmp_path, imported, f'ACME_KEY = "{value}"') == [value.encode()]
    assert scanned(tmp_path, imported, f'ACME_KEY = "{value[:-1]}"') == []
    assert scanned(tmp_path, imported, f'ACME_KEY = "{"abababaabb" * 2}"') == []


def test_the_facts_of_a_rule_are_kept(tmp_path: Path) -> None:
    text = (
        RULE
        + "regex = 'acme_([a-z]{4})_([a-z]{20})'\nsecretGroup = 2\nentropy = 2.5\npath = '\\.tf$'\n"
    )
    [format] = formats(convert(tmp_path, text))
    assert format["id"] == "acme-key"
    assert format["name"] == "Acme key"
    assert format["pattern"] == r"acme\x5f(?:[a-z]{4})\x5f(?P<secret>[a-z]{20})"
    assert format["least_entropy"] == 2.5
    assert format["paths"] == [r"\.tf$"]


def test_confidence_is_high_only_where_the_secret_itself_is_telling(tmp_path: Path) -> None:
    marked = convert(tmp_path, RULE + "regex = 'key=(acme_[a-z]{20})'\n")
    bare = convert(tmp_path, RULE + "regex = 'acme=([a-z]{20})'\n")
    assert [one["confidence"] for one in formats(marked) + formats(bare)] == ["high", "medium"]


def test_each_group_that_may_be_the_secret_is_a_format(tmp_path: Path) -> None:
    imported = convert(tmp_path, RULE + "regex = 'acme=([a-z]{20});|apex=([0-9]{20});'\n")
    assert [one["id"] for one in formats(imported)] == ["acme-key", "acme-key-2"]
    assert scanned(tmp_path, imported, "apex=73012846501928374650;") == [b"73012846501928374650"]


def test_ids_are_spelt_as_ours_and_never_taken_twice(tmp_path: Path) -> None:
    text = "[[rules]]\nid = 'Acme Key_1'\nregex = 'acme_[a-z]{20}'\n"
    assert [one["id"] for one in formats(convert(tmp_path, text))] == ["acme-key-1"]
    imported = convert(tmp_path, text, taken=("acme-key-1",))
    assert [one["id"] for one in formats(imported)] == ["gitleaks-acme-key-1"]
    assert said(imported) == [("", "rules.id", False)]


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        ("path = '\\.p12$'\n", "path"),
        ("description = ''\n", "regex"),
        ("regex = '(a|a)*acme'\n", "regex"),
        ("regex = 'acme(?=x)'\n", "regex"),
        ("regex = 'acme[a-z]{9}'\nsecretGroup = 3\n", "regex"),
        ("regex = 'acme[a-z]{9}'\nskipReport = true\n", "skipReport"),
        ("regex = 'acme[a-z]{9}'\n[[rules.required]]\nid = 'other'\n", "required"),
        ("regex = 'acme[a-z]{9}'\npath = '\\pL'\n", "path"),
    ],
)
def test_a_rule_that_cannot_be_kept_whole_is_refused_and_named(
    tmp_path: Path, lines: str, part: str
) -> None:
    imported = convert(tmp_path, "[[rules]]\nid = 'acme-key'\n" + lines)
    assert imported.text == ""
    assert ("acme-key", part, True) in said(imported)


def test_what_the_search_refuses_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gitleaks.toml"
    path.write_text(RULE + "regex = 'acme[a-z]{9}'\n")
    imported = gitleaks.convert(path, (), lambda pattern: "is too large")
    assert [one.why for one in imported.unsupported] == ["is too large"]
    assert imported.text == ""


def test_keywords_that_the_expression_does_not_need_are_named(tmp_path: Path) -> None:
    imported = convert(tmp_path, RULE + "regex = 'ac_[a-z]{9}'\nkeywords = ['acme']\n")
    assert said(imported) == [("acme-key", "keywords", False)]


def unless(imported: Imported) -> list[dict[str, Any]]:
    return [one for format in formats(imported) for one in format.get("unless", [])]


def test_allowlists_become_exceptions(tmp_path: Path) -> None:
    imported = convert(
        tmp_path,
        RULE + "regex = 'acme=([a-z]{9})'\n"
        "[[rules.allowlists]]\nregexes = ['^test']\nstopwords = ['dummy']\npaths = ['^docs/']\n"
        "commits = ['ABCDEF']\n"
        "[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['import ']\n"
        "[[rules.allowlists]]\ncondition = 'AND'\nregexes = ['^x']\nstopwords = ['y']\n",
    )
    assert imported.unsupported == []
    assert unless(imported) == [
        {"values": ["^test"], "paths": ["^docs/"], "words": ["dummy"], "commits": ["abcdef"]},
        {"lines": ["import "]},
        {"values": ["^x"], "words": ["y"], "all": True},
    ]


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        ("regexTarget = 'match'\nregexes = ['x']\n", "allowlists.regexTarget"),
        ("condition = 'AND'\nregexes = ['x']\npaths = ['y']\n", "allowlists.condition"),
        ("regexes = ['a*a*a*b']\n", "allowlists.regexes"),
        ("condition = '&&'\nregexes = ['a*a*a*b']\nstopwords = ['x']\n", "allowlists.regexes"),
    ],
)
def test_what_an_allowlist_cannot_say_here_excepts_nothing(
    tmp_path: Path, lines: str, part: str
) -> None:
    text = RULE + "regex = 'acme=([a-z]{9})'\n[[rules.allowlists]]\n" + lines
    imported = convert(tmp_path, text)
    assert unless(imported) == []
    assert said(imported) == [("acme-key", part, False)]


def test_a_match_that_is_all_secret_is_held_against_expressions_for_the_match(
    tmp_path: Path,
) -> None:
    text = (
        RULE + "regex = 'acme[a-z]{9}'\n[rules.allowlist]\nregexTarget = 'match'\nregexes = ['x']\n"
    )
    assert unless(convert(tmp_path, text)) == [{"values": ["x"]}]


def test_allowlists_for_all_rules_hold_for_all_and_aimed_ones_for_theirs(tmp_path: Path) -> None:
    imported = convert(
        tmp_path,
        "[[allowlists]]\nstopwords = ['everywhere']\n"
        "[[allowlists]]\ntargetRules = ['acme-key', 'nobody']\nstopwords = ['here']\n"
        + RULE + "regex = 'acme=([a-z]{9})'\n[[rules]]\nid = 'other'\nregex = 'other_[a-z]{9}'\n",
    )  # fmt: skip
    file = tmp_path / "tokens/gitleaks.yaml"
    loaded = loader.read([(file, imported.text.encode())])
    told = {
        token.id: [word for one in token.unless for word in one.words] for token in loaded.tokens
    }
    assert told == {"acme-key": ["here", "everywhere"], "other": ["everywhere"]}
    assert said(imported) == [("", "allowlists.targetRules", False)]


def test_an_extended_file_is_read_with_what_is_said_over_it(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(
        RULE + "regex = 'acme_[a-z]{9}'\n[[rules]]\nid = 'gone'\nregex = 'gone_[a-z]{9}'\n"
    )
    imported = convert(
        tmp_path,
        "[extend]\npath = 'base.toml'\ndisabledRules = ['gone']\n"
        "[[rules]]\nid = 'acme-key'\nentropy = 3.5\n",
    )
    [format] = formats(imported)
    assert (format["id"], format["least_entropy"]) == ("acme-key", 3.5)
    assert imported.unsupported == []


def test_the_default_rules_of_gitleaks_are_not_here(tmp_path: Path) -> None:
    imported = convert(
        tmp_path,
        "[extend]\nuseDefault = true\nurl = 'x'\ndisabledRules = ['github-pat']\n"
        + RULE + "regex = 'acme_[a-z]{9}'\n",
    )  # fmt: skip
    parts = [part for _, part, _ in said(imported)]
    assert parts == ["extend.useDefault", "extend.url", "extend.disabledRules"]
    assert imported.formats == 1


def test_keys_may_be_written_in_any_case(tmp_path: Path) -> None:
    text = "[[Rules]]\nID = 'acme-key'\nRegex = 'acme_([a-z]{4})([a-z]{20})'\nsecretgroup = 2\n"
    assert "(?P<secret>[a-z]{20})" in formats(convert(tmp_path, text))[0]["pattern"]


@pytest.mark.parametrize(
    "text",
    ["rules = [", "rules = 1\n", "[[rules]]\nregex = 'x'\n", "[extend]\npath = 'nowhere.toml'\n",
     "[extend]\npath = 'gitleaks.toml'\n", "[extend]\npath = '/dev/zero'\n",
     '[extend]\npath = "a\\u0000b"\n', "[allowlist]\npaths = " + "[" * 5000],
)  # fmt: skip
def test_a_file_that_gitleaks_would_not_read_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RuleError):
        convert(tmp_path, text)
