"""Variables in which SDKs look for credentials."""

from __future__ import annotations

import pytest

from keymuster import registry
from keymuster.estate.credentials import Reference
from keymuster.estate.variables import is_secret, takes_file, variable_of


@pytest.mark.parametrize(
    "name",
    ["GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "OKTA_API_PRIVATE_KEY", "DB_PASS", "acme_api_key"],
)  # fmt: skip
def test_what_holds_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AZURE_TENANT_ID", "OKTA_API_PRIVATE_KEY_ID", "OKTA_ORG_URL",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE", "GOOGLE_APPLICATION_CREDENTIALS",
        "AZURE_CLIENT_CERTIFICATE_PATH", "CLOUDSDK_CORE_PROJECT",
    ],
)  # fmt: skip
def test_what_holds_none(name: str) -> None:
    assert not is_secret(name)


def test_the_short_form_names_the_variable_of_the_service() -> None:
    assert variable_of("github", Reference(env="X")) == "GH_TOKEN"
    assert variable_of("aws", Reference(oidc="x")) == "AWS_WEB_IDENTITY_TOKEN_FILE"
    assert variable_of("aws", Reference(env="X")) is None
    assert variable_of("kubernetes", Reference(env="X")) == "KUBERNETES_TOKEN"
    assert variable_of("kubernetes", Reference(file="x")) == "KUBECONFIG"
    assert takes_file("KUBECONFIG")
    assert is_secret("KUBERNETES_TOKEN")


@pytest.mark.parametrize("service", registry.names("service"))
def test_each_service_has_a_short_form(service: str) -> None:
    found = [variable_of(service, one) for one in (Reference(env="X"), Reference(file="x"))]
    oidc = variable_of(service, Reference(oidc="x"))
    assert any((*found, oidc))
    assert oidc is None or takes_file(oidc)
