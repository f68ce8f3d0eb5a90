"""Agents of Vertex AI. Each region answers for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_SERVICE = "serviceusage.googleapis.com/Service"
_SERVICES = "serviceusage.services.list"
_LOCATIONS = "aiplatform.projects.locations.list"
_ENGINES = "aiplatform.projects.locations.reasoningEngines.list"
_API = "aiplatform.googleapis.com"


def engines(ask: Scope) -> Iterator[Told]:
    if not _is_enabled(ask):
        return
    places = [one["locationId"] for one in ask.pages(_LOCATIONS, "locations", name=ask.place.name)]
    for place in places:
        region = "" if place == "global" else place
        parent = f"{ask.place.name}/locations/{place}"
        for one in ask.pages(
            _ENGINES, "reasoningEngines", *_NOT_THERE, region=region, parent=parent
        ):
            spec = one.get("spec") or {}
            name = ask.by_id(one["name"])
            yield told(
                "google_vertex_ai_reasoning_engine", f"//aiplatform.googleapis.com/{name}",
                {
                    "project": ask.project, "region": place, **picked(one, ("displayName", "description")),
                    "spec": _spec(spec), **facts(one, "createTime", "updateTime"),
                },
                account=ask.project, name=one.get("displayName") or last(name),
            )  # fmt: skip


_NOT_THERE = ("UNIMPLEMENTED", "NOT_FOUND")
"""Not every region has agents."""


def _spec(one: dict[str, Any]) -> dict[str, Any]:
    deployed = one.get("deploymentSpec") or {}
    found = picked(one, ("agentFramework", "identityType", "effectiveIdentity", "serviceAccount"))
    settings = picked(deployed, ("env", "secretEnv"))
    return {**found, "deployment_spec": settings} if settings else found


def _is_enabled(ask: Scope) -> bool:
    """Whether the project has the API at all. Where that is not told, it is asked in vain."""
    before = ask.failures
    enabled = [
        last(one["name"])
        for one in ask.listed(
            _SERVICE, _SERVICES, "services", parent=ask.place.name, filter="state:ENABLED"
        )
        if one.get("state") == "ENABLED"
    ]
    return _API in enabled or ask.failures > before


SURFACES = (
    Surface(
        name="vertex-agents",
        calls=(LIST, _SERVICES, _LOCATIONS, _ENGINES),
        types=("google_vertex_ai_reasoning_engine",),
        look=engines,
        assets=(_SERVICE,),
    ),
)
