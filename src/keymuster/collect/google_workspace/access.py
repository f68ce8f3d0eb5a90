"""Signing in to Google Workspace, for one scope at a time: as an administrator whom a service account may
act for, or as whoever the environment says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest, session
from keymuster.collect.google_workspace.batches import Batches
from keymuster.collect.google_workspace.calls import CALLS, SERVICES, USERS
from keymuster.errors import CollectError, SettingsError

if TYPE_CHECKING:
    from requests import PreparedRequest

_FORBIDDEN = 403
_TOKENS = "https://oauth2.googleapis.com/token"
_CLOUD = "https://www.googleapis.com/auth/cloud-platform"


class Asked(Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    subject: str = ""
    service_account: str = ""
    customer: str = "my_customer"
    delegation_export: str = ""
    last_used: bool = False


def check(asked: Asked) -> None:
    """SettingsError for a file that is not there."""
    if asked.delegation_export and not Path(asked.delegation_export).is_file():
        raise SettingsError(f"--delegation-export {asked.delegation_export}: there is no such file")


class Access:
    """Somebody who is signed in. `account` is the id of the customer."""

    ended: Refused | None = None

    def __init__(self, asked: Asked, credentials: Credentials, stop: Event) -> None:
        self.asked = asked
        self.stop = stop
        self.account = asked.customer
        self.name = asked.subject or credentials.name
        self.method = credentials.method
        self.is_static = credentials.is_static
        self._credentials = credentials
        self._lock = Lock()
        self._rest: dict[str, Rest] = {}

    def rest(self, base: str) -> Rest:
        """The service behind a scope, signed for with that scope."""
        return self._made(base, Rest)

    def batches(self, scope: str) -> Rest:
        """The same, of many calls in one."""
        return self._made(scope, Batches)

    def _made(self, scope: str, kind: type[Rest]) -> Rest:
        with self._lock:
            key = f"{scope} {kind.__name__}"
            if key not in self._rest:
                sign = _signing(self._credentials.scoped(scope))
                self._rest[key] = kind(SERVICES[scope], session(sign), stop=self.stop)
            return self._rest[key]

    def check(self) -> None:
        """Find out who the customer is; CollectError if nobody lets us in."""
        call = CALLS[USERS]
        params = {"customer": self.asked.customer, "maxResults": 1, "fields": "users(customerId)"}
        try:
            found = self.rest(call.scope).ask(Asking(url=call.path, params=params)).body
        except NoAnswer as error:
            raise CollectError(
                f"sign-in: Google lets nobody in as {self.name or 'the default account'} ({error.code})",
                _ADVICE,
            ) from None
        users = found.get("users") if isinstance(found, dict) else None
        if users and isinstance(users, list) and isinstance(users[0].get("customerId"), str):
            self.account = users[0]["customerId"]


_ADVICE = (
    "Let a service account act for an administrator: authorise its client id for the scopes that `keymuster "
    "services permissions google-workspace` prints (Security > API controls > Domain-wide delegation), "
    "and name the administrator with --subject."
)


def _signing(credentials: Any) -> Callable[[PreparedRequest], PreparedRequest]:
    """Signs requests with what google-auth makes, and renews."""
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.auth.transport.requests import Request
    from requests import ConnectionError

    asking: Any = Request

    def sign(request: PreparedRequest) -> PreparedRequest:
        try:
            credentials.before_request(asking(), request.method, request.url, request.headers)
        except TransportError:
            raise ConnectionError from None
        except GoogleAuthError as error:
            raise NoAnswer(_FORBIDDEN, _why(error)) from None
        return request

    return sign


def _why(error: Exception) -> str:
    """What the token endpoint calls its refusal: `unauthorized_client`."""
    detail = error.args[1] if len(error.args) > 1 else None
    code = detail.get("error") if isinstance(detail, dict) else None
    return code if isinstance(code, str) else type(error).__name__


class Credentials:
    """Those of the environment, as google-auth finds them, on the way to those of one scope."""

    def __init__(self, asked: Asked) -> None:
        import google.auth
        from google.oauth2 import service_account

        default: Any = google.auth.default
        self._found, _ = default(scopes=[_CLOUD] if asked.service_account else list(SERVICES))
        self._asked = asked
        self._is_key = isinstance(self._found, service_account.Credentials)

    @property
    def name(self) -> str:
        return self._asked.service_account or str(
            getattr(self._found, "service_account_email", "") or getattr(self._found, "account", "")
        )

    @property
    def method(self) -> str:
        return "signed by IAM" if self._asked.service_account else type(self._found).__module__

    @property
    def is_static(self) -> bool:
        """Whether it is the key of a service account, which does not end."""
        return self._is_key and not self._asked.service_account

    def scoped(self, scope: str) -> Any:
        subject = self._asked.subject or None
        if self._asked.service_account:
            return self._signed_elsewhere(scope, subject)
        if self._is_key:
            return self._found.with_scopes([scope]).with_subject(subject)
        if subject:
            raise SettingsError(
                f"--subject {subject}: the credentials of the environment are no key of a service account",
                "Name a service account without a key, for which IAM signs, with --service-account.",
            )
        return self._found

    def _signed_elsewhere(self, scope: str, subject: str | None) -> Any:
        """A service account without a key: IAM signs what it says."""
        from google.auth import iam
        from google.auth.transport.requests import Request
        from google.oauth2 import service_account

        made: Any = service_account.Credentials
        asking: Any = Request
        signer_of: Any = iam.Signer
        email = self._asked.service_account
        signer = signer_of(asking(), self._found, email)
        return made(signer, email, _TOKENS, scopes=[scope], subject=subject)


def signed_in(asked: Asked, stop: Event) -> Access:
    """Whoever the environment says; CollectError if nobody lets them in."""
    from google.auth.exceptions import GoogleAuthError

    try:
        credentials = Credentials(asked)
    except (GoogleAuthError, ValueError, OSError) as error:
        raise CollectError(
            f"sign-in: there are no credentials of Google in the environment ({type(error).__name__})",
            f"Set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`. {_ADVICE}",
        ) from None
    access = Access(asked, credentials, stop)
    access.check()
    return access


def scopes(calls: tuple[str, ...]) -> tuple[str, ...]:
    """The least that these calls need."""
    return tuple(sorted({CALLS[USERS].scope, *(CALLS[call].scope for call in calls)}))
