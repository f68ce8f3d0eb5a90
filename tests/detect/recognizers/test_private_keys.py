"""Private keys as tools write them, and as programs wrap them."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from detect.conftest import Find
from keymuster.detect import examples
from keymuster.detect.matches import Match
from keymuster.model import Confidence, CredentialStatus

DASHES = "-" * 5
BODY = examples.from_shape("{base64:64}", "one"), examples.from_shape("{base64:64}", "two")


def pem(label: str = "RSA PRIVATE KEY", *lines: str, end: bool = True) -> str:
    body = lines or ("MIIE" + BODY[0][4:], *BODY)
    footer = [f"{DASHES}END {label}{DASHES}"] if end else []
    return "\n".join([f"{DASHES}BEGIN {label}{DASHES}", *body, *footer])


def only(matches: list[Match]) -> Match:
    assert len(matches) == 1, [match.format.id for match in matches]
    return matches[0]


@pytest.mark.parametrize(
    "label",
    [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "ANY PRIVATE KEY",
        "DH PRIVATE KEY",
    ],
)
def test_every_kind_of_pem_is_found_from_begin_to_end(find: Find, label: str) -> None:
    key = pem(label)
    match = only(find(f"a\n{key}\nb"))
    assert match.format.id == "private-key-pem"
    assert match.secret.reveal() == key.encode()


@pytest.mark.parametrize(
    "label",
    ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL", "DH PARAMETERS",
     "EC PARAMETERS", "PGP PUBLIC KEY BLOCK", "PGP MESSAGE", "PGP SIGNATURE"],
)  # fmt: skip
def test_what_is_not_private_is_silent(find: Find, label: str) -> None:
    assert not find(pem(label))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda key: key.replace("\n", "\r\n"),
        lambda key: '{"private_key": "' + key.replace("\n", "\\n") + '\\n"}',
        lambda key: '"' + key.replace("\n", "\\\\n") + '"',
        lambda key: "key: |\n" + "".join(f"    {line}\n" for line in key.split("\n")),
        lambda key: "\n".join(f'"{line}\\n" +' for line in key.split("\n")),
        lambda key: "\n".join(f"    '{line}'," for line in key.split("\n")),
        lambda key: "\n".join(f"# {line}" for line in key.split("\n")),
        lambda key: "\n".join(f"> {line}" for line in key.split("\n")),
        lambda key: "\n".join(f" * {line}" for line in key.split("\n")),
        lambda key: "KEY='" + key.replace("\n", " ") + "'",
        lambda key: "<key>" + key.replace("\n", "&#10;") + "</key>",
        lambda key: 'echo -e "' + key.replace("\n", "\\n\\\n") + '"',
    ],
    ids=["crlf", "json", "twice-escaped", "yaml-block", "concatenated", "list", "comment", "quoted-mail",
         "doc-comment", "one-line", "xml", "shell"],
)  # fmt: skip
def test_a_key_is_found_in_any_wrapping(find: Find, wrap: Callable[[str], str]) -> None:
    content = wrap(pem())
    match = only(find(content))
    assert match.format.id == "private-key-pem"
    assert match.confidence is Confidence.HIGH
    assert match.secret.reveal().startswith(f"{DASHES}BEGIN RSA".encode())
    assert match.secret.reveal().endswith(f"KEY{DASHES}".encode())


def test_a_key_without_its_end_is_still_a_key(find: Find) -> None:
    match = only(find(pem(end=False) + "\n\n# the rest was cut\n"))
    assert match.secret.reveal().decode().endswith(BODY[1])


def test_two_keys_in_a_row_are_two(find: Find) -> None:
    first, second = pem(), pem("EC PRIVATE KEY", "MHcC" + BODY[1][4:], BODY[0])
    matches = find(f"{first}\n{second}\n")
    assert [match.secret.reveal().decode() for match in matches] == [first, second]


def test_a_cut_key_before_a_whole_one_does_not_swallow_it(find: Find) -> None:
    matches = find(pem(end=False) + "\n" + pem("EC PRIVATE KEY"))
    assert len(matches) == 2


def test_a_key_and_its_certificate_are_one_finding(find: Find) -> None:
    assert len(find(pem("CERTIFICATE") + "\n" + pem() + "\n" + pem("CERTIFICATE"))) == 1


def test_the_header_of_an_encrypted_pem_says_so(find: Find) -> None:
    key = pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00", "", *BODY)
    assert only(find(key)).status is CredentialStatus.ENCRYPTED


@pytest.mark.parametrize(
    "lines",
    [
        ("...",),
        ("your key here",),
        ("MIIE...", "..."),
        ("A" * 64, "A" * 64),
        ("MIIE" + "x" * 60,),
        ("<base64 of your key>",),
        ("${PRIVATE_KEY}",),
        ("{{ .Values.privateKey }}",),
        ("[REDACTED]",),
        ("abcd" * 16,),
    ],
)
def test_a_body_that_holds_no_key_is_silent(find: Find, lines: tuple[str, ...]) -> None:
    assert not find(pem("RSA PRIVATE KEY", *lines))


@pytest.mark.parametrize(
    "text",
    [
        f'if text.startswith("{DASHES}BEGIN PRIVATE KEY{DASHES}"): return 1',
        f"grep -r '{DASHES}BEGIN RSA PRIVATE KEY{DASHES}' .",
        f'const A = "{DASHES}BEGIN PRIVATE KEY{DASHES}", B = "{DASHES}END PRIVATE KEY{DASHES}";',
        f"{DASHES}BEGIN PRIVATE KEY{DASHES}",
    ],
)
def test_words_about_keys_are_silent(find: Find, text: str) -> None:
    assert not find(text)


def test_the_preview_of_a_key_is_its_label(find: Find) -> None:
    assert only(find(pem())).secret.preview == f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}****"


PUTTY = (
    "PuTTY-User-Key-File-{version}: ssh-ed25519\nEncryption: {cipher}\nComment: ci\nPublic-Lines: 2\n"
    "{a}\n{b}\n{kdf}Private-Lines: 1\n{b}\nPrivate-MAC: {mac}\n"
)


@pytest.mark.parametrize(
    ("version", "cipher", "status"),
    [
        (2, "none", CredentialStatus.UNKNOWN),
        (3, "none", CredentialStatus.UNKNOWN),
        (2, "aes256-cbc", CredentialStatus.ENCRYPTED),
        (3, "aes256-cbc", CredentialStatus.ENCRYPTED),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_putty_key_says_whether_it_is_encrypted(
    find: Find, version: int, cipher: str, status: CredentialStatus, ending: str
) -> None:
    kdf = (
        "Key-Derivation: Argon2id\nArgon2-Memory: 8192\n"
        if cipher != "none" and version == 3
        else ""
    )
    mac = examples.from_shape("{hex:64}" if version == 3 else "{hex:40}", "mac")
    text = PUTTY.format(version=version, cipher=cipher, a=BODY[0], b=BODY[1], kdf=kdf, mac=mac)
    match = only(find(text.replace("\n", ending)))
    assert (match.format.id, match.status) == ("private-key-putty", status)


# Keys made by the tools themselves


def run(*words: str, cwd: Path, **environment: str) -> bytes:
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(
        words, cwd=cwd, env=os.environ | environment, capture_output=True, timeout=60, check=False
    )
    if done.returncode:
        pytest.skip(f"this {words[0]} cannot: {done.stderr.decode(errors='replace')[-120:]}")
    return done.stdout


@pytest.mark.parametrize(
    "kind", [("rsa", "3072"), ("ecdsa", "256"), ("ecdsa", "521"), ("ed25519", "256")]
)
@pytest.mark.parametrize("phrase", ["", "correct horse"])
def test_a_key_of_ssh_keygen(
    find: Find, tmp_path: Path, kind: tuple[str, str], phrase: str
) -> None:
    run("ssh-keygen", "-q", "-t", kind[0], "-b", kind[1], "-N", phrase, "-f", "key", cwd=tmp_path)
    key = (tmp_path / "key").read_bytes()
    match = only(find(key))
    assert match.format.id == "private-key-openssh"
    assert match.secret.reveal() == key.strip()
    assert match.confidence is Confidence.HIGH
    assert match.status is (CredentialStatus.ENCRYPTED if phrase else CredentialStatus.UNKNOWN)
    assert not find((tmp_path / "key.pub").read_bytes())


@pytest.mark.parametrize(
    "words",
    [
        ("genrsa", "2048"),
        ("genrsa", "-traditional", "2048"),
        ("genpkey", "-algorithm", "ed25519"),
        ("genpkey", "-algorithm", "x25519"),
        ("genpkey", "-algorithm", "ed448"),
        ("ecparam", "-name", "prime256v1", "-genkey", "-noout"),
        ("ecparam", "-name", "secp521r1", "-genkey"),
        ("ecparam", "-name", "prime256v1", "-genkey", "-param_enc", "explicit"),
    ],
    ids=" ".join,
)
def test_a_key_of_openssl(find: Find, tmp_path: Path, words: tuple[str, ...]) -> None:
    key = run("openssl", *words, cwd=tmp_path)
    match = only(find(key))
    assert match.format.id == "private-key-pem"
    assert match.secret.reveal().endswith(key.rstrip()[-30:])
    assert (match.confidence, match.status) == (Confidence.HIGH, CredentialStatus.UNKNOWN)


@pytest.mark.parametrize("words", [("-traditional",), ()], ids=["traditional", "pkcs8"])
def test_an_encrypted_key_of_openssl(find: Find, tmp_path: Path, words: tuple[str, ...]) -> None:
    key = run(
        "openssl", "genrsa", "-aes128", "-passout", "pass:horse", *words, "2048", cwd=tmp_path
    )
    assert only(find(key)).status is CredentialStatus.ENCRYPTED


def test_a_key_of_unusual_size(find: Find) -> None:
    """As large as one of 16,384 bits, which takes openssl minutes to make."""
    raw = b"".join(part.encode() for part in (BODY * 80))
    der = b"\x30\x82\x24\x00" + examples.from_shape("{base64url:4096}", "big").encode() + raw
    lines = base64.encodebytes(der).decode().split()
    assert only(find(pem("PRIVATE KEY", *lines))).confidence is Confidence.HIGH


@pytest.mark.parametrize("kind", ["rsa2048", "ed25519", "nistp256", "dsa1024"])
@pytest.mark.parametrize("phrase", ["", "correct horse"])
def test_a_key_of_gnupg(find: Find, kind: str, phrase: str) -> None:
    with _gnupg_home() as home:
        batch = (
            "gpg",
            "--batch",
            "--no-tty",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            phrase,
        )
        run(*batch, "--quick-gen-key", "ci@acme.test", kind, cwd=home, GNUPGHOME=str(home))
        key = run(*batch, "--armor", "--export-secret-keys", cwd=home, GNUPGHOME=str(home))
        public = run(*batch, "--armor", "--export", cwd=home, GNUPGHOME=str(home))
    match = only(find(key))
    assert (match.format.id, match.confidence) == ("private-key-pgp", Confidence.HIGH)
    assert match.status is (CredentialStatus.ENCRYPTED if phrase else CredentialStatus.UNKNOWN)
    assert not find(public)


class _gnupg_home:
    """A short path, because the agent's socket does not take a long one."""

    def __enter__(self) -> Path:
        import tempfile

        self._home = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))
        return self._home

    def __exit__(self, *_: object) -> None:
        if shutil.which("gpgconf"):
            subprocess.run(["gpgconf", "--homedir", self._home, "--kill", "all"], check=False)
        shutil.rmtree(self._home, ignore_errors=True)
