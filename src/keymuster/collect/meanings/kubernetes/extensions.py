"""Whom a cluster talks to and lets in beside its own roles: admission webhooks, aggregated APIs, client certificates
that it signed, and identities of AWS."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from keymuster.collect.declared import Declared
from keymuster.collect.meanings import Meaning
from keymuster.collect.meanings.kubernetes.access import (
    config_map,
    created,
    name,
    namespace,
)
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    CredentialKind,
    Grant,
    GrantKind,
    Observation,
    Resource,
)
from keymuster.model.kubernetes import PROVIDER, called

# --- webhooks and APIs of others -----------------------------------------------------------------

_INSIDE = (".svc", ".cluster.local", ".local", ".internal", ".svc.cluster.local")


def _webhooks(one: Declared) -> Iterator[Observation]:
    """Those that are called at an address: others are services of the cluster itself."""
    hooks = one.get("webhooks")
    for number, hook in enumerate(hooks.items() if hooks else ()):
        host = _host(hook.text("clientConfig", "url"))
        if not host:
            continue
        yield Resource(
            id=f"AdmissionWebhook:{one.id}#{hook.text('name') or number}",
            type="AdmissionWebhook",
            name=hook.text("name") or name(one),
            location=hook.location(),
            settings={
                "host": host,
                "outside": not _is_inside(host),
                "mutating": one.type.startswith("Mutating"),
                "secrets": _sees_secrets(hook),
                "failure_policy": hook.text("failurePolicy") or "Fail",
            },
        )


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_inside(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return host.endswith(_INSIDE) or "." not in host


def _sees_secrets(hook: Node) -> bool:
    rules = hook.get("rules")
    return any(
        {"*", "*/*", "secrets", "secrets/*"} & {item.text() for item in resources.items()}
        for rule in (rules.items() if rules else ())
        if (resources := rule.get("resources")) is not None
    )


def _api(one: Declared) -> Iterator[Observation]:
    """An API that something else than the API server answers. One without a service is its own."""
    if one.get("spec", "service") is None:
        return
    yield Resource(
        id=f"AggregatedApi:{one.id}",
        type="AggregatedApi",
        name=name(one),
        location=one.location,
        settings={
            "group": one.text("spec", "group"),
            "service": f"{one.text('spec', 'service', 'namespace')}/{one.text('spec', 'service', 'name')}",
            "unchecked": one.text("spec", "insecureSkipTLSVerify") == "true",
        },
    )


# --- client certificates -------------------------------------------------------------------------

_CLIENT = "kubernetes.io/kube-apiserver-client"
_VALIDITY = re.compile(
    rb"(?:\x17\x0d|\x18\x0f)(\d{10,14})Z(?:\x17\x0d|\x18\x0f)(\d{10,14})Z", re.DOTALL
)
_COMMON_NAME = re.compile(rb"\x06\x03\x55\x04\x03[\x0c\x13\x16](.)", re.DOTALL)
_ORGANIZATION = re.compile(rb"\x06\x03\x55\x04\x0a[\x0c\x13\x16](.)", re.DOTALL)
_LARGEST = 64 * 1024


def _request(one: Declared) -> Iterator[Observation]:
    """The certificate that came of a request, as long as the cluster keeps that: nobody can take it back."""
    if not one.account or one.text("spec", "signerName") != _CLIENT:
        return
    data = _certificate(one.text("status", "certificate"))
    found = _VALIDITY.search(data)
    begins, ends = (_moment(text) for text in found.groups()) if found else (None, None)
    if begins is None or ends is None or found is None:
        return
    subject = data[found.end() :]
    user, groups = _names(_COMMON_NAME, subject), _names(_ORGANIZATION, subject)
    who = user[0] if user else name(one)
    yield Credential(
        id=one.id, kind=CredentialKind.CERTIFICATE, name=f"client certificate of {who}", vendor=PROVIDER,
        identity=called(who, one.account), location=one.location, storage=one.storage,
        created_at=created(one), expires_at=ends, tags={"declared_as": "client-certificate"},
    )  # fmt: skip
    yield Resource(
        id=f"ClientCertificate:{one.id}", type="ClientCertificate", name=who, location=one.location,
        settings={
            "user": who, "groups": groups, "expires_at": ends.isoformat(), "lifetime_days": (ends - begins).days,
        },
    )  # fmt: skip


def _certificate(text: str) -> bytes:
    """The first certificate, without the PEM around it."""
    if len(text) > _LARGEST:
        return b""
    try:
        pem = b64decode(text)
        body = pem.partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----END")[0]
        return b64decode(body)
    except ValueError:
        return b""


def _moment(text: bytes) -> datetime | None:
    """Two or four digits for the year, as X.509 has it."""
    digits = text.decode("ascii")
    form = "%Y%m%d%H%M%S" if len(digits) == len("20260101000000") else "%y%m%d%H%M%S"
    try:
        return datetime.strptime(digits, form).replace(tzinfo=UTC)
    except ValueError:
        return None


def _names(pattern: re.Pattern[bytes], subject: bytes) -> list[str]:
    return [
        subject[found.end() : found.end() + found[1][0]].decode("utf-8", "replace")
        for found in pattern.finditer(subject[:1024])
    ]


# --- who of AWS comes in -------------------------------------------------------------------------

_AWS = ("kube-system", "aws-auth")
_MAPS = (("mapRoles", "rolearn"), ("mapUsers", "userarn"))
_MOST_GRANTS = 10_000


def _config_map(one: Declared) -> Iterator[Observation]:
    yield from config_map(one)
    if (namespace(one), name(one)) == _AWS:
        yield from _mapped(one)


def _mapped(one: Declared) -> Iterator[Observation]:
    """EKS makes a role or user of AWS a member of groups of the cluster, as this map says."""
    number = 0
    for key, named in _MAPS:
        node = one.get("data", key)
        for entry in _entries(node) if node else ():
            who, groups = entry.get(named), entry.get("groups")
            for group in groups if isinstance(groups, list) else ():
                if isinstance(who, str) and isinstance(group, str) and number < _MOST_GRANTS:
                    number += 1
                    yield Grant(
                        id=f"{one.id}#{who}/{group}", identity=_of_aws(one, who), kind=GrantKind.ROLE_BINDING,
                        provider=PROVIDER, via=called(group, one.account) if one.account else group,
                        location=node.location() if node else one.location,
                    )  # fmt: skip


def _entries(node: Node) -> list[dict[str, Any]]:
    from yaml import CSafeLoader, YAMLError, load

    text = node.text()
    if len(text) > _LARGEST * 16:
        return []
    try:
        found = load(text, CSafeLoader)
    except YAMLError:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _of_aws(one: Declared, arn: str) -> str:
    """As the role that is declared is called, or by its ARN if it exists."""
    return arn if one.account or ":role/" not in arn else f"aws:role/{arn.rpartition('/')[2]}"


TYPES: dict[str, Meaning] = {
    "MutatingWebhookConfiguration": _webhooks,
    "ValidatingWebhookConfiguration": _webhooks,
    "APIService": _api,
    "CertificateSigningRequest": _request,
    "ConfigMap": _config_map,
}
