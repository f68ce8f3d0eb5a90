"""Exact keys: what a record says by which it is one with another, whatever surface told of that.

A key is a text with its sort before it: `gcp-key:ci@acme.iam.gserviceaccount.com/0a1b...`. Two records with
the same key are not alike by chance: it is a fingerprint, or an id that its vendor gives once. Names, places
and beginnings of secrets are none; they are in `suggestions.py`.

A new sort is one entry of `SORTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from keymuster import regex
from keymuster.model import Credential, FileLocation, Identity, ServiceLocation

Keyed: TypeAlias = Credential | Identity


class Says(StrEnum):
    """What follows for two records that share a key."""

    SAME = "same"
    """Two credentials: they are one."""
    PROVES = "proves"
    """A credential and an identity: it proves that. Two credentials: they prove the same one."""
    WITHIN = "within"
    """A credential and what a service told of an account: it is of that account."""


class Sort(Struct, frozen=True, kw_only=True):
    """`what` is the key in words, which stand behind "the same". `of` gives the keys of a record,
    without the sort."""

    name: str
    says: Says
    what: str
    of: Callable[[Keyed], Iterable[str]]


def keys(record: Keyed) -> Iterator[tuple[Sort, str]]:
    """Every key of a record, with its sort. Most secrets in files say nothing of themselves."""
    is_mute = (
        isinstance(record, Credential)
        and not record.tags
        and isinstance(record.location, FileLocation)
    )
    for sort in _OF_TEXT if is_mute else SORTS:
        for value in sort.of(record):
            yield sort, f"{sort.name}:{value}"


def in_words(key: str) -> str:
    """What a key is: `service account key id`."""
    return _WORDS[key.partition(":")[0]]


_OF_DEPLOYED = {
    "address": "address in Terraform",
    "yor": "trace that Yor wrote",
    "stack": "stack and logical id",
    "name": "name, of which there is one in the world",
}
"""Those of `deployed.py`."""


def rank(key: str) -> int:
    """Where its sort stands in `SORTS`."""
    return _RANKS[key.partition(":")[0]]


def _tag(*names: str, of: tuple[str, ...] = ()) -> Callable[[Keyed], Iterator[str]]:
    """What tags of credentials say, of these vendors if any is named."""

    def values(record: Keyed) -> Iterator[str]:
        if isinstance(record, Credential) and (not of or record.vendor in of):
            yield from (value for name in names if (value := record.tags.get(name)))

    return values


# --- one credential ------------------------------------------------------------------------------

_IDS = {
    "aws-access-key-id": "aws-access-key",
    "AWS::IAM::AccessKey": "aws-access-key",
    "aws-bearer-key-id": "aws-service-credential",
    "aws_iam_service_specific_credential": "aws-service-credential",
    "google-hmac-key-id": "gcp-hmac-key",
    "google_storage_hmac_key": "gcp-hmac-key",
}
"""Formats, and types of objects, whose fingerprint is that of a public id: nobody signs in by it alone, and
that makes no difference to what it tells."""


def _fingerprint(sort: str) -> Callable[[Keyed], Iterator[str]]:
    def values(record: Keyed) -> Iterator[str]:
        if isinstance(record, Credential) and record.fingerprint and _sort_of(record) == sort:
            yield record.fingerprint

    return values


def _sort_of(record: Credential) -> str:
    type = record.tags.get("type") or record.tags.get("declared_as", "")
    return _IDS.get(record.format) or _IDS.get(type) or "secret"


def _google_key(record: Keyed) -> Iterator[str]:
    """Both halves: a key without an address may be one of an example that many copied."""
    if isinstance(record, Credential):
        account, id = (record.tags.get(name, "") for name in ("client_email", "private_key_id"))
        if "@" in account and len(set(id)) >= _LEAST_VARIETY:
            yield f"{account.lower()}/{id.lower()}"


_LEAST_VARIETY = 5
"""Different letters in an id: what is written in documentation repeats itself."""


# --- the identity behind it ----------------------------------------------------------------------


def _google_account(record: Keyed) -> Iterator[str]:
    match record:
        case Credential():  # a token that the account itself has signed is issued by it
            yield from (
                text.lower()
                for name in ("client_email", "issuer")
                if _SERVICE_ACCOUNT.fullmatch(text := record.tags.get(name, ""))
            )
        case Identity(provider="gcp"):
            yield from (
                name.removeprefix("gcp:").lower()
                for name in (record.id, *record.aliases)
                if _SERVICE_ACCOUNT.fullmatch(name.removeprefix("gcp:"))
            )


_SERVICE_ACCOUNT = regex.later(r"(?i)[a-z0-9][\w.-]{0,80}@[\w.-]{1,120}\.gserviceaccount\.com")


def _application(record: Keyed) -> Iterator[str]:
    """An application of Entra, in its own tenant or any other."""
    match record:
        case Credential() if _is_of_entra(record):
            if _GUID.fullmatch(id := record.tags.get("client_id", "")):
                yield id.lower()
        case Identity(provider="entra" | "azure"):
            yield from _guids(record)


def _object_of_entra(record: Keyed) -> Iterator[str]:
    """A token names the object that it stands for, too: a user, or a service principal."""
    match record:
        case Credential() if _is_of_entra(record):
            if _GUID.fullmatch(id := record.tags.get("object_id", "")):
                yield id.lower()
        case Identity(provider="entra" | "azure"):
            yield from _guids(record)


def _is_of_entra(record: Credential) -> bool:
    issuer = record.tags.get("issuer", "")
    return record.vendor in ("azure", "entra") or bool(_ENTRA.match(issuer))


def _guids(record: Identity) -> Iterator[str]:
    for alias in record.aliases:
        if _GUID.fullmatch(id := alias.removeprefix("azure:")):
            yield id.lower()


_ENTRA = regex.later(r"https://(?:sts\.windows\.net|login\.microsoftonline\.(?:com|us))/")
_GUID = regex.later(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _aws_user(record: Keyed) -> Iterator[str]:
    """A long-term key of Bedrock names the user and the account that it was made for."""
    match record:
        case Credential():
            if found := _OF_BEDROCK.fullmatch(record.tags.get("key_name", "")):
                yield f"{found['account']}/{found['user']}"
        case Identity(provider="aws"):
            for alias in record.aliases:
                if named := _USER.fullmatch(alias):
                    yield f"{named['account']}/{named['user']}"


_OF_BEDROCK = regex.later(r"(?P<user>BedrockAPIKey-[\w-]{1,64})-at-(?P<account>\d{12})")
_USER = regex.later(r"aws:(?P<account>\d{12}):user/(?P<user>.+)")


def _oauth_client(record: Keyed) -> Iterator[str]:
    """A client by the provider that gave it its id; a token's issuer is one."""
    provider = record.vendor if isinstance(record, Credential) else record.provider
    id = record.tags.get("client_id", "")
    issuer = record.tags.get("issuer", "")
    known = _CLIENTS.get(provider) or next(
        (one for one, at in _ISSUERS.items() if at.match(issuer)), ""
    )
    if id and known:
        yield f"{known}:{id}"


