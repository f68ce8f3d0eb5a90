"""A customer of Google Workspace, asked for all there is to tell of it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.auth")

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt

import workspace_fake
from faking import Fault, Reply, playing
from keymuster import registry
from keymuster.analysis import analysed
from keymuster.collect.base import Context, Selection
from keymuster.collect.google_workspace import access, scope
from keymuster.errors import CollectError, SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Confidence, Grant, Identity, Looked, Resource, Trouble
from keymuster.rules.schema import RuleSet
from keymuster.selftest import NOW
from keymuster.settings import Settings
from workspace_fake import Workspace, error


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return str(pem.decode())


@pytest.fixture
def google(
    loopback: None, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    with playing(Workspace()) as fake:
        account = {
            "type": "service_account", "client_email": "scan@acme.iam.gserviceaccount.com",
            "private_key": key, "private_key_id": "k1", "project_id": "acme",
            "token_uri": f"{fake.url}/token",
        }  # fmt: skip
        path = tmp_path / "account.json"
        path.write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        monkeypatch.setattr(
            access, "SERVICES", dict.fromkeys(workspace_fake.SCOPES.values(), fake.url)
        )
        monkeypatch.setattr(scope, "_MOST_PAUSE_SECONDS", 0.01)
        yield fake


def collected(rules: RuleSet, **options: Any) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    given = {"subject": "root@acme.example", **options}
    return list(registry.part("service", "google-workspace")(context, given).collect())


def judged(found: list[Any], rules: RuleSet) -> Counter[str]:
    records = [one for one in found if not isinstance(one, Trouble | Looked)]
    inventory = analysed(build(iter(records)), Settings(), rules)
    verdict = evaluate(inventory, rules, Choice(confidence=Confidence.LOW), NOW)
    return Counter(one.policy for one in verdict.findings)


def troubles(found: list[Any]) -> list[str]:
    """All but that no API tells of domain-wide delegation."""
    every = [one.message for one in found if isinstance(one, Trouble)]
    return [one for one in every if not one.startswith("delegation: domain-wide delegation is")]


FINDINGS = {
    "google-workspace-app": 3,
    "google-workspace-app-of-administrator": 1,
    "google-workspace-app-of-nobody": 1,
    "google-workspace-app-password": 1,
    "google-workspace-app-reads-much": 2,
    "google-workspace-chat-webhooks-allowed": 1,
    "google-workspace-domain-wide-delegation": 1,
    "google-workspace-grant-of-leaver": 1,
    "google-workspace-marketplace-unrestricted": 1,
    "google-workspace-third-parties-unrestricted": 1,
    "saas-scanner-with-static-token": 1,
}


def test_what_a_customer_has_is_found(google: Workspace, rules: RuleSet) -> None:
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS
    assert google.strange == []
    assert google.subjects == {"root@acme.example"}


def test_calls_of_many_users_are_made_in_one(google: Workspace, rules: RuleSet) -> None:
    users = [workspace_fake.user(f"u{number}", f"u{number}@acme.example") for number in range(250)]
    for one in users[:50]:
        one["isEnrolledIn2Sv"] = False
    google.tenant = {**google.tenant, "users": users}
    collected(rules)
    assert google.counts()[workspace_fake.BATCH] == 3 + 2
    inside = Counter(google.inside)
    assert inside == {"directory.tokens.list": 250, "directory.asps.list": 200}
    assert google.counts()["GET /admin/directory/v1/users"] == 1 + 2


def test_each_user_who_let_an_app_in_has_a_grant(google: Workspace, rules: RuleSet) -> None:
    found = collected(rules)
    [notes] = [one for one in found if isinstance(one, Identity) and one.name == "Notes"]
    assert notes.id == f"google-workspace:C01acme:client/{workspace_fake.NOTES}"
    assert notes.last_used_at is not None
    grants = [one for one in found if isinstance(one, Grant) and one.identity == notes.id]
    assert {one.granted_by for one in grants} == {"root@acme.example", "jo@acme.example"}
    [settings] = [
        one.settings
        for one in found
        if isinstance(one, Resource) and one.type.endswith("/App") and one.name == "Notes"
    ]
    assert settings["holders"] == 2
    assert settings["suspended"] == ["jo@acme.example"]


def test_who_let_an_app_in_is_there_or_gone(google: Workspace, rules: RuleSet) -> None:
    people = {
        one.name: one.status
        for one in collected(rules)
        if isinstance(one, Identity) and one.kind == "user"
    }
    assert people == {
        "root@acme.example": "active",
        "jo@acme.example": "suspended",
        "kim@acme.example": "active",
    }


def test_small_pages_tell_the_same(google: Workspace, rules: RuleSet) -> None:
    google.page = 1
    assert judged(collected(rules), rules) == FINDINGS
    assert google.counts()["GET /admin/directory/v1/users"] == 1 + 2 * 4


def test_a_customer_without_anything_has_what_google_presets(
    google: Workspace, rules: RuleSet
) -> None:
    empty = {name: type(several)() for name, several in google.tenant.items()}
    google.tenant = {**empty, "users": google.tenant["users"][:1]}
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == {
        "google-workspace-marketplace-unrestricted": 1,
        "saas-scanner-with-static-token": 1,
    }


def test_what_is_printed_is_enough_and_each_scope_is_needed(
    google: Workspace, rules: RuleSet
) -> None:
    context = Context(selection=Selection(root="/"), rules=rules)
    printed = registry.part("service", "google-workspace")(context, {}).permissions().split(",")
    google.scopes = set(printed)
    assert troubles(collected(rules)) == []
    for one in printed:
        google.scopes = set(printed) - {one}
        if one.endswith("user.readonly"):
            with pytest.raises(CollectError, match="unauthorized_client"):
                collected(rules)
        else:
            said = [each for each in collected(rules) if isinstance(each, Trouble)]
            assert any(one in each.advice for each in said)


def test_what_may_not_be_read_is_not_preset(google: Workspace, rules: RuleSet) -> None:
    google.scopes = {one for one in google.scopes if "policies" not in one}
    found = collected(rules)
    [message] = troubles(found)
    assert "cloudidentity.policies.list was denied (unauthorized_client)" in message
    assert "google-workspace-marketplace-unrestricted" not in judged(found, rules)


def test_the_export_of_the_console_tells_of_delegation(
    google: Workspace, rules: RuleSet, tmp_path: Path
) -> None:
    path = tmp_path / "delegation.csv"
    path.write_text(
        "\ufeffName,Client ID,Scopes\n"
        'Backup,104200000000000000002,"https://mail.google.com/, https://www.googleapis.com/auth/drive"\n'
        "Sign-in,33.apps.googleusercontent.com,openid\n"
    )
    found = collected(rules, delegation_export=str(path))
    assert [one for one in found if isinstance(one, Trouble)] == []
    backup, signing = [
        one
        for one in found
        if isinstance(one, Resource) and one.type.endswith("/DomainWideDelegation")
    ]
    assert (backup.name, backup.settings["clientId"]) == ("Backup", "104200000000000000002")
    assert backup.settings["scopes"] == [
        "https://mail.google.com/",
        "https://www.googleapis.com/auth/drive",
    ]
    assert signing.settings["scopes"] == ["openid"]
    assert judged(found, rules)["google-workspace-domain-wide-delegation"] == 1


def test_an_export_that_is_not_there_is_said_first(rules: RuleSet) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        collected(rules, delegation_export="/nowhere.csv")


def test_without_the_export_the_log_tells_a_little(google: Workspace, rules: RuleSet) -> None:
    found = collected(rules)
    said = [one.message for one in found if isinstance(one, Trouble)]
    assert [one for one in said if "domain-wide delegation is told by no API" in one]
    [grant] = [one for one in found if isinstance(one, Grant) and one.conditions]
    assert grant.granted_by == "root@acme.example"


def test_a_part_over_the_quota_is_asked_for_again(google: Workspace, rules: RuleSet) -> None:
    google.faults = [
        Fault("inside directory.tokens.list .*/u3/", error(403, "quotaExceeded"), times=2),
        Fault("inside directory.tokens.list .*/u1/", error(429, "rateLimitExceeded"), times=1),
    ]
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS
    assert google.inside.count("directory.tokens.list") == 4 + 2 + 1


def test_a_part_that_stays_over_the_quota_is_a_trouble(google: Workspace, rules: RuleSet) -> None:
    google.faults = [Fault("inside directory.tokens.list .*/u3/", error(429, "rateLimitExceeded"))]
    [message] = troubles(collected(rules))
    assert "directory.tokens.list was throttled until it was given up" in message


def test_a_user_who_is_refused_costs_that_user_alone(google: Workspace, rules: RuleSet) -> None:
    google.faults = [Fault("inside directory.tokens.list .*/u3/", error(403, "forbidden"))]
    found = collected(rules)
    [message] = troubles(found)
    assert "apps: directory.tokens.list was denied (forbidden)" in message
    assert judged(found, rules)["google-workspace-app-of-administrator"] == 1


def test_a_user_who_is_gone_since_is_no_trouble(google: Workspace, rules: RuleSet) -> None:
    google.faults = [Fault("inside directory.tokens.list .*/u3/", error(404, "notFound"))]
    assert troubles(collected(rules)) == []


@pytest.mark.parametrize(
    "reply", [Reply(status=0), error(429, "rateLimitExceeded", **{"Retry-After": "0"})]
)
def test_a_request_that_fails_once_is_made_again(
    google: Workspace, rules: RuleSet, reply: Reply
) -> None:
    google.faults = [Fault("^POST /batch", reply, times=1)]
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS


def test_a_sign_in_that_ends_in_between_ends_the_scan(google: Workspace, rules: RuleSet) -> None:
    google.faults = [Fault("^inside", error(401, "authError"))]
    found = collected(rules)
    problems = [one.problem for one in found if isinstance(one, Looked)]
    assert any("the sign-in is not valid" in one for one in problems)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"no parts at all", headers={"Content-Type": "multipart/mixed; boundary=x"}),
        Reply({"novel": 1}),
        Reply(b"<html>", headers={"Content-Type": "text/html"}),
    ],
)
def test_an_answer_that_is_none_is_a_trouble(
    google: Workspace, rules: RuleSet, reply: Reply
) -> None:
    google.faults = [Fault("^POST /batch", reply)]
    said = troubles(collected(rules))
    assert len(said) == 2
    assert all("was not answered" in one for one in said)


def test_fields_and_words_that_nobody_knows_yet_are_no_trouble(
    google: Workspace, rules: RuleSet
) -> None:
    for one in (
        *google.tenant["users"],
        *google.tenant["tokens"]["u1"],
        *google.tenant["policies"],
    ):
        one["novel"] = {"deep": [1]}
    found = collected(rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS


def test_many_apps_are_not_asked_for_their_last_use(google: Workspace, rules: RuleSet) -> None:
    google.tenant["tokens"] = {
        "u3": [workspace_fake.token(f"{number}.apps", "x", "openid") for number in range(201)]
    }
    call = "GET /admin/reports/v1/activity/users/{userKey}/applications/{applicationName}"
    assert [one for one in troubles(collected(rules)) if "when each of 201 apps" in one]
    before = google.counts()[call]
    collected(rules, last_used=True)
    assert google.counts()[call] == 2 * before + 201


def test_nobody_is_let_in_without_credentials(
    loopback: None, rules: RuleSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(CollectError, match="no credentials of Google"):
        collected(rules)


def test_nobody_but_a_service_account_acts_for_an_administrator(
    loopback: None, rules: RuleSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "person.json"
    person = {
        "type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
    }  # fmt: skip
    path.write_text(json.dumps(person))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(SettingsError, match="no key of a service account"):
        collected(rules)


def test_a_service_account_without_a_key_is_signed_for(
    google: Workspace, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What IAM does with the key that it keeps, the test does with another."""
    from google.auth import iam

    key = json.loads(Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())["private_key"]
    signed = []

    def sign(self: Any, message: Any) -> Any:
        signed.append(self._service_account_email)
        return crypt.RSASigner.from_string(key).sign(message)

    monkeypatch.setattr(iam.Signer, "sign", sign)
    monkeypatch.setattr(access, "_TOKENS", f"{google.url}/token")
    found = collected(rules, service_account="scan@acme.iam.gserviceaccount.com")
    assert troubles(found) == []
    assert set(signed) == {"scan@acme.iam.gserviceaccount.com"}
    assert google.subjects == {"root@acme.example"}
    assert "saas-scanner-with-static-token" not in judged(found, rules)
