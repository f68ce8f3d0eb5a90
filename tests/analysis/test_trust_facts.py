"""What follows for trusts from what settings name as ours."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.issuers import GITHUB, federated
from keymuster.analysis.trust_facts import facts
from keymuster.errors import SettingsError
from keymuster.inventory.build import build
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

SUBJECT = {"StringEquals": {f"{GITHUB}:sub": "repo:acme/app:ref:refs/heads/main"}}


def _facts(rules: RuleSet, **ours: tuple[str, ...]) -> dict[str, Any]:
    [found] = facts(build([federated(GITHUB, SUBJECT)]), Settings(ours=ours), rules).values()
    return found


def test_an_owner_that_is_not_ours_is_a_stranger(rules: RuleSet) -> None:
    assert _facts(rules, github=("umbrella",))["strangers"] == ["acme"]


def test_our_own_owner_is_none(rules: RuleSet) -> None:
    found = _facts(rules, github=("acme",))

    assert (found["strangers"], found["is_ours"]) == ([], True)


def test_an_owner_that_no_setting_speaks_of_is_neither(rules: RuleSet) -> None:
    found = _facts(rules, gitlab=("umbrella",))

    assert (found["strangers"], found["is_ours"]) == ([], False)


def test_a_word_that_nothing_is_asked_by_is_refused(rules: RuleSet) -> None:
    with pytest.raises(SettingsError, match="no `gihub`; did you mean `github`"):
        _facts(rules, gihub=("acme",))
