"""Providers of identities, server certificates, delegations and outside tokens, as IAM tells of them."""

from __future__ import annotations

from datetime import UTC, datetime

import moto_server
from asking import asking, told
from keymuster.collect import meanings
from keymuster.collect.aws.surfaces import iam_trusted
from keymuster.collect.declared import Declared
from keymuster.model import Resource

PROVIDERS, CERTIFICATES, DELEGATIONS, TOKENS = iam_trusted.SURFACES
MADE = datetime(2025, 7, 1, tzinfo=UTC)


def test_providers_of_moto(aws: str) -> None:
    iam = moto_server.client("iam", aws)
    issuer = "https://token.actions.githubusercontent.com"
    iam.create_open_id_connect_provider(Url=issuer, ThumbprintList=["0" * 40], ClientIDList=["sts"])
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument="x" * 1024)
    (oidc, saml), ask = told(PROVIDERS)
    assert oidc.id.endswith(":oidc-provider/token.actions.githubusercontent.com")
    assert oidc.texts("ClientIdList") == ["sts"]
    assert oidc.time("CreateDate")
    assert (saml.text("Name"), bool(saml.time("ValidUntil"))) == ("corp", True)
    [record] = [one for one in meanings.records(oidc, ()) if isinstance(one, Resource)]
    assert record.aliases == ("aws:123456789012:oidc-provider/token.actions.githubusercontent.com",)
    assert list(ask.troubles()) == []


def test_a_provider_is_told_of_although_its_settings_are_refused() -> None:
    arn = "arn:aws:iam::123456789012:oidc-provider/gitlab.example/acme"
    with asking(PROVIDERS, "iam") as (ask, stub):
        stub.add_response(
            "list_open_id_connect_providers", {"OpenIDConnectProviderList": [{"Arn": arn}]}
        )
        stub.add_client_error("get_open_id_connect_provider", "AccessDenied")
        stub.add_response("list_saml_providers", {"SAMLProviderList": []})
        [one] = PROVIDERS.look(ask)
        [trouble] = ask.troubles()
    assert isinstance(one, Declared)
    assert one.settings.plain() == {"Url": "gitlab.example/acme"}
    assert "iam:GetOpenIDConnectProvider was denied" in trouble.message


def test_server_certificates() -> None:
    arn = "arn:aws:iam::123456789012:server-certificate/web"
    with asking(CERTIFICATES, "iam") as (ask, stub):
        one = {
            "Path": "/", "ServerCertificateName": "web", "ServerCertificateId": "ASCAEXAMPLEEXAMPLE",
            "Arn": arn, "UploadDate": MADE, "Expiration": MADE,
        }  # fmt: skip
        stub.add_response("list_server_certificates", {"ServerCertificateMetadataList": [one]})
        [found] = CERTIFICATES.look(ask)
    assert isinstance(found, Declared)
    [credential] = meanings.records(found, ())
    assert (credential.id, credential.created_at, credential.expires_at) == (arn, MADE, MADE)  # type: ignore[union-attr]


def test_delegations_are_told_in_pages() -> None:
    one = {
        "DelegationRequestId": "delegation-request-1", "RequestorName": "Acme Backup", "RequestorId": "444455556666",
        "State": "PENDING_APPROVAL", "SessionDuration": 3600, "ExpirationTime": MADE, "PermissionPolicy": "{}",
    }  # fmt: skip
    with asking(DELEGATIONS, "iam") as (ask, stub):
        call = "list_delegation_requests"
        stub.add_response(call, {"DelegationRequests": [one], "isTruncated": True, "Marker": "m"})
        two = {**one, "DelegationRequestId": "delegation-request-2"}
        stub.add_response(call, {"DelegationRequests": [two]}, {"Marker": "m"})
        found = list(DELEGATIONS.look(ask))
    assert [one.id for one in found] == [
        f"arn:aws:iam::123456789012:delegation-request/delegation-request-{n}" for n in (1, 2)
    ]
    assert isinstance(found[0], Declared)
    assert found[0].settings.plain()["SessionDuration"] == 3600


def test_an_account_without_outside_tokens_tells_nothing_and_is_no_trouble() -> None:
    call = "get_outbound_web_identity_federation_info"
    with asking(TOKENS, "iam") as (ask, stub):
        stub.add_client_error(call, "FeatureDisabled")
        assert list(TOKENS.look(ask)) == []
        assert list(ask.troubles()) == []
        stub.add_response(
            call, {"IssuerIdentifier": "https://issuer.example", "JwtVendingEnabled": True}
        )
        [one] = TOKENS.look(ask)
    assert isinstance(one, Declared)
    assert one.settings.plain()["JwtVendingEnabled"] is True
