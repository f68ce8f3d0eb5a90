"""What a credential says of itself, read without using it. By the name rule files use.

Each decoder gives facts as text: `account`, `issuer`, `subject`, `expires_at` (RFC 3339) ...
Nothing secret may be among them. A token that says nothing gives nothing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

from keymuster.detect.checksums import unbase64


def facts(name: str, token: bytes) -> dict[str, str]:
    """The facts inside a token; empty when it cannot be decoded."""
    try:
        return {key: value for key, value in DECODERS[name](token).items() if value}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}  # RecursionError: JSON may be nested deeper than any real token's


def _aws_account(token: bytes) -> dict[str, str]:
    """The account id is 40 bits of the base-32 body, where the first bit is set; key ids made
    before 2019 carry none. Published by A. Steele and T. Be'ery."""
    number = int.from_bytes(base64.b32decode(token[4:20])[:6], "big")
    if not number >> 47:
        return {}
    return {"account": f"{(number & 0x7FFFFFFFFF80) >> 7:012d}"}


def _jwt_claims(token: bytes) -> dict[str, str]:
    """RFC 7519 registered claims, and the algorithm."""
    parts = token.split(b".")
    header = json.loads(unbase64(parts[0]))
    claims = json.loads(unbase64(parts[1])) if len(parts) == 3 else {}
    audience = claims.get("aud", "")
    return {
        "algorithm": _short(header.get("alg")),
        "issuer": _short(claims.get("iss")),
        "subject": _short(claims.get("sub")),
        "audience": _short(audience if isinstance(audience, str) else " ".join(map(str, audience))),
        "role": _short(claims.get("role")),
        "issued_at": _moment(claims.get("iat")),
        "expires_at": _moment(claims.get("exp")),
    }


def _jfrog_reference(token: bytes) -> dict[str, str]:
    return {"expires_at": _moment(int(unbase64(token).split(b":")[2]))}


def _sentry_org(token: bytes) -> dict[str, str]:
    said = json.loads(unbase64(token.split(b"_")[1]))
    return {
        "organization": _short(said.get("org")),
        "url": _short(said.get("url")),
        "issued_at": _moment(said.get("iat")),
    }


def _grafana_cloud(token: bytes) -> dict[str, str]:
    said = json.loads(unbase64(token[4:]))
    return {"organization": _short(said.get("o")), "key_name": _short(said.get("n"))}


def _slack_team(token: bytes) -> dict[str, str]:
    found = re.match(rb"xox[a-z](?:\.xox[a-z])?-(?:\d-)?(\d{9,13})-", token)
    return {"team": found[1].decode()} if found else {}


def _pypi_macaroon(token: bytes) -> dict[str, str]:
    raw = unbase64(token.removeprefix(b"pypi-"))
    return {"issuer": raw[3 : 3 + raw[2]].decode("ascii")}


def _short(value: object) -> str:
    """A claim as one short line of text; anything else is not worth a fact."""
    if not isinstance(value, str | int):
        return ""
    return "".join(char for char in str(value) if char.isprintable())[:200]


def _moment(seconds: object) -> str:
    """Seconds since 1970 as RFC 3339."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # no date of any calendar
        return ""


DECODERS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "aws-account": _aws_account,
    "jwt-claims": _jwt_claims,
    "jfrog-reference": _jfrog_reference,
    "sentry-org": _sentry_org,
    "grafana-cloud": _grafana_cloud,
    "slack-team": _slack_team,
    "pypi-macaroon": _pypi_macaroon,
}
"""Name in rule files -> the decoder."""
