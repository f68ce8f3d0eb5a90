"""Signing in: the SDK's own chain of credentials, and roles assumed from there."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from socket import EAI_NONAME, getaddrinfo
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from boto3 import Session

    from keymuster.collect.asking.refusals import Refused

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
        self.leads = False
        """Whether this is the account that the user signed in to."""
        self.ended: Refused | None = None
        """How it was said that this session is over: whatever else is asked would be refused, too."""
        self._session = session
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    @property
    def home(self) -> str:
        """A region that every account of the partition has."""
        return _HOMES.get(self.partition, _HOMES["aws"])

    def known_regions(self) -> set[str]:
        """Those that the SDK knows in the partition."""
        return set(self._session.get_available_regions("ec2", self.partition))

    def client(self, service: str, region: str) -> Any:
        """A client of a service; botocore's UnknownServiceError if the SDK is too old for it."""
        key = (service, region)
        with self._lock:  # making one is not safe in threads
            if key not in self._clients:
                self._clients[key] = _client(self._session, service, region)
            return self._clients[key]

    def offers(self, service: str, region: str, resolve: Callable[..., Any] = getaddrinfo) -> bool:
        """Whether a region has a service. One that the SDK does not list there, and whose name has no
        address, is not there. Of a region or a service that the SDK lists nothing of, names alone tell:
        AWS gives addresses to what there is, but where not even the name of STS has one, a proxy looks
        names up, and this does not."""
        listed = self._session.get_available_regions(service, self.partition)
        if region in listed or _has_address(self.client(service, region), resolve):
            return True
        if listed and region in self.known_regions():
            return False
        return not _has_address(self.client("sts", region), resolve)

    def forget(self) -> None:
        """Let the clients go: an organisation has more accounts than memory has room for them."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def into(self, role_arn: str, external_id: str = "", region: str = "") -> Access:
        """The account of a role, as that role, which signs in again before the session ends; botocore's
        errors if it may not. The role's ARN says which account that is, so nothing else is asked."""
        from boto3 import Session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.session import Session as Base

        more = {"RoleSessionName": _SESSION_NAME}
        if external_id:
            more["ExternalId"] = external_id

        def creator(service: str, **keys: Any) -> Any:
            with self._lock:
                return _client(self._session, service, region or self.home, **keys)

        fetcher = AssumeRoleCredentialFetcher(
            creator, self._session.get_credentials(), role_arn, extra_args=more
        )
        made = Base()
        made.register_component("data_loader", self._session._session.get_component("data_loader"))
        made._credentials = DeferredRefreshableCredentials(
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        made._credentials.get_frozen_credentials()
        return Access(Session(botocore_session=made), *_as_session(role_arn))

    @property
    def method(self) -> str:
        """Where the SDK found the credentials, in its words: `env`, `sso`, `iam-role` ..."""
        return str(getattr(self._session.get_credentials(), "method", ""))

    @property
    def is_static(self) -> bool:
        """Whether they are those of a user, and live until somebody deletes them."""
        credentials = self._session.get_credentials()
        return credentials is not None and not credentials.get_frozen_credentials().token


_NO_NAME = (EAI_NONAME, getattr(socket, "EAI_NODATA", EAI_NONAME))


def _has_address(client: Any, resolve: Callable[..., Any]) -> bool:
    try:
        resolve(urlsplit(client.meta.endpoint_url).hostname, None)
    except OSError as error:
        return error.errno not in _NO_NAME
    return True


def signed_in(session: Session, region: str) -> Access:
    """The account that a session is signed in to; botocore's errors if it is not."""
    who = _client(session, "sts", region).get_caller_identity()
    return Access(session, who["Account"], who["Arn"])


def own_session(profile: str) -> Session:
    """A session by the SDK's own chain; botocore's ProfileNotFound for a profile that there is not."""
    from boto3 import Session

    for name in ("boto3", "botocore"):
        logging.getLogger(name).setLevel(logging.INFO)  # below that they quote whole answers
    return Session(profile_name=profile or None)


def _as_session(role_arn: str) -> tuple[str, str]:
    """The account of a role, and the ARN of who is signed in as it."""
    _, partition, _, _, account, role = role_arn.split(":", 5)
    name = role.rpartition("/")[2]
    return account, f"arn:{partition}:sts::{account}:assumed-role/{name}/{_SESSION_NAME}"


_HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Partition -> a region that all its accounts have."""


def _client(session: Session, service: str, region: str, **keys: Any) -> Any:
    client = session.client(service, region_name=region, config=_config(session), **keys)
    client.meta.events.register("before-parse", _without_page)
    return client


def _without_page(response_dict: dict[str, Any], **_: Any) -> None:
    """A page in HTML comes from what stands before the service, and not from it. The SDK knows one by
    its first tag only, and takes any other for an answer that is broken, which it does not ask for again."""
    if response_dict["status_code"] >= _SERVER_ERROR:
        body = response_dict.get("body")
        if isinstance(body, bytes) and body.lstrip()[:9].lower().startswith(_PAGES):
            response_dict["body"] = b""


_SERVER_ERROR = 500
_PAGES = (b"<!doctype", b"<html")


def _config(session: Session) -> Any:
    """What the user says of retries (`AWS_MAX_ATTEMPTS`, `AWS_RETRY_MODE`, a profile) holds."""
    from botocore.config import Config

    from keymuster import __version__

    def said(name: str) -> Any:
        return session._session.get_config_variable(name, methods=("env", "config"))

    return Config(
        retries={
            "mode": said("retry_mode") or "adaptive",
            "total_max_attempts": int(said("max_attempts") or _ATTEMPTS),
        },
        read_timeout=_READ_SECONDS,
        connect_timeout=_CONNECT_SECONDS,
        max_pool_connections=_CONNECTIONS,
        user_agent_extra=f"keymuster/{__version__}",
    )
