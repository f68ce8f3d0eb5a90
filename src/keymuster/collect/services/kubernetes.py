"""Clusters of Kubernetes: those of a kubeconfig, the one around this pod, or one at an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen
from keymuster.model import Looked, Resource, ServiceLocation, Trouble

if TYPE_CHECKING:
    from keymuster.collect.asking.surface import Surface
    from keymuster.collect.asking.work import Unit
    from keymuster.collect.cluster.access import Access

_THREADS = 8
"""Clusters throttle whoever asks much at once, and slow down others with them."""


class Kubernetes:
    """Service accounts, their rights and tokens, what runs as them, and whom the cluster lets in."""

    name: ClassVar[str] = "kubernetes"
    needs: ClassVar[str] = "kubernetes"
    options: ClassVar[tuple[Option, ...]] = (
        Option("contexts", "NAME,...", "These contexts of the kubeconfig, which may be globs; the current one unless said.", several=True),
        Option("kubeconfig", "FILE", "The kubeconfig, instead of KUBECONFIG and ~/.kube/config."),
        Option("namespaces", "NAME,...", "Only what is in these namespaces, and what is in none.", several=True),
        Option("api-server", "URL", "A cluster by its address, with the token in KUBERNETES_TOKEN, and no kubeconfig."),
        Option("ca-file", "FILE", "The certificate authority of the cluster at --api-server."),
    )  # fmt: skip

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        self._context = context
        self._options = dict(options)

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.asking.work import in_order
        from keymuster.collect.cluster.access import signed_in
        from keymuster.collect.cluster.entrance import Asked
        from keymuster.collect.cluster.values import without

        stop = Event()
        clusters: list[Access] = []
        asked = msgspec.convert(self._options, type=Asked, strict=False)
        for found in signed_in(asked, stop):
            if isinstance(found, Trouble):
                yield found
            else:
                clusters.append(found)
                yield from _entered(found)
        unseen: dict[str, list[str]] = {}
        telling = Telling(self._context, self.name, kept=without)
        for unit in in_order(self._work(clusters, stop), stop, _THREADS):
            for one in telling.of(unit):
                if isinstance(one, Looked) and one.problem:
                    unseen.setdefault(one.account, []).append(one.part)
                yield one
        for access in clusters:
            yield _cluster(access, unseen.get(access.account, []))

    def permissions(self) -> str:
        """Manifests of a role that may look at no more than is asked for, and of an account that has it."""
        from keymuster.collect.cluster.permissions import role

        return role(call for one in self._surfaces() for call in one.calls)

    def _work(self, clusters: list[Access], stop: Event) -> Iterator[Unit]:
        from keymuster.collect.asking.work import look
        from keymuster.collect.cluster.scope import Scope

        surfaces = self._surfaces()
        for access in clusters:
            for one in surfaces:
                yield partial(look, Scope(access, one, stop))

    def _surfaces(self) -> list[Surface]:
        from keymuster.collect.asking.surface import Surface, found, wanted
        from keymuster.collect.cluster import surfaces

        return wanted(found(surfaces, Surface), self._context.policies, (self.name,))


def _entered(access: Access) -> Iterator[Seen]:
    who = access.who
    told: dict[str, Any] = {
        "context": access.name, "groups": list(who.groups), "may_write": who.may_write, "expires_at": who.expires_at,
    }  # fmt: skip
    yield scanner(
        Kubernetes.name, f"kubernetes:{access.account}:{who.name}", account=access.account, name=who.name,
        static=who.static, method=who.method,
        **{name: value for name, value in told.items() if value not in (None, "", [])},
    )  # fmt: skip
    if access.trouble:
        from keymuster.collect.cluster.permissions import OWN, needed

        yield Trouble(
            part=Kubernetes.name, scope=access.name, message=access.trouble,
            advice=f"Allow {needed(OWN)}, of kube-system alone if need be.",
        )  # fmt: skip


def _cluster(access: Access, unseen: list[str]) -> Resource:
    """The cluster itself, when all was asked: `unseen` are the parts that were not seen, or not wholly."""
    from keymuster.model.kubernetes import called

    id = called("cluster", access.account)
    return Resource(
        id=id, type="KubernetesCluster", name=access.name,
        location=ServiceLocation(service=Kubernetes.name, account=access.account, resource=id),
        settings={
            "cluster": access.name, "uid": access.account, "version": access.version, "host": access.host,
            "minor": access.minor if access.minor is not None else -1, "unseen": unseen,
            "namespaces": list(access.namespaces),
        },
    )  # fmt: skip
