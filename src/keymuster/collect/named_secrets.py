"""Secrets that stand as they are in settings whose name says that they hold one.

Here a value needs not look like a secret: `MYSQL_ROOT_PASSWORD: root` is a password because of its
name, and a poor one. What only refers to a secret is none.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator

from keymuster.collect.syntax.node import Node
from keymuster.model import Confidence, Credential, CredentialKind, CredentialStatus, Storage
from keymuster.model.secret import PUBLIC_KEY, Secret

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_PASSWORDS = {"password", "passwd", "passphrase", "pwd", "pass", "passcode", "psk"}
_KEYS = {
    ("api", "key"), ("apikey",), ("access", "key"), ("secret", "key"), ("private", "key"),
    ("account", "key"), ("signing", "key"), ("encryption", "key"), ("auth", "key"),
    ("shared", "key"), ("master", "key"), ("license", "key"), ("client", "key", "data"),
    ("connection", "string"), ("accesskey",), ("secretkey",), ("privatekey",), ("jwt", "key"),
    ("session", "key"), ("host", "key", "private"), ("storage", "key"), ("ssh", "key"),
}  # fmt: skip
_VAGUE = {"secret", "secrets", "token", "credential", "credentials", "auth"}
_ABOUT = {
    "update", "reset", "change", "expire", "expired", "allow", "require", "required", "use", "enable",
    "enabled", "disable", "disabled", "generate", "generated", "no", "empty", "random", "has", "is",
    "show", "hide", "rotate", "create", "min", "max", "length", "policy", "prompt", "ask", "public",
    "existing", "encrypted", "forgot", "check", "without", "never", "page", "csrf", "next", "cancel",
    "count", "limit", "default", "image", "pull",
}  # fmt: skip
"""Words that make a name one about secrets: `update_password`, `imagePullSecret`."""

_REFERENCE = re.compile(
    r"""(?xi) \$[{(] | (?:\A|[\s:/@,-])\$[A-Z_] | \{\{ | <[^<>]*> | %\( | %[A-Z_]+% | \bENC\[ | \Avault: | \Aarn:aws | \Aref\+ |
    \A(?:file|env|secret|ssm|op|awssm|gcpsm|azurekv|vals|path|aws-sm)://? | \A@ | \A[.~]{0,2}/ |
    \A\{(?:resolve|vault)|\A\(\( | \A(?:\\?\#\{) | __[A-Z0-9_]+__ """
)
_NOTHING = re.compile(
    r"(?i)(?:true|false|yes|no|on|off|none|null|nil|undefined|n/a|always|never|on_create|optional|"
    r"required|enabled|disabled|present|absent|string|-|~|[0-9]{1,2})?"
)
_SAMPLE = re.compile(
    r"(?i)your[ _-]|\*{3}|x{4,}|redacted|placeholder|replace|insert|todo|dummy|\.\.\.|…|"
    r"(?:\b|_)here\b|fill[ _-]?me|to[ _-]be|some[ _-]"
)
_TRACE = re.compile(r"[A-Za-z0-9+/=_.\-]{16,}")
_BEGIN = "-----BEGIN "
_LONGEST = 64 * 1024

_ASSIGNED = re.compile(
    r"(?m)^[ \t]{0,40}(?:export[ \t]{1,4})?[\"']?(?P<name>[A-Za-z][\w.-]{1,80})[\"']?[ \t]{0,8}[=:]"
    r"[ \t]{0,8}(?P<value>[^\s#,;][^\r\n]{0,400})$"
)


def kind_of(name: str) -> CredentialKind | None:
    """What a setting of this name holds, if it is a secret."""
    words = [word.lower() for word in _PART.findall(name)]
    while words and (words[-1].isdigit() or words[-1] in ("value", "base", "b")):
        words.pop()
    if not words or _ABOUT & set(words):
        return None
    last = words[-1]
    if last in _PASSWORDS or last.endswith(("password", "passwd", "passphrase")):
        return CredentialKind.PASSWORD
    if last in _VAGUE:
        return CredentialKind.CLIENT_SECRET if last.startswith("secret") else _TOKEN
    for size in (1, 2, 3):
        if tuple(words[-size:]) in _KEYS:
            return CredentialKind.PRIVATE_KEY if "private" in words else CredentialKind.API_KEY
    return None


_TOKEN = CredentialKind.SERVICE_TOKEN


def is_reference(value: str) -> bool:
    """Whether a value says where a secret is, or is no value."""
    return not value.strip() or _REFERENCE.search(value) is not None


def confidence(name: str, value: str, *, holder: bool = False) -> Confidence | None:
    """How sure it is that this is a secret; None if it is none. A `holder` is made for secrets only,
    so that the name need not say so."""
    if len(value) > _LONGEST or is_reference(value) or _NOTHING.fullmatch(value.strip()):
        return None
    kind = kind_of(name)
    if kind is CredentialKind.PASSWORD:
        return None if "://" in value else Confidence.HIGH
    if kind is None and not holder:
        return None
    if value.startswith(_BEGIN):
        return Confidence.HIGH if "PRIVATE KEY" in value[:60] else None
    if "://" in value or " " in value.strip():
        return None
    if _is_random(value):
        return Confidence.HIGH if kind else Confidence.MEDIUM
    if kind and (holder or name.lower().endswith(("key", "token"))) and len(value) >= 6:
        return Confidence.MEDIUM
    return Confidence.LOW


def _is_random(value: str) -> bool:
    """Letters and digits in no order that anybody would write."""
    found = _TRACE.fullmatch(value)
    return (
        found is not None
        and sum(char.isdigit() for char in value) >= 3
        and any(char.isalpha() for char in value)
        and len(set(value)) >= 8
    )


def credential(
    node: Node, name: str, value: str, *, declared_as: str, sure: Confidence,
    key: bytes = PUBLIC_KEY, storage: Storage = Storage.TREE, identity: str | None = None,
) -> Credential:  # fmt: skip
    """The secret that stands in a setting. `declared_as` says what sort of setting that is."""
    secret = Secret(value.encode("utf-8", "surrogatepass"))
    fingerprint = secret.fingerprint(key)
    return Credential(
        id=f"secret:{fingerprint}",
        kind=_kind(value),
        name=name,
        fingerprint=fingerprint,
        preview=secret.preview,
        confidence=sure,
        status=CredentialStatus.SAMPLE if is_sample(value) else CredentialStatus.UNKNOWN,
        storage=storage,
        location=node.location(),
        identity=identity,
        tags={"declared_as": declared_as, "setting": name},
    )


def is_sample(value: str) -> bool:
    """Whether a value says that somebody is to put another in its place."""
    return _SAMPLE.search(value) is not None or value[:4] in ("Your", "YOUR")


def _kind(value: str) -> CredentialKind:
    """A key in PEM form is one whatever it is called; all else that is written down is a password."""
    if value.startswith(_BEGIN):
        return CredentialKind.PRIVATE_KEY
    return CredentialKind.PASSWORD


def assignments(text: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each line of a text that sets something: `REDIS_PASSWORD=hunter`."""
    for found in _ASSIGNED.finditer(text[:_LONGEST]):
        yield found["name"], found["value"].strip().rstrip(",;").strip("\"'")


def decoded(value: str) -> str:
    """The text behind base64; empty if it is none."""
    try:
        return b64decode("".join(value.split()), validate=True).decode()
    except (Error, ValueError):
        return ""


_HOLDERS = {"secret", "secrets", "stringdata", "secretenv", "secretdata", "credentials"}
"""Maps of this name hold secrets, whatever the keys in them are called."""


def within(
    root: Node, *, declared_as: str, key: bytes = PUBLIC_KEY, storage: Storage = Storage.TREE,
    counts: Callable[[int, int], bool] = lambda first, last: True,
) -> Iterator[Credential]:  # fmt: skip
    """The secrets in a tree of settings, by the names of their keys; those on lines that count."""
    waiting: list[tuple[str, Node, bool]] = [("", root, False)]
    seen: set[int] = set()  # what aliases repeat is looked at once
    while waiting:
        name, node, holder = waiting.pop()
        if isinstance(node.value, dict | list):
            if id(node.value) in seen:
                continue
            seen.add(id(node.value))
        if isinstance(node.value, dict):
            called, value = node.value.get("name"), node.value.get("value")
            if called and value and called.text():  # an environment variable in a list of them
                waiting.append((called.text(), value, holder))
            here = holder or name.lower().replace("_", "").replace("-", "") in _HOLDERS
            waiting += [(key_, one, here) for key_, one in node.value.items()]
        elif isinstance(node.value, list):
            waiting += [(name, one, holder) for one in node.value]
        elif isinstance(node.value, str | int) and not node.tag:
            text = node.text()
            sure = confidence(name, text, holder=holder)
            if sure and counts(node.line, node.end_line):
                yield credential(
                    node, name, text, declared_as=declared_as, sure=sure, key=key, storage=storage
                )
