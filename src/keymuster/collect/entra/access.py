"""Signing in to a tenant: azure-identity's own chain, and requests signed with its tokens."""

from __future__ import annotations

import base64
import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import NoAnswer, Rest, session
from keymuster.collect.entra.asked import Asked
from keymuster.collect.entra.clouds import CLOUDS, Cloud
from keymuster.collect.entra.tracking import Tracking, whom
from keymuster.errors import CollectError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from requests import PreparedRequest, Response

    from keymuster.collect.asking.unchanged import Answers

_EARLY_SECONDS = 300
"""A token that ends so soon is not used any more."""

_UNAUTHORIZED = 401


class NotSignedIn(NoAnswer):
    """No token was given. `code` names what failed; the words of the SDK may hold more than is to be told."""

    def __init__(self, code: str) -> None:
        super().__init__(_UNAUTHORIZED, code)


class Tokens:
    """Signs requests to one address. A token that is refused is replaced once, as sessions may be ended
    at any time (continuous access evaluation)."""

    def __init__(self, credential: TokenCredential, scope: str, tenant: str) -> None:
        self._credential = credential
        self._scope = scope
        self._tenant = tenant
        self._lock = Lock()
        self._token = ""
        self._ends = 0.0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        sent = self.token()

        def again(response: Response, **keys: Any) -> Response:
            if response.status_code != _UNAUTHORIZED:
                return response
            response.content  # noqa: B018 - read to its end, so that the connection can be used again
            response.close()
            repeated = response.request.copy()
            fresh = self.token(instead_of=sent, claims=_claims(response))
            repeated.headers["Authorization"] = f"Bearer {fresh}"
            return response.connection.send(repeated, **keys)

        request.headers["Authorization"] = f"Bearer {sent}"
        request.register_hook("response", again)  # type: ignore[no-untyped-call]
        return request

    def token(self, instead_of: str = "", claims: str = "") -> str:
        """One that is still good; NotSignedIn if there is none."""
        from azure.core.exceptions import AzureError

        with self._lock:
            if self._token != instead_of and self._ends - time.time() > _EARLY_SECONDS:
                return self._token
            more: dict[str, Any] = {"tenant_id": self._tenant} if self._tenant else {}
            if claims:
                more |= {"claims": claims, "enable_cae": True}
            try:
                found = self._credential.get_token(self._scope, **more)
            except (AzureError, ValueError) as error:
                raise NotSignedIn(type(error).__name__) from None
            self._token, self._ends = found.token, found.expires_on
            return self._token


def _claims(response: Response) -> str:
    """What a service wants to be said when the token is made anew, from its challenge."""
    challenge = response.headers.get("WWW-Authenticate", "")
    _, found, rest = challenge.partition('claims="')
    if not found:
        return ""
    text = rest.partition('"')[0]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""


class Met:
    """The people that surfaces came across. One at a time asks, by way of the `asker`."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.asker: Any = None
        self.lock = Lock()


class Access:
    """A tenant as somebody who is signed in there. `rests` has what answers as `graph` and as `azure`;
    both end waiting when `stop` is set. Only these `subscriptions` are to be looked at, or all if there are none."""

    def __init__(
        self, rests: Mapping[str, Rest], cloud: Cloud, claims: Mapping[str, Any], method: str,
        stop: Event, subscriptions: Sequence[str] = (), answers: Answers | None = None,
    ) -> None:  # fmt: skip
        self.cloud = cloud
        self.stop = stop
        self.subscriptions = subscriptions
        self.seen: list[str] | None = None
        """The subscriptions that are shown to who is signed in; None before somebody asked."""
        self.seeing = Lock()
        self.met = Met()
        self.ended: Refused | None = None
        self.method = method
        self._rests = rests
        self._claims = claims
        signed_in_as = whom(claims)
        self.tracking: Tracking | None = None
        """What is known of the tenant from an earlier look, if there may be any."""
        if answers is not None and signed_in_as:
            self.tracking = Tracking(answers, rests["graph"].base, signed_in_as)

    def rest(self, base: str) -> Rest:
        return self._rests[base]

    @property
    def account(self) -> str:
        """The id of the tenant."""
        return str(self._claims.get("tid", ""))

    @property
    def who(self) -> str:
        """The object that is signed in."""
        return str(self._claims.get("oid", "")) or "unknown"

    @property
    def is_static(self) -> bool:
        """Whether a secret that somebody keeps opened the door (`appidacr`, `azpacr`)."""
        if "idtyp" in self._claims and self._claims["idtyp"] != "app":
            return False
        said = self._claims.get("appidacr", self._claims.get("azpacr", ""))
        return str(said) == "1" and "xms_mirid" not in self._claims


def signed_in(asked: Asked, stop: Event, answers: Answers | None = None) -> Access:
    """The tenant that azure-identity's default chain signs in to; CollectError if it does not."""
    from azure.identity import DefaultAzureCredential

    for name in ("azure", "msal"):
        logging.getLogger(name).setLevel(
            logging.CRITICAL
        )  # what it says of failures may quote answers
    cloud = CLOUDS.get(asked.cloud)
    if cloud is None:
        raise CollectError(
            f"there is no cloud {asked.cloud}", f"--cloud names one of: {', '.join(CLOUDS)}."
        )
    own = os.environ.get("AZURE_AUTHORITY_HOST")
    credential = DefaultAzureCredential(
        additionally_allowed_tenants=["*"],
        **({"disable_instance_discovery": True} if own else {"authority": cloud.authority}),
    )
    tokens = Tokens(credential, cloud.scope(cloud.graph), asked.tenant)
    try:
        claims = _payload(tokens.token())
    except NotSignedIn as error:
        raise CollectError(
            f"nobody is signed in to Microsoft Entra ({error.code})",
            "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and what azure-identity wants beside.",
        ) from error
    of_azure = Tokens(credential, cloud.scope(cloud.azure), asked.tenant)
    return Access(
        {
            "graph": Rest(asked.graph_url or cloud.graph, session(tokens), stop=stop),
            "azure": Rest(asked.azure_url or cloud.azure, session(of_azure), stop=stop),
        },
        cloud,
        {"tid": asked.tenant or os.environ.get("AZURE_TENANT_ID", ""), **claims},
        _method(credential),
        stop,
        asked.subscriptions,
        answers,
    )


def _payload(token: str) -> dict[str, Any]:
    """What a token says of itself. It is not ours to check: who it was made for does that."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        return {}
    return found if isinstance(found, dict) else {}


def _method(credential: Any) -> str:
    """Which part of the chain signed in, in the SDK's words: `EnvironmentCredential` ..."""
    used = getattr(credential, "_successful_credential", None)
    return type(used).__name__ if used is not None else ""
