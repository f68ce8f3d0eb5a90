"""Services and jobs of Cloud Run, and functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, terraform, told
from keymuster.collect.gcp.policies import policy, policy_of
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_SERVICE = "run.googleapis.com/Service"
_JOB = "run.googleapis.com/Job"
_FUNCTION = "cloudfunctions.googleapis.com/Function"
_FIRST = "cloudfunctions.googleapis.com/CloudFunction"
_SERVICES = "run.namespaces.services.list"
_JOBS = "run.namespaces.jobs.list"
_SERVICE_POLICY = "run.projects.locations.services.getIamPolicy"
_FUNCTIONS = "cloudfunctions.projects.locations.functions.list"
_FUNCTION_POLICY = "cloudfunctions.projects.locations.functions.getIamPolicy"

_PLACE = "cloud.googleapis.com/location"
_MANAGED = "goog-managed-by"
"""The label of services that stand for something else, a function mostly."""


def services(ask: Scope) -> Iterator[Told]:
    for one in ask.listed(_SERVICE, _SERVICES, "items", parent=f"namespaces/{ask.project}"):
        about = one.get("metadata") or {}
        labels = about.get("labels") or {}
        if _MANAGED in labels:
            continue
        name = f"{ask.place.name}/locations/{labels.get(_PLACE, '-')}/services/{about['name']}"
        template = ((one.get("spec") or {}).get("template") or {}).get("spec") or {}
        yield told(
            "google_cloud_run_v2_service", f"//run.googleapis.com/{name}",
            {
                "name": about["name"], "project": ask.project, "location": labels.get(_PLACE),
                "labels": labels, "template": _template(template), "createTime": about.get("creationTimestamp"),
            },
            account=ask.project,
        )  # fmt: skip
        if ask.policies() is None and (said := policy(ask, _SERVICE_POLICY, name)):
            yield policy_of(ask, f"//run.googleapis.com/{name}", _SERVICE, said)


def jobs(ask: Scope) -> Iterator[Told]:
    for one in ask.listed(_JOB, _JOBS, "items", parent=f"namespaces/{ask.project}"):
        about = one.get("metadata") or {}
        labels = about.get("labels") or {}
        run = ((one.get("spec") or {}).get("template") or {}).get("spec") or {}
        task = (run.get("template") or {}).get("spec") or {}
        name = f"{ask.place.name}/locations/{labels.get(_PLACE, '-')}/jobs/{about['name']}"
        yield told(
            "google_cloud_run_v2_job", f"//run.googleapis.com/{name}",
            {
                "name": about["name"], "project": ask.project, "location": labels.get(_PLACE),
                "labels": labels, "template": {"template": _template(task)},
                "createTime": about.get("creationTimestamp"),
            },
            account=ask.project,
        )  # fmt: skip


def _template(one: dict[str, Any]) -> dict[str, Any]:
    containers = [_container(each) for each in one.get("containers") or ()]
    account = one.get("serviceAccountName")
    found: dict[str, Any] = {"service_account": account} if account else {}
    return {**found, "containers": containers} if containers else found


def _container(one: dict[str, Any]) -> dict[str, Any]:
    """Variables that are taken from secrets have no value."""
    found = picked(one, ("name", "image"))
    variables = [picked(each, ("name", "value")) for each in one.get("env") or ()]
    return {**found, "env": variables} if variables else found


def functions(ask: Scope) -> Iterator[Told]:
    """A list of the second version has those of the first, too; the inventory has each for itself."""
    parent = f"{ask.place.name}/locations/-"
    for one in ask.listed(_FUNCTION, _FUNCTIONS, "functions", parent=parent):
        config = one.get("serviceConfig") or {}
        yield told(
            "google_cloudfunctions2_function", f"//cloudfunctions.googleapis.com/{one['name']}",
            {
                "name": last(one["name"]), "project": ask.project, "labels": one.get("labels"),
                "service_config": picked(config, ("serviceAccountEmail", "environmentVariables", "ingressSettings")),
                **facts(one, "createTime", "updateTime", "state", "environment"),
            },
            account=ask.project,
        )  # fmt: skip
        if ask.policies() is None and (said := policy(ask, _FUNCTION_POLICY, one["name"])):
            yield policy_of(ask, f"//cloudfunctions.googleapis.com/{one['name']}", _FUNCTION, said)
    for one in ask.inventoried(_FIRST) or ():
        name = one.get("name", "")
        yield told(
            "google_cloudfunctions_function", f"//cloudfunctions.googleapis.com/{name}",
            {**terraform(one), "name": last(name), "project": ask.project}, account=ask.project,
        )  # fmt: skip


SURFACES = (
    Surface(
        name="cloud-run-services",
        calls=(LIST, _SERVICES, _SERVICE_POLICY),
        types=("google_cloud_run_v2_service", "google_cloud_run_v2_service_iam_policy"),
        look=services,
        assets=(_SERVICE,),
    ),
    Surface(
        name="cloud-run-jobs", calls=(LIST, _JOBS), types=("google_cloud_run_v2_job",), look=jobs, assets=(_JOB,)
    ),
    Surface(
        name="cloud-functions",
        calls=(LIST, _FUNCTIONS, _FUNCTION_POLICY),
        types=(
            "google_cloudfunctions2_function", "google_cloudfunctions_function",
            "google_cloudfunctions2_function_iam_policy",
        ),
        look=functions,
        assets=(_FUNCTION, _FIRST),
    ),
)  # fmt: skip
