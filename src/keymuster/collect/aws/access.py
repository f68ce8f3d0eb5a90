"""Signing in: the SDK's own chain of credentials, and roles assumed from there."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3 import Session

_SESSION_NAME = "keymuster"

_READ_SECONDS = 60
_CONNECT_SECONDS = 10
_ATTEMPTS = 8
_CONNECTIONS = 16


class Access:
    """An account as somebody who is signed in there. Clients are made once, and shared by threads."""

    def __init__(self, session: Session, account: str, arn: str) -> None:
        self.account = account
        self.arn = arn
        self.partition = arn.split(":", 2)[1] if arn else "aws"
        self._session = session
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    def client(self, service: str, region: str) -> Any:
        """A client of a service; botocore's UnknownServiceError if the SDK is too old for it."""
        key = (service, region)
        with self._lock:  # making one is not safe in threads
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service, region_name=region, config=_config()
                )
            return self._clients[key]

    def forget(self) -> None:
        """Let the clients go: an organisation has more accounts than memory has room for them."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def into(self, role_arn: str, external_id: str = "") -> Session:
        """A session as a role, that signs in again before it ends. Nothing is called yet."""
        from boto3 import Session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.session import Session as Base

        more = {"RoleSessionName": _SESSION_NAME}
        if external_id:
            more["ExternalId"] = external_id
        fetcher = AssumeRoleCredentialFetcher(
            self._session.client, self._session.get_credentials(), role_arn, extra_args=more
        )
        made = Base()
        made._credentials = DeferredRefreshableCredentials(
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        return Session(botocore_session=made)

    @property
    def method(self) -> str:
        """Where the SDK found the credentials, in its words: `env`, `sso`, `iam-role` ..."""
        return str(getattr(self._session.get_credentials(), "method", ""))

    @property
    def is_static(self) -> bool:
        """Whether they are those of a user, and live until somebody deletes them."""
        credentials = self._session.get_credentials()
        return credentials is not None and not credentials.get_frozen_credentials().token


def signed_in(session: Session, region: str) -> Access:
    """The account that a session is signed in to; botocore's errors if it is not."""
    first = Access(session, "", "")
    who = first.client("sts", region).get_caller_identity()
    return Access(session, who["Account"], who["Arn"])


def own_session(profile: str) -> Session:
    """A session by the SDK's own chain; botocore's ProfileNotFound for a profile that there is not."""
    from boto3 import Session

    return Session(profile_name=profile or None)


def _config() -> Any:
    from botocore.config import Config

    from keymuster import __version__

    return Config(
        retries={"mode": "adaptive", "max_attempts": _ATTEMPTS},
        read_timeout=_READ_SECONDS,
        connect_timeout=_CONNECT_SECONDS,
        max_pool_connections=_CONNECTIONS,
        user_agent_extra=f"keymuster/{__version__}",
    )
