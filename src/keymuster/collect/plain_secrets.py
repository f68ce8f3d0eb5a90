"""Secrets in plain text among the settings of what Terraform declares, of whatever provider: settings are
known by their names, and some besides by the type that they are of."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.literals import is_literal, kind_by_name
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

_NO_SECRETS = re.compile(
    r"(?:max_|next_|page_|client_request_|idempotency_|kms_|default_|customer_managed_|public_|partition_|"
    r"sort_|hash_|range_|routing_|object_|host_|ssh_public_|tag_|label_|integration_|ingestion_public_)\w*|"
    r"\w*(?:_key_name|_key_id|_key_arn|_key_vault_key|_kms_key|_public_key|_policy|_length|_version|"
    r"_encryption_key|_master_key)"
)
"""Names that only look like those of secrets."""

_TERRAFORM = re.compile(r"terraform:\w+|[a-z][a-z0-9-]*_\w+")

_SCRIPTS = frozenset(
    (
        "user_data", "metadata_startup_script", "startup-script", "startup_script", "user-data",
        "windows-startup-script-ps1", "custom_data", "inline", "command", "content", "script",
        "user_data_replace",
    )
)  # fmt: skip

_ASSIGNED = re.compile(
    r"(?m)(?:^|[;&\s])[ \t]{0,40}(?:export[ \t]{1,8}|set[ \t]{1,8}|\$env:)?([A-Za-z_]\w{1,80})[ \t]?=[ \t]?"
    r"(?:\"([^\"\n$`]{1,400})\"|'([^'\n]{1,400})'|([^\s\"'$`;|&()<>]{1,400}))"
)

_MOST = 1_000_000
_MOST_SECRETS = 1_000


def plain_secrets(one: Declared) -> Iterator[Credential]:
    """The secrets among all settings of an object, each once."""
    if not _TERRAFORM.fullmatch(one.type) or one.type.startswith("kubernetes_"):
        return
    seen: set[tuple[str, int]] = set()
    for name, node in _found(one):
        if len(seen) >= _MOST_SECRETS:
            return
        for credential in _credentials(one, name, node):
            place = credential.id, node.line
            if place not in seen:
                seen.add(place)
                yield credential


def _found(one: Declared) -> Iterator[tuple[str, Node]]:
    if one.type in ("terraform:variable", "terraform:output"):
        key = "default" if one.type == "terraform:variable" else "value"
        name = one.text(one.type.removeprefix("terraform:"))
        node = one.get(key)
        if node is not None:
            yield from _named(node, name)
        return
    yield from _named(one.settings, "", _BY_TYPE.get(one.type, ()))


def _named(node: Node, name: str, own: Container[str] = ()) -> Iterator[tuple[str, Node]]:
    """Every scalar, with the name it has: its key, or what stands beside it as its name. `own` are keys
    that say enough by themselves."""
    stack = [(name, node)]
    while stack:
        name, one = stack.pop()
        match one.value:
            case dict() as entries:
                called = _called(entries)
                stack += [
                    (called if called and key in _VALUES and key not in own else key, value)
                    for key, value in reversed(entries.items())
                ]
            case list() as items:
                stack += [(name, item) for item in reversed(items)]
            case str() | int() | float() if name:
                yield name, one


_NAMES = ("name", "key", "variable_name", "secret_name", "Name")
_VALUES = frozenset(("value", "Value"))


def _called(entries: dict[str, Node]) -> str:
    """What an entry calls the value beside it, if that does not say itself that it is a secret."""
    if not _VALUES & entries.keys():
        return ""
    return next((text for key in _NAMES if key in entries and (text := entries[key].text())), "")


def _credentials(one: Declared, name: str, node: Node) -> Iterator[Credential]:
    kind = _kind(one, name)
    text = node.text()
    if kind is None and name in _SCRIPTS:
        yield from _in_script(one, node, text)
    elif text.lstrip()[:1] in ("{", "[") and not text.startswith("{{") and len(text) < _MOST:
        yield from _in_json(one, node, name, kind, text)
    elif kind is not None and not _repeats(name, text):
        yield from _made(one, node, name, kind)


def _kind(one: Declared, name: str) -> CredentialKind | None:
    by_type = _BY_TYPE.get(one.type)
    if by_type is not None and name in by_type:
        return by_type[name]
    if one.type in ("terraform:provider", "terraform:backend") and name in _OF_PROVIDERS:
        return _OF_PROVIDERS[name]
    return None if _NO_SECRETS.fullmatch(name) else kind_by_name(name)


def _repeats(name: str, text: str) -> bool:
    """A value that says no more than its own name: `secret_data = "secret-data"`."""
    return _letters(name) == _letters(text) or text.startswith(("projects/", "var.", "data."))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text[:200]).lower()


def _made(one: Declared, node: Node, name: str, kind: CredentialKind) -> Iterator[Credential]:
    credential = one.sealing.credential(node, name, kind)
    if credential is not None:
        yield credential


def _in_json(
    one: Declared, node: Node, name: str, kind: CredentialKind | None, text: str
) -> Iterator[Credential]:
    """The secrets in a value that is JSON; of a secret all texts."""
    try:
        inside = json.parse(text, node.file)
    except Broken:
        if kind is not None:
            yield from _made(one, node, name, kind)
        return
    for key, value in _named(inside, ""):
        found = kind_by_name(key) or kind
        if found is not None and not _NO_SECRETS.fullmatch(key) and not _repeats(key, value.text()):
            yield from _made(one, node.holding(value.value), key, found)


def _in_script(one: Declared, node: Node, text: str) -> Iterator[Credential]:
    """Variables that a script sets to a secret."""
    for found in _ASSIGNED.finditer(text[:_MOST]):
        kind = kind_by_name(found[1])
        value = found[2] or found[3] or found[4]
        if kind is not None and value and is_literal(value):
            yield from _made(one, node.holding(value), f"{found[1]} in a script", kind)
