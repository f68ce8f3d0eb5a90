"""Secrets, certificates and federated credentials, as Graph tells of them."""

from __future__ import annotations

import entra_tenant as made
from entra_server import Tenant, look_at, settings
from keymuster.detect import hints

CLAIMS = {"tid": made.TENANT}


def test_a_secret_is_told_with_its_ends_and_its_last_use(tenant: Tenant) -> None:
    unit = look_at(tenant, "application-credentials", CLAIMS)
    told = settings(unit, "azuread_application_password")
    assert told[made.SECRET] == {
        "application_id": made.BILLING_APP, "key_id": made.SECRET, "display_name": "for the nightly job",
        "start_date": "2025-01-01T00:00:00Z", "end_date": "2299-12-31T00:00:00Z",
        "hint_digest": hints.digest("abc"),
        "signInActivity": {"lastSignInDateTime": "2026-01-05T00:00:00Z"},
    }  # fmt: skip
    assert told[made.OLD_SECRET]["signInActivity"] == {"lastSignInDateTime": "never"}
    assert {one.name for one in unit.told} >= {"for the nightly job of billing-sync"}  # type: ignore[union-attr]


def test_nothing_of_the_text_of_a_secret_is_told(tenant: Tenant) -> None:
    for name in ("application-credentials", "service-principal-credentials"):
        assert "abc" not in str(settings(look_at(tenant, name, CLAIMS)))


def test_a_certificate_that_the_list_tells_is_not_asked_for(tenant: Tenant) -> None:
    tenant.lists_keys = True
    told = settings(look_at(tenant, "application-credentials", CLAIMS), "azuread_application_certificate")  # fmt: skip
    assert told[made.CERTIFICATE]["certificate"] == "MIIB"
    assert tenant.calls("GET /v1.0/applications/") == 0


def test_a_certificate_that_the_list_leaves_out_is_read_by_itself(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "application-credentials", CLAIMS), "azuread_application_certificate")  # fmt: skip
    assert told[made.CERTIFICATE]["certificate"] == "MIIB"
    assert told[made.CERTIFICATE]["usage"] == "Verify"
    assert tenant.calls(f"GET /v1.0/applications/{made.DEPLOYER_APP}$") == 1


def test_what_is_symmetric_is_not_read(tenant: Tenant) -> None:
    tenant.lists_keys = True
    [key] = tenant.graph["applications"][1]["keyCredentials"]
    key["type"] = "Symmetric"
    told = settings(look_at(tenant, "application-credentials", CLAIMS), "azuread_application_certificate")  # fmt: skip
    assert "certificate" not in told[made.CERTIFICATE]
    assert tenant.calls(f"GET /v1.0/applications/{made.DEPLOYER_APP}$") == 0


def test_of_very_many_certificates_some_are_not_read_and_that_is_told(tenant: Tenant) -> None:
    tenant.graph["applications"] += [
        made.application(
            made.guid(0x1000 + n), made.guid(0x2000 + n), f"app-{n}",
            keyCredentials=[made.certificate(made.guid(0x3000 + n), "Verify", "2027-01-01T00:00:00Z", "MIIB")],
        )
        for n in range(160)
    ]  # fmt: skip
    unit = look_at(tenant, "application-credentials", CLAIMS)
    assert "the certificates of 11 objects were not read" in unit.troubles[0].message
    told = settings(unit, "azuread_application_certificate")
    assert len(told) == 161
    assert sum("certificate" in one for one in told.values()) == 150


def test_the_keys_of_managed_identities_are_azures(tenant: Tenant) -> None:
    told = settings(look_at(tenant, "service-principal-credentials", CLAIMS))
    assert all(one["service_principal_id"] != made.IDENTITY_SP for one in told.values())


def test_of_the_key_that_signs_saml_answers_neither_password_nor_public_half_is_told(
    tenant: Tenant,
) -> None:
    unit = look_at(tenant, "service-principal-credentials", CLAIMS)
    signing = settings(unit, "azuread_service_principal_token_signing_certificate")
    assert made.SIGNING in signing
    passwords = settings(unit, "azuread_service_principal_password")
    assert [one["service_principal_id"] for one in passwords.values()] == [made.BILLING_SP]
    assert settings(unit, "azuread_service_principal_certificate") == {}


def test_federated_credentials_are_told_with_the_expressions_of_flexible_ones(
    tenant: Tenant,
) -> None:
    told = settings(look_at(tenant, "federated-credentials", CLAIMS))
    assert told["fic-1"]["subject"] == "repo:acme/shop:pull_request"
    assert told["fic-2"]["claims_matching_expression"] == "claims['sub'] matches 'repo:acme/*'"
    assert told["fic-3"]["application_id"] == made.IDENTITY_SP
    assert tenant.calls("GET /beta/applications") == 1
