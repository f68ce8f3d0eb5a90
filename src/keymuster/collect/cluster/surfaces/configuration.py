"""ConfigMaps. Their values are looked at for secrets and let go; who of AWS may come in stands in one of them."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.cluster.objects import told
from keymuster.collect.cluster.scope import Scope

_MAPS = "list configmaps"

_OF_CLUSTER = ("kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert")
"""What every namespace gets a copy of: public certificates."""


def maps(ask: Scope) -> Iterator[Told]:
    for one in ask.listed(_MAPS):
        if one.get("data") and one["metadata"]["name"] not in _OF_CLUSTER:
            yield told(ask, "ConfigMap", one)


SURFACES = (
    Surface(name="config-maps", calls=(_MAPS,), types=("ConfigMap", "configmap"), look=maps),
)
