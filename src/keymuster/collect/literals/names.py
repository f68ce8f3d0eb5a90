"""Which settings and variables hold a secret, by their names alone."""

from __future__ import annotations

from functools import cache, lru_cache

from keymuster import regex
from keymuster.model import CredentialKind

_WORD = regex.later(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_LONGEST = 200
"""Characters of a name."""

_KINDS: dict[str, CredentialKind] = {
    **dict.fromkeys(
        ("pwd", "pwds", "pass", "passcode", "psk", "password", "passwd", "passphrase", "passwords",
         "passwds", "passphrases"),
        CredentialKind.PASSWORD,
    ),
    "privatekey": CredentialKind.PRIVATE_KEY,
    "hostkeyprivate": CredentialKind.PRIVATE_KEY,
    **dict.fromkeys(
        ("clientsecret", "appsecret", "consumersecret", "oauthsecret", "apisecret", "webhooksecret"),
        CredentialKind.CLIENT_SECRET,
    ),
    **dict.fromkeys(("secretaccesskey", "awssecretkey", "secretkey"), CredentialKind.ACCESS_KEY),
    **dict.fromkeys(
        ("apikey", "accountkey", "storagekey", "licensekey", "subscriptionkey", "authkey"),
        CredentialKind.API_KEY,
    ),
    **dict.fromkeys(
        (whose + what
         for whose in ("encryption", "signing", "master", "shared", "preshared", "hmac", "jwt", "session", "cookie")
         for what in ("key", "secret")),
        CredentialKind.ENCRYPTION_KEY,
    ),
    "connectionstring": CredentialKind.CONNECTION_STRING,
}  # fmt: skip
"""The last words of a name, put together, and what it holds."""

_VAGUE: dict[str, CredentialKind] = {
    "secret": CredentialKind.CLIENT_SECRET,
    "secrets": CredentialKind.CLIENT_SECRET,
    "credential": CredentialKind.SERVICE_TOKEN,
    "credentials": CredentialKind.SERVICE_TOKEN,
    "auth": CredentialKind.SERVICE_TOKEN,
    "accesskey": CredentialKind.API_KEY,
    "sshkey": CredentialKind.PRIVATE_KEY,
    "clientkey": CredentialKind.PRIVATE_KEY,
}
"""The same of names that as often tell which secret is meant as what it is."""

_WORDS_TOGETHER = 3

_ABOUT = {
    "update", "reset", "change", "expire", "expired", "allow", "require", "required", "use", "enable",
    "enabled", "disable", "disabled", "generate", "generated", "no", "empty", "random", "has", "is",
    "show", "hide", "rotate", "create", "min", "max", "length", "policy", "prompt", "ask", "public",
    "existing", "encrypted", "forgot", "check", "without", "never", "page", "csrf", "next", "cancel",
    "count", "limit", "default", "image", "pull", "partition", "sort", "hash", "range", "routing",
    "object", "tag", "label", "idempotency",
}  # fmt: skip
"""Words that make a name one about secrets, or about other keys: `update_password`, `imagePullSecret`,
`PartitionKey`."""

_AFTER = {"value", "base", "b", "pem", "data", "wo"}
"""Words behind the one that tells: `apiKeyValue`, `PASSWORD_B64`."""

_HOLDERS = {"secret", "secrets", "stringdata", "secretenv", "secretdata", "credentials"}


_SMALL = bytes(byte | 0x20 if 0x41 <= byte <= 0x5A else byte for byte in range(256))
_NO_LETTERS = bytes(byte for byte in range(256) if not chr(byte).isalnum() or byte > 0x7F)


def may_name_one(text: bytes) -> bool:
    """Whether there may be a name in a text of which `kind_of` or `holds_secrets` has something to say:
    one of their words is there, whatever stands between its letters. Of a text with escapes nobody knows."""
    letters = text.translate(_SMALL, _NO_LETTERS)
    return b"\\" in text or any(one in letters for one in _marks())


@cache
def _marks() -> list[bytes]:
    """All words that tell, without those that have another in them."""
    words = {"password", "passwd", "passphrase", "token", *_KINDS, *_VAGUE, *_HOLDERS}
    return [
        one.encode() for one in words if not any(other != one and other in one for other in words)
    ]


@lru_cache(maxsize=4096)
def kind_of(name: str) -> CredentialKind | None:
    """What a setting or variable of this name holds, if that is a secret: `DB_PASSWORD`,
    `MasterUserPassword`. None for what only speaks of one: `PasswordLength`, `SecretArn`."""
    words = _words(name)
    if not words or _ABOUT & set(words):
        return None
    last = words[-1]
    if last.endswith(("password", "passwd", "passphrase")):
        return CredentialKind.PASSWORD
    if last.endswith("token"):
        return CredentialKind.ACCESS_TOKEN
    if kind := _found(words, _KINDS):
        return kind
    return _found(words, _VAGUE)


def is_vague(name: str) -> bool:
    """Whether a name that may mean a secret may as well mean what one is called: `db_secret`."""
    words = _words(name)
    return _found(words, _KINDS) is None and _found(words, _VAGUE) is not None


@lru_cache(maxsize=4096)
def holds_secrets(name: str) -> bool:
    """Whether a map of this name holds secrets, whatever the keys in it are called."""
    return name.lower().replace("_", "").replace("-", "") in _HOLDERS


_OPEN = {
    "username", "user", "login", "database", "dbname", "db", "host", "hostname", "port", "region", "email",
}  # fmt: skip
"""Last words of what stands beside a secret: who signs in, and where."""


def is_open(name: str) -> bool:
    """Whether something among secrets is none, as its name says: `POSTGRES_USER`."""
    words = _words(name)
    return bool(words) and words[-1] in _OPEN


def _words(name: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(name[:_LONGEST])]
    while words and (words[-1].isdigit() or words[-1] in _AFTER):
        words.pop()
    return words


def _found(words: list[str], table: dict[str, CredentialKind]) -> CredentialKind | None:
    for size in range(_WORDS_TOGETHER, 0, -1):
        if kind := table.get("".join(words[-size:])):
            return kind
    return None
