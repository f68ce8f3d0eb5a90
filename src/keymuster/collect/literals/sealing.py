"""How a secret in a setting becomes a credential, without its text."""

from __future__ import annotations

from collections.abc import Container

from msgspec import Struct

from keymuster import regex
from keymuster.collect.base import Blob, Context
from keymuster.collect.literals.names import is_vague, kind_of
from keymuster.collect.literals.values import is_literal, is_random, is_sample
from keymuster.collect.syntax.node import Node
from keymuster.detect.placeholders import is_repetitive
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    CredentialStatus,
    Secret,
    Storage,
)
from keymuster.model.secret import PUBLIC_KEY

SETTING = "resource-setting"
PARAMETER = "parameter-default"
SCRIPT = "start-script"
"""What a literal is declared as in infrastructure code, whatever its language (`Sealing.credential`)."""

_BEGIN = "-----BEGIN "

_LEAST = {
    CredentialKind.ACCESS_KEY: 12,
    CredentialKind.ACCESS_TOKEN: 10,
    CredentialKind.API_KEY: 10,
    CredentialKind.PRIVATE_KEY: 10,
}
"""Characters of what machines make; only people choose less."""

_KEY_IN_CONNECTION = regex.later(
    r"(?i)(?:account_?key|shared_?access_?key|shared_?secret|password|pwd)\s{0,4}=\s{0,4}[^;\"\s]{3}"
)


def confidence(
    name: str, value: str, *, kind: CredentialKind | None = None, holder: bool = False
) -> Confidence | None:
    """How sure it is that this is a secret; None if it is none. A setting of a known `kind` is known to
    hold one. A `holder` is made for secrets only, so that the name need not say so."""
    given, kind = kind, kind or kind_of(name)
    if (kind is None and not holder) or not is_literal(value):
        return None
    if kind is not None and not holder and len(value) < _LEAST.get(kind, 1):
        return None
    if value.startswith(_BEGIN):
        return Confidence.HIGH if "PRIVATE KEY" in value[:60] else None
    if kind is CredentialKind.CONNECTION_STRING:
        return Confidence.HIGH if given or _KEY_IN_CONNECTION.search(value) else None
    if given or kind is CredentialKind.PASSWORD:
        if "://" in value and not given:
            return None
        return Confidence.MEDIUM if is_repetitive(_bytes(value)) else Confidence.HIGH
    if "://" in value or " " in value.strip():
        return None
    return _by_look(name, kind, value)


def _by_look(name: str, kind: CredentialKind | None, value: str) -> Confidence:
    """Of what only its name calls a key or a token, by how it looks."""
    if is_random(value):
        return Confidence.HIGH if kind else Confidence.MEDIUM
    return Confidence.MEDIUM if kind and not is_vague(name) else Confidence.LOW


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")  # JSON can hold half of a pair


class Sealing(Struct, frozen=True, kw_only=True):
    """What credentials are made with. `samples` are the SHA-256 of values that documentation publishes,
    `names` are those of things that the file declares: who writes one of them where a secret should
    be forgot to refer to it."""

    key: bytes = PUBLIC_KEY
    storage: Storage = Storage.TREE
    samples: Container[str] = ()
    names: Container[str] = ()

    @classmethod
    def of(cls, context: Context, blob: Blob, names: Container[str] = ()) -> Sealing:
        return cls(
            key=context.fingerprint_key, storage=blob.storage, samples=context.rules.samples,
            names=names,
        )  # fmt: skip

    def credential(
        self, place: Node, name: str, value: str | None = None, *, declared_as: str,
        kind: CredentialKind | None = None, holder: bool = False, identity: str | None = None,
    ) -> Credential | None:  # fmt: skip
        """What the value of a setting is, or one inside it; None if it is not a secret's text.
        `declared_as` says what sort of setting that is. Other arguments as of `confidence`."""
        if value is None:
            value = "" if isinstance(place.value, bool) else place.text()
        sure = confidence(name, value, kind=kind, holder=holder)
        if sure is None or value in self.names:
            return None
        return self.sealed(
            place, name, value, declared_as=declared_as, kind=kind or kind_of(name), sure=sure,
            identity=identity,
        )  # fmt: skip

    def sealed(
        self, place: Node, name: str, value: str, *, declared_as: str, sure: Confidence,
        kind: CredentialKind | None = None, identity: str | None = None,
    ) -> Credential:  # fmt: skip
        """The credential of what is a secret for certain. A key in PEM form is one whatever it is
        called, and the same with or without the end of its last line; what nothing says more of is a
        password."""
        raw = _bytes(value.strip() if value.startswith(_BEGIN) else value)
        secret = Secret(raw)
        fingerprint = secret.fingerprint(self.key)
        if value.startswith(_BEGIN):
            kind = CredentialKind.PRIVATE_KEY
        return Credential(
            id=f"secret:{fingerprint}",
            kind=kind or CredentialKind.PASSWORD,
            name=name,
            location=place.location(),
            identity=identity,
            fingerprint=fingerprint,
            preview=secret.preview,
            confidence=sure,
            status=self._status(value, raw),
            storage=self.storage,
            tags={"declared_as": declared_as, "setting": name},
        )

    def _status(self, value: str, raw: bytes) -> CredentialStatus:
        from hashlib import sha256  # slow to import, and most files hold no secret

        published = is_sample(value) or sha256(raw).hexdigest() in self.samples
        return CredentialStatus.SAMPLE if published else CredentialStatus.UNKNOWN
