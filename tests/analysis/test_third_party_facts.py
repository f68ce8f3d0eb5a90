"""Who is somebody outside, and what is found of what they hold."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.third import DATADOG, OBJECT, TENANT, app, consent, known, place, trust
from keymuster.model import FileLocation, Grant, GrantKind, Identity, IdentityKind
from keymuster.rules.schema import RuleSet


def facts(rules: RuleSet, *records: Any, **ours: tuple[str, ...]) -> dict[str, Any]:
    """Those of the first record."""
    return known(rules, *records, **ours).facts[records[0].id]


@pytest.mark.parametrize(
    ("one", "outside"),
    [
        (app(), "yes"),
        (app(tags={"owner_tenant": TENANT.upper()}), "no"),
        (app(tags={"owner_tenant": "f8cdef31-a31e-4b4a-93e4-5f571e91255a"}), "no"),
        (app("x", "github", tags={"app_slug": "x", "publisher": "Acme"}), "no"),
        (app("x", "github", tags={"app_slug": "x", "publisher": "umbrella"}), "yes"),
        (app("x", "github", tags={"app_slug": "dependabot"}), "no"),
        (app("x", "github", tags={"app_slug": "renovate"}), "yes"),
        (app("x", "github", tags={"app_slug": "x"}), "unknown"),
        (app("x", "okta", tags={"client_id": "0oa1"}), "no"),
        (app("x", "okta", tags={"app_slug": "x", "internal": "false"}), "yes"),
        (app("x", "gitlab", tags={"homepage": "https://app.snyk.io/login/gitlab/callback"}), "yes"),
        (app("x", "gitlab", tags={"homepage": "https://app.snyk.io.evil.example/"}), "unknown"),
        (app("x", "gitlab", tags={"homepage": "http://app.snyk.io/"}), "unknown"),
        (
            app("x", "gitlab", tags={"homepage": "https://app.snyk.io/ https://e.example/"}),
            "unknown",
        ),
        (app("x", "slack", tags={"client_id": "A1", "third_party": "false"}), "no"),
        (app("x", "slack", tags={"client_id": "A1", "third_party": "true"}), "yes"),
    ],
)
def test_whose_an_application_is(rules: RuleSet, one: Identity, outside: str) -> None:
    assert facts(rules, one)["third_party"] == outside


def test_settings_say_which_directories_and_organisations_are_ours_too(rules: RuleSet) -> None:
    foreign = app(tags={"owner_tenant": OBJECT})
    assert facts(rules, foreign, entra=(OBJECT,))["third_party"] == "no"
    installed = app("x", "github", tags={"app_slug": "x", "publisher": "umbrella"})
    assert facts(rules, installed, github=("Umbrella",))["third_party"] == "no"


def test_an_application_that_code_makes_is_ours(rules: RuleSet) -> None:
    made = Identity(
        id="terraform:.:okta_app_oauth.x", kind=IdentityKind.OAUTH_CLIENT, provider="okta", name="Datadog",
        location=FileLocation(path="main.tf", line=1),
    )  # fmt: skip
    assert facts(rules, made)["third_party"] == "no"


def test_what_an_application_may_do_is_added_up_over_its_grants(rules: RuleSet) -> None:
    holder = app("Mailer")
    more = consent(holder, "Directory.ReadWrite.All", "User.Read", id="g2")
    grant = consent(holder, "Mail.Read", "Calendars.ReadWrite", "offline_access")
    found = known(rules, holder, grant, more).facts
    assert (found[grant.id]["grade"], found["g2"]["grade"]) == ("write", "administer")
    said = found[holder.id]
    assert said["sensitive"] == ["Mail.Read", "Calendars.ReadWrite", "Directory.ReadWrite.All"]
    assert said["administers"] == ["Directory.ReadWrite.All"]
    assert said["writes_offline"] == ["Calendars.ReadWrite"]
    assert found[grant.id]["granter_left"] == "unknown"


@pytest.mark.parametrize(("status", "left"), [("disabled", "yes"), ("suspended", "yes"), ("active", "no"), ("", "no")])  # fmt: skip
def test_who_consented_may_have_left(rules: RuleSet, status: str, left: str) -> None:
    ann = Identity(
        id=f"entra:{TENANT}/ann", kind=IdentityKind.USER, provider="entra", name="Ann@acme.example",
        location=place("entra", TENANT), status=status,
    )  # fmt: skip
    holder = app()
    assert facts(rules, consent(holder, "Mail.Read"), holder, ann)["granter_left"] == left


def test_what_a_role_may_do_is_what_who_is_let_in_may(rules: RuleSet) -> None:
    role, one = trust()
    policy = Grant(
        id=f"{role.id}#p", identity=role.id, kind=GrantKind.POLICY, provider="aws", actions=("*",),
        resources=("*",), location=role.location,
    )  # fmt: skip
    found = facts(rules, one, role, policy)
    assert (found["third_party"], found["vendor_names"], found["grade"]) == (
        "yes", ["Datadog"], "administer",
    )  # fmt: skip


def member(text: str) -> Grant:
    return Grant(
        id="g", identity=text, kind=GrantKind.ROLE_BINDING, provider="gcp", via="roles/viewer",
        resources=("projects/acme-prod",), location=place("gcp", "acme-prod"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "vendor"),
    [
        ("gcp:x@fivetran-production.iam.gserviceaccount.com", "Fivetran"),
        ("gcp:user:ann@datadoghq.com", "Datadog"),
        ("gcp:group:all@eu.datadoghq.com", "Datadog"),
        ("gcp:domain:datadoghq.com", "Datadog"),
    ],
)
def test_members_of_bindings(rules: RuleSet, text: str, vendor: str) -> None:
    found = facts(rules, member(text))
    assert (found["third_party"], found["vendor_name"]) == ("yes", vendor)


@pytest.mark.parametrize(
    "text",
    [
        "gcp:user:ann@acme.example",
        "gcp:user:ann@google.com",
        "gcp:service-4711@gcp-sa-logging.iam.gserviceaccount.com",
        "gcp:projectOwner:acme-prod",
        "gcp:ci@acme-prod.iam.gserviceaccount.com",
        "*",
    ],
)
def test_members_that_are_nobody_known_outside(rules: RuleSet, text: str) -> None:
    own = Identity(
        id="gcp:own@acme-prod.iam.gserviceaccount.com", kind=IdentityKind.SERVICE_ACCOUNT, provider="gcp", name="own",
        account="acme-prod", location=place("gcp", "acme-prod"),
    )  # fmt: skip
    assert "third_party" not in facts(rules, member(text), own)


def test_a_project_that_nothing_tells_of_may_be_ours(rules: RuleSet) -> None:
    text = "gcp:x@somewhere.iam.gserviceaccount.com"
    assert facts(rules, member(text))["third_party"] == "unknown"
    assert facts(rules, member(text), gcp=("acme-prod",))["third_party"] == "yes"
    assert "third_party" not in facts(rules, member(text), gcp=("somewhere",))


def test_a_domain_is_outside_where_a_setting_says_which_are_ours(rules: RuleSet) -> None:
    text = "gcp:user:ann@umbrella.example"
    assert "third_party" not in facts(rules, member(text))
    found = facts(rules, member(text), gcp=("acme.example",))
    assert (found["third_party"], found["vendor_name"]) == ("yes", "umbrella.example")
    assert "third_party" not in facts(rules, member(text), gcp=("umbrella.example",))


def test_one_vendor_on_three_surfaces_is_told_of_once(rules: RuleSet) -> None:
    entra = app("DD", tags={"verified": "true", "publisher_domain": "datadoghq.com"})
    github = app("datadog", "github", tags={"app_slug": "dd", "publisher": "DataDog"})
    inventory = known(
        rules, entra, github, consent(entra, "User.Read"),
        consent(github, "contents:read", id="github:acme/installations/42"), *trust(),
    )  # fmt: skip
    told = {
        id: said["vendor_surfaces"]
        for id, said in inventory.facts.items()
        if "vendor_surfaces" in said
    }
    assert told == {entra.id: ["entra", "github", "aws"]}


def test_two_surfaces_are_not_many(rules: RuleSet) -> None:
    entra = app("DD", tags={"verified": "true", "publisher_domain": "datadoghq.com"})
    inventory = known(rules, entra, consent(entra, "User.Read"), *trust())
    assert not [said for said in inventory.facts.values() if "vendor_surfaces" in said]


def test_an_account_that_no_setting_speaks_of_is_unknown(rules: RuleSet) -> None:
    role, one = trust("arn:aws:iam::999988887777:root")
    assert "third_party" not in facts(rules, one, role)
    assert facts(rules, one, role, aws=("111122223333",))["third_party"] == "yes"


def test_datadog_is_the_account_of_these_tests(rules: RuleSet) -> None:
    assert rules.aws.accounts[DATADOG] == "Datadog"


def test_another_directory_that_a_subscription_is_delegated_to_is_outside(rules: RuleSet) -> None:
    one = Grant(
        id="g", identity=f"azure:{OBJECT}", kind=GrantKind.ROLE_BINDING, provider="azure", via="azure:role/Owner",
        resources=("/subscriptions/1",), conditions={"managedByTenantId": OBJECT.upper()},
        location=place("azure", "1"),
    )  # fmt: skip
    found = facts(rules, one)
    assert (found["third_party"], found["vendor_name"], found["grade"]) == (
        "yes", f"directory {OBJECT}", "administer",
    )  # fmt: skip
    assert "third_party" not in facts(rules, one, entra=(OBJECT,))


@pytest.mark.parametrize(
    ("client", "outside"),
    [
        ("4711-abc.apps.googleusercontent.com", "no"),
        ("108000000000000000001", "no"),
        ("815-abc.apps.googleusercontent.com", "yes"),
    ],
)
def test_a_client_of_a_project_of_ours_is_ours(rules: RuleSet, client: str, outside: str) -> None:
    own = Identity(
        id="gcp:own@acme-prod.iam.gserviceaccount.com", kind=IdentityKind.SERVICE_ACCOUNT, provider="gcp", name="own",
        account="acme-prod", location=place("gcp", "acme-prod"), tags={"client_id": "108000000000000000001"},
    )  # fmt: skip
    let_in = app("x", "google-workspace", tags={"client_id": client, "third_party": "true"})
    assert facts(rules, let_in, own, gcp=("4711",))["third_party"] == outside
