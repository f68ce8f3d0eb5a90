"""A workspace and an organisation of Slack, asked for all there is to tell of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("requests")

import slack_fake
from described_api import Description
from faking import Fault, Reply, playing
from keymuster import registry
from keymuster.analysis import analysed
from keymuster.collect.base import Context, Selection
from keymuster.collect.slack import access
from keymuster.errors import CollectError
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Confidence, Grant, Identity, Looked, Resource, Trouble
from keymuster.rules.schema import RuleSet
from keymuster.selftest import NOW
from keymuster.settings import Settings
from slack_fake import Slack, refusal
from watched import watch


@pytest.fixture
def slack(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with playing(Slack()) as fake:
        monkeypatch.setenv("SLACK_TOKEN", fake.token)
        monkeypatch.setattr(access, "ADDRESS", f"{fake.url}/api/")
        yield fake


def collected(rules: RuleSet) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    return list(registry.part("service", "slack")(context, {}).collect())


def judged(found: list[Any], rules: RuleSet) -> Counter[str]:
    records = [one for one in found if not isinstance(one, Trouble | Looked)]
    inventory = analysed(build(iter(records)), Settings(), rules)
    verdict = evaluate(inventory, rules, Choice(confidence=Confidence.LOW), NOW)
    return Counter(one.policy for one in verdict.findings)


def troubles(found: list[Any]) -> list[str]:
    return [one.message for one in found if isinstance(one, Trouble)]


FINDINGS = {
    "saas-scanner-with-static-token": 1,
    "slack-app-acts-as-user": 1,
    "slack-app-of-leaver": 2,
    "slack-app-with-sensitive-scopes": 2,
    "slack-incoming-webhook": 1,
    "slack-legacy-integration": 1,
}


def test_what_a_workspace_has_is_found(slack: Slack, rules: RuleSet) -> None:
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS
    assert slack.strange == []


def test_every_field_that_is_read_is_described(
    slack: Slack, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = Description("slack")
    reads = watch(monkeypatch)
    collected(rules)
    told = {one for one in reads if not one[0].startswith("admin.")}  # those are `ok` and no more
    assert len(told) >= 9
    assert sorted(one for one in told if not described.has(f"GET /{one[0]}", one[1])) == []


def test_each_list_is_asked_for_once(slack: Slack, rules: RuleSet) -> None:
    collected(rules)
    assert slack.counts() == {
        "GET /api/auth.test": 1,
        "GET /api/admin.apps.approved.list": 1,
        "GET /api/admin.apps.restricted.list": 1,
        "GET /api/admin.apps.requests.list": 1,
        "GET /api/team.integrationLogs": 1,
        "GET /api/users.info": 2,
    }


def test_an_app_has_the_grants_that_were_approved_and_who_installed_it(
    slack: Slack, rules: RuleSet
) -> None:
    found = collected(rules)
    identities = [one for one in found if isinstance(one, Identity)]
    assert {one.name for one in identities if one.kind == "user"} == {"u02"}
    apps = {one.name: one for one in identities if one.kind != "user"}
    assert set(apps) == {"Notes", "Finder", "Deploys", "Shady", "Wanted", "Archive"}
    grants = {one.identity: one for one in found if isinstance(one, Grant)}
    notes = grants[apps["Notes"].id]
    assert (notes.actions, notes.granted_by) == (("channels:history", "chat:write"), "U01")
    assert notes.granted_at is not None
    assert apps["Shady"].id not in grants
    assert apps["Wanted"].status == "requested"
    [settings] = [
        one.settings for one in found if isinstance(one, Resource) and one.name == "Notes"
    ]
    assert settings["installer"]["user_id"] == "U02"
    assert settings["installer"]["deleted"] is True


def test_small_pages_tell_the_same(slack: Slack, rules: RuleSet) -> None:
    slack.page = 1
    assert judged(collected(rules), rules) == FINDINGS
    assert slack.counts()["GET /api/team.integrationLogs"] == len(slack.tenant["logs"])
    assert slack.counts()["GET /api/admin.apps.approved.list"] == 3


def test_each_workspace_of_an_organisation_is_looked_at(slack: Slack, rules: RuleSet) -> None:
    slack.grid = True
    second = {"id": "T0OTHER", "name": "Other"}
    slack.tenant["teams"].append(second)
    found = collected(rules)
    assert troubles(found) == []
    accounts = [one.account for one in found if isinstance(one, Looked)]
    assert accounts == [slack_fake.GRID, slack_fake.TEAM, "T0OTHER"]
    twice = {name: 2 * count for name, count in FINDINGS.items()}
    assert judged(found, rules) == {**twice, "saas-scanner-with-static-token": 1}


def test_workspaces_that_are_not_told_are_a_trouble(slack: Slack, rules: RuleSet) -> None:
    slack.grid = True
    slack.scopes -= {"admin.teams:read"}
    [message] = troubles(collected(rules))
    assert "workspaces: admin.teams.list was denied (missing_scope)" in message


def test_an_empty_workspace_has_nothing(slack: Slack, rules: RuleSet) -> None:
    slack.tenant = {name: [] for name in slack.tenant}
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == {"saas-scanner-with-static-token": 1}


def test_what_is_printed_is_enough_and_each_scope_is_needed(slack: Slack, rules: RuleSet) -> None:
    slack.grid = True
    context = Context(selection=Selection(root="/"), rules=rules)
    printed = json.loads(registry.part("service", "slack")(context, {}).permissions())
    scopes = printed["oauth_config"]["scopes"]["user"]
    slack.scopes = {"", *scopes}
    assert troubles(collected(rules)) == []
    for scope in scopes:
        slack.scopes = {"", *scopes} - {scope}
        assert any(scope in one.advice for one in collected(rules) if isinstance(one, Trouble))


def test_people_who_may_not_be_looked_up_have_not_stayed(slack: Slack, rules: RuleSet) -> None:
    slack.scopes -= {"users:read"}
    found = collected(rules)
    records = [one for one in found if not isinstance(one, Trouble | Looked)]
    inventory = analysed(build(iter(records)), Settings(), rules)
    verdict = evaluate(inventory, rules, Choice(confidence=Confidence.LOW), NOW)
    assert "slack-app-of-leaver" in {one.policy for one in verdict.undecided}
    assert "slack-app-of-leaver" not in {one.policy for one in verdict.findings}


def test_many_people_are_looked_up_in_a_list(slack: Slack, rules: RuleSet) -> None:
    slack.tenant["logs"] = [
        slack_fake.log("added", f"U1{number}", "bot", service_id=str(number), service_type="Bots")
        for number in range(101)
    ]
    slack.tenant["users"] = [slack_fake.member(f"U1{number}", "x") for number in range(100)]
    found = collected(rules)
    assert slack.counts()["GET /api/users.info"] == 0
    assert slack.counts()["GET /api/users.list"] == 1
    assert judged(found, rules)["slack-app-of-leaver"] == 1


@pytest.mark.parametrize(
    "reply",
    [Reply({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "0"}), Reply(status=0)],
)
def test_a_call_that_fails_once_is_made_again(slack: Slack, rules: RuleSet, reply: Reply) -> None:
    slack.faults = [Fault("approved", reply, times=1)]
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("not_allowed_token_type", "was denied (not_allowed_token_type)"),
        ("feature_not_enabled", "is not offered with this plan or token (feature_not_enabled)"),
        ("fatal_error", "was not answered (fatal_error)"),
        ("novel_error", "was not answered (novel_error)"),
    ],
)
def test_a_call_of_many_that_is_refused_costs_itself_alone(
    slack: Slack, rules: RuleSet, error: str, words: str
) -> None:
    slack.faults = [Fault("restricted", refusal(error))]
    found = collected(rules)
    [message] = troubles(found)
    assert words in message
    assert judged(found, rules) == FINDINGS


def test_a_token_that_ends_in_between_ends_the_scan(slack: Slack, rules: RuleSet) -> None:
    slack.grid = True
    slack.faults = [Fault("restricted|approved|Logs", refusal("token_expired"))]
    problems = [one.problem for one in collected(rules) if isinstance(one, Looked)]
    assert len(problems) == 2
    assert all("the token is not valid" in one for one in problems)


def test_fields_and_words_that_nobody_knows_yet_are_no_trouble(
    slack: Slack, rules: RuleSet
) -> None:
    for one in (*slack.tenant["approved"], *slack.tenant["logs"]):
        one["novel"] = {"deep": [1]}
    slack.tenant["approved"][0]["scopes"][1]["token_type"] = "robot"
    slack.tenant["logs"].append(
        slack_fake.log("floated", "U03", "", service_id="9", service_type="New")
    )
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules)["slack-app-with-sensitive-scopes"] == 2


def test_a_wrong_token_lets_nobody_in(
    slack: Slack, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "wrong")
    with pytest.raises(CollectError, match=r"lets nobody in with this token \(invalid_auth\)"):
        collected(rules)
    monkeypatch.delenv("SLACK_TOKEN")
    with pytest.raises(CollectError, match="no token of Slack"):
        collected(rules)
