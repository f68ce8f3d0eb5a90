"""Secrets in plain text among the settings of what Terraform declares, of whatever provider: settings are
known by their names, and some besides by the type that they are of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.sealing import PARAMETER, SCRIPT, SETTING
from keymuster.collect.literals.search import Named, in_script, named, once
from keymuster.collect.literals.values import repeats
from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import Credential, CredentialKind

_PASSWORD = CredentialKind.PASSWORD
_TOKEN = CredentialKind.ACCESS_TOKEN
_API_KEY = CredentialKind.API_KEY

_BY_TYPE: dict[str, dict[str, CredentialKind]] = {
    "random_password": {"result": _PASSWORD},
    "google_storage_hmac_key": {"secret": CredentialKind.ACCESS_KEY},
    "google_apikeys_key": {"key_string": _API_KEY},
    "google_iap_client": {"secret": CredentialKind.CLIENT_SECRET},
    "google_secret_manager_secret_version": {"secret_data": _PASSWORD, "secret_data_wo": _PASSWORD},
    "google_secret_manager_regional_secret_version": {"secret_data": _PASSWORD},
    "google_compute_vpn_tunnel": {"shared_secret": CredentialKind.ENCRYPTION_KEY},
    "google_compute_disk": {"raw_key": CredentialKind.ENCRYPTION_KEY},
    "google_compute_snapshot": {"raw_key": CredentialKind.ENCRYPTION_KEY},
    "google_compute_instance": {"disk_encryption_key_raw": CredentialKind.ENCRYPTION_KEY},
    "github_actions_secret": {"plaintext_value": _PASSWORD},
    "github_actions_environment_secret": {"plaintext_value": _PASSWORD},
    "github_actions_organization_secret": {"plaintext_value": _PASSWORD},
    "github_codespaces_secret": {"plaintext_value": _PASSWORD},
    "github_codespaces_organization_secret": {"plaintext_value": _PASSWORD},
    "github_codespaces_user_secret": {"plaintext_value": _PASSWORD},
    "github_dependabot_secret": {"plaintext_value": _PASSWORD},
    "github_dependabot_organization_secret": {"plaintext_value": _PASSWORD},
    "github_repository_webhook": {"secret": CredentialKind.WEBHOOK},
    "github_organization_webhook": {"secret": CredentialKind.WEBHOOK},
    "circleci_context_environment_variable": {"value": _PASSWORD},
    "circleci_environment_variable": {"value": _PASSWORD},
    "buildkite_cluster_secret": {"value": _PASSWORD},
    "doppler_secret": {"value": _PASSWORD},
    "vault_generic_secret": {"data_json": _PASSWORD},
    "vault_kv_secret": {"data_json": _PASSWORD},
    "vault_kv_secret_v2": {"data_json": _PASSWORD},
    "alicloud_kms_secret": {"secret_data": _PASSWORD},
    "oci_vault_secret": {"content": _PASSWORD},
    "yandex_lockbox_secret_version": {"text_value": _PASSWORD},
    "tencentcloud_ssm_secret_version": {"secret_string": _PASSWORD},
    "cloudflare_workers_secret": {"secret_text": _PASSWORD},
    "cloudflare_worker_secret": {"secret_text": _PASSWORD},
    "netlify_environment_variable": {"value": _PASSWORD},
    "spacelift_environment_variable": {"value": _PASSWORD},
    "openstack_keymanager_secret_v1": {"payload": _PASSWORD},
    "openstack_compute_instance_v2": {"admin_pass": _PASSWORD},
    "rancher2_secret": {"data": _PASSWORD},
    "databricks_secret": {"string_value": _PASSWORD},
    "pagerduty_extension_servicenow": {"snow_password": _PASSWORD},
    "snowflake_user": {"password": _PASSWORD},
    "snowflake_service_user": {"password": _PASSWORD},
}
"""Type -> settings that hold a secret and do not say so by their name alone, at any depth."""

_OF_PROVIDERS: dict[str, CredentialKind] = {
    "secret": CredentialKind.CLIENT_SECRET,
    "application_credential_secret": CredentialKind.CLIENT_SECRET,
    "app_key": _API_KEY,
    "user_api_key": _API_KEY,
    "user_key": _API_KEY,
    "client_key": CredentialKind.PRIVATE_KEY,
    "conn_str": CredentialKind.CONNECTION_STRING,
    "auth": _TOKEN,
    "pat": _TOKEN,
}
"""Settings of providers and backends, the same."""

_NO_SECRETS = regex.later(
    r"(?:max_|next_|page_|client_request_|idempotency_|kms_|default_|customer_managed_|public_|partition_|"
    r"sort_|hash_|range_|routing_|object_|host_|ssh_public_|tag_|label_|integration_|ingestion_public_)\w*|"
    r"\w*(?:_key_name|_key_id|_key_arn|_key_vault_key|_kms_key|_public_key|_policy|_length|_version|"
    r"_encryption_key|_master_key)"
)
"""Names that only look like those of secrets."""

_TERRAFORM = regex.later(r"terraform:\w+|[a-z][a-z0-9-]*_\w+")

_SCRIPTS = frozenset(
    (
        "user_data", "metadata_startup_script", "startup-script", "startup_script", "user-data",
        "windows-startup-script-ps1", "custom_data", "inline", "command", "content", "script",
        "user_data_replace",
    )
)  # fmt: skip

_MOST = 1_000_000
_MOST_SECRETS = 1_000


def literals(one: Declared) -> Iterator[Credential]:
    """The secrets among all settings of an object, each once."""
    if not _TERRAFORM.fullmatch(one.type) or one.type.startswith("kubernetes_"):
        return
    yield from islice(once(_found(one)), _MOST_SECRETS)


def _found(one: Declared) -> Iterator[Credential]:
    known = _known_kinds(one.type)
    for at in _settings(one):
        kind, is_named = known.get(at.key), _is_named(at.name)
        text = at.node.text()
        if kind is None and not is_named and at.key in _SCRIPTS:
            found = _in_script(one, at, text)
        elif text.lstrip()[:1] in _OPEN and not text.startswith("{{") and len(text) < _MOST:
            found = _in_json(one, at, kind, is_named=is_named)
        elif (kind is not None or is_named) and not repeats(at.name, text):
            found = iter((_made(one, at.node, at.name, kind),))
        else:  # most are
            continue
        yield from (each for each in found if each is not None)


_OPEN = ("{", "[")


@lru_cache(maxsize=4096)
def _is_named(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    return kind_of(name) is not None and not _NO_SECRETS.fullmatch(name)


def _settings(one: Declared) -> Iterator[Named]:
    if one.type not in ("terraform:variable", "terraform:output"):
        yield from named(one.settings)
        return
    key = "default" if one.type == "terraform:variable" else "value"
    node = one.get(key)
    if node is not None:
        yield from named(node, one.text(one.type.removeprefix("terraform:")))


def _in_script(one: Declared, at: Named, script: str) -> Iterator[Credential | None]:
    for name, value in in_script(script):
        yield one.sealing.credential(at.node, name, value, declared_as=SCRIPT)


@lru_cache(maxsize=4096)
def _known_kinds(type: str) -> dict[str, CredentialKind]:
    """What settings of this type hold for certain."""
    known: dict[str, CredentialKind] = {}
    if type.endswith(_SHARED):
        known = dict.fromkeys(("plaintext_value", "value"), _PASSWORD)
    if type in ("terraform:provider", "terraform:backend"):
        known = _OF_PROVIDERS
    return known | _BY_TYPE.get(type, {})


_SHARED = ("_actions_secret", "_environment_secret", "_organization_secret")


def _made(one: Declared, node: Node, name: str, kind: CredentialKind | None) -> Credential | None:
    is_default = one.type == "terraform:variable"
    return one.sealing.credential(
        node, name, kind=kind, declared_as=PARAMETER if is_default else SETTING
    )


def _in_json(
    one: Declared, at: Named, kind: CredentialKind | None, *, is_named: bool
) -> Iterator[Credential | None]:
    """The secrets in a value that is JSON; of a secret all texts."""
    try:
        inside = json.parse(at.node.text(), at.node.file)
    except Broken:
        if kind is not None or is_named:
            yield _made(one, at.node, at.name, kind)
        return
    known = kind or (kind_of(at.name) if is_named else None)
    for name, _, value, _ in named(inside):
        if _NO_SECRETS.fullmatch(name) or repeats(name, value.text()):
            continue
        yield _made(one, at.node.holding(value.value), name, None if kind_of(name) else known)
