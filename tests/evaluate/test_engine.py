"""From inventory and policies to findings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from evaluate.records import NOW, allow, credential, place
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate, rule_text
from keymuster.inventory.build import build
from keymuster.model import (
    Commit,
    Confidence,
    CredentialKind,
    CredentialStatus,
    Finding,
    Observation,
    Severity,
    Storage,
)
from keymuster.rules.schema import RuleSet


def _findings(rules: RuleSet, *observed: Observation, **choice: Any) -> list[Finding]:
    return list(evaluate(build(observed), rules, Choice(**choice), NOW).findings)


def test_the_same_input_gives_the_same_findings(rules: RuleSet) -> None:
    observed = [credential(f"secret:{n}", location=place(line=n)) for n in range(1, 30)]
    assert _findings(rules, *observed) == _findings(rules, *observed)


def test_an_id_depends_on_rule_and_subject_only(rules: RuleSet) -> None:
    [one] = _findings(rules, credential())
    [moved] = _findings(rules, credential(location=place("b.py", 90), name="Another name"))
    [other] = _findings(rules, credential("secret:2"))
    [judged] = _findings(rules, credential(storage=Storage.STAGED))
    assert one.id == moved.id
    assert len({one.id, other.id, judged.id}) == 3
    assert len(one.id) == 32


def test_a_subject_with_a_name_that_is_not_utf_8_is_judged(rules: RuleSet) -> None:
    odd = allow(path="\udcff.py", problem="it has no date")
    [finding] = _findings(
        rules, odd, credential(location=place("\udcff.py"), storage=Storage.VAULT)
    )
    assert (finding.policy, finding.location) == ("inline-allow-invalid", odd.location)


def test_places_in_files_come_before_places_in_the_history(rules: RuleSet) -> None:
    old = place("a.py", commit=Commit(id="c" * 40))
    places = [old, place("b.py", 2), place("b.py", 1)]
    [finding] = _findings(rules, *(credential(location=one) for one in places))
    assert finding.places == (places[2], places[1], old)


def test_a_place_seen_twice_is_one_place(rules: RuleSet) -> None:
    [finding] = _findings(rules, credential(), credential())
    assert finding.places == (place(),)


def test_confidence_is_that_of_the_weaker_of_policy_and_match(rules: RuleSet) -> None:
    [sure] = _findings(rules, credential())
    [unsure] = _findings(rules, credential(confidence=Confidence.MEDIUM))
    assert (sure.confidence, unsure.confidence) == (Confidence.HIGH, Confidence.MEDIUM)


@pytest.mark.parametrize(
    ("least", "saw", "found"),
    [
        (Confidence.HIGH, Confidence.HIGH, True),
        (Confidence.HIGH, Confidence.MEDIUM, False),
        (Confidence.MEDIUM, Confidence.MEDIUM, True),
        (Confidence.MEDIUM, Confidence.LOW, False),
        (Confidence.LOW, Confidence.LOW, True),
    ],
)
def test_what_is_less_sure_than_was_asked_for_is_left_out(
    least: Confidence, saw: Confidence, found: bool, rules: RuleSet
) -> None:
    assert bool(_findings(rules, credential(confidence=saw), confidence=least)) is found


def test_a_policy_that_is_not_sure_itself_is_left_out(rules: RuleSet) -> None:
    encrypted = credential(kind=CredentialKind.PRIVATE_KEY, status=CredentialStatus.ENCRYPTED)
    assert _findings(rules, encrypted) == []
    [found] = _findings(rules, encrypted, confidence=Confidence.LOW)
    assert (found.policy, found.confidence) == ("encrypted-private-key", Confidence.LOW)


def test_a_finding_names_policy_and_format(rules: RuleSet) -> None:
    [known] = _findings(rules, credential(format="github-pat"))
    [unknown] = _findings(rules, credential(format=""))
    assert (known.rule, unknown.rule) == ("secret-in-tree/github-pat", "secret-in-tree")
    assert known.message == "Acme token acme_****"


def test_the_remedy_tells_how_to_revoke_this_format(rules: RuleSet) -> None:
    [known] = _findings(rules, credential(format="github-pat"))
    [unknown] = _findings(rules, credential(format="acme-token"))
    assert known.remediation.startswith("Delete the token at https://github.com/settings/tokens.")
    assert unknown.remediation.startswith("Revoke it.")
    assert "{" not in known.remediation + unknown.remediation


def test_the_gravest_of_a_line_comes_first_and_the_accepted_last(rules: RuleSet) -> None:
    found = _findings(
        rules,
        credential("secret:0", location=place("0.py")),
        allow(path="0.py"),
        credential("secret:1", location=place("b.py"), format="github-pat"),
        credential("secret:2", location=place("a.py")),
        allow(path="a.py", problem="it has no date"),
    )
    assert [(one.severity, one.location) for one in found] == [
        (Severity.HIGH, place("a.py")),
        (Severity.LOW, place("a.py")),
        (Severity.HIGH, place("b.py")),
        (Severity.HIGH, place("0.py")),
    ]
    assert [one.suppression is not None for one in found] == [False, False, False, True]


def test_only_the_rules_with_findings_are_explained(rules: RuleSet) -> None:
    verdict = evaluate(build([credential(format="github-pat")]), rules, Choice(), NOW)
    [text] = verdict.rules
    assert text.id == "secret-in-tree/github-pat"
    assert text.title == "Secret in a file: GitHub personal access token (classic)"
    assert {one.framework for one in text.references} == {one.id for one in verdict.frameworks}
    held = {(one.id, entry.id) for one in verdict.frameworks for entry in one.entries}
    assert {(one.framework, one.id) for one in text.references} == held


def test_every_policy_is_classified_by_its_nhi_category(rules: RuleSet) -> None:
    for policy in rules.policies:
        text = rule_text(rules, policy, None)
        nhi = {one.id for one in text.references if one.framework == "owasp-nhi"}
        assert {f"{category.value}:2025" for category in policy.nhi} <= nhi


def test_every_reference_of_a_policy_is_an_entry_of_its_framework(rules: RuleSet) -> None:
    entries = {(file.id, entry.id) for file in rules.frameworks for entry in file.entries}
    for policy in rules.policies:
        used = {(one.framework, one.id) for one in rule_text(rules, policy, None).references}
        assert used <= entries, policy.id


@pytest.mark.parametrize(
    ("choice", "policies"),
    [
        ({}, ["secret-in-tree"]),
        ({"only": ("github-*",)}, ["secret-in-tree"]),
        ({"only": ("gitlab-*",)}, []),
        ({"skip": ("secret-in-tree/github-pat",)}, []),
        ({"only": ("NHI-2",)}, ["secret-in-tree"]),
        ({"only": ("secret-in-tree",), "skip": ("github-pat",)}, []),
    ],
)
def test_only_the_wanted_rules_judge(
    choice: dict[str, tuple[str, ...]], policies: list[str], rules: RuleSet
) -> None:
    found = _findings(rules, credential(format="github-pat"), **choice)
    assert [one.policy for one in found] == policies


def test_the_end_of_a_credential_is_held_against_the_clock_that_was_given(rules: RuleSet) -> None:
    inventory = build([credential(expires_at=NOW)])
    for days, policy in ((-1, "secret-in-tree"), (1, "expired-secret")):
        now = NOW + timedelta(days=days)
        [finding] = evaluate(inventory, rules, Choice(), now).findings
        assert finding.policy == policy


def test_no_policies_find_nothing(rules: RuleSet) -> None:
    assert _findings(replace(rules, policies=[]), credential()) == []
