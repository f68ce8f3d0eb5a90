"""What a credential says of itself, read without using it. By the name rule files use.

Each decoder gives facts as text: `account`, `issuer`, `subject`, `expires_at` (RFC 3339) ...
Nothing secret may be among them. A token that says nothing gives nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from keymuster import regex
from keymuster.detect import hints, ssh_keys
from keymuster.detect.checksums import unbase62, unbase64


def facts(name: str, token: bytes) -> dict[str, str]:
    """The facts inside a token; empty when it cannot be decoded."""
    try:
        said = DECODERS[name](token)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return {}  # RecursionError: JSON may be nested deeper than any real token's
    return {key: text for key, value in said.items() if (text := _short(value))}


def _aws_account(token: bytes) -> dict[str, str]:
    """The account id is 40 bits of the base-32 body, where the first bit is set; key ids made
    before 2019 carry none. Published by A. Steele and T. Be'ery."""
    number = int.from_bytes(base64.b32decode(token[4:20])[:6], "big")
    if not number >> 47:
        return {}
    return {"account": f"{(number & 0x7FFFFFFFFF80) >> 7:012d}"}


def _json(text: bytes) -> Any:
    import json  # slow to import, and most texts hold no such token

    return json.loads(text)


def _jwt_claims(token: bytes) -> dict[str, str]:
    """RFC 7519 registered claims, and the algorithm."""
    parts = token.split(b".")
    header = _json(unbase64(parts[0]))
    claims = _json(unbase64(parts[1])) if len(parts) == 3 else {}
    audience = claims.get("aud", "")
    return {
        "algorithm": _short(header.get("alg")),
        "issuer": _short(claims.get("iss")),
        "subject": _short(claims.get("sub")),
        "audience": _short(audience if isinstance(audience, str) else " ".join(map(str, audience))),
        "role": _short(claims.get("role")),
        "tenant": _short(claims.get("tid")),
        "client_id": _client(claims),
        "object_id": _short(claims.get("oid")),
        "project": _short(claims.get("ref")),
        "service_account_uid": _short(_account_of_kubernetes(claims)),
        "issued_at": _moment(claims.get("iat")),
        "expires_at": _moment(claims.get("exp")),
    }


def _account_of_kubernetes(claims: dict[str, object]) -> object:
    """The uid of a service account, which a cluster gives once. Tokens without an end have it in a claim of its
    own."""
    said = claims.get("kubernetes.io")
    account = said.get("serviceaccount") if isinstance(said, dict) else None
    if isinstance(account, dict):
        return account.get("uid")
    return claims.get("kubernetes.io/serviceaccount/service-account.uid")


def _client(claims: dict[str, object]) -> str:
    """The application that a token stands for, where it stands for no user of it: then it is its own subject
    (RFC 9068), or says so in the words of Entra."""
    id = next((claims[key] for key in _CLIENT if claims.get(key)), "")
    subject = claims.get("sub")
    alone = (
        (subject and subject in (id, claims.get("oid")))
        or claims.get("idtyp") == "app"
        or ("appid" in claims and "scp" not in claims)
    )
    return _short(id) if alone else ""


_CLIENT = ("appid", "azp", "client_id", "cid")
"""What issuers call the application that a token was given to: RFC 9068, OpenID Connect, Entra, Okta."""


def _jfrog_reference(token: bytes) -> dict[str, str]:
    return {"expires_at": _moment(int(unbase64(token).split(b":")[2]))}


def _sentry_org(token: bytes) -> dict[str, str]:
    said = _json(unbase64(token.split(b"_")[1]))
    return {
        "organization": _short(said.get("org")),
        "url": _short(said.get("url")),
        "issued_at": _moment(said.get("iat")),
    }


def _grafana_cloud(token: bytes) -> dict[str, str]:
    said = _json(unbase64(token[4:]))
    place = said.get("m")
    return {
        "organization": _short(said.get("o")),
        "key_name": _short(said.get("n")),
        "region": _short(place.get("r")) if isinstance(place, dict) else "",
    }


def _slack_team(token: bytes) -> dict[str, str]:
    found = re.match(rb"xox[a-z](?:\.xox[a-z])?-(?:\d-)?(\d{9,13})-", token)
    return {"team": found[1].decode()} if found else {}


def _slack_webhook(token: bytes) -> dict[str, str]:
    """The workspace, and the app or bot that posts."""
    return _texts(re.match(rb"https://[^/]+/\w+/(?P<team>[TE][A-Z0-9]{8,11})/", token))


def _entra_hint(token: bytes) -> dict[str, str]:
    """Graph shows everybody who may read an application the first three letters of its secrets."""
    found = re.match(rb"([\w.~-]{3})[78]Q~", token)
    return {"hint": hints.digest(found[1].decode())} if found else {}


