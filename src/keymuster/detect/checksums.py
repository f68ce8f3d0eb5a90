"""Checksums and self-describing structures of credentials, by the name rule files use.

Each entry can say whether a token holds (`holds`) and make one hold (`sign`), so that examples are
generated, never collected. Algorithms are public; each docstring names where from.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from zlib import crc32

from msgspec import Struct

from keymuster import regex
from keymuster.detect.marvin import marvin32
from keymuster.model.sha256 import sha256


class Checksum(Struct, frozen=True):
    """`holds(token)` raises nothing but ValueError or one of its kin; `sign(token)` keeps the
    length and prefix of its argument."""

    holds: Callable[[bytes], bool]
    sign: Callable[[bytes], bytes]


def holds(name: str, token: bytes) -> bool:
    """Whether a token's checksum is right; a token that cannot be decoded does not hold."""
    try:
        return CHECKSUMS[name].holds(token)
    except (ValueError, LookupError, TypeError, RecursionError):
        return False  # RecursionError: JSON may be nested deeper than any real token's


_DIGITS62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS36 = b"0123456789abcdefghijklmnopqrstuvwxyz"


def _in_base(number: int, digits: bytes, width: int) -> bytes:
    out = bytearray()
    while number:
        number, rest = divmod(number, len(digits))
        out.append(digits[rest])
    return bytes(reversed(out)).rjust(width, digits[:1])


def unbase64(text: bytes) -> bytes:
    """Standard or URL alphabet, padded or not."""
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)


def unbase62(text: bytes) -> int:
    """The number that digits, capitals and small letters write; ValueError for another character."""
    number = 0
    for char in text:
        number = number * 62 + _DIGITS62.index(char)
    return number


def _tail(size: int, expected: Callable[[bytes], bytes], any_case: bool = False) -> Checksum:
    """A checksum that fills the last `size` characters."""

    def check(token: bytes) -> bool:
        want, got = expected(token), token[-size:]
        return want.lower() == got.lower() if any_case else want == got

    return Checksum(holds=check, sign=lambda token: token[:-size] + expected(token))


def _crc32_base62(token: bytes) -> bytes:
    """CRC-32 of the characters between the prefix and the last six, in base 62.
    github.blog, "Behind GitHub's new authentication token formats" (2021); npm uses the same."""
    return _in_base(crc32(token.partition(b"_")[2][:-6]), _DIGITS62, 6)


def _gitlab_routable_tail(token: bytes) -> bytes:
    """Two base-36 digits of payload length, then seven of the CRC-32 of all before.
    GitLab handbook, "Routable tokens"."""
    payload = re.split(rb"-(?:t\d_)?", token[:-9].partition(b".")[0], maxsplit=1)[1]
    head = token[:-9] + _in_base(len(payload), _DIGITS36, 2)
    return head[-2:] + _in_base(crc32(head), _DIGITS36, 7)


def _grafana_crc32(token: bytes) -> bytes:
    """CRC-32 of all before the last `_`, its bytes in little-endian order, in hex.
    Grafana, pkg/components/satokengen."""
    return crc32(token[:-9]).to_bytes(4, "little").hex().encode()


_ESCAPED_EQUALS = regex.later(rb"(?:\\|%3[Dd])=?\Z")


def _crc32_hex_tail(token: bytes) -> bytes:
    """CRC-32 of everything before the last eight characters, in upper-case hex (Atlassian). The
    `=` before them may stand escaped, as `\\=` or `%3D`."""
    return b"%08X" % crc32(_ESCAPED_EQUALS.sub(b"=", token[:-8]))


def _crc32_hex_body(token: bytes) -> bytes:
    """CRC-32 of what stands between the first `_` and the last eight characters, in hex.
    developers.cloudflare.com, token formats."""
    return b"%08x" % crc32(token.partition(b"_")[2][:-8].rstrip(b"_"))


def _digits_colon(token: bytes) -> bool:
    """Base64 of `<digits>:<20 random bytes>` (Jira, Confluence and Bitbucket Data Center)."""
    number, colon, rest = unbase64(token.removeprefix(b"BBDC-")).partition(b":")
    return bool(colon) and number.isdigit() and len(rest) == 20


def _sign_digits_colon(token: bytes) -> bytes:
    prefix = b"BBDC-" if token.startswith(b"BBDC-") else b""
    size = len(token) - len(prefix)
    raw = b"%012d:" % (crc32(token) * 97 % 10**12) + sha256(token).digest()[:20]
    return prefix + base64.b64encode(raw)[:size]


