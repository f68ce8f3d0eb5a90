"""What a public certificate says of itself."""

from __future__ import annotations

import random
from base64 import b64encode

import pytest

from directory_objects import told
from keymuster.collect.meanings.entra.certificates import facts
from keymuster.detect import ssh_keys

SHA256, SHA1, MD5 = (
    "2a864886f70d01010b",
    "2a864886f70d010105",
    "2a864886f70d010104",
)


def der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def sequence(*content: bytes) -> bytes:
    return der(0x30, b"".join(content))


def certificate(
    issuer: str = "acme", subject: str = "acme", bits: int = 2048, signature: str = SHA256, *, version: bool = True
) -> bytes:  # fmt: skip
    algorithm = sequence(der(6, bytes.fromhex(signature)), b"\x05\x00")
    modulus = (1 << (bits - 1) | 1).to_bytes(bits // 8 + 1, "big")
    numbers = sequence(der(2, modulus), der(2, b"\x01\x00\x01"))
    key = sequence(
        sequence(der(6, bytes.fromhex("2a864886f70d010101")), b"\x05\x00"), der(3, b"\0" + numbers)
    )
    body = sequence(
        der(0xA0, der(2, b"\x02")) if version else b"", der(2, b"\x01"), algorithm, _name(issuer),
        sequence(der(0x17, b"250101000000Z"), der(0x17, b"260101000000Z")), _name(subject), key,
    )  # fmt: skip
    return sequence(body, algorithm, der(3, b"\0" * 9))


def _name(text: str) -> bytes:
    return sequence(der(0x31, sequence(der(6, bytes.fromhex("550403")), der(0x0C, text.encode()))))


def said(data: bytes) -> dict[str, str]:
    one = told("azuread_application_certificate", "x", certificate=b64encode(data).decode())
    return facts(one.get("certificate"))


@pytest.mark.parametrize("bits", [1024, 2048, 4096])
def test_how_long_its_key_is(bits: int) -> None:
    assert said(certificate(bits=bits))["key_bits"] == str(bits)


def test_who_signed_it() -> None:
    assert said(certificate())["self_signed"] == "yes"
    assert said(certificate(issuer="authority"))["self_signed"] == "no"


def test_by_which_hash_if_it_is_broken() -> None:
    assert "weak_hash" not in said(certificate())
    assert said(certificate(signature=SHA1))["weak_hash"] == "sha1"
    assert said(certificate(signature=MD5))["weak_hash"] == "md5"


def test_one_of_the_first_version_has_no_version() -> None:
    names = ("x509_fingerprint",)
    plain = [
        {key: value for key, value in said(one).items() if key not in names}
        for one in (certificate(version=False), certificate())
    ]
    assert plain[0] == plain[1]


def test_a_real_one_says_what_openssl_says_of_it() -> None:
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acme")])
    from datetime import UTC, datetime

    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2026, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    assert said(made.public_bytes(serialization.Encoding.DER)) == {
        "self_signed": "yes",
        "x509_fingerprint": made.fingerprint(hashes.SHA256()).hex(),
        "public_key": ssh_keys.fingerprint(public.decode()),
    }


def test_its_key_is_called_as_its_private_half_is() -> None:
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert ssh_keys.of_certificate(public) == ssh_keys.public_half(private)


def test_what_is_no_certificate_says_nothing() -> None:
    whole = certificate()
    for end in range(0, len(whole), 7):
        assert said(whole[:end]) == {}
    assert facts(None) == {}
    assert facts(told("x", "x", certificate="no base64").get("certificate")) == {}
    assert facts(told("x", "x", certificate="A" * 50_000).get("certificate")) == {}


def test_damaged_ones_say_something_or_nothing() -> None:
    chance = random.Random(7)
    for _ in range(300):
        data = bytearray(certificate(bits=1024))
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        assert set(said(bytes(data))) <= {
            "self_signed",
            "key_bits",
            "weak_hash",
            "x509_fingerprint",
            "public_key",
        }