def _pypi_macaroon(token: bytes) -> dict[str, str]:
    """The location, and what the caveats say; those of the first version are JSON objects, the
    others lists that begin with a number (docs of the macaroon format v2; warehouse, macaroons)."""
    raw = unbase64(token.removeprefix(b"pypi-"))
    said = {"issuer": raw[3 : 3 + raw[2]].decode("ascii")}
    for kind, packet in _packets(raw[1:]):
        if kind == 2 and packet[:1] in (b"{", b"["):
            said |= _pypi_caveat(_json(packet))
    return said


def _packets(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a macaroon: a number, a length, so many bytes; zeros stand between sections."""
    at = 0
    while at + 1 < len(raw):
        kind, size, at = raw[at], raw[at + 1], at + 2
        if kind == 0:
            at -= 1
            continue
        if size & 0x80:
            size, at = size & 0x7F | raw[at] << 7, at + 1
        if at + size > len(raw):
            return
        yield kind, raw[at : at + size]
        at += size


def _pypi_caveat(said: object) -> dict[str, str]:
    match said:
        case {"permissions": {"projects": list(projects)}} | [1, list(projects)]:
            return {"project": _short(" ".join(map(str, projects)))}
        case [0, expires_at, not_before]:
            return {"expires_at": _moment(expires_at), "issued_at": _moment(not_before)}
        case {"permissions": "user"}:
            return {"role": "user"}
        case [3, subject]:
            return {"subject": _short(subject)}
    return {}


def _gitlab_routable(token: bytes) -> dict[str, str]:
    """Lines `<letter>:<number in base 36>` stand in the payload, between or behind random bytes.
    GitLab handbook, "Routable tokens"."""
    text = re.sub(rb"\Agl[a-z]+-(?:t\d_)?", b"", token).partition(b".")[0]
    said = dict(re.findall(rb"([cgopu]):([0-9a-z]{1,13})(?![0-9a-z])", unbase64(text)))
    names = {"cell": b"c", "group": b"g", "organization": b"o", "project": b"p", "user": b"u"}
    return {name: str(int(said[key], 36)) for name, key in names.items() if key in said}


def _aws_session(token: bytes) -> dict[str, str]:
    """Region and account stand in clear in the protocol buffer: fields 3, each with its length."""
    raw = unbase64(token[: len(token) // 4 * 4])
    region = re.search(rb"\x1a[\x09-\x0f]([a-z]{2}(?:-[a-z]{2,9}){1,2}-\d)", raw[:120])
    account = re.search(rb"\x1a\x0c(\d{12})", raw)
    return {
        "region": region[1].decode() if region else "",
        "account": account[1].decode() if account else "",
    }


def _aws_bedrock(token: bytes) -> dict[str, str]:
    """`BedrockAPIKey-<name>-at-<account>:<secret>`."""
    said = unbase64(token.removeprefix(b"ABSK")).partition(b":")[0]
    found = re.fullmatch(rb"(?P<key_name>BedrockAPIKey-[\w-]{1,64}-at-(?P<account>\d{12}))", said)
    return _texts(found)


def _aws_bedrock_session(token: bytes) -> dict[str, str]:
    """A presigned URL: who signed it, where, when, and for how long."""
    from urllib.parse import parse_qs  # slow to import

    url = unbase64(token.removeprefix(b"bedrock-api-key-")).decode("ascii")
    query = {name: values[0] for name, values in parse_qs(url.partition("?")[2]).items()}
    key_id, _, region, *_ = query["X-Amz-Credential"].split("/")
    begin = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    lasts = timedelta(seconds=min(int(query["X-Amz-Expires"]), 10**7))
    return _aws_account(key_id.encode()) | {
        "region": _short(region),
        "issued_at": begin.isoformat(timespec="seconds"),
        "expires_at": (begin + lasts).isoformat(timespec="seconds"),
    }


def _azure_cask(token: bytes) -> dict[str, str]:
    """Year and month as letters, A for 2024 and for January, and the provider's mark.
    Microsoft security-utilities, IdentifiableSecrets."""
    if token[52:56] != b"JQQJ":
        return {}
    year, month = token[58] - ord("A") + 2024, token[59] - ord("A") + 1
    issued = datetime(year, month, 1, tzinfo=UTC) if year < 2050 else None
    return {
        "issued_at": issued.isoformat(timespec="seconds") if issued else "",
        "service": token[76:80].decode("ascii"),
    }


def _discord_bot(token: bytes) -> dict[str, str]:
    """The id of the bot's user: a snowflake, whose high bits are milliseconds since 2015."""
    said = unbase64(token.partition(b".")[0])
    return {"account": said.decode("ascii")} if re.fullmatch(rb"\d{15,20}", said) else {}


def _digits_colon(token: bytes) -> dict[str, str]:
    """The number that a Data Center product gave the token."""
    return {"key_id": unbase64(token.removeprefix(b"BBDC-")).partition(b":")[0].decode("ascii")}


def _onepassword(token: bytes) -> dict[str, str]:
    said = _json(unbase64(token.removeprefix(b"ops_")))
    return {"url": _short(said.get("signInAddress")), "account": _short(said.get("email"))}


def _mapbox(token: bytes) -> dict[str, str]:
    said = _json(unbase64(token.split(b".")[1]))
    return {"account": _short(said.get("u")), "key_id": _short(said.get("a"))}


def _flyio_macaroon(token: bytes) -> dict[str, str]:
    """MessagePack: an array of nonce (an array itself), location, caveats and tail."""
    raw = unbase64(token.partition(b"_")[2])
    found = re.match(
        rb"[\x94\x95][\x93\x94]\xc4.{20,120}?(https://[a-z.]{4,40}(?:/v\d)?)", raw, re.DOTALL
    )
    return {"issuer": found[1].decode()} if found else {}


def _ksuid(token: bytes) -> dict[str, str]:
    """The first four of twenty bytes are seconds since May 2014 (segmentio/ksuid)."""
    if token[27:28] != b"_":
        return {}
    number = unbase62(token[:27])
    return {"issued_at": _moment((number >> 128) + 1_400_000_000)}


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _ulid_key(token: bytes) -> dict[str, str]:
    """`key_<ULID>,<secret>`: the first ten characters of a ULID are milliseconds."""
    key_id = unbase64(token.split(b"_", 2)[2]).partition(b",")[0].decode("ascii")
    milliseconds = 0
    for char in key_id.removeprefix("key_")[:10]:
        milliseconds = milliseconds * 32 + _CROCKFORD.index(char)
    return {"key_id": _short(key_id), "issued_at": _moment(milliseconds // 1000)}


def _user_password(token: bytes) -> dict[str, str]:
    """RFC 7617. Some services want a key in the user's place, and anything as the password: what may
    be a key is not told."""
    user, _, password = unbase64(token).partition(b":")
    is_name = len(user) < 16 or not any(48 <= byte <= 57 for byte in user)
    return {"user": _short(user.decode("utf-8"))} if is_name and user != password else {}


def _stripe(token: bytes) -> dict[str, str]:
    """Newer keys carry the account's id, without its `acct_`, behind a `5`."""
    found = re.match(rb"[rs]k_(?:live|test)_5(1[0-9A-Za-z]{15})(?=[0-9A-Za-z]{60})", token)
    return {"account": f"acct_{found[1].decode()}"} if found else {}


def _parts(pattern: bytes) -> Callable[[bytes], dict[str, str]]:
    """A decoder for tokens that carry their facts in clear: the named groups of a pattern."""
    compiled = regex.later(pattern)
    return lambda token: _texts(compiled.match(token))


def _texts(found: re.Match[bytes] | None) -> dict[str, str]:
    said = found.groupdict(b"") if found else {}
    return {name: text.decode("ascii") for name, text in said.items()}


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
    "slack-webhook": _slack_webhook,
    "entra-hint": _entra_hint,
    "pypi-macaroon": _pypi_macaroon,
    "gitlab-routable": _gitlab_routable,
    "aws-session": _aws_session,
    "aws-bedrock": _aws_bedrock,
    "aws-bedrock-session": _aws_bedrock_session,
    "azure-cask": _azure_cask,
    "discord-bot": _discord_bot,
    "digits-colon": _digits_colon,
    "1password": _onepassword,
    "mapbox": _mapbox,
    "flyio-macaroon": _flyio_macaroon,
    "ksuid": _ksuid,
    "ulid-key": _ulid_key,
    "user-password": _user_password,
    "asana": _parts(rb"[12]/(?P<account>\d+)[/:]"),
    "bitwarden": _parts(rb"0\.(?P<key_id>[0-9a-f-]{36})\."),
    "clickup": _parts(rb"pk_(?P<account>\d+)_"),
    "cloudinary": _parts(rb"cloudinary://(?P<key_id>\d+):[^@]+@(?P<account>[\w-]+)"),
    "coinbase": _parts(
        rb"organizations/(?P<organization>[0-9a-f-]{36})/apiKeys/(?P<key_id>[0-9a-f-]{36})"
    ),
    "convex": _parts(rb"(?P<environment>prod|dev):(?P<project>[\w-]+)\|"),
    "discord-webhook": _parts(rb"https://[^/]+/api/(?:v\d+/)?webhooks/(?P<key_id>\d+)/"),
    "doppler": _parts(rb"dp\.st\.(?P<environment>[\w-]+)\."),
    "dynatrace": _parts(rb"(?P<key_id>dt0[a-z]\d\d\.\w+)\."),
    "stripe": _stripe,
    "ssh-public-half": lambda token: {"ssh_fingerprint": ssh_keys.public_half(token)},
    "telegram": _parts(rb"(?P<account>\d+):"),
    "twitter": _parts(rb"(?P<account>\d{5,20})-"),
}
"""Name in rule files -> the decoder."""
