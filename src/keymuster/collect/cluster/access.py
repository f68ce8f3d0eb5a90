"""Signing in to clusters: by the contexts of kubeconfig files, from inside a pod, or by an address and a token."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from keymuster.collect.asking.addresses import checked
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import CONNECTIONS, Asking, NoAnswer, Rest
from keymuster.collect.asking.shared import Once
from keymuster.collect.cluster import connection, kubeconfig
from keymuster.collect.cluster.kubeconfig import Kubeconfig, Unusable
from keymuster.errors import CollectError
from keymuster.model import Trouble
from keymuster.model.kubernetes import called, cluster_of

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from requests import PreparedRequest

PART = "kubernetes"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_HOME = "kube-system"
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


class Who(Struct, frozen=True, kw_only=True):
    """As whom a cluster is asked. `static` is what does not end by itself; `may_write` is None where the cluster
    does not tell."""

    name: str
    method: str
    static: bool
    expires_at: str = ""
    groups: tuple[str, ...] = ()
    may_write: bool | None = None


class Access:
    """One cluster, for somebody who is signed in: known by the uid of its namespace kube-system, whatever people
    call it."""

    def __init__(
        self, account: str, name: str, rest: Rest, who: Who, asked: Asked, *, version: str = "", trouble: str = ""
    ) -> None:  # fmt: skip
        self.account = account
        self.name = name
        self.who = who
        self.namespaces = asked.namespaces
        self.version = version
        self.trouble = trouble
        self.ended: Refused | None = None
        self.once = Once()
        self._rest = rest

    def rest(self, base: str) -> Rest:
        """The only one that there is."""
        return self._rest

    @property
    def host(self) -> str:
        return urlsplit(self._rest.base).hostname or ""

    @property
    def minor(self) -> int | None:
        """24 of v1.24.3; None if the cluster does not tell."""
        found = re.match(r"v1\.(\d+)", self.version)
        return int(found[1]) if found else None


class _Entrance(Struct, frozen=True, kw_only=True):
    """A way in that was not tried yet."""

    name: str
    config: Any
    user: dict[str, Any]
    rest: Any
    door: Any


def signed_in(asked: Asked, stop: Event) -> Iterator[Access | Trouble]:
    """Every cluster that lets somebody in, once, and why others do not. CollectError if none does."""
    if asked.api_server and (asked.contexts or asked.kubeconfig):
        raise CollectError(
            "--api-server names a cluster, and --contexts and --kubeconfig name others",
            "Scan them one after the other.",
        )
    if asked.ca_file and not asked.api_server:
        raise CollectError(
            "--ca-file is that of a cluster at --api-server",
            "In a kubeconfig, each cluster has its own.",
        )
    entrances = [*_entrances(asked, stop)]
    kubeconfig.forget_files()
    entered: dict[str, Access] = {}
    closed: list[Trouble] = []
    for found in _tried(entrances, asked, stop):
        if isinstance(found, Trouble):
            closed.append(found)
        else:
            entered.setdefault(found.account, found)
    if not entered:
        first = closed[0]
        more = f", and {len(closed) - 1} more" if len(closed) > 1 else ""
        raise CollectError(f"{first.scope}: {first.message}{more}", first.advice)
    yield from closed
    yield from entered.values()


def _tried(
    entrances: list[_Entrance | Trouble], asked: Asked, stop: Event
) -> Iterator[Access | Trouble]:
    """What is behind each, several at a time. An interrupt waits for none of them."""
    pool = ThreadPoolExecutor(8, thread_name_prefix="enter")
    try:
        yield from pool.map(
            lambda one: one if isinstance(one, Trouble) else _entered(one, asked), entrances
        )
    except KeyboardInterrupt:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _entrances(asked: Asked, stop: Event) -> Iterator[_Entrance | Trouble]:
    if asked.api_server:
        name = urlsplit(asked.api_server).netloc or asked.api_server
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


def _way_in(name: str, find: Callable[[], _Entrance], advice: str = "") -> _Entrance | Trouble:
    """One that cannot be used is told, and others are tried."""
    try:
        return find()
    except Unusable as error:
        return _closed(name, str(error), advice)
    except CollectError as error:
        return _closed(name, error.message, error.advice())


_SEE = "See whether kubectl --context {} get namespaces works."


def _by_context(context: str, config: Kubeconfig, stop: Event) -> _Entrance:
    return _entrance(
        context, config.load(context), config.user(context), stop, config.proxy(context)
    )


def _by_address(name: str, asked: Asked, stop: Event) -> _Entrance:
    from kubernetes.client import Configuration

    checked(asked.api_server, "api-server")
    token = os.environ.get(_TOKEN, "").strip()
    if not token:
        raise CollectError(f"nobody is signed in to {asked.api_server}", f"Set {_TOKEN}.")
    made = Configuration(host=asked.api_server)
    made.ssl_ca_cert = asked.ca_file or None
    made.api_key["BearerToken"] = f"Bearer {token}"
    return _entrance(name, made, {"token": token}, stop)


def _from_inside(stop: Event) -> _Entrance:
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
) -> _Entrance:
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

    return _Entrance(name=name, config=config, user=user, rest=rest(), door=rest(attempts=_TRIES))


def reason(body: Any) -> str:
    """What an API server calls its refusal (`Forbidden`, `Expired`), from the Status that it sends."""
    if isinstance(body, dict) and body.get("kind") == "Status" and body.get("status") == "Failure":
        found = body.get("reason")
        return found if isinstance(found, str) and found else "Failure"
    return ""


# --- the cluster behind the door ----------------------------------------------------------------


_OF_CLUSTER = ("Forbidden", "NotFound")
"""Refusals in the words of an API server: others may be somebody else's."""


