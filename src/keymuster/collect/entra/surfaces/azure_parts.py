"""Parts of objects of Azure that each object is asked for: what vaults hold, who may sign in to apps, and
keys that many share. What is secret in them is never asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.objects import of_azure, refused_value
from keymuster.collect.entra.permissions import ASKED
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces.azure_resources import found

_VAULT = "Microsoft.KeyVault/vaults"
_SECRETS = "GET /{id}/secrets"
_KEYS = "GET /{id}/keys"
_OF_VAULTS = "2023-07-01"

_SITES = ("Microsoft.Web/sites", "Microsoft.Web/sites/slots")
_SIGN_IN = "GET /{id}/config/authsettingsV2"
_PUBLISHING = "GET /{id}/basicPublishingCredentialsPolicies"
_OF_SITES = "2023-12-01"

_NAMESPACES = {
    "Microsoft.EventHub/namespaces": "2024-01-01",
    "Microsoft.Relay/namespaces": "2021-11-01",
    "Microsoft.ServiceBus/namespaces": "2021-11-01",
}
_RULES = "GET /{id}/authorizationRules"


def vault_contents(ask: Scope) -> Iterator[Told]:
    """The lists that Azure's management gives: names and ends, no values."""
    for vault in found(ask, (_VAULT,), ("id", "type", "name")):
        for call, kind in ((_SECRETS, "secrets"), (_KEYS, "keys")):
            for one in ask.azure(call, _OF_VAULTS, vault["id"]):
                properties = dict(one.get("properties") or {})
                properties.setdefault("attributes", {"exp": refused_value(call)})
                yield of_azure(
                    f"{_VAULT}/{kind}", one["id"], one["name"],
                    {"name": one["name"], "parent": vault["id"].lower(), "tags": one.get("tags"), "properties": properties},
                )  # fmt: skip


def sites(ask: Scope) -> Iterator[Told]:
    fields = ("id", "type", "name", "location", "kind", "tags", "identity", "properties")
    for one in found(ask, _SITES, fields):
        properties = dict(one.get("properties") or {})
        before = ask.failures
        sign_in = ask.answer(_SIGN_IN, id=one["id"].strip("/"), **{"api-version": _OF_SITES})
        if ask.failures != before:
            properties["authSettingsV2"] = refused_value(_SIGN_IN)
        elif _is_on(sign_in):
            properties["authSettingsV2"] = sign_in["properties"]
        before = ask.failures
        allowed = {
            row["name"]: {"allow": (row.get("properties") or {}).get("allow")}
            for row in ask.azure(_PUBLISHING, _OF_SITES, one["id"])
        }
        properties["basicPublishingCredentialsPolicies"] = (
            allowed if ask.failures == before else refused_value(_PUBLISHING)
        )
        settings = {name: one.get(name) for name in fields if name not in ("id", "type")}
        yield of_azure(one["type"], one["id"], one["name"], settings | {"properties": properties})


def _is_on(answer: Any) -> bool:
    platform = (answer or {}).get("properties", {}).get("platform") or {}
    return platform.get("enabled") is True


def shared_keys(ask: Scope) -> Iterator[Told]:
    """What may be done with the keys of a namespace. The keys themselves are another call."""
    for one in found(ask, tuple(_NAMESPACES), ("id", "type", "name")):
        for rule in ask.azure(_RULES, _NAMESPACES[one["type"]], one["id"]):
            yield of_azure(
                f"{one['type']}/authorizationRules", rule["id"], rule["name"],
                {"name": rule["name"], "parent": one["id"].lower(), "properties": rule.get("properties") or {}},
            )  # fmt: skip


SURFACES = (
    Surface(
        name="azure-vault-contents",
        calls=(*ASKED, _SECRETS, _KEYS),
        types=(f"{_VAULT}/secrets", f"{_VAULT}/keys"),
        look=vault_contents,
    ),
    Surface(name="azure-apps", calls=(*ASKED, _SIGN_IN, _PUBLISHING), types=_SITES, look=sites),
    Surface(
        name="azure-shared-keys",
        calls=(*ASKED, _RULES),
        types=tuple(f"{type}/authorizationRules" for type in _NAMESPACES),
        look=shared_keys,
    ),
)