_CLIENTS = {
    "google": "google",
    "gcp": "google",
    "google-workspace": "google",
    "github": "github",
    "gitlab": "gitlab",
    "okta": "okta",
}
"""What a provider is called in records -> who gives the ids. Those of Entra are `entra-app`."""

_ISSUERS = {
    "google": regex.later(r"https://accounts\.google\.com/?\Z"),
    "okta": regex.later(r"https://[\w-]+\.okta(?:preview|-emea)?\.com/oauth2"),
}


def _github_app(record: Keyed) -> Iterator[str]:
    provider = record.vendor if isinstance(record, Credential) else record.provider
    if provider == "github" and (id := record.tags.get("app_id")):
        yield id


def _subject(record: Keyed) -> Iterator[str]:
    """Whom a token stands for. An issuer that is no address (`kubernetes/serviceaccount`) is the same in
    every cluster, and says nothing."""
    if isinstance(record, Credential):
        issuer, subject = record.tags.get("issuer", ""), record.tags.get("subject", "")
        if subject and issuer.startswith("https://"):
            yield f"{issuer.rstrip('/')}|{subject}"


def _account_of_kubernetes(record: Keyed) -> Iterator[str]:
    """The uid of a service account: two clusters have none in common."""
    match record:
        case Credential():
            if _GUID.fullmatch(id := record.tags.get("service_account_uid", "")):
                yield id.lower()
        case Identity(provider="kubernetes"):
            yield from (
                id.lower()
                for alias in record.aliases
                if alias.startswith(_UID) and _GUID.fullmatch(id := alias.removeprefix(_UID))
            )


