"""What an organisation forbids itself, and what Google advises it."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_POLICY = "orgpolicy.googleapis.com/Policy"
_CALLS = {
    "organization": "orgpolicy.organizations.policies.list",
    "folder": "orgpolicy.folders.policies.list",
    "project": "orgpolicy.projects.policies.list",
}
_ANSWER = "orgpolicy.googleapis.com/ListPoliciesResponse"


def policies(ask: Scope) -> Iterator[Told]:
    """Of an organisation it is told, too, that these are all."""
    place = ask.place
    before = ask.failures
    found = list(ask.listed(_POLICY, _CALLS[place.level], "policies", parent=place.name))
    for one in found:
        yield told(
            "google_org_policy_policy", f"//orgpolicy.googleapis.com/{one['name']}",
            {"name": one["name"], "parent": place.name, **picked(one, ("spec",))},
            account=ask.account,
        )  # fmt: skip
    if place.level == "organization" and ask.failures == before:
        yield told(
            _ANSWER, f"//orgpolicy.googleapis.com/{place.name}",
            {"parent": place.name, "policies": [facts(one, "name", "spec") for one in found]},
            account=ask.account, name=place.name, empty=True,
        )  # fmt: skip


_ADVICE = {
    level: f"recommender.{level}s.locations.recommenders.recommendations.list"
    for level in ("organization", "folder", "project")
}
_INSIGHTS = "recommender.projects.locations.insightTypes.insights.list"
_TYPES = ("google.iam.serviceAccount.Insight", "google.iam.policy.LateralMovementInsight")


def advice(ask: Scope) -> Iterator[Told]:
    parent = f"{ask.place.name}/locations/global"
    for one in ask.pages(
        _ADVICE[ask.place.level],
        "recommendations",
        parent=f"{parent}/recommenders/google.iam.policy.Recommender",
    ):
        yield told(
            "recommender.googleapis.com/Recommendation", f"//recommender.googleapis.com/{one['name']}",
            facts(
                one, "name", "description", "recommenderSubtype", "priority", "stateInfo", "content",
                "targetResources", "lastRefreshTime",
            ),
            account=ask.account, name=last(one["name"]),
        )  # fmt: skip
    for type in _TYPES if ask.place.level == "project" else ():
        for one in ask.pages(_INSIGHTS, "insights", parent=f"{parent}/insightTypes/{type}"):
            yield told(
                "recommender.googleapis.com/Insight", f"//recommender.googleapis.com/{one['name']}",
                facts(
                    one, "name", "description", "insightSubtype", "severity", "stateInfo", "content",
                    "targetResources", "lastRefreshTime", "observationPeriod",
                ),
                account=ask.account, name=last(one["name"]),
            )  # fmt: skip


SURFACES = (
    Surface(
        name="organization-policies",
        calls=(LIST, *_CALLS.values()),
        types=("google_org_policy_policy", _ANSWER),
        look=policies,
        levels=("organization", "folder", "project"),
        assets=(_POLICY,),
    ),
    Surface(
        name="recommendations",
        calls=(*_ADVICE.values(), _INSIGHTS),
        types=("recommender.googleapis.com/Recommendation", "recommender.googleapis.com/Insight"),
        look=advice,
        levels=("organization", "folder", "project"),
    ),
)
