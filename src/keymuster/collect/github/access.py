"""Signing in to GitHub: with somebody's token, or as a GitHub App with its private key."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from keymuster.collect.asking.addresses import checked
from keymuster.collect.asking.pace import Pace
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest, by_link, session
from keymuster.collect.asking.shared import Once
from keymuster.collect.asking.unchanged import Answers, Given
from keymuster.errors import CollectError
from keymuster.model.secret import Secret

if TYPE_CHECKING:
    from requests import PreparedRequest

PUBLIC = "https://api.github.com"
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
PER_PAGE = 100

LIMITED = "rate_limited"
"""What a refusal is called that says that one asks too often."""

_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE_TOKENS = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
"""Variables of the environment, as GitHub's own command line has them."""

_AT_ONCE, _PER_MINUTE = 450, 800
"""Calls of one token: GitHub shuts out who makes more than 900 in a minute."""

_SAYS_LIFETIME = 9 * 60
"""Seconds that an app says of itself who it is with one signature; GitHub takes ten minutes at most."""

_BEFORE_END = 300
"""Seconds before the end of a token at which the next is fetched."""

APP = "app"
"""Stands for the address where an app is asked about itself, and not as one of its installations."""


class Asked(Struct, frozen=True, kw_only=True):
    """What the user wants to be looked at."""

    api_url: str = PUBLIC
    organizations: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    app_id: str = ""
    private_key: str = ""
    most_repositories: int = 500


class Signed:
    """Signs requests with a token, each in its turn; `text` gives the one that is valid now."""

    def __init__(self, text: Callable[[], Secret], pace: Pace) -> None:
        self._text = text
        self._pace = pace

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._pace.wait()
        request.headers["Authorization"] = (
            f"Bearer {self._text().reveal().decode('ascii', 'replace')}"
        )
        return request


class App(NamedTuple):
    """Whoever asks, if that is an app."""

    slug: str
    rest: Rest


class Access:
    """One organization, for somebody who is signed in. What several surfaces need of it is asked for once."""

    def __init__(
        self, organization: str, host: str, rest: Rest, asked: Asked, app: App | None = None
    ) -> None:
        self.account = organization
        self.host = host
        self._rest = rest
        self.asked = asked
        self.app = app
        self.ended: Refused | None = None
        self.once = Once()

    def rest(self, base: str) -> Rest:
        """For the app itself, or for the organization."""
        return self.app.rest if base == APP and self.app else self._rest


class Door(Struct, frozen=True, kw_only=True):
    """Who is signed in, and the organizations that this opens. `static` is a sign-in with what does not
    change by itself."""

    who: str
    method: str
    static: bool
    organizations: Callable[[], Iterator[Access]]
    expires_at: str = ""
    scopes: tuple[str, ...] = ()


def host_of(api_url: str) -> str:
    """How ids call the place: empty for GitHub.com, else the name of the host, without the `api.` that
    GitHub Enterprise Cloud has."""
    name = (urlsplit(api_url).hostname or "").removeprefix("api.")
    return "" if name == "github.com" else name


def signed_in(asked: Asked, stop: Event, answers: Answers | None = None) -> Door:
    """CollectError if nobody is let in."""
    checked(asked.api_url, "api-url")
    if asked.app_id or asked.private_key:
        return _as_app(asked, stop)
    return _by_token(asked, stop, answers)


def rest_of(
    api_url: str, text: Callable[[], Secret], stop: Event, given: Given | None = None
) -> Rest:
    """The API, for whoever the token is of that `text` gives."""
    pace = Pace(_AT_ONCE, _PER_MINUTE, stop)
    return Rest(api_url, session(Signed(text, pace)), stop=stop, code_of=code_of, given=given)


def code_of(body: Any) -> str:
    """What GitHub calls a refusal: it has codes for none but that one asks too often, in words."""
    said = body.get("message") if isinstance(body, dict) else None
    if isinstance(said, str) and ("rate limit" in said or "abuse detection" in said):
        return LIMITED
    return ""


def _by_token(asked: Asked, stop: Event, answers: Answers | None) -> Door:
    host = host_of(asked.api_url)
    names = (*_ENTERPRISE_TOKENS, *_TOKENS) if host else _TOKENS
    text = next((found for name in names if (found := os.environ.get(name, "").strip())), "")
    if not text:
        raise CollectError(
            "nobody is signed in to GitHub",
            f"Set {names[-1]}, or name an app by --app-id and --private-key.",
        )
    secret = Secret(text.encode("utf-8", "replace"))
    given = answers.given("github", asked.api_url, secret) if answers else None
    rest = rest_of(asked.api_url, lambda: secret, stop, given)
    method = next((method for start, method in _METHODS if text.startswith(start)), "token")
    if (
        method == "installation-token"
    ):  # such a one is nobody's, and is not told which organizations
        if not asked.organizations:
            raise CollectError(
                "a token of an app's installation does not tell of which organization it is",
                "Name it by --organizations.",
            )
        return Door(
            who="installation", method=method, static=False,
            organizations=lambda: (_access(one, host, rest, asked) for one in asked.organizations),
        )  # fmt: skip
    try:
        answer = rest.ask(Asking(url="user", headers=HEADERS))
    except NoAnswer as error:
        raise _closed(error) from None
    scopes = answer.headers.get("X-OAuth-Scopes", "")

    def organizations() -> Iterator[Access]:
        for name in asked.organizations or _logins(rest):
            yield _access(name, host, rest, asked)

    return Door(
        who=str(answer.body.get("login", "")), method=method, static=True, organizations=organizations,
        expires_at=answer.headers.get("github-authentication-token-expiration", ""),
        scopes=tuple(one.strip() for one in scopes.split(",") if one.strip()),
    )  # fmt: skip