def _entered(one: _Entrance, asked: Asked) -> Access | Trouble:
    trouble = ""
    asking = Asking(url=f"api/v1/namespaces/{_HOME}", headers={"Accept": METADATA})
    try:
        uid = _uid(one.door.ask(asking).body)
    except NoAnswer as error:
        if error.code not in _OF_CLUSTER:
            return _refused(one.name, error)
        uid = str(uuid5(NAMESPACE_URL, str(one.config.host)))
        trouble = (
            f"which cluster this is was not told ({error.code}): it is known by its address, and is another one "
            "to keymuster by another address"
        )
    if not uid:
        return _closed(one.name, "what answers is no API server", "See its address.")
    return Access(
        uid, one.name, one.rest, _who(one), asked, version=_version(one), trouble=trouble,
    )  # fmt: skip


def _uid(body: Any) -> str:
    """That of a namespace; empty if this is none."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    uid = metadata.get("uid") if isinstance(metadata, dict) else None
    return uid if isinstance(uid, str) and uid and cluster_of(called(_HOME, uid)) == uid else ""


def _refused(name: str, error: NoAnswer) -> Trouble:
    if error.status == 401:
        return _closed(
            name, f"the cluster does not let this credential in ({error.code})", "Sign in again."
        )
    if not error.status:
        return _closed(
            name, f"the cluster was not reached ({error.code})",
            "See its address and its certificate authority (in the kubeconfig, or --ca-file), and the network.",
        )  # fmt: skip
    return _closed(
        name, f"what answers is no API server that is at work ({error.code})", "See its address."
    )  # fmt: skip


def _closed(name: str, message: str, advice: str) -> Trouble:
    return Trouble(part=PART, scope=name, message=message, advice=advice)


def _version(one: _Entrance) -> str:
    body = _told(one, Asking(url="version"))
    return str(body.get("gitVersion", ""))


def _told(one: _Entrance, asking: Asking) -> dict[str, Any]:
    """What is good to know, and nothing rests on."""
    try:
        body = one.door.ask(asking).body
    except NoAnswer:
        return {}
    return body if isinstance(body, dict) else {}


# --- as whom -------------------------------------------------------------------------------------

_LOOKING = {"get", "list", "watch"}
_REVIEWS = ("authentication.k8s.io", "authorization.k8s.io")


def _who(one: _Entrance) -> Who:
    method, static, expires = _credential(one)
    user = _myself(one)
    groups = user.get("groups")
    return Who(
        name=str(user.get("username") or one.name), method=method, static=static, expires_at=expires,
        groups=tuple(map(str, groups)) if isinstance(groups, list) else (),
        may_write=_may_write(one),
    )  # fmt: skip


def _myself(one: _Entrance) -> dict[str, Any]:
    """Since 1.26 a cluster tells who asks it; before, a token may."""
    for version in ("v1", "v1beta1"):
        body = {"apiVersion": f"authentication.k8s.io/{version}", "kind": "SelfSubjectReview"}
        url = f"apis/authentication.k8s.io/{version}/selfsubjectreviews"
        found = _told(one, Asking(url=url, method="POST", body=body))
        status = found.get("status")
        user = status.get("userInfo") if isinstance(status, dict) else None
        if isinstance(user, dict):
            return user
    return {"username": _claims(one).get("sub")}


def _may_write(one: _Entrance) -> bool | None:
    """Whether it may do more than look, and ask who it is."""
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview"}
    found = _told(
        one,
        Asking(
            url="apis/authorization.k8s.io/v1/selfsubjectrulesreviews", method="POST",
            body={**kind, "spec": {"namespace": "default"}},
        ),
    )  # fmt: skip
    status = found.get("status")
    rules = status.get("resourceRules") if isinstance(status, dict) else None
    if not isinstance(rules, list):
        return None
    return any(_writes(rule) for rule in rules if isinstance(rule, dict))


def _writes(rule: dict[str, Any]) -> bool:
    verbs = set(map(str, rule.get("verbs") or ()))
    groups = set(map(str, rule.get("apiGroups") or ()))
    return not verbs <= _LOOKING and not groups <= set(_REVIEWS)


def _credential(one: _Entrance) -> tuple[str, bool, str]:
    """How it signs in, whether that never ends, and when it does."""
    user = one.user
    if "exec" in user or "auth-provider" in user:
        return ("exec" if "exec" in user else "auth-provider"), False, ""
    if one.config.api_key:
        if "password" in user and "token" not in user and "tokenFile" not in user:
            return "password", True, ""
        end = _claims(one).get("exp")
        ends = isinstance(end, int) and 0 < end < _FAR
        expires = datetime.fromtimestamp(end, UTC).isoformat() if ends and end else ""
        return ("token-file" if "tokenFile" in user else "token"), not ends, expires
    return ("certificate" if one.config.cert_file else "none"), False, ""


_FAR = 10**11
"""Seconds since 1970: what is later is no time."""


def _claims(one: _Entrance) -> dict[str, Any]:
    """What a token says of itself, if it says anything."""
    from keymuster.detect.checksums import unbase64

    token = kubeconfig.token_of(one.config).partition(" ")[2].strip()
    parts = token.split(".")
    try:
        found = json.loads(unbase64(parts[1].encode())) if len(parts) == 3 else {}
    except (ValueError, OverflowError):
        return {}
    return found if isinstance(found, dict) else {}
