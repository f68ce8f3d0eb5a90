"""The rules we ship: complete, tidy, and true to their own examples."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest
import yaml

from keymuster import pipeline, selftest
from keymuster.detect import examples
from keymuster.model import Severity
from keymuster.rules import loader, shape
from keymuster.rules.schema import RuleSet
from scans import context

ROOT = loader.builtin_root()
IDS = [rule.id for rule in loader.load().rules]


@pytest.fixture(scope="session")
def problems(rules: RuleSet) -> dict[str, list[str]]:
    """What the self-test says, by rule; one engine for all."""
    said = defaultdict(list)
    for problem in selftest.problems(rules):
        said[problem.partition(":")[0]].append(problem)
    return said


@pytest.mark.parametrize("rule", IDS)
def test_its_examples_and_cases_hold(problems: dict[str, list[str]], rule: str) -> None:
    assert problems.get(rule, []) == []


def test_no_problem_is_without_a_rule(problems: dict[str, list[str]]) -> None:
    assert problems.keys() <= set(IDS)


def test_there_are_enough_of_them(rules: RuleSet) -> None:
    assert len(rules.tokens) >= 150
    assert len({token.vendor for token in rules.tokens}) >= 90


def test_ids_are_unique(rules: RuleSet) -> None:
    assert [
        name for name, count in Counter(rule.id for rule in rules.rules).items() if count > 1
    ] == []


def test_a_file_of_tokens_is_named_after_its_vendor() -> None:
    for file in (ROOT / "tokens").iterdir():
        assert file.read_text().startswith(f"vendor: {file.stem}\n")


def test_a_format_is_named_after_its_vendor(rules: RuleSet) -> None:
    others = {token.id for token in rules.tokens if not token.id.startswith(token.vendor)}
    assert others <= {"url-password", "generic-assignment", "microsoft-teams-webhook"}


def test_a_policy_file_is_named_after_its_policy() -> None:
    for file in (ROOT / "policies").rglob("*.yaml"):
        assert yaml.safe_load(file.read_bytes())["id"] == file.stem


def test_every_shape_can_be_made_and_repeated(rules: RuleSet) -> None:
    for token in rules.tokens:
        if token.shapes:
            assert examples.make(token) == examples.make(token)
            assert len(examples.make(token)) >= 10


def test_every_format_says_how_to_revoke_it_in_a_sentence(rules: RuleSet) -> None:
    assert [
        token.id
        for token in rules.tokens
        if not re.fullmatch(r"[A-Z].{10,}[.)]", token.revoke, re.DOTALL)
    ] == []


def test_a_format_without_a_marker_has_context_and_an_entropy_or_a_checksum(rules: RuleSet) -> None:
    for token in rules.tokens:
        for one in token.shapes:
            if not shape.has_marker(shape.parse(one)):
                assert token.checksum or token.context, token.id


def test_an_environment_begins_like_its_tokens(rules: RuleSet) -> None:
    for token in rules.tokens:
        for prefix in token.environments:
            literal = prefix.partition("{")[0]
            assert any(
                literal.startswith(one.partition("{")[0][: len(literal)]) for one in token.shapes
            ), token.id


def test_no_shipped_file_holds_a_secret(rules: RuleSet) -> None:
    """Examples are made when they are needed."""
    ids = (
        "known/azure-roles.yaml",
    )  # published, some behind names of vendors whose keys look the same
    report = pipeline.scan(context(rules, ROOT, exclude=ids), "worktree")
    assert report.counts["files"] > 1_000
    found = [
        one
        for one in report.findings
        if one.severity is not Severity.INFO and one.suppression is None
    ]
    assert [(one.rule, str(place)) for one in found for place in one.places] == []


def test_the_shipped_rules_pass_every_check() -> None:
    assert pipeline.load_rules().tokens
