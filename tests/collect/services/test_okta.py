"""An organisation of Okta, asked for all there is to tell of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("google.auth")

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import okta_fake
from described_api import Description
from faking import Fault, Reply, playing
from keymuster import registry
from keymuster.analysis import analysed
from keymuster.collect.base import Context, Selection
from keymuster.errors import CollectError, SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Confidence, Credential, Grant, Identity, Looked, Resource, Trouble
from keymuster.rules.schema import RuleSet
from keymuster.selftest import NOW
from keymuster.settings import Settings
from okta_fake import Okta
from watched import watch


@pytest.fixture
def okta(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Okta]:
    for name in ("OKTA_API_CLIENT_ID", "OKTA_API_PRIVATE_KEY", "OKTA_ORG_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OKTA_API_TOKEN", "right")
    with playing(Okta()) as fake:
        yield fake


def collected(fake: Okta, rules: RuleSet, **options: Any) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    part = registry.part("service", "okta")(context, {"org_url": fake.url, **options})
    return list(part.collect())


def judged(found: list[Any], rules: RuleSet) -> Counter[str]:
    records = [one for one in found if not isinstance(one, Trouble | Looked)]
    inventory = analysed(build(iter(records)), Settings(), rules)
    verdict = evaluate(inventory, rules, Choice(confidence=Confidence.LOW), NOW)
    return Counter(one.policy for one in verdict.findings)


def troubles(found: list[Any]) -> list[str]:
    return [one.message for one in found if isinstance(one, Trouble)]


FINDINGS = {
    "okta-app-administers": 1,
    "okta-app-may-manage": 1,
    "okta-client-secret-shared": 2,
    "okta-grant-of-leaver": 2,
    "okta-integration-may-manage": 1,
    "okta-secret-old": 5,
    "okta-service-account-without-owner": 1,
    "okta-service-token-unbound": 1,
    "okta-service-with-client-secret": 1,
    "okta-token-from-anywhere": 1,
    "okta-token-of-leaver": 1,
    "okta-token-of-super-admin": 1,
    "okta-token-unused": 1,
    "okta-two-client-secrets": 2,
    "saas-scanner-with-static-token": 1,
    "third-party-app-administers": 1,
}


def test_what_an_organisation_has_is_found(okta: Okta, rules: RuleSet) -> None:
    found = collected(okta, rules)
    assert troubles(found) == []
    assert {one.problem for one in found if isinstance(one, Looked)} == {""}
    assert judged(found, rules) == FINDINGS
    assert okta.strange == []


def test_every_field_that_is_read_is_described(
    okta: Okta, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = Description("okta")
    reads = watch(monkeypatch)
    collected(okta, rules)
    assert len(reads) > 80
    assert sorted(one for one in reads if not described.has(*one)) == []
    assert not described.has("GET /api/v1/apps", ("[]", "credentials", "oauthClient", "secret"))


def test_lists_are_asked_for_first_and_single_things_once(okta: Okta, rules: RuleSet) -> None:
    collected(okta, rules)
    assert okta.counts() == {
        "GET /api/v1/api-tokens": 1,
        "GET /api/v1/users/{id}": 4,  # of three owners, and who asks
        "GET /api/v1/users/{userId}/roles": 3,
        "GET /api/v1/users": 1,
        "GET /api/v1/users/{userId}/grants": 1,
        "GET /api/v1/apps": 2,
        "GET /api/v1/apps/{appId}/credentials/secrets": 2,
        "GET /api/v1/apps/{appId}/credentials/jwks": 1,
        "GET /api/v1/apps/{appId}/grants": 3,
        "GET /api/v1/apps/{appId}/tokens": 1,
        "GET /oauth2/v1/clients/{clientId}/roles": 2,
        "GET /api/v1/logs": 3,
        "GET /integrations/api/v1/api-services": 1,
        "GET /integrations/api/v1/api-services/{apiServiceId}/credentials/secrets": 1,
        "GET /privileged-access/api/v1/service-accounts": 1,
    }


def test_records_of_third_parties_hang_together(okta: Okta, rules: RuleSet) -> None:
    found = collected(okta, rules)
    identities = {one.id: one for one in found if isinstance(one, Identity)}
    names = {alias: one for one in identities.values() for alias in (one.id, *one.aliases)}
    grants = [one for one in found if isinstance(one, Grant)]
    assert all(one.identity in names for one in grants)
    assert all(
        one.identity in names for one in found if isinstance(one, Credential) and one.identity
    )
    [vendor] = [one for one in identities.values() if one.name == "Vendor Sync"]
    [consent] = [one for one in grants if names[one.identity] is vendor]
    assert (consent.actions, consent.granted_by) == (
        ("okta.users.read", "okta.groups.manage"),
        "00u1",
    )
    [secret] = [
        one
        for one in found
        if isinstance(one, Credential) and one.name == "client secret of Vendor Sync"
    ]
    assert names[secret.identity or ""] is vendor


def test_the_text_of_secrets_is_nowhere(okta: Okta, rules: RuleSet) -> None:
    every = repr(collected(okta, rules))
    for kind in ("secrets", "integration_secrets"):
        for several in okta.tenant[kind].values():
            for one in several:
                assert one["client_secret"] not in every
                assert one["secret_hash"] not in every


def test_small_pages_tell_the_same(okta: Okta, rules: RuleSet) -> None:
    okta.page = 1
    assert judged(collected(okta, rules), rules) == FINDINGS
    assert okta.counts()["GET /api/v1/apps"] == 8


def test_an_empty_organisation_has_no_findings_and_no_troubles(okta: Okta, rules: RuleSet) -> None:
    empty = {name: type(several)() for name, several in okta.tenant.items()}
    okta.tenant = {**empty, "users": okta.tenant["users"][:1]}
    found = collected(okta, rules)
    assert troubles(found) == []
    assert judged(found, rules) == {"saas-scanner-with-static-token": 1}


def test_what_is_printed_is_enough_and_each_scope_is_needed(okta: Okta, rules: RuleSet) -> None:
    context = Context(selection=Selection(root="/"), rules=rules)
    printed = json.loads(registry.part("service", "okta")(context, {}).permissions())
    okta.scopes = set(printed["scopes"])
    assert troubles(collected(okta, rules)) == []
    for scope in printed["scopes"]:
        okta.scopes = set(printed["scopes"]) - {scope}
        assert any(
            scope in one.advice for one in collected(okta, rules) if isinstance(one, Trouble)
        )


@pytest.mark.parametrize("scope", ["okta.roles.read", "okta.users.read"])
def test_owners_who_are_not_to_be_seen_are_no_safe_owners(
    okta: Okta, rules: RuleSet, scope: str
) -> None:
    okta.scopes -= {scope}
    found = collected(okta, rules)
    records = [one for one in found if not isinstance(one, Trouble | Looked)]
    inventory = analysed(build(iter(records)), Settings(), rules)
    verdict = evaluate(inventory, rules, Choice(confidence=Confidence.LOW), NOW)
    undecided = {one.policy for one in verdict.undecided}
    wanted = {
        "okta.roles.read": "okta-token-of-super-admin",
        "okta.users.read": "okta-token-of-leaver",
    }
    assert wanted[scope] in undecided
    assert wanted[scope] not in {one.policy for one in verdict.findings}


def test_a_call_of_many_that_is_refused_costs_itself_alone(okta: Okta, rules: RuleSet) -> None:
    okta.faults = [Fault("apps/.*secrets$", okta_fake.denied(), times=1)]
    found = collected(okta, rules)
    [message] = troubles(found)
    assert message.startswith(
        "apps: GET /api/v1/apps/{appId}/credentials/secrets was denied (E0000006); what"
    )
    assert judged(found, rules)["okta-token-of-super-admin"] == 1


def test_throttled_calls_wait_until_the_next_period(okta: Okta, rules: RuleSet) -> None:
    okta.faults = [Fault("api-tokens", okta_fake.throttled(), times=1)]
    begun = time.monotonic()
    found = collected(okta, rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS
    assert time.monotonic() - begun > 0.9
    assert okta.counts()["GET /api/v1/api-tokens"] == 2


def test_a_connection_that_drops_is_tried_again(okta: Okta, rules: RuleSet) -> None:
    okta.faults = [Fault("api-tokens", Reply(status=0), times=1)]
    assert judged(collected(okta, rules), rules) == FINDINGS


def test_a_token_that_ends_in_between_ends_the_scan_and_is_said(okta: Okta, rules: RuleSet) -> None:
    invalid = Reply({"errorCode": "E0000011"}, status=401)
    okta.faults = [Fault("^(?!GET /api/v1/users/{id}$)", invalid)]
    found = collected(okta, rules)
    problems = [one.problem for one in found if isinstance(one, Looked)]
    assert len(problems) == 5
    assert all(problems)
    assert any("the sign-in is not valid" in one for one in problems)


def test_a_feature_that_is_not_there_does_not_end_the_rest(okta: Okta, rules: RuleSet) -> None:
    off = Reply({"errorCode": "E0000015"}, status=401)
    okta.faults = [Fault("service-accounts", off)]
    found = collected(okta, rules)
    [message] = troubles(found)
    assert "is not offered to this organisation" in message
    assert judged(found, rules) == {
        name: count
        for name, count in FINDINGS.items()
        if name != "okta-service-account-without-owner"
    }


def test_fields_and_words_that_nobody_knows_yet_are_no_trouble(okta: Okta, rules: RuleSet) -> None:
    for one in (*okta.tenant["apps"], *okta.tenant["api_tokens"], *okta.tenant["service_accounts"]):
        one["novel"] = {"deep": [1]}
    okta.tenant["service_accounts"][0]["status"] = "FLOATING"
    okta.tenant["apps"][0]["settings"]["oauthClient"]["grant_types"] = ["urn:new"]
    found = collected(okta, rules)
    assert troubles(found) == []
    assert judged(found, rules) == FINDINGS


def test_a_page_that_is_none_stops_its_part_alone(okta: Okta, rules: RuleSet) -> None:
    okta.faults = [Fault("api-services$", Reply([{"name": "without id"}]))]
    found = collected(okta, rules)
    [message] = troubles(found)
    assert message.startswith("integrations: an answer has another form than is known (KeyError)")
    assert judged(found, rules)["okta-token-of-super-admin"] == 1


def test_many_apps_are_not_asked_for_their_last_use(okta: Okta, rules: RuleSet) -> None:
    many = [
        okta_fake.app(f"0oab{number}", f"App {number}", "none", "browser") for number in range(201)
    ]
    okta.tenant["apps"] = many
    found = collected(okta, rules)
    assert okta.counts()["GET /api/v1/logs"] == 0
    assert [one for one in troubles(found) if "when each of 201 apps was last used" in one]
    collected(okta, rules, last_used=True)
    assert okta.counts()["GET /api/v1/logs"] == 201


def test_an_app_of_which_the_log_says_nothing_is_unused(okta: Okta, rules: RuleSet) -> None:
    apps = {
        one.name: one.settings
        for one in collected(okta, rules)
        if isinstance(one, Resource) and one.type == "okta_app_oauth"
    }
    assert "lastEvent" in apps["Mail"]
    assert "noEventSince" in apps["Billing"]


def test_a_wrong_token_lets_nobody_in(
    okta: Okta, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKTA_API_TOKEN", "wrong")
    with pytest.raises(CollectError, match=r"does not let anybody in with this SSWS \(E0000011\)"):
        collected(okta, rules)


@pytest.mark.parametrize("url", ["http://acme.okta.com", "https://", "::"])
def test_an_address_that_can_be_none_is_refused(rules: RuleSet, url: str) -> None:
    context = Context(selection=Selection(root="/"), rules=rules)
    with pytest.raises(SettingsError, match="not the address of an organisation"):
        list(registry.part("service", "okta")(context, {"org_url": url}).collect())


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return str(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    )


@pytest.fixture
def service_app(okta: Okta, pem: str, monkeypatch: pytest.MonkeyPatch) -> Okta:
    monkeypatch.setenv("OKTA_API_CLIENT_ID", "0oascan")
    monkeypatch.setenv("OKTA_API_PRIVATE_KEY", pem)
    monkeypatch.setenv("OKTA_API_PRIVATE_KEY_ID", "k9")
    return okta


def test_a_service_app_signs_in_with_its_key(service_app: Okta, rules: RuleSet) -> None:
    found = collected(service_app, rules)
    assert troubles(found) == []
    assert service_app.counts()[okta_fake.TOKEN] == 1
    assert "saas-scanner-with-static-token" not in judged(found, rules)


def test_a_service_app_without_its_scopes_gets_no_token(service_app: Okta, rules: RuleSet) -> None:
    service_app.faults = [Fault("^POST", Reply({"error": "invalid_scope"}, status=400))]
    with pytest.raises(CollectError, match=r"gives the service app no token \(invalid_scope\)"):
        collected(service_app, rules)


def test_a_token_is_made_anew_before_it_ends(service_app: Okta, rules: RuleSet) -> None:
    service_app.seconds = 61
    assert troubles(collected(service_app, rules)) == []
    service_app.seconds = 30
    before = service_app.counts()[okta_fake.TOKEN]
    assert judged(collected(service_app, rules), rules)["okta-token-of-super-admin"] == 1
    assert service_app.counts()[okta_fake.TOKEN] > before + 5


def test_an_app_that_is_switched_off_in_between_ends_the_scan(
    service_app: Okta, rules: RuleSet
) -> None:
    service_app.seconds = 1
    over = Reply({"error": "invalid_client"}, status=401)
    service_app.faults = [Fault("^POST", Reply({"access_token": "made", "expires_in": 1}), times=2)]
    service_app.faults.append(Fault("^POST", over))
    service_app.accepts.add("Bearer made")
    problems = [one.problem for one in collected(service_app, rules) if isinstance(one, Looked)]
    assert len(problems) == 5
    assert any(
        "the sign-in is not valid, or is not any more (invalid_client)" in one for one in problems
    )


def test_a_key_that_is_none_is_refused(
    service_app: Okta, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKTA_API_PRIVATE_KEY", "/nowhere.pem")
    with pytest.raises(CollectError, match="neither a private key nor a file"):
        collected(service_app, rules)
    monkeypatch.setenv("OKTA_API_PRIVATE_KEY", "-----BEGIN " + "NOTHING-----")
    with pytest.raises(CollectError, match="the key cannot be read"):
        collected(service_app, rules)
