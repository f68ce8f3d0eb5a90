"""A key is the same by either half."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.detect import decode, ssh_keys

serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")

PEM = serialization.Encoding.PEM
OPENSSH = serialization.PrivateFormat.OpenSSH
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8
OPEN = serialization.NoEncryption()


def line(key: object) -> str:
    public = key.public_key()  # type: ignore[attr-defined]
    written: bytes = public.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return written.decode()


def told(text: bytes) -> str:
    return decode.facts("ssh-public-half", text).get("ssh_fingerprint", "")


def test_the_published_form_of_a_fingerprint() -> None:
    """The key of GitHub.com itself, and its fingerprint, as GitHub publishes them."""
    published = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    assert ssh_keys.fingerprint(f"ssh-ed25519 {published} github.com") == (
        "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
    )


@pytest.mark.parametrize("text", ["", "none", "ssh-ed25519 AAAA!", "ssh-rsa"])
def test_what_is_no_key_has_none(text: str) -> None:
    assert ssh_keys.fingerprint(text) == ""


@pytest.mark.parametrize("form", [OPENSSH, PKCS1, PKCS8])
def test_a_private_key_is_known_by_its_public_half(form: object) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(PEM, form, OPEN)
    assert told(text) == ssh_keys.fingerprint(line(key)) != ""
    assert told(json.dumps(text.decode()).encode()) == told(text)


@pytest.mark.parametrize("form", [OPENSSH, PKCS1, PKCS8])
@pytest.mark.parametrize("curve", ["SECP256R1", "SECP384R1", "SECP521R1"])
def test_so_is_one_on_a_curve(form: object, curve: str) -> None:
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    key = ec.generate_private_key(getattr(ec, curve)())
    text = key.private_bytes(PEM, form, OPEN)
    assert told(text) == ssh_keys.fingerprint(line(key)) != ""
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert ssh_keys.of_certificate(spki) == told(text)


def test_a_curve_without_a_name_in_ssh_has_none() -> None:
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    key = ec.generate_private_key(ec.SECP256K1())
    assert told(key.private_bytes(PEM, PKCS8, OPEN)) == ""


def test_one_with_a_passphrase_is_known_too(tmp_path: Path) -> None:
    program = shutil.which("ssh-keygen")
    if program is None:
        pytest.skip("ssh-keygen is not here")
    file = tmp_path / "key"
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "made-up", "-f", file], check=True)
    public = file.with_suffix(".pub").read_text()
    assert told(file.read_bytes()) == ssh_keys.fingerprint(public) != ""


def test_other_keys_tell_nothing() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    assert told(key.private_bytes(PEM, PKCS8, OPEN)) == ""


@given(st.binary(max_size=200))
def test_whatever_stands_there_is_read_or_left(body: bytes) -> None:
    decode.facts("ssh-public-half", b"KEY-----" + body + b"-----END")
