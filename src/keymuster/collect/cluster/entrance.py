"""Ways into clusters: contexts of kubeconfig files, the pod that this runs in, or an address and a token."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keymuster.collect.asking.addresses import checked, shown
from keymuster.collect.asking.rest import CONNECTIONS, Asking, NoAnswer, Rest
from keymuster.collect.cluster import connection, kubeconfig
from keymuster.collect.cluster.kubeconfig import Kubeconfig, Unusable
from keymuster.errors import CollectError
from keymuster.model import Trouble

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from requests import PreparedRequest

PART = "kubernetes"
_TOKEN = "KUBERNETES_TOKEN"
_TRIES = 2
"""How often a cluster is asked at the door: one that is not there should not keep others waiting."""


class Asked(Struct, frozen=True, kw_only=True):
    """What the user wants to be looked at."""

    kubeconfig: str = ""
    contexts: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    api_server: str = ""
    ca_file: str = ""


class Entrance(Struct, frozen=True, kw_only=True):
    """A way in that was not tried yet."""

    name: str
    config: Any
    user: dict[str, Any]
    rest: Any
    door: Any


def entrances(asked: Asked, stop: Event) -> Iterator[Entrance | Trouble]:
    if asked.api_server:
        name = shown(asked.api_server).partition("://")[2].partition("/")[0] or shown(
            asked.api_server
        )
        yield _way_in(name, lambda: _by_address(name, asked, stop), "See --ca-file.")
        return
    paths = kubeconfig.paths(asked.kubeconfig)
    if not paths and "KUBERNETES_SERVICE_HOST" in os.environ:
        yield _way_in("in-cluster", lambda: _from_inside(stop))
        return
    if not paths:
        raise CollectError(
            "nobody is signed in to a cluster",
            f"Name a kubeconfig by --kubeconfig or KUBECONFIG; or an address by --api-server, and set {_TOKEN}.",
        )
    config = Kubeconfig(paths)
    for context in config.chosen(asked.contexts):
        yield _way_in(context, partial(_by_context, context, config, stop), _SEE.format(context))


def _way_in(name: str, find: Callable[[], Entrance], advice: str = "") -> Entrance | Trouble:
    """One that cannot be used is told, and others are tried."""
    try:
        return find()
    except Unusable as error:
        return closed(name, str(error), advice)
    except CollectError as error:
        return closed(name, error.message, error.advice())


_SEE = "See whether kubectl --context {} get namespaces works."


def _by_context(context: str, config: Kubeconfig, stop: Event) -> Entrance:
    return _entrance(
        context, config.load(context), config.user(context), stop, config.proxy(context)
    )


def _by_address(name: str, asked: Asked, stop: Event) -> Entrance:
    from kubernetes.client import Configuration

    checked(asked.api_server, "api-server")
    token = os.environ.get(_TOKEN, "").strip()
    if not token:
        raise CollectError(f"nobody is signed in to {shown(asked.api_server)}", f"Set {_TOKEN}.")
    made = Configuration(host=asked.api_server)
    made.ssl_ca_cert = asked.ca_file or None
    made.api_key["BearerToken"] = f"Bearer {token}"
    return _entrance(name, made, {"token": token}, stop)


def _from_inside(stop: Event) -> Entrance:
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_incluster_config

    made = Configuration()
    try:
        load_incluster_config(client_configuration=made)
    except ConfigException:
        raise CollectError(
            "this pod has no token for its cluster",
            "Let it run as a service account whose token is mounted.",
        ) from None
    return _entrance("in-cluster", made, {"tokenFile": ""}, stop)


def _entrance(
    name: str, config: Configuration, user: dict[str, Any], stop: Event, proxy: str = ""
) -> Entrance:
    address = str(config.host)
    checked(address, "kubeconfig")

    def sign(request: PreparedRequest) -> PreparedRequest:
        if token := kubeconfig.token_of(config):
            request.headers["Authorization"] = token
        return request

    try:
        session = connection.session(config, sign, CONNECTIONS, proxy)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise Unusable(f"its certificates cannot be read ({type(error).__name__})") from None

    def rest(**more: Any) -> Rest:
        return Rest(address, session, stop=stop, code_of=reason, **more)

    return Entrance(name=name, config=config, user=user, rest=rest(), door=rest(attempts=_TRIES))


def reason(body: Any) -> str:
    """What an API server calls its refusal (`Forbidden`, `Expired`), from the Status that it sends."""
    if isinstance(body, dict) and body.get("kind") == "Status" and body.get("status") == "Failure":
        found = body.get("reason")
        return found if isinstance(found, str) and found else "Failure"
    return ""


def closed(name: str, message: str, advice: str) -> Trouble:
    return Trouble(part=PART, scope=name, message=message, advice=advice)


def told(one: Entrance, asking: Asking) -> dict[str, Any]:
    """What is good to know, and nothing rests on."""
    try:
        body = one.door.ask(asking).body
    except NoAnswer:
        return {}
    return body if isinstance(body, dict) else {}
