"""Signing in to an organisation of Okta: with a token of its API, or as a service app with a key."""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

from msgspec import Struct

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest, session
from keymuster.collect.okta.calls import CALLS
from keymuster.errors import CollectError, SettingsError

if TYPE_CHECKING:
    from requests import PreparedRequest

_ON_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_SIGN_IN = 401
_SECONDS_LEFT = 60.0
"""A token that ends so soon is made anew."""


class Asked(Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    org_url: str = ""
    user_grants: bool = False
    last_used: bool = False

    @property
    def wants(self) -> frozenset[str]:
        """The options that cost more calls than most would have made."""
        return frozenset(name for name in ("user_grants", "last_used") if getattr(self, name))


def address(asked: Asked) -> str:
    """Where the organisation is; SettingsError if nobody says, or what is said cannot be it."""
    url = asked.org_url or os.environ.get("OKTA_ORG_URL", "")
    if not url:
        raise SettingsError(
            "--service okta: no organisation is named",
            "Name it with --org-url https://acme.okta.com, or set OKTA_ORG_URL.",
        )
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _ON_THIS_MACHINE):
        raise SettingsError(
            f"--org-url {url}: not the address of an organisation", "Example: https://acme.okta.com"
        )
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class Access:
    """Somebody who is signed in. `account` is the name by which the organisation is known in all the world."""

    ended: Refused | None = None

    def __init__(self, url: str, signer: Token | Key, wants: frozenset[str], stop: Event) -> None:
        self.url = url
        self.wants = wants
        self.stop = stop
        self.method = signer.method
        self.is_static = signer.is_static
        self.login = ""
        self._rest = Rest(url, session(signer.sign), stop=stop)

    @property
    def account(self) -> str:
        return urlsplit(self.url).netloc

    def rest(self, base: str) -> Rest:
        return self._rest

    def check(self) -> None:
        """CollectError if nobody lets us in at all. Not everybody may read of themselves."""
        try:
            found = self._rest.ask(Asking(url="api/v1/users/me")).body
        except NoAnswer as error:
            if error.status in (0, _SIGN_IN):
                raise CollectError(
                    f"sign-in: {self.account} does not let anybody in with this {self.method} ({error.code})",
                    "Set OKTA_API_TOKEN, or OKTA_API_CLIENT_ID and OKTA_API_PRIVATE_KEY, for this organisation.",
                ) from None
            return
        profile = found.get("profile") if isinstance(found, dict) else None
        login = profile.get("login") if isinstance(profile, dict) else None
        self.login = login if isinstance(login, str) else ""


class Token:
    """A token of the API: it has the rights of whoever made it."""

    method: ClassVar[str] = "SSWS"
    is_static: ClassVar[bool] = True

    def __init__(self, text: str) -> None:
        self._text = text

    def sign(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"SSWS {self._text}"
        return request


class Key:
    """A service app that signs with its own key for a token of an hour. It asks for no more scopes than
    the calls need."""

    method: ClassVar[str] = "private_key_jwt"
    is_static: ClassVar[bool] = False

    def __init__(self, url: str, client: str, pem: str, id: str, scopes: tuple[str, ...]) -> None:
        self._address = f"{url}/oauth2/v1/token"
        self._client = client
        self._pem = pem
        self._id = id
        self._scopes = scopes
        self._lock = Lock()
        self._token = ""
        self._ends = float("-inf")

    def sign(self, request: PreparedRequest) -> PreparedRequest:
        self.renew()
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def renew(self) -> None:
        """Have a token that does not end soon."""
        with self._lock:
            if time.monotonic() > self._ends - _SECONDS_LEFT:
                self._token, self._ends = self._made()

    def _made(self) -> tuple[str, float]:
        import requests

        answer = requests.post(
            self._address, timeout=30, allow_redirects=False,
            data={
                "grant_type": "client_credentials", "scope": " ".join(self._scopes),
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self._assertion(),
            },
        )  # fmt: skip
        found = _json(answer)
        token, seconds = found.get("access_token"), found.get("expires_in")
        if answer.status_code != requests.codes.ok or not isinstance(token, str):
            raise NoAnswer(_SIGN_IN, str(found.get("error") or answer.status_code))
        return token, time.monotonic() + (seconds if isinstance(seconds, int) else 0)

    def _assertion(self) -> bytes:
        from google.auth import crypt, jwt

        now = int(time.time())
        of_text: Any = crypt.RSASigner.from_string  # without types
        encode: Any = jwt.encode
        claims = {
            "iss": self._client, "sub": self._client, "aud": self._address, "iat": now,
            "exp": now + 300, "jti": str(uuid4()),
        }  # fmt: skip
        signed: bytes = encode(of_text(self._pem, self._id or None), claims)
        return signed


def _json(answer: Any) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def signed_in(asked: Asked, scopes: tuple[str, ...], stop: Event) -> Access:
    """Whoever the environment says; CollectError if nobody lets them in."""
    url = address(asked)
    signer = _signer(url, scopes)
    if isinstance(signer, Key):
        _try(signer)
    access = Access(url, signer, asked.wants, stop)
    access.check()
    return access


def _try(key: Key) -> None:
    """Get a first token, to say what is wrong if there is none."""
    from requests import RequestException

    try:
        key.renew()
    except NoAnswer as error:
        why = error.code
    except RequestException as error:
        why = type(error).__name__
    except ValueError:
        why = "the key cannot be read"
    else:
        return
    raise CollectError(
        f"sign-in: Okta gives the service app no token ({why})",
        "Grant the app the scopes that `keymuster services permissions okta` prints, and see that "
        "OKTA_API_PRIVATE_KEY is half of a pair that it has.",
    )


def _signer(url: str, scopes: tuple[str, ...]) -> Token | Key:
    client = os.environ.get("OKTA_API_CLIENT_ID", "")
    key = os.environ.get("OKTA_API_PRIVATE_KEY", "")
    if client and key:
        return Key(url, client, _pem(key), os.environ.get("OKTA_API_PRIVATE_KEY_ID", ""), scopes)
    if token := os.environ.get("OKTA_API_TOKEN", ""):
        return Token(token)
    raise CollectError(
        "sign-in: there are no credentials of Okta in the environment",
        "Set OKTA_API_CLIENT_ID and OKTA_API_PRIVATE_KEY (the key, or its file) of a service app, or "
        "OKTA_API_TOKEN.",
    )


def _pem(text: str) -> str:
    """A private key, or the file that it stands in."""
    if "-----BEGIN" in text:
        return text.replace("\\n", "\n")
    try:
        return Path(text).read_text(encoding="ascii")
    except (OSError, ValueError):
        raise CollectError(
            "sign-in: OKTA_API_PRIVATE_KEY is neither a private key nor a file that has one",
            "Set it to the PEM text of the key, or to the path of its file.",
        ) from None


SIGN_IN = ("okta.users.read",)
"""Scopes that are needed whatever is looked at."""


def scopes(calls: tuple[str, ...]) -> tuple[str, ...]:
    """The least that these calls need."""
    return tuple(sorted({*SIGN_IN, *(CALLS[call] for call in calls)}))
