"""What follows for trusts from what settings name as ours."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.issuers import GITHUB, federated
from keymuster.analysis.trust_facts import facts
from keymuster.errors import SettingsError
from keymuster.inventory.build import build
from keymuster.model import FileLocation, ServiceLocation, Trust, TrustKind
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


def test_an_account_that_a_service_tells_of_is_none_that_nobody_has_seen(rules: RuleSet) -> None:
    role, principal = "arn:aws:iam::111122223333:role/r", "arn:aws:iam::464622532012:root"
    told = Trust(
        id=f"{role}#trust/0/{principal}", identity=role, principal=principal, kind=TrustKind.ASSUME, provider="aws",
        location=ServiceLocation(service="aws", account="111122223333", resource=role),
    )  # fmt: skip
    found = facts(build([told]), Settings(), rules)[told.id]

    assert (found["audience"], found["vendors"]) == ("vendor", ["Datadog"])


def test_a_word_that_nothing_is_asked_by_is_refused(rules: RuleSet) -> None:
    with pytest.raises(SettingsError, match="no `gihub`; did you mean `github`"):
        _facts(rules, gihub=("acme",))


@pytest.mark.parametrize(("owner", "is_ours"), [("acme", True), ("umbrella", False)])
def test_an_agent_of_another_organisation_is_an_outsider(
    rules: RuleSet, owner: str, is_ours: bool
) -> None:
    provider = Trust(
        id="t", identity="agent:a2a:card.json:Billing", principal="Acme", kind=TrustKind.OTHER, provider="a2a",
        location=FileLocation(path="card.json", line=1, column=1, end_line=1, end_column=2),
    )  # fmt: skip
    found = facts(build([provider]), Settings(ours={"github": (owner,)}), rules)["t"]

    assert (found["audience"], found["is_ours"]) == ("estate" if is_ours else "vendor", is_ours)
