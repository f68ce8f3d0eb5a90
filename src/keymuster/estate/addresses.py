"""Addresses of repositories, as git takes them: what may be asked, and what the repository is called after it."""

from __future__ import annotations

import os
import re
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from keymuster.errors import SettingsError

_HERE = ("127.0.0.1", "::1", "localhost")
_SCP = re.compile(r"(?:(?P<user>[\w.+-]+)@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<path>[^\\:].*)")
_PORTS = {"https": 443, "http": 80, "ssh": 22}


class Address(Struct, frozen=True, kw_only=True):
    """`name` is the same whichever way leads there: `git.acme.test/team/api`."""

    url: str
    scheme: str
    host: str
    name: str


def address(text: str) -> Address:
    """SettingsError, which does not repeat it, if a credential is in it or nobody could fetch from it."""
    if "://" not in text:
        return _scp(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsError("is no URL of a repository") from None
    _refuse_credentials(parts)
    if parts.query or parts.fragment:
        raise SettingsError(
            f"is no URL of a repository: {parts.scheme}://{host} ... has a `?` or `#`"
        )
    if parts.scheme == "file":
        if host not in ("", "localhost") or not parts.path.strip("/"):
            raise SettingsError("is no URL of a file: write file:///folder/name.git")
        return Address(url=text, scheme="file", host="", name=_path(parts.path))
    if parts.scheme == "http" and host not in _HERE:
        raise SettingsError(f"http://{host} ... would be read in plain text", "Use https://.")
    if parts.scheme not in _PORTS:
        raise SettingsError(
            f"`{parts.scheme}://` is not fetched from", "There are https, ssh and file."
        )
    path = _path(parts.path).lstrip("/")
    if not host or host.startswith("-") or not path or path.startswith("-"):
        raise SettingsError("is no URL of a repository: it names no host, or nothing on it")
    place = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    return Address(url=text, scheme=parts.scheme, host=place, name=f"{place.lower()}/{path}")


def called(path: str) -> str:
    """What people are told of a place, below which the paths of its findings stand."""
    return path.strip(os.sep).removesuffix(".git").rstrip(os.sep)


def _scp(text: str) -> Address:
    """`git@host:path`, as ssh has it."""
    found = _SCP.fullmatch(text)
    if found is None or found["host"].startswith("-") or found["path"].startswith("-"):
        raise SettingsError(
            "is no URL of a repository",
            "Write https://HOST/PATH, or `path:` for one on this machine.",
        )
    host = found["host"].lower()
    return Address(
        url=text, scheme="ssh", host=host, name=f"{host}/{_path(found['path']).lstrip('/')}"
    )


def _refuse_credentials(parts: SplitResult) -> None:
    named = parts.username is not None and parts.scheme != "ssh"
    if (
        parts.password is not None
        or named
        or (parts.scheme == "ssh" and ":" in (parts.username or ""))
    ):
        raise SettingsError(
            "has a user or a password in the URL",
            "Take it out, and name the credential: `credential: {env: NAME}`. If it was a real one, revoke it.",
        )


def _path(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")
