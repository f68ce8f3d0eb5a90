"""Secrets that stand as plain text where a declaration should name a place that keeps them."""

from __future__ import annotations

import re
from collections.abc import Container

from msgspec import Struct

from keymuster.collect.base import Blob, Context
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
from keymuster.model.unknown import is_unknown


class Sealing(Struct, frozen=True, kw_only=True):
    """How a secret becomes a credential without its text. `samples` are the SHA-256 of values that
    documentation publishes, `names` are those of things that the file declares: who writes one of
    them where a secret should be forgot to refer to it."""

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
        self, value: Node, name: str, kind: CredentialKind, *, identity: str | None = None
    ) -> Credential | None:
        """What a value is that a setting of this name holds; None if it is not a secret's text."""
        text = value.text() if not isinstance(value.value, bool) else ""
        if not is_literal(text) or text in self.names or len(text) < _LEAST.get(kind, 1):
            return None
        raw = text.encode("utf-8", "surrogateescape")
        secret = Secret(raw)
        fingerprint = secret.fingerprint(self.key)
        return Credential(
            id=f"secret:{fingerprint}",
            kind=kind,
            name=f"{name} in plain text",
            location=value.location(),
            identity=identity,
            fingerprint=fingerprint,
            preview=secret.preview,
            confidence=Confidence.MEDIUM if is_repetitive(raw) else Confidence.HIGH,
            status=self._status(raw),
            storage=self.storage,
        )

    def _status(self, raw: bytes) -> CredentialStatus:
        from hashlib import sha256  # slow to import, and most files hold no secret

        is_sample = sha256(raw).hexdigest() in self.samples or b"EXAMPLE" in raw
        return CredentialStatus.SAMPLE if is_sample else CredentialStatus.UNKNOWN


_LEAST = {
    CredentialKind.ACCESS_KEY: 12,
    CredentialKind.ACCESS_TOKEN: 10,
    CredentialKind.API_KEY: 10,
    CredentialKind.PRIVATE_KEY: 10,
}
"""Characters of what machines make; only people choose less."""

_ELSEWHERE = re.compile(
    r"\{\{|\$[({]|<[^<>]*>\Z|\$\w+\Z|%\w+%\Z|#\{|arn:|https?://[^/@]*(?:/|\Z)|(?:ssm|vault|file|env|ref|op):|"
    r"\$ANSIBLE_VAULT|ENC\[|vault:v"
)
"""How values begin that name the place where the secret is, or hold it encrypted."""

_NOTHING = re.compile(
    r"(?i)(?:string|str|secret|password|none|null|nil|undefined|true|false|todo|tbd|dummy|placeholder|redacted|fixme|"
    r"replace[-_ ]?(?:me|this|with)?(?:[-_ ].{0,60})?|change[-_ ]?(?:me|this|it)|x{3,}|\*+|\.{3}|n/?a|-+|"
    r"(?:put|insert|enter|add|set)[-_ ].{1,60}|.{0,30}\byour[-_ ].{1,60}|.{1,60}[-_ ]here)"
)
"""Words that stand where somebody else is to write a secret, or say of what type it is."""

_MOST = 64_000
"""Characters of a value that may be a secret."""


def is_literal(text: str) -> bool:
    """Whether a value that should be a secret is one, and not the name of one or a blank to fill."""
    if not text.strip() or len(text) > _MOST or is_unknown(text):
        return False
    return _ELSEWHERE.match(text) is None and _NOTHING.fullmatch(text.strip()) is None


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:(?P<password>pass(?:word|wd|phrase)?s?|pwd)|(?P<private>private_key(?:_pem|_data)?)|"
    r"(?P<client>(?:client|app|consumer|oauth|api|webhook)_secret)|"
    r"(?P<access>secret_access_key|aws_secret_key|secret_key)|"
    r"(?P<token>(?:access|refresh|auth|oauth|o_auth|api|secret|session|bearer|hec|sas|bot|webhook|github|gitlab|slack|npm|"
    r"service|private|personal_access|deploy)?_?token)|"
    r"(?P<api>(?:api|account|storage|license|subscription|auth)_?key(?:_value)?)|"
    r"(?P<encryption>(?:encryption|signing|master|shared|pre_shared|hmac|jwt|session|cookie)_?(?:key|secret))|"
    r"(?P<connection>connection_string))$"
)

_KINDS = {
    "password": CredentialKind.PASSWORD,
    "private": CredentialKind.PRIVATE_KEY,
    "client": CredentialKind.CLIENT_SECRET,
    "access": CredentialKind.ACCESS_KEY,
    "token": CredentialKind.ACCESS_TOKEN,
    "api": CredentialKind.API_KEY,
    "encryption": CredentialKind.ENCRYPTION_KEY,
    "connection": CredentialKind.CONNECTION_STRING,
}


def kind_by_name(name: str) -> CredentialKind | None:
    """What a setting or variable of this name holds, if that is a secret: `DB_PASSWORD`,
    `MasterUserPassword`. None for what only speaks of one: `PasswordLength`, `SecretArn`."""
    words = "_".join(_WORDS.findall(name[:200])).lower()
    found = _SECRET_NAME.search(words)
    return next(kind for group, kind in _KINDS.items() if found[group]) if found else None
