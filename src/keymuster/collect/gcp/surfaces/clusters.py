"""Clusters of Kubernetes Engine, and their machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, picked, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_CLUSTER = "container.googleapis.com/Cluster"
_CLUSTERS = "container.projects.locations.clusters.list"


def clusters(ask: Scope) -> Iterator[Told]:
    parent = f"{ask.place.name}/locations/-"
    for one in ask.listed(_CLUSTER, _CLUSTERS, "clusters", parent=parent):
        name, place = one["name"], one.get("location", "-")
        key = f"//container.googleapis.com/{ask.place.name}/locations/{place}/clusters/{name}"
        yield told(
            "google_container_cluster", key,
            {
                "name": name, "project": ask.project, "location": place, "remove_default_node_pool": True,
                "enable_autopilot": (one.get("autopilot") or {}).get("enabled", False),
                "enable_legacy_abac": (one.get("legacyAbac") or {}).get("enabled", False),
                "master_auth": _sign_in(one.get("masterAuth") or {}),
                **picked(one, ("workloadIdentityConfig", "resourceLabels")),
                **facts(one, "createTime", "status"),
            },
            account=ask.project,
        )  # fmt: skip
        for pool in one.get("nodePools") or ():
            yield told(
                "google_container_node_pool", f"{key}/nodePools/{pool['name']}",
                {
                    "name": pool["name"], "cluster": name, "project": ask.project,
                    "node_config": _nodes(ask, pool.get("config") or {}),
                },
                account=ask.project,
            )  # fmt: skip


def _sign_in(one: dict[str, Any]) -> dict[str, Any]:
    """That there is a password is told, and not the password."""
    found = picked(one, ("username", "clientCertificateConfig"))
    return {**found, "password": True} if one.get("password") else found


def _nodes(ask: Scope, config: dict[str, Any]) -> dict[str, Any]:
    found = picked(config, ("oauthScopes", "workloadMetadataConfig", "metadata"))
    account = config.get("serviceAccount") or "default"
    if account == "default":
        account = f"{ask.place.number.partition('/')[2]}-compute@developer.gserviceaccount.com"
    return {**found, "service_account": account}


SURFACES = (
    Surface(
        name="kubernetes-clusters",
        calls=(LIST, _CLUSTERS),
        types=("google_container_cluster", "google_container_node_pool"),
        look=clusters,
        assets=(_CLUSTER,),
    ),
)