_UID = "kubernetes:uid:"


# --- the account that it is of -------------------------------------------------------------------


def _account(service: str, *tags: str, of: tuple[str, ...]) -> Callable[[Keyed], Iterator[str]]:
    said = _tag(*tags, of=of)

    def values(record: Keyed) -> Iterator[str]:
        if isinstance(record.location, ServiceLocation):
            if record.location.service == service and record.location.account:
                yield record.location.account.lower()
        else:
            yield from map(str.lower, said(record))

    return values


def _tenant(record: Keyed) -> Iterator[str]:
    if isinstance(record.location, ServiceLocation):
        if record.location.service == "entra":
            yield record.location.account.lower()
    elif isinstance(record, Credential) and _is_of_entra(record):
        id = record.tags.get("tenant", "")
        yield from [id.lower()] if _GUID.fullmatch(id) else []


SORTS: tuple[Sort, ...] = (
    Sort(name="secret", says=Says.SAME, what="secret", of=_fingerprint("secret")),
    Sort(
        name="aws-access-key", says=Says.SAME, what="access key id", of=_fingerprint("aws-access-key")
    ),
    Sort(
        name="aws-service-credential", says=Says.SAME, what="id of a service-specific credential",
        of=_fingerprint("aws-service-credential"),
    ),
    Sort(name="gcp-hmac-key", says=Says.SAME, what="HMAC key id", of=_fingerprint("gcp-hmac-key")),
    Sort(name="gcp-key", says=Says.SAME, what="service account key id", of=_google_key),
    Sort(name="ssh", says=Says.SAME, what="public key", of=_tag("ssh_fingerprint", "public_key")),
    Sort(name="x509", says=Says.SAME, what="certificate", of=_tag("x509_fingerprint")),
    Sort(
        name="entra-key", says=Says.SAME, what="keyId", of=_tag("key_id", of=("entra",))
    ),
    Sort(name="gcp-account", says=Says.PROVES, what="service account", of=_google_account),
    Sort(name="entra-app", says=Says.PROVES, what="application id", of=_application),
    Sort(name="entra-object", says=Says.PROVES, what="object id", of=_object_of_entra),
    Sort(name="aws-user", says=Says.PROVES, what="user and account", of=_aws_user),
    Sort(name="oauth-client", says=Says.PROVES, what="OAuth client id", of=_oauth_client),
    Sort(name="github-app", says=Says.PROVES, what="GitHub app id", of=_github_app),
    Sort(
        name="kubernetes-account", says=Says.PROVES, what="uid of a service account", of=_account_of_kubernetes
    ),
    Sort(name="jwt", says=Says.PROVES, what="issuer and subject", of=_subject),
    Sort(
        name="aws-account", says=Says.WITHIN, what="AWS account", of=_account("aws", "account", of=("aws",))
    ),
    Sort(
        name="gcp-project", says=Says.WITHIN, what="Google Cloud project",
        of=_account("gcp", "project_id", of=("google", "private-key")),
    ),
    Sort(name="entra-tenant", says=Says.WITHIN, what="Entra tenant", of=_tenant),
    Sort(
        name="slack-team", says=Says.WITHIN, what="Slack workspace", of=_account("slack", "team", of=("slack",))
    ),
)  # fmt: skip
"""Every sort of key, the surest first."""

_OF_TEXT = SORTS[:4]
"""Those that need no tags."""

_WORDS = {**_OF_DEPLOYED, **{sort.name: sort.what for sort in SORTS}}
_RANKS = {sort.name: number for number, sort in enumerate(SORTS)}
