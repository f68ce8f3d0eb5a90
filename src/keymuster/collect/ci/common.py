"""What CI systems have in common: jobs, secrets by name, passwords that stand in the file, keys of
clouds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from keymuster import regex
from keymuster.collect.base import Blob
from keymuster.collect.ci.known_actions import STATIC_KEY_VARIABLES
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.references import image_pin
from keymuster.collect.ci.things import Seen, Thing
from keymuster.collect.syntax.node import Node
from keymuster.detect.placeholders import is_placeholder
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    Identity,
    IdentityKind,
    Location,
    Observation,
    Storage,
    Use,
    UseKind,
)
from keymuster.model.secret import Secret

_KINDS: tuple[tuple[re.Pattern[str], CredentialKind], ...] = (
    (regex.later(r"PASSWORD|PASSWD|PASSPHRASE"), CredentialKind.PASSWORD),
    (regex.later(r"PRIVATE_?KEY|SSH_KEY|_PEM\b"), CredentialKind.PRIVATE_KEY),
    (regex.later(r"ACCESS_KEY|SECRET_KEY"), CredentialKind.ACCESS_KEY),
    (regex.later(r"CLIENT_SECRET"), CredentialKind.CLIENT_SECRET),
    (regex.later(r"WEBHOOK"), CredentialKind.WEBHOOK),
    (regex.later(r"\bPAT\b|_PAT\b|\bPAT_|PERSONAL"), CredentialKind.PERSONAL_ACCESS_TOKEN),
    (regex.later(r"API_?KEY"), CredentialKind.API_KEY),
    (regex.later(r"CERT"), CredentialKind.CERTIFICATE),
)
SECRET_NAME = regex.later(
    r"(?:.*_)?(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY"
    r"|CLIENT_?SECRET|CREDENTIALS?|PAT)",
    re.IGNORECASE,
)
"""Names of variables that hold a secret: not those of a file, an address or an id of one."""

_PLAIN_WORD = regex.later(
    r"[a-z]{1,24}|[A-Z]{1,24}|[0-9]{1,12}|(?:\.{0,2}/|[a-z]:\\).*", re.IGNORECASE
)
_REFERENCE = regex.later(r"\$|<<|\{\{|%\w|^@|^!|^vault:|^op://|^ref\+", re.IGNORECASE)
_LEAST = 8
"""Characters below which a value under a secret's name is a word and no secret."""


class Pipeline(Struct, frozen=True, eq=False):
    """A job, or what takes its place where a system has no jobs, with what it is handed and becomes."""

    id: str
    provider: str
    name: str
    location: Location
    secrets: tuple[tuple[str, Location], ...] = ()
    identities: tuple[tuple[str, Location], ...] = ()
    purpose: str = ""
    tags: dict[str, str] = {}


def records(job: Pipeline) -> Iterator[Observation]:
    yield Identity(
        id=job.id, kind=IdentityKind.WORKFLOW_JOB, provider=job.provider, name=job.name,
        location=job.location, purpose=job.purpose, tags=job.tags,
    )  # fmt: skip
    for name, where in job.secrets:
        yield named_secret(job.provider, name, where)
        yield use(secret_id(job.provider, name), job.id, where)
    for subject, where in job.identities:
        yield use(subject, job.id, where)


def secret_id(provider: str, name: str) -> str:
    return f"{provider}:secret/{name}"


def named_secret(provider: str, name: str, location: Location) -> Credential:
    """A secret that the CI system keeps, of which only the name is known."""
    kind = next((kind for known, kind in _KINDS if known.search(name.upper())), None)
    return Credential(
        id=secret_id(provider, name),
        kind=kind or CredentialKind.SERVICE_TOKEN,
        name=name,
        location=location,
        storage=Storage.CI_VARIABLE,
    )


def use(subject: str, by: str, location: Location) -> Use:
    return Use(
        id=f"{by} uses {subject}", subject=subject, by=by, kind=UseKind.WORKFLOW, location=location
    )


def written_secret(
    name: str,
    text: str,
    location: Location,
    seen: Blob | Seen,
    key: bytes,
    confidence: Confidence,
) -> Credential:
    """A password that stands in the file."""
    secret = Secret(text.encode())
    fingerprint = secret.fingerprint(key)
    return Credential(
        id=f"secret:{fingerprint}",
        kind=CredentialKind.PASSWORD,
        name=name,
        location=location,
        fingerprint=fingerprint,
        preview=secret.preview,
        storage=seen.storage,
        confidence=confidence,
    )


def is_written_secret(name: str, text: str) -> bool:
    """Whether a variable holds a secret, by its name, and its value is not a word or a reference."""
    return (
        len(text) >= _LEAST
        and bool(SECRET_NAME.fullmatch(name))
        and not _PLAIN_WORD.fullmatch(text)
        and not _REFERENCE.search(text)
        and not is_placeholder(text.encode())
    )


def variables(node: Node | None) -> Iterator[tuple[str, Node, str]]:
    """(name, where, value) of variables: a map, a list of `name` and `value`, or of maps."""
    if node is None:
        return
    for name, one in node.entries():
        inner = one.get("value") if isinstance(one.value, dict) else one
        if inner is not None:
            yield name, one, inner.text()
    if isinstance(node.value, list):
        for one in node.value:
            named, value = one.get("name"), one.get("value")
            if named is not None and value is not None:
                yield named.text(), value, value.text()
            elif isinstance(one.value, dict) and named is None:
                for name, inner in one.entries():
                    if inner.text():
                        yield name, inner, inner.text()


def cloud_keys(
    type: str, key: str, given: Iterable[tuple[str, Node, str]], places: Places
) -> Iterator[Thing]:
    """Variables that hand a key of a cloud to a job."""
    for name, node, value in given:
        cloud = STATIC_KEY_VARIABLES.get(name.upper())
        if cloud and value:
            yield Thing(type, f"{key}.{name}", name, places.head(node), {"cloud": cloud})


def image(type: str, key: str, text: str, location: Location) -> Thing:
    """An image that a job runs in. Where a variable decides, its pin is `undecided`."""
    is_open = ("$" in text or "<<" in text) and "@sha256:" not in text
    settings = {"pin": "undecided" if is_open else image_pin(text), "sees_secrets": True}
    return Thing(type, f"{key}.{text}", text, location, settings)


_ROLE = regex.later(
    r"arn:[\w-]{1,20}:iam::[^:]{0,80}:role/(?:[\w+=,.@-]{1,512}/){0,30}(?P<name>[\w+=,.@-]{1,64})"
)


def aws_role(text: str) -> str:
    """The alias that a declaration of a role has, for its ARN; other text as it is."""
    found = _ROLE.fullmatch(text.strip())
    return f"aws:role/{found['name']}" if found else text.strip()


_LOGIN = (
    (("gcloud", "auth", "activate-service-account"), "gcp"),
    (("aws", "configure", "set", "aws_secret_access_key"), "aws"),
    (("az", "login", "--service-principal"), "azure"),
)
_LOGIN_TOOLS = {start[0] for start, _ in _LOGIN}
_OIDC_OPTIONS = ("--federated-token",)


def login_cloud(words: tuple[str, ...]) -> str:
    """The cloud that a command signs in to with a stored key; empty if it does not."""
    if words[0] not in _LOGIN_TOOLS:
        return ""
    for start, cloud in _LOGIN:
        if words[: len(start)] == start and not any(one.startswith(_OIDC_OPTIONS) for one in words):
            return cloud
    return ""
