"""Clusters that let somebody in, and which they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest
from keymuster.collect.asking.shared import Once
from keymuster.collect.cluster import kubeconfig
from keymuster.collect.cluster.entrance import Asked, Entrance, closed, entrances, told
from keymuster.collect.cluster.who import Who, who
from keymuster.errors import CollectError
from keymuster.model import Trouble
from keymuster.model.kubernetes import called, cluster_of

_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_HOME = "kube-system"


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
    ways = [*entrances(asked, stop)]
    kubeconfig.forget_files()
    entered: dict[str, Access] = {}
    refused: list[Trouble] = []
    for found in _tried(ways, asked, stop):
        if isinstance(found, Trouble):
            refused.append(found)
        else:
            entered.setdefault(found.account, found)
    if not entered:
        first = refused[0]
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        raise CollectError(f"{first.scope}: {first.message}{more}", first.advice)
    yield from refused
    yield from entered.values()


def _tried(ways: list[Entrance | Trouble], asked: Asked, stop: Event) -> Iterator[Access | Trouble]:
    """What is behind each, several at a time. An interrupt waits for none of them."""
    pool = ThreadPoolExecutor(8, thread_name_prefix="enter")
    try:
        yield from pool.map(
            lambda one: one if isinstance(one, Trouble) else _entered(one, asked), ways
        )
    except KeyboardInterrupt:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_OF_CLUSTER = ("Forbidden", "NotFound")
"""Refusals in the words of an API server: others may be somebody else's."""


def _entered(one: Entrance, asked: Asked) -> Access | Trouble:
    trouble = ""
    asking = Asking(url=f"api/v1/namespaces/{_HOME}", headers={"Accept": _METADATA})
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
        return closed(one.name, "what answers is no API server", "See its address.")
    return Access(
        uid, one.name, one.rest, who(one), asked, version=_version(one), trouble=trouble,
    )  # fmt: skip


def _uid(body: Any) -> str:
    """That of a namespace; empty if this is none."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    uid = metadata.get("uid") if isinstance(metadata, dict) else None
    return uid if isinstance(uid, str) and uid and cluster_of(called(_HOME, uid)) == uid else ""


def _refused(name: str, error: NoAnswer) -> Trouble:
    if error.status == 401:
        return closed(
            name, f"the cluster does not let this credential in ({error.code})", "Sign in again."
        )
    if not error.status:
        return closed(
            name, f"the cluster was not reached ({error.code})",
            "See its address and its certificate authority (in the kubeconfig, or --ca-file), and the network.",
        )  # fmt: skip
    return closed(
        name, f"what answers is no API server that is at work ({error.code})", "See its address."
    )  # fmt: skip


def _version(one: Entrance) -> str:
    body = told(one, Asking(url="version"))
    return str(body.get("gitVersion", ""))
