"""What the inventory alone is asked for: things that have a list for each region, key ring or dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import last, terraform, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface


class Kind(Struct, frozen=True, kw_only=True):
    """One type of assets in Terraform's words: its `type`, what is named otherwise there, and
    what each is `named`."""

    type: str | Callable[[dict[str, Any]], str]
    renamed: dict[str, str] = {}
    named: Callable[[dict[str, Any]], str] = lambda one: str(one["name"])


def _dataset(one: dict[str, Any]) -> str:
    return f"datasets/{(one.get('datasetReference') or {}).get('datasetId', '')}"


def _notebook(one: dict[str, Any]) -> str:
    return "google_workbench_instance" if one.get("gceSetup") else "google_notebooks_instance"


def _version(one: dict[str, Any]) -> str:
    kind = "standard" if one.get("env", "standard") == "standard" else "flexible"
    return f"google_app_engine_{kind}_app_version"


_KINDS = {
    "cloudkms.googleapis.com/CryptoKey": Kind(type="google_kms_crypto_key"),
    "bigquery.googleapis.com/Dataset": Kind(type="google_bigquery_dataset", named=_dataset),
    "redis.googleapis.com/Instance": Kind(type="google_redis_instance"),
    "appengine.googleapis.com/Version": Kind(type=_version),
    "composer.googleapis.com/Environment": Kind(type="google_composer_environment"),
    "dataproc.googleapis.com/Cluster": Kind(
        type="google_dataproc_cluster",
        renamed={"config": "cluster_config"},
        named=lambda one: f"clusters/{one['clusterName']}",
    ),
    "notebooks.googleapis.com/Instance": Kind(type=_notebook),
    "pubsub.googleapis.com/Subscription": Kind(type="google_pubsub_subscription"),
    "workflows.googleapis.com/Workflow": Kind(type="google_workflows_workflow"),
    "eventarc.googleapis.com/Trigger": Kind(type="google_eventarc_trigger"),
    "datafusion.googleapis.com/Instance": Kind(type="google_data_fusion_instance"),
}
_TYPES = (
    "google_kms_crypto_key", "google_bigquery_dataset", "google_redis_instance",
    "google_app_engine_standard_app_version", "google_app_engine_flexible_app_version",
    "google_composer_environment", "google_dataproc_cluster", "google_notebooks_instance",
    "google_workbench_instance", "google_pubsub_subscription", "google_workflows_workflow",
    "google_eventarc_trigger", "google_data_fusion_instance",
)  # fmt: skip


def others(ask: Scope) -> Iterator[Told]:
    for asset, kind in _KINDS.items():
        known = ask.inventoried(asset)
        if known is None:
            ask.lacks = "what the Cloud Asset Inventory alone tells was not looked at"
        for one in known or ():
            type = kind.type if isinstance(kind.type, str) else kind.type(one)
            name = ask.by_id(kind.named(one))
            settings = {kind.renamed.get(key, key): value for key, value in terraform(one).items()}
            host = asset.partition("/")[0]
            below = name if name.startswith("projects/") else f"{ask.place.name}/{name}"
            yield told(
                type, f"//{host}/{below}", {**settings, "name": last(name), "project": ask.project},
                account=ask.project, name=last(name),
            )  # fmt: skip


SURFACES = (
    Surface(
        name="assets",
        calls=(LIST,),
        types=_TYPES,
        look=others,
        assets=tuple(_KINDS),
        by_inventory=True,
    ),
)
