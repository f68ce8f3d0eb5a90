"""Virtual machines of Compute Engine, what they are made from, and what all of a project have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_INSTANCE = "compute.googleapis.com/Instance"
_TEMPLATE = "compute.googleapis.com/InstanceTemplate"
_PROJECT = "compute.googleapis.com/Project"
_INSTANCES = "compute.instances.aggregatedList"
_TEMPLATES = "compute.instanceTemplates.aggregatedList"
_GET = "compute.projects.get"


def instances(ask: Scope) -> Iterator[Told]:
    for one in _aggregated(ask, _INSTANCE, _INSTANCES, "instances"):
        zone = last(one.get("zone", ""))
        yield told(
            "google_compute_instance",
            f"//compute.googleapis.com/{ask.place.name}/zones/{zone}/instances/{one['name']}",
            {
                "name": one["name"], "project": ask.project, "zone": zone, **_machine(one),
                **facts(one, "status", "creationTimestamp"),
            },
            account=ask.project,
        )  # fmt: skip


def templates(ask: Scope) -> Iterator[Told]:
    for one in _aggregated(ask, _TEMPLATE, _TEMPLATES, "instanceTemplates"):
        region = last(one.get("region", ""))
        kind = (
            "google_compute_region_instance_template"
            if region
            else "google_compute_instance_template"
        )
        place = f"regions/{region}" if region else "global"
        yield told(
            kind, f"//compute.googleapis.com/{ask.place.name}/{place}/instanceTemplates/{one['name']}",
            {
                "name": one["name"], "project": ask.project, "region": region,
                **_machine(one.get("properties") or {}), **facts(one, "creationTimestamp"),
            },
            account=ask.project,
        )  # fmt: skip


def _aggregated(ask: Scope, type: str, call: str, key: str) -> Iterator[dict[str, Any]]:
    """An answer has the items of each zone and region under its name."""
    known = ask.inventoried(type)
    if known is not None:
        yield from known
        return
    for page in ask.whole_pages(call, project=ask.project):
        for zone in (page.get("items") or {}).values():
            yield from zone.get(key) or ()


def _machine(one: dict[str, Any]) -> dict[str, Any]:
    accounts = one.get("serviceAccounts") or ()
    return {
        "machine_type": last(one.get("machineType", "")), "labels": one.get("labels"),
        "service_account": next((picked(each, ("email", "scopes")) for each in accounts), None),
        "metadata": _metadata(one.get("metadata")),
    }  # fmt: skip


def _metadata(one: dict[str, Any] | None) -> dict[str, Any]:
    return {each["key"]: each.get("value", "") for each in (one or {}).get("items") or ()}


def project(ask: Scope) -> Iterator[Told]:
    known = ask.inventoried(_PROJECT)
    if known is None:
        said = ask.answer(_GET, project=ask.project)
        known = [said] if said else []
    for one in known:
        yield told(
            "google_compute_project_metadata", f"//compute.googleapis.com/{ask.place.name}#metadata",
            {"project": ask.project, "metadata": _metadata(one.get("commonInstanceMetadata"))},
            account=ask.project, name=ask.project,
        )  # fmt: skip


SURFACES = (
    Surface(
        name="compute-instances", calls=(LIST, _INSTANCES), types=("google_compute_instance",),
        look=instances, assets=(_INSTANCE,),
    ),
    Surface(
        name="compute-templates", calls=(LIST, _TEMPLATES),
        types=("google_compute_instance_template", "google_compute_region_instance_template"),
        look=templates, assets=(_TEMPLATE,),
    ),
    Surface(
        name="compute-project", calls=(LIST, _GET), types=("google_compute_project_metadata",),
        look=project, assets=(_PROJECT,),
    ),
)  # fmt: skip
