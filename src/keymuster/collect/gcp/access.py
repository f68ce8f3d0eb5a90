"""Signing in: google-auth's own chain of credentials, and a service account that is impersonated."""

from __future__ import annotations

import logging
import warnings
from functools import cached_property
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import CONNECTIONS, Rest
from keymuster.collect.gcp.asked import Asked
from keymuster.collect.gcp.refusals import code_of
from keymuster.errors import CollectError

if TYPE_CHECKING:
    from requests import Session

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""IAM takes no narrower one; the roles of whoever scans say what may be done."""

_UNIVERSE = "googleapis.com"


class Access:
    """Somebody who is signed in. Connections are made once, and shared by threads. `quota_project` is
    the one that calls are counted on, where that is not the one of whoever calls."""

    def __init__(self, credentials: Any, *, endpoint: str = "", stop: Event | None = None) -> None:
        self._found = credentials
        self.endpoint = endpoint.rstrip("/")
        self.ended: Refused | None = None
        self.stop = stop or Event()
        self._session: Session | None = None
        self._rests: dict[str, Rest] = {}
        self._lock = Lock()

    @property
    def account(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The address of a service account; of a person google-auth may not know it."""
        for word in ("service_account_email", "signer_email", "account"):
            found = getattr(self._found, word, None)
            if isinstance(found, str) and "@" in found:
                return found
        return self.method

    @property
    def method(self) -> str:
        """What kind of credentials google-auth found."""
        return _kind(self._found)

    @property
    def is_static(self) -> bool:
        """Whether whoever has a file can sign in until somebody deletes the key: also for credentials that
        impersonate another account from there."""
        source = getattr(self._found, "_source_credentials", None) or self._found
        return _kind(source) == _KEY

    def rest(self, service: str, region: str = "") -> Rest:
        """An API by the name that begins its host, `iam`; some have one host for each region."""
        host = f"{region}-{service}" if region else service
        with self._lock:
            if host not in self._rests:
                self._rests[host] = Rest(
                    self.endpoint or f"https://{host}.{self.universe}", self._signing(),
                    stop=self.stop, code_of=code_of,
                )  # fmt: skip
            return self._rests[host]

    @cached_property
    def credentials(self) -> Any:
        """What signs requests."""
        from keymuster.collect.gcp.signing import Shared

        return Shared(self._found)

    @property
    def universe(self) -> str:
        """The domain of the APIs."""
        return getattr(self._found, "universe_domain", "") or _UNIVERSE

    def address(self, service: str) -> str:
        """Where the SDK finds an API."""
        return self.endpoint or f"https://{service}.{self.universe}"

    def _signing(self) -> Session:
        from google.auth.transport.requests import AuthorizedSession
        from requests.adapters import HTTPAdapter

        from keymuster import __version__

        if self._session is None:
            made: Session = AuthorizedSession(self.credentials)  # type: ignore[no-untyped-call]
            for scheme in ("https://", "http://"):
                made.mount(scheme, HTTPAdapter(pool_connections=32, pool_maxsize=CONNECTIONS))
            made.headers["User-Agent"] = f"keymuster/{__version__}"
            self._session = made
        return self._session


_KEY = "service-account-key"
_KINDS = {
    "google.oauth2.service_account": _KEY,
    "google.oauth2.credentials": "user",
    "google.auth.compute_engine.credentials": "metadata-server",
    "google.auth.impersonated_credentials": "impersonation",
    "google.auth.external_account_authorized_user": "workforce-identity",
}


def _kind(credentials: Any) -> str:
    module = type(credentials).__module__
    if module in _KINDS:
        return _KINDS[module]
    return (
        "workload-identity"
        if hasattr(credentials, "_subject_token_type")
        else module.rpartition(".")[2]
    )


def signed_in(asked: Asked, stop: Event | None = None) -> Access:
    """CollectError if nobody lets whoever scans in."""
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    for name in ("google", "urllib3"):
        logging.getLogger(name).setLevel(logging.INFO)  # below that they quote requests
    try:
        credentials = _credentials(asked)
        credentials.refresh(Request())
    except GoogleAuthError as error:
        raise _nobody(asked, error) from None
    except (OSError, ValueError) as error:
        raise _nobody(asked, error) from None
    return Access(credentials, endpoint=asked.endpoint, stop=stop)


def _credentials(asked: Asked) -> Any:
    import google.auth

    with warnings.catch_warnings():  # whose the file is, the user knows
        warnings.simplefilter("ignore")
        quota = asked.quota_project or None
        if asked.credentials_file:
            found, _ = google.auth.load_credentials_from_file(  # type: ignore[no-untyped-call]
                asked.credentials_file, scopes=[_SCOPE], quota_project_id=quota
            )
        else:
            found, _ = google.auth.default(scopes=[_SCOPE], quota_project_id=quota)
    if not asked.impersonate_service_account:
        return found
    from google.auth.impersonated_credentials import Credentials

    more: dict[str, Any] = {}
    if asked.endpoint:
        path = "/v1/projects/-/serviceAccounts/{}:generateAccessToken"
        address = asked.endpoint.rstrip("/") + path.format(asked.impersonate_service_account)
        more["iam_endpoint_override"] = address
    return Credentials(  # type: ignore[no-untyped-call]
        source_credentials=found, target_principal=asked.impersonate_service_account,
        target_scopes=[_SCOPE], quota_project_id=quota, **more,
    )  # fmt: skip


def _nobody(asked: Asked, error: Exception) -> CollectError:
    """What google-auth said is not repeated: it may quote what was sent."""
    name = type(error).__name__
    if asked.credentials_file:
        return CollectError(
            f"sign-in: {asked.credentials_file} let nobody in ({name})",
            "It must hold a key or a configuration that google-auth takes, of an account that there is.",
        )
    if name == "DefaultCredentialsError":
        return CollectError(
            "sign-in: there are no Google credentials; tried GOOGLE_APPLICATION_CREDENTIALS, those of "
            "`gcloud auth application-default login`, and the metadata server",
            "Sign in (`gcloud auth application-default login`), or name a file with --credentials-file.",
        )
    if asked.impersonate_service_account:
        return CollectError(
            f"sign-in: {asked.impersonate_service_account} could not be impersonated ({name})",
            "Grant roles/iam.serviceAccountTokenCreator on it to whoever scans, and enable "
            "iamcredentials.googleapis.com.",
        )
    return CollectError(
        f"sign-in: the credentials are not valid any more ({name})",
        "Sign in again: `gcloud auth application-default login`.",
    )
