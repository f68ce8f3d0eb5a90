"""Tokens, keys and clients that providers of software and smaller clouds make for a declared object, in the
words of their Terraform providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.declared import Declared
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
)
from keymuster.model.unknown import is_unknown, reference

Meaning = Callable[[Declared], Iterator[Observation]]

_API_KEY = CredentialKind.API_KEY
_ACCESS_KEY = CredentialKind.ACCESS_KEY
_TOKEN = CredentialKind.SERVICE_TOKEN
_PERSONAL = CredentialKind.PERSONAL_ACCESS_TOKEN
_PRIVATE_KEY = CredentialKind.PRIVATE_KEY
_CLIENT = CredentialKind.CLIENT_SECRET
_PASSWORD = CredentialKind.PASSWORD

_CREDENTIALS: dict[str, tuple[CredentialKind, str, str]] = {
    "alicloud_ram_access_key": (_ACCESS_KEY, "access key", "user_name"),
    "alicloud_ram_login_profile": (_PASSWORD, "console password", "user_name"),
    "databricks_obo_token": (_TOKEN, "token on behalf of a service principal", "application_id"),
    "databricks_service_principal_secret": (_CLIENT, "OAuth secret", "service_principal_id"),
    "databricks_token": (_PERSONAL, "personal access token", ""),
    "datadog_api_key": (_API_KEY, "API key", ""),
    "datadog_application_key": (_API_KEY, "application key", ""),
    "datadog_service_account_application_key": (_API_KEY, "application key", "service_account_id"),
    "digitalocean_spaces_key": (_ACCESS_KEY, "Spaces key", ""),
    "grafana_api_key": (_API_KEY, "API key", ""),
    "grafana_cloud_access_policy_token": (_TOKEN, "access policy token", ""),
    "grafana_service_account_token": (_TOKEN, "service account token", "service_account_id"),
    "huaweicloud_identity_access_key": (_ACCESS_KEY, "access key", "user_id"),
    "ibm_iam_api_key": (_API_KEY, "API key", ""),
    "ibm_iam_service_api_key": (_API_KEY, "API key of a service id", "iam_service_id"),
    "mongodbatlas_project_api_key": (_API_KEY, "API key", ""),
    "mongodbatlas_api_key": (_API_KEY, "API key", ""),
    "newrelic_api_access_key": (_API_KEY, "API access key", ""),
    "oci_identity_api_key": (_API_KEY, "API signing key", "user_id"),
    "oci_identity_auth_token": (_TOKEN, "auth token", "user_id"),
    "oci_identity_customer_secret_key": (_ACCESS_KEY, "customer secret key", "user_id"),
    "oci_identity_db_credential": (_PASSWORD, "database password", "user_id"),
    "oci_identity_smtp_credential": (_PASSWORD, "SMTP password", "user_id"),
    "openstack_identity_application_credential_v3": (_CLIENT, "application credential", ""),
    "openstack_identity_ec2_credential_v3": (_ACCESS_KEY, "EC2 credential", "user_id"),
    "ovh_cloud_project_user_s3_credential": (_ACCESS_KEY, "S3 credential", "user_id"),
    "scaleway_iam_api_key": (_API_KEY, "API key", "application_id"),
    "sentry_key": (_API_KEY, "client key", ""),
    "snowflake_user_programmatic_access_token": (_TOKEN, "programmatic access token", "user"),
    "tencentcloud_cam_access_key": (_ACCESS_KEY, "access key", "target_uin"),
    "tfe_organization_token": (_TOKEN, "organization token", ""),
    "tfe_team_token": (_TOKEN, "team token", ""),
    "vault_approle_auth_backend_role_secret_id": (_CLIENT, "secret id of an AppRole", ""),
    "vault_token": (_TOKEN, "token", ""),
    "yandex_iam_service_account_api_key": (_API_KEY, "API key", "service_account_id"),
    "yandex_iam_service_account_key": (_PRIVATE_KEY, "authorized key", "service_account_id"),
    "yandex_iam_service_account_static_access_key": (
        _ACCESS_KEY, "static access key", "service_account_id",
    ),
}  # fmt: skip
"""Type -> what it is, its name, and the setting that names whom it proves."""

_IDENTITIES: dict[str, tuple[IdentityKind, str]] = {
    "alicloud_ram_group": (IdentityKind.GROUP, "name"),
    "alicloud_ram_role": (IdentityKind.ROLE, "name"),
    "alicloud_ram_user": (IdentityKind.USER, "name"),
    "databricks_service_principal": (IdentityKind.APPLICATION, "display_name"),
    "datadog_service_account": (IdentityKind.SERVICE_ACCOUNT, "name"),
    "grafana_service_account": (IdentityKind.SERVICE_ACCOUNT, "name"),
    "huaweicloud_identity_user": (IdentityKind.USER, "name"),
    "ibm_iam_service_id": (IdentityKind.SERVICE_ACCOUNT, "name"),
    "oci_identity_dynamic_group": (IdentityKind.GROUP, "name"),
    "oci_identity_group": (IdentityKind.GROUP, "name"),
    "oci_identity_user": (IdentityKind.USER, "name"),
    "openstack_identity_user_v3": (IdentityKind.USER, "name"),
    "scaleway_iam_application": (IdentityKind.APPLICATION, "name"),
    "snowflake_service_user": (IdentityKind.SERVICE_ACCOUNT, "name"),
    "tencentcloud_cam_group": (IdentityKind.GROUP, "name"),
    "tencentcloud_cam_role": (IdentityKind.ROLE, "name"),
    "tencentcloud_cam_user": (IdentityKind.USER, "name"),
    "vault_approle_auth_backend_role": (IdentityKind.ROLE, "role_name"),
    "yandex_iam_service_account": (IdentityKind.SERVICE_ACCOUNT, "name"),
}
"""Type -> what acts as it, and the setting that names it."""

_MEMBERSHIPS = {
    "alicloud_ram_group_membership": ("group_name", "user_names"),
    "oci_identity_user_group_membership": ("group_id", "user_id"),
    "tencentcloud_cam_group_membership": ("group_id", "user_ids"),
}
"""Type -> the settings that name the group and its members."""

_ATTACHMENTS = {
    "alicloud_ram_group_policy_attachment": ("group_name", "policy_name"),
    "alicloud_ram_role_policy_attachment": ("role_name", "policy_name"),
    "alicloud_ram_user_policy_attachment": ("user_name", "policy_name"),
    "tencentcloud_cam_group_policy_attachment": ("group_id", "policy_id"),
    "tencentcloud_cam_role_policy_attachment": ("role_id", "policy_id"),
    "tencentcloud_cam_user_policy_attachment": ("user_id", "policy_id"),
}
"""Type -> the settings that name who gets a policy, and the policy."""


def _provider(one: Declared) -> str:
    return one.type.partition("_")[0]


def _alias(provider: str, name: str) -> str:
    return f"{provider}:{name}"


def who(one: Declared, text: str) -> str:
    """A user, group or role that is named, or referred to."""
    if not text:
        return ""
    name = reference(text)
    if name and not name.startswith(("var.", "local.", "each.", "self.")):
        return one.target(text)
    return _alias(_provider(one), text)


def credential(one: Declared) -> Iterator[Observation]:
    kind, name, setting = _CREDENTIALS[one.type]
    identity = who(one, one.text(setting)) if setting else ""
    if one.type in _IDENTITIES:
        identity = one.id
    yield Credential(
        id=f"{one.id}#credential",
        kind=kind,
        name=name,
        location=one.location,
        identity=identity or None,
        status=CredentialStatus.ACTIVE,
        tags={"declared_as": one.type},
    )


def identity(one: Declared) -> Iterator[Observation]:
    kind, setting = _IDENTITIES[one.type]
    name = one.known(setting) or one.known("user_name") or one.known("role_name")
    provider = _provider(one)
    yield Identity(
        id=one.id,
        kind=kind,
        provider=provider,
        name=name or one.name,
        location=one.location,
        aliases=(_alias(provider, name),) if name else (),
        purpose=one.known("description"),
    )


def membership(one: Declared) -> Iterator[Observation]:
    group, members = _MEMBERSHIPS[one.type]
    via = who(one, one.text(group))
    for text in one.texts(members):
        yield from _handed_on(one, who(one, text), via)


def attachment(one: Declared) -> Iterator[Observation]:
    holder, policy = _ATTACHMENTS[one.type]
    text = one.text(policy)
    via = one.target(text) if is_unknown(text) else f"{_provider(one)}:policy/{text}"
    yield from _handed_on(one, who(one, one.text(holder)), via or text)


def _handed_on(one: Declared, identity: str, via: str) -> Iterator[Grant]:
    if identity and via:
        yield Grant(
            id=f"{one.id}#{identity}",
            identity=identity,
            kind=GrantKind.POLICY,
            provider=_provider(one),
            location=one.location,
            via=via,
        )


def _meaning(one: Declared) -> Iterator[Observation]:
    for types, meaning in _ASPECTS:
        if one.type in types:
            yield from meaning(one)


_ASPECTS: tuple[tuple[dict[str, tuple[object, ...]], Meaning], ...] = (
    (dict(_IDENTITIES), identity),
    (dict(_CREDENTIALS), credential),
    (dict(_MEMBERSHIPS), membership),
    (dict(_ATTACHMENTS), attachment),
)

TYPES: dict[str, Meaning] = {type: _meaning for types, _ in _ASPECTS for type in types}
