"""What follows for identities of Google Cloud, from Terraform to facts."""

from __future__ import annotations

from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.inventory.build import build
from keymuster.model import Identity
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from terraforming import everything

ACCOUNT = 'resource "google_service_account" "ci" {\n  account_id = "ci"\n  project = "acme"\n}\n'
BINDING = """
resource "google_project_iam_member" "ci" {
  project = "acme"
  role    = "%s"
  member  = google_service_account.ci.member
}
"""


def _facts(text: str, rules: RuleSet) -> dict[str, object]:
    found = [one for one in everything(text) if isinstance(one, Declared)]
    inventory = build(record for one in found for record in meanings.records(one, ()))
    analysed(inventory, Settings(), rules)
    [account] = inventory.of(Identity)
    return inventory.facts[account.id]


def test_an_owner_of_a_project_is_an_administrator(rules: RuleSet) -> None:
    assert _facts(ACCOUNT + BINDING % "roles/owner", rules)["privilege"] == "admin"


def test_who_makes_tokens_of_others_can_take_more(rules: RuleSet) -> None:
    facts = _facts(ACCOUNT + BINDING % "roles/iam.serviceAccountTokenCreator", rules)
    assert facts["escalations"] == ["roles/iam.serviceAccountTokenCreator"]


def test_of_an_account_without_a_grant_nothing_is_known(rules: RuleSet) -> None:
    assert "privilege" not in _facts(ACCOUNT, rules)