_METHODS = (
    ("ghp_", "classic-token"), ("github_pat_", "fine-grained-token"), ("gho_", "oauth-token"),
    ("ghu_", "app-user-token"), ("ghs_", "installation-token"),
)  # fmt: skip
"""How tokens begin, and what they are."""


def _access(name: str, host: str, rest: Rest, asked: Asked) -> Access:
    return Access(name, host, rest, asked)


def _logins(rest: Rest) -> Iterator[str]:
    first = Asking(url="user/orgs", params={"per_page": PER_PAGE}, headers=HEADERS)
    try:
        for page in rest.pages(first, by_link):
            yield from (str(one["login"]) for one in page)
    except NoAnswer as error:
        raise CollectError(
            f"GitHub does not tell to which organizations this token belongs ({error.code})",
            "Name them by --organizations, or allow the scope read:org.",
        ) from None


def _closed(error: NoAnswer) -> CollectError:
    if not error.status:
        return CollectError(
            f"GitHub was not reached ({error.code})", "See --api-url, and the network."
        )
    return CollectError(
        f"GitHub does not let this token in ({error.code})", "Make a new one, or see --api-url."
    )


def _as_app(asked: Asked, stop: Event) -> Door:
    if not (asked.app_id and asked.private_key):
        raise CollectError(
            "an app needs both its id and its key", "See --app-id and --private-key."
        )
    host = host_of(asked.api_url)
    app = rest_of(asked.api_url, _Words(asked.app_id, _key(asked.private_key)).signed, stop)
    try:
        said = app.ask(Asking(url="app", headers=HEADERS)).body
    except NoAnswer as error:
        raise _closed(error) from None
    slug = str(said.get("slug") or said.get("name") or asked.app_id)

    def organizations() -> Iterator[Access]:
        for one in _installations(app):
            account = one.get("account") or {}
            name = str(account.get("login", ""))
            of_users = one.get("target_type") == "User"
            wanted = not asked.organizations or name.lower() in {
                each.lower() for each in asked.organizations
            }
            if name and wanted and not of_users and not one.get("suspended_at"):
                token = _Renewed(app, int(one["id"]))
                yield Access(
                    name, host, rest_of(asked.api_url, token.now, stop), asked, App(slug, app)
                )

    return Door(who=slug, method="app", static=True, organizations=organizations)


def _installations(app: Rest) -> Iterator[dict[str, Any]]:
    first = Asking(url="app/installations", params={"per_page": PER_PAGE}, headers=HEADERS)
    try:
        for page in app.pages(first, by_link):
            yield from page
    except NoAnswer as error:
        raise _closed(error) from None


def _key(path: str) -> Secret:
    try:
        return Secret(Path(path).read_bytes())
    except OSError as error:
        raise CollectError(f"{path}: {error.strerror}", "See --private-key.") from None


class _Words:
    """What an app says of itself, signed with its key."""

    def __init__(self, id: str, key: Secret) -> None:
        self._id = id
        self._key = key

    def signed(self) -> Secret:
        from google.auth import crypt, jwt  # signs for everybody, not for Google alone

        now = int(time.time())
        # A minute ago: clocks differ.
        says = {"iat": now - 60, "exp": now + _SAYS_LIFETIME, "iss": self._id}
        try:
            signer = crypt.RSASigner.from_string(self._key.reveal())  # type: ignore[no-untyped-call]
            return Secret(jwt.encode(signer, says))  # type: ignore[no-untyped-call]
        except (ValueError, TypeError):
            raise CollectError(
                "the key of the app does not sign", "--private-key is the file that GitHub made."
            ) from None


class _Renewed:
    """The token of an installation, which lasts an hour."""

    def __init__(self, app: Rest, installation: int) -> None:
        self._app = app
        self._url = f"app/installations/{installation}/access_tokens"
        self._lock = Lock()
        self._token = Secret(b"")
        self._until = 0.0

    def now(self) -> Secret:
        with self._lock:
            if time.time() > self._until - _BEFORE_END:
                said = self._app.ask(Asking(url=self._url, method="POST", headers=HEADERS)).body
                self._token = Secret(str(said["token"]).encode())
                self._until = datetime.fromisoformat(said["expires_at"]).timestamp()
            return self._token