_PYPI = tuple(map(bytes.fromhex, ("707970692e6f7267", "746573742e707970692e6f7267")))
"""The host names of the index and of its test twin, as they stand inside its tokens."""


def _pypi_macaroon(token: bytes) -> bool:
    """A macaroon of version 2: 02, location packet (01, length, host), then the identifier (02).
    docs of the macaroon format v2; the location is the index's host name."""
    text = token.removeprefix(b"pypi-")
    raw = unbase64(text[: len(text) // 4 * 4])
    end = 3 + raw[2]
    return raw[:2] == b"\x02\x01" and raw[3:end] in _PYPI and raw[end] == 2


def _sign_pypi(token: bytes) -> bytes:
    for host in _PYPI:
        start = b"pypi-" + base64.b64encode(b"\x02\x01" + bytes([len(host)]) + host)[:-1]
        if token.startswith(start[:-1]):
            raw = b"\x02\x01" + bytes([len(host)]) + host + b"\x02\x24" + sha256(token).digest() * 9
            return (b"pypi-" + base64.urlsafe_b64encode(raw))[: len(token)]
    return token


def _jwt(token: bytes) -> bool:
    """RFC 7519: a JSON header that names an algorithm, and a JSON object."""
    parts = token.split(b".")
    import json  # slow to import, as below

    header = json.loads(unbase64(parts[0]))
    if not isinstance(header, dict) or not ("alg" in header or "enc" in header):
        return False
    return len(parts) == 5 or isinstance(json.loads(unbase64(parts[1])), dict)


def _sign_jwt(token: bytes) -> bytes:
    header, payload = b'{"alg":"HS256","typ":"JWT"}', b'{"iss":"keymuster","sub":"sample"}'
    signature = base64.urlsafe_b64encode(sha256(token).digest()).rstrip(b"=")
    return (
        b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
        + b"."
        + signature
    )


def _discord(token: bytes) -> bool:
    """The first part is base64 of the bot's numeric id."""
    return unbase64(token.partition(b".")[0]).isdigit()


def _sign_discord(token: bytes) -> bytes:
    first, _, rest = token.partition(b".")
    digits = b"%027d" % int.from_bytes(sha256(token).digest()[:10], "big")
    number = b"3" + digits[-(len(first) * 3 // 4) + 1 :]
    return base64.b64encode(number).rstrip(b"=")[: len(first)].ljust(len(first), b"A") + b"." + rest


_BASE66 = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~"


def _azure_ad_tail(token: bytes) -> bytes:
    """The first three of six base-66 digits of Marvin32 of all before, seed `AadPwd00`.
    Microsoft security-utilities, IdentifiableMetadata."""
    return _in_base(marvin32(token[:-3], b"AadPwd00"), _BASE66, 6)[:3]


_AZURE_SEEDS: dict[bytes, tuple[bytes, ...]] = {
    b"+ASt": (b"Default0",),
    b"ACDb": (
        b"MastRO00",
        b"MastRW00",
        b"SystRO00",
        b"SystRW00",
        b"SysAll00",
        b"Resour00",
        b"Encryp00",
    ),
    b"+ABa": (bytes.fromhex("4162416363743030"),),
    b"AzFu": (b"Functi00", b"System00", b"Master00"),
    b"AzCa": (bytes.fromhex("4163636573733030"),),
    b"AzSe": (b"Query000", b"PAdmin00"),
    b"+ASb": (b"Send0000", b"Manage00", b"Listen00", b"System00"),
    b"+AEh": (b"Send0000", b"Manage00", b"Listen00", b"System00"),
    b"+ARm": (b"Send0000", b"Manage00", b"Listen00"),
    b"+ACR": (bytes.fromhex("41435244666c7430"),),
    b"AIoT": (b"IoTHub00", b"DpsKey00", b"Device00"),
    b"APIM": (b"Tenant00", b"IoTHub00", b"Gatewy00", b"GitKey00"),
    b"+AMC": (b"Classi00",),
    b"AZEG": (b"Default0",),
}
"""Signature of an identifiable Azure key -> the seeds its service may have used.
Microsoft security-utilities, IdentifiableMetadata."""


def _azure_seeds(token: bytes) -> tuple[bytes, ...]:
    """The seeds for the signature that stands before the checksum."""
    for signature, seeds in _AZURE_SEEDS.items():
        if signature in token[-12:-4]:
            return seeds
    raise ValueError("no signature")


def _azure_identifiable(token: bytes) -> bool:
    """The last four of the decoded bytes are Marvin32 of the others, little-endian."""
    raw = unbase64(token)
    return any(
        marvin32(raw[:-4], seed).to_bytes(4, "little") == raw[-4:] for seed in _azure_seeds(token)
    )


def _sign_azure(token: bytes) -> bytes:
    raw = unbase64(token)
    raw = raw[:-4] + marvin32(raw[:-4], _azure_seeds(token)[0]).to_bytes(4, "little")
    is_url = any(mark in token for mark in (b"-", b"_", b"AzFu"))
    return base64.urlsafe_b64encode(raw) if is_url else base64.b64encode(raw)


def _cask(token: bytes) -> bool:
    """Common annotated security key: the tail is the start of the base-62 (or base-64) form of
    Marvin32 of the first 60 bytes. Microsoft security-utilities."""
    tail = token[80:].rstrip(b"=")
    return token[52:56] == b"JQQJ" and any(form.startswith(tail) for form in _cask_tails(token))


def _cask_tails(token: bytes) -> tuple[bytes, bytes]:
    mark = marvin32(base64.b64decode(token[:80]), b"Default0").to_bytes(4, "little")
    return (
        _in_base(int.from_bytes(mark, "big"), _DIGITS62, 1).ljust(6, b"0"),
        base64.b64encode(mark),
    )


def _sign_cask(token: bytes) -> bytes:
    return token[:80] + _cask_tails(token)[0][: len(token.rstrip(b"=")) - 80].ljust(
        len(token) - 80, b"="
    )


_ADO_MAGICS = (0xE0B9692D, 0x1019F92E)


def _azure_devops(token: bytes) -> bool:
    """Base32 of 32 bytes; CRC-32 of all but bytes 2, 7, 8 and 22, xor a constant, is stored in
    those four. Microsoft security-utilities, SEC101/102."""
    raw = base64.b32decode(token.upper() + b"=" * (-len(token) % 8))
    stored = raw[22] | raw[8] << 8 | raw[7] << 16 | raw[2] << 24
    return stored in [_ado_crc(raw) ^ magic for magic in _ADO_MAGICS]


def _ado_crc(raw: bytes) -> int:
    return crc32(raw[:2] + raw[3:7] + raw[9:22] + raw[23:])


def _sign_azure_devops(token: bytes) -> bytes:
    raw = bytearray(sha256(token).digest())
    mark = _ado_crc(bytes(raw)) ^ _ADO_MAGICS[0]
    for shift, position in enumerate((22, 8, 7, 2)):
        raw[position] = mark >> (8 * shift) & 0xFF
    return base64.b32encode(bytes(raw)).rstrip(b"=").lower()


def _base32_crc16(version: bytes) -> Checksum:
    """Base32 of version, seed and CRC-16/XMODEM of both, little-endian.
    docs.nats.io (NKEYS) and Stellar SEP-0023."""

    def tail(raw: bytes) -> bytes:
        return binascii.crc_hqx(raw, 0).to_bytes(2, "little")

    def decoded(token: bytes) -> bytes:
        return base64.b32decode(token + b"=" * (-len(token) % 8))

    def sign(token: bytes) -> bytes:
        raw = (version or decoded(token)[:2]) + sha256(token).digest()
        return base64.b32encode(raw + tail(raw)).rstrip(b"=")

    return Checksum(
        holds=lambda token: (
            decoded(token).startswith(version) and tail(decoded(token)[:-2]) == decoded(token)[-2:]
        ),
        sign=sign,
    )


_BECH32 = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _bech32_mark(values: list[int]) -> int:
    """BIP-173: the remainder of the BCH code."""
    mark = 1
    for value in values:
        top = mark >> 25
        mark = (mark & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            mark ^= generator if top >> bit & 1 else 0
    return mark


def _bech32_values(token: bytes) -> tuple[list[int], list[int]]:
    human, _, data = token.lower().rpartition(b"1")
    spread = [char >> 5 for char in human] + [0] + [char & 31 for char in human]
    return spread, [_BECH32.index(char) for char in data]


def _bech32(token: bytes) -> bool:
    spread, data = _bech32_values(token)
    return _bech32_mark(spread + data) == 1


def _sign_bech32(token: bytes) -> bytes:
    spread, data = _bech32_values(token)
    data[-7] &= 0b11000  # the padding bits of 32 bytes are zero
    mark = _bech32_mark([*spread, *data[:-6], 0, 0, 0, 0, 0, 0]) ^ 1
    tail = bytes(_BECH32[mark >> 5 * (5 - place) & 31] for place in range(6))
    human = token[: token.rindex(b"1") + 1]
    body = bytes(_BECH32[value] for value in data[:-6])
    return human + (body + tail).upper() if human.isupper() else human + body + tail


_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _base58(token: bytes) -> bytes:
    number = 0
    for char in token:
        number = number * 58 + _BASE58.index(char)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base58check(token: bytes) -> bool:
    """The last four bytes are the start of a double SHA-256 of the others (Bitcoin)."""
    raw = _base58(token)
    return sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _sign_base58check(token: bytes) -> bytes:
    raw = _base58(token)[:-4]
    raw += sha256(sha256(raw).digest()).digest()[:4]
    return _in_base(int.from_bytes(raw, "big"), _BASE58, len(token))


def _jfrog_reference(token: bytes) -> bool:
    """Base64 of `reftkn:<type>:<expiry, 10 digits>:<random>`."""
    return re.fullmatch(rb"reftkn:\d+:\d{10}:[\w-]+", unbase64(token)) is not None


def _sign_jfrog_reference(token: bytes) -> bytes:
    raw = b"reftkn:01:0000000000:" + sha256(token).hexdigest().encode()
    return base64.b64encode(raw[: len(token) * 3 // 4])


def _json_part(pick: Callable[[bytes], bytes], keys: set[str]) -> Callable[[bytes], bool]:
    def check(token: bytes) -> bool:
        import json

        said = json.loads(unbase64(pick(token)))
        return isinstance(said, dict) and keys <= set(said)

    return check


def _sign_sentry_org(token: bytes) -> bytes:
    said = b'{"iat":1700000000.0,"url":"https://sentry.example","region_url":"https://r.example","org":"sample"}'
    return (
        b"sntrys_"
        + base64.b64encode(said).rstrip(b"=")
        + b"_"
        + base64.b64encode(sha256(token).digest()).rstrip(b"=")
    )


def _sign_json(prefix: bytes, keys: str) -> Callable[[bytes], bytes]:
    def sign(token: bytes) -> bytes:
        said = {key: sha256(token + key.encode()).hexdigest()[:24] for key in keys.split()}
        import json

        return prefix + base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).rstrip(
            b"="
        )

    return sign


_LOGIN = regex.later(rb"[^\x00-\x20\":\[\]{}\x7f]+:[^\x00-\x1f\x7f]+")


def _user_password(token: bytes) -> bool:
    """Base64 of `user:password` (RFC 7617), as in Docker's config.json and npm's `_auth`."""
    said = unbase64(token)
    return _LOGIN.fullmatch(said) is not None and bool(said.decode("utf-8"))


def _sign_user_password(token: bytes) -> bytes:
    raw = b"robot:" + sha256(token).hexdigest().encode()
    return base64.b64encode(raw)[: len(token) // 4 * 4]


def _id_and_key(token: bytes) -> bool:
    """Base64 of `<id>:<key>` (Elastic); an id and a key of Elasticsearch have 20 and 22
    characters, those of Elastic Cloud any number."""
    return re.fullmatch(rb"[\w-]{16,64}:[\w-]{16,128}", _elastic_text(token)) is not None


def _elastic_text(token: bytes) -> bytes:
    return unbase64(token.removeprefix(b"essu_"))


def _sign_id_and_key(token: bytes) -> bytes:
    prefix = b"essu_" if token.startswith(b"essu_") else b""
    body = sha256(token).hexdigest().encode()
    raw = body[:20] + b":" + body[20:42]
    signed = base64.b64encode(raw)
    return prefix + signed


def _begins(prefix: bytes, start: bytes) -> Checksum:
    """A token whose base64, behind a prefix, is that of a text with a known start; the rest is not
    looked at, as a token may be cut or wrapped."""

    def check(token: bytes) -> bool:
        text = token.removeprefix(prefix)
        return unbase64(text[: len(text) // 4 * 4]).startswith(start)

    def sign(token: bytes) -> bytes:
        raw = start + sha256(token).hexdigest().encode() * (len(token) // 64 + 1)
        return (prefix + base64.b64encode(raw))[: len(token)]

    return Checksum(check, sign)


def _ulid_key(token: bytes) -> bool:
    """Base64 of `key_<ULID>,<secret>` (WorkOS)."""
    said = unbase64(token.split(b"_", 2)[2])
    return re.match(rb"key_[0-7][0-9A-HJKMNP-TV-Z]{25},[!-~]{8,}\Z", said) is not None


def _sign_ulid_key(token: bytes) -> bytes:
    prefix, body = token[:8], sha256(token).hexdigest().upper().encode()
    raw = b"key_01" + body[:24] + b"," + body[24:48].lower() + body[:4]
    return prefix + base64.b64encode(raw[: len(token[8:]) // 4 * 3])


def _dropbox_long_lived(token: bytes) -> bool:
    """Ten `A` behind eleven characters: six bytes of zero between two parts that are random."""
    raw = unbase64(token)
    return raw[9:15] == bytes(6) and len(set(raw[:8])) > 4 and len(set(raw[16:])) > 16


def _bip39(token: bytes) -> bool:
    """The bits behind the entropy are the start of its SHA-256 (BIP-39)."""
    from keymuster.detect.bip39 import WORDS

    places = [WORDS.index(word) for word in token.decode("ascii").lower().split()]
    bits = "".join(f"{place:011b}" for place in places)
    size = len(bits) * 32 // 33
    if len(places) not in (12, 15, 18, 21, 24):
        return False
    entropy = int(bits[:size], 2).to_bytes(size // 8, "big")
    return f"{sha256(entropy).digest()[0]:08b}".startswith(bits[size:])


def _sign_bip39(token: bytes) -> bytes:
    from keymuster.detect.bip39 import WORDS

    entropy = sha256(token).digest()[:16]
    bits = f"{int.from_bytes(entropy, 'big'):0128b}{sha256(entropy).digest()[0] >> 4:04b}"
    return " ".join(WORDS[int(bits[at : at + 11], 2)] for at in range(0, 132, 11)).encode()


def _clamped(token: bytes) -> bool:
    """A Curve25519 secret, clamped as RFC 7748 (and `wg genkey`) does it."""
    raw = unbase64(token)
    return len(raw) == 32 and raw[0] & 7 == 0 and raw[31] >> 6 == 1


def _sign_clamped(token: bytes) -> bytes:
    raw = bytearray(sha256(token).digest())
    raw[0] &= 248
    raw[31] = raw[31] & 127 | 64
    return base64.b64encode(bytes(raw))


CHECKSUMS: dict[str, Checksum] = {
    "crc32-base62": _tail(6, _crc32_base62),
    "gitlab-routable": _tail(9, _gitlab_routable_tail),
    "grafana-crc32": _tail(8, _grafana_crc32, any_case=True),
    "crc32-hex-tail": _tail(8, _crc32_hex_tail, any_case=True),
    "crc32-hex-body": _tail(8, _crc32_hex_body, any_case=True),
    "digits-colon-base64": Checksum(_digits_colon, _sign_digits_colon),
    "pypi-macaroon": Checksum(_pypi_macaroon, _sign_pypi),
    "jwt": Checksum(_jwt, _sign_jwt),
    "discord-snowflake": Checksum(_discord, _sign_discord),
    "azure-ad": _tail(3, _azure_ad_tail),
    "azure-identifiable": Checksum(_azure_identifiable, _sign_azure),
    "azure-cask": Checksum(_cask, _sign_cask),
    "azure-devops-pat": Checksum(_azure_devops, _sign_azure_devops),
    "nkey": _base32_crc16(b""),
    "stellar-seed": _base32_crc16(b"\x90"),
    "bech32": Checksum(_bech32, _sign_bech32),
    "base58check": Checksum(_base58check, _sign_base58check),
    "jfrog-reference": Checksum(_jfrog_reference, _sign_jfrog_reference),
    "sentry-org": Checksum(
        _json_part(lambda token: token.split(b"_")[1], {"iat", "org"}), _sign_sentry_org
    ),
    "grafana-cloud": Checksum(
        _json_part(lambda token: token[4:], {"o", "n", "k", "m"}), _sign_json(b"glc_", "o n k m")
    ),
    "user-password": Checksum(_user_password, _sign_user_password),
    "elastic-id-and-key": Checksum(_id_and_key, _sign_id_and_key),
    "aws-bedrock": _begins(b"ABSK", b"BedrockAPIKey-"),
    "aws-bedrock-session": _begins(b"bedrock-api-key-", b"bedrock.amazonaws.com"),
    "intercom": _begins(b"", b"tok:"),
    "workos": Checksum(_ulid_key, _sign_ulid_key),
    "dropbox-long-lived": Checksum(_dropbox_long_lived, lambda token: token),
    "bip39": Checksum(_bip39, _sign_bip39),
    "clamped": Checksum(_clamped, _sign_clamped),
    "grafana-legacy": Checksum(
        _json_part(lambda token: token, {"k", "n", "id"}), _sign_json(b"", "k n id")
    ),
}
"""Name in rule files -> the check."""
