"""What stands beside a secret in the same object and says whose it is: files that vendors hand out hold the
id of a key, the address of an account or the client of a secret in clear.

Only what stands between the same braces counts; where two things of a sort do, neither does.
"""

from __future__ import annotations

import re

from keymuster import regex

AROUND = 3000
"""Bytes on either side: a key file of a service account has 2,400."""

_QUOTE = rb"\\{0,6}[\"']"
_JOIN = _QUOTE + rb"\s{0,8}[:=]\s{0,8}" + _QUOTE


def _member(names: bytes, value: bytes) -> re.Pattern[bytes]:
    return regex.later(
        rb"(?<![\w-])(?:" + names + rb")" + _JOIN + rb"(?P<value>" + value + rb")" + _QUOTE
    )


_GUID = rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

_OF_GOOGLE_KEY = {
    "private_key_id": _member(rb"private_key_id", rb"[0-9a-f]{16,64}"),
    "client_email": _member(
        rb"client_email", rb"[\w.-]{1,100}@[\w.-]{1,120}\.gserviceaccount\.com"
    ),
    "project_id": _member(rb"project_id", rb"[a-z0-9:.-]{4,64}"),
}
"""https://docs.cloud.google.com/iam/docs/keys-create-delete"""

_OF_ENTRA = {
    "client_id": _member(rb"(?i:client_?id|app_?id)", _GUID),
    "tenant": _member(rb"(?i:tenant_?id|tenant)", _GUID),
}
"""What `az ad sp create-for-rbac` prints."""

_OF_GOOGLE_CLIENT = {
    "client_id": _member(rb"client_id", rb"[\w-]{6,90}\.apps\.googleusercontent\.com"),
    "project_id": _member(rb"project_id", rb"[a-z0-9:.-]{4,64}"),
}

COMPANIONS: dict[str, dict[str, re.Pattern[bytes]]] = {
    "private-key-pem": _OF_GOOGLE_KEY,
    "google-oauth-client-secret": _OF_GOOGLE_CLIENT,
    "azure-ad-client-secret": _OF_ENTRA,
    "azure-ad-client-secret-7q": _OF_ENTRA,
}
"""Format -> what is told of it -> how that is written."""


def facts(format: str, content: bytes, start: int, end: int) -> dict[str, str]:
    """What the object says in which a secret stands."""
    known = COMPANIONS.get(format)
    if known is None:
        return {}
    begin = content.rfind(b"{", max(0, start - AROUND), start)
    stop = content.find(b"}", end, end + AROUND)
    if begin < 0 or stop < 0 or content.find(b"}", begin, start) >= 0:
        return {}
    said = {}
    for name, written in known.items():
        values = {found["value"] for found in written.finditer(content, begin, stop)}
        if len(values) == 1:
            said[name] = values.pop().decode("ascii")
    return said
