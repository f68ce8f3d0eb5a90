"""What of objects of the directory is looked at, and may be kept between looks: ids, dates, names, addresses. Of
secrets Graph shows the first letters; of these only a digest is let through, and of keys only public certificates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct

from keymuster.collect.asking.shape import Shape, fields
from keymuster.detect import hints
from keymuster.model.sha256 import sha256


class Listed(Struct, frozen=True, kw_only=True):
    """A list of objects of which Graph tells what has changed (`changes`). All that is looked at of an object by any
    surface is asked for at once, and in other clouds than the public one `newer` fields only if they are known there.
    Objects are asked for by filters that name many ids, or each by the call `one`."""

    call: str
    fields: tuple[str, ...]
    newer: tuple[str, ...] = ()
    shape: Shape = None
    one: str = ""

    @property
    def changes(self) -> str:
        return f"{self.call}/delta"

    @property
    def calls(self) -> tuple[str, ...]:
        return (self.call, self.changes, *([self.one] if self.one else ()))


CERTIFICATE = "certificate"
"""Where the public half of a key is, and whether it is there at all."""

_HINT = 3
_OF_SECRET = ("keyId", "displayName", "startDateTime", "endDateTime")
_PAIR = "customKeyIdentifier"


def hint_digest(secret: dict[str, Any]) -> str | None:
    """What may be known of the first three letters of a secret, of an answer or of what was kept of one."""
    hint = secret.get("hint")
    if isinstance(hint, str) and len(hint) == _HINT:
        return hints.digest(hint)
    known = secret.get("hintDigest")
    return known if isinstance(known, str) else None


def is_certificate(key: dict[str, Any]) -> bool:
    """Whether it is public: the key of others is a secret, and not to be read."""
    return key.get("type") == "AsymmetricX509Cert" and key.get("usage") == "Verify"


def certificate(key: dict[str, Any]) -> str | None:
    """The public half of a key, of an answer or of what was kept of one."""
    found = key.get(CERTIFICATE) or key.get("key")
    return found if isinstance(found, str) and found and is_certificate(key) else None


def _secrets(value: Any) -> Any:
    return [_secret(one) for one in value] if isinstance(value, list) else None


def _secret(one: dict[str, Any]) -> dict[str, Any]:
    kept = {name: one[name] for name in _OF_SECRET if name in one} | _pair(one)
    digest = hint_digest(one)
    return kept if digest is None else kept | {"hintDigest": digest}


def keys(value: Any) -> Any:
    """Of every key what may be known of it."""
    return [_key(one) for one in value] if isinstance(value, list) else None


def _key(one: dict[str, Any]) -> dict[str, Any]:
    kept = {name: one[name] for name in (*_OF_SECRET, "type", "usage") if name in one} | _pair(one)
    public = certificate(one)
    return kept if public is None else kept | {CERTIFICATE: public}


def _pair(one: dict[str, Any]) -> dict[str, str]:
    """What the halves of a pair have in common, which is all that matters of it. Thumbprints, which it mostly is, look
    like secrets; ids do not."""
    said = one.get(_PAIR)
    return (
        {_PAIR: str(UUID(bytes=sha256(said.encode()).digest()[:16]))}
        if isinstance(said, str) and said
        else {}
    )


def _roles(value: Any) -> Any:
    """Of APIs that have any for programs."""
    every = value if isinstance(value, list) else []
    if not any("Application" in (one.get("allowedMemberTypes") or ()) for one in every):
        return []
    return [
        {name: one.get(name) for name in ("id", "value", "allowedMemberTypes")} for one in every
    ]


_TYPE = "@odata.type"
_URIS = fields("redirectUris")
_PUBLISHER = fields("displayName", "verifiedPublisherId", "addedDateTime")
_CREDENTIALS: dict[str, Shape] = {"passwordCredentials": _secrets, "keyCredentials": keys}

_OF_APPLICATION = (
    "id", "appId", "displayName", "description", "notes", "tags", "createdDateTime", "disabledByMicrosoftStatus",
    "identifierUris", "isFallbackPublicClient", "publisherDomain", "serviceManagementReference",
    "servicePrincipalLockConfiguration", "signInAudience",
)  # fmt: skip
_OF_APPLICATION_SHAPED: dict[str, Shape] = {
    "publicClient": _URIS,
    "requiredResourceAccess": fields("resourceAppId", resourceAccess=fields("id", "type")),
    "spa": _URIS,
    "verifiedPublisher": _PUBLISHER,
    "web": fields(
        "homePageUrl", "logoutUrl", "redirectUris",
        implicitGrantSettings=fields("enableAccessTokenIssuance", "enableIdTokenIssuance"),
    ),
    **_CREDENTIALS,
}  # fmt: skip
_NEWER = ("createdByAppId", "isDisabled", "uniqueName")

_OF_PRINCIPAL = (
    "id", "appId", "displayName", "accountEnabled", "alternativeNames", "appOwnerOrganizationId",
    "appRoleAssignmentRequired", "applicationTemplateId", "description", "disabledByMicrosoftStatus", "homepage",
    "info", "notes", "preferredSingleSignOnMode", "replyUrls", "servicePrincipalNames", "servicePrincipalType",
    "signInAudience", "tags",
)  # fmt: skip
_OF_PRINCIPAL_SHAPED: dict[str, Shape] = {
    "verifiedPublisher": _PUBLISHER, "appRoles": _roles, **_CREDENTIALS,
}  # fmt: skip

_OF_CONSENT = ("id", "clientId", "consentType", "principalId", "resourceId", "scope")

APPLICATIONS = Listed(
    call="GET /v1.0/applications",
    fields=(*_OF_APPLICATION, *_OF_APPLICATION_SHAPED),
    newer=_NEWER,
    shape=fields(_TYPE, *_OF_APPLICATION, *_NEWER, **_OF_APPLICATION_SHAPED),
)
PRINCIPALS = Listed(
    call="GET /v1.0/servicePrincipals",
    fields=(*_OF_PRINCIPAL, *_OF_PRINCIPAL_SHAPED),
    shape=fields(_TYPE, *_OF_PRINCIPAL, **_OF_PRINCIPAL_SHAPED),
)
CONSENTS = Listed(
    call="GET /v1.0/oauth2PermissionGrants",
    fields=_OF_CONSENT,
    shape=fields(*_OF_CONSENT),
    one="GET /v1.0/oauth2PermissionGrants/{id}",
)
