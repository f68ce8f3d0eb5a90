"""Workloads that run as a service account: of their own, or the one that Google makes for a project."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from keymuster.collect.agents.clouds import agent, agent_id
from keymuster.collect.declared import Declared
from keymuster.collect.meanings.google.names import (
    DEFAULT_APP_ENGINE,
    DEFAULT_COMPUTE,
    service_account,
)
from keymuster.collect.syntax.node import Node
from keymuster.model import Observation, Use, UseKind

Meaning = Callable[[Declared], Iterator[Observation]]


def _runs_as(path: str, default: str = "", *, block: str = "") -> Meaning:
    """A workload whose account a setting names, or that gets the `default` one. With `block` it gets
    none at all without that block."""

    def meaning(one: Declared) -> Iterator[Observation]:
        holders = _at(one.settings, block) if block else [one.settings]
        rest = path.removeprefix(f"{block}.")
        for holder in holders:
            found = [node for node in _at(holder, rest) if node.text() not in _NO_ADDRESS]
            node = found[0] if found else holder
            subject = service_account(one, node.text()) if found else default
            if subject and not _is_made_by_cluster(one):
                yield Use(
                    id=f"{one.id}#runs-as/{subject}",
                    subject=subject,
                    by=one.id,
                    kind=UseKind.WORKLOAD,
                    location=node.location(),
                )

    return meaning


_NO_ADDRESS = ("", "default")
"""What stands for the default account."""


def _is_made_by_cluster(one: Declared) -> bool:
    """Machines of Kubernetes Engine, whose pool says which account they have."""
    return re.match(r"gke-", one.text("name")) is not None


def _at(node: Node, path: str) -> list[Node]:
    """All that is under a path; blocks may stand once or in a list."""
    found = [node]
    for key in path.split("."):
        found = [value for one in found for item in one.items() if (value := item.get(key))]
    return [item for one in found for item in one.items()]


def _cluster(one: Declared) -> Iterator[Observation]:
    """The machines that a cluster starts with; not if it keeps none of them, or names none."""
    if one.text("remove_default_node_pool") == "true" or one.text("enable_autopilot") == "true":
        return
    if not any(map(one.get, ("node_config", "node_pool", "initial_node_count"))):
        return
    path = "node_config.service_account"
    if one.get("node_config") is None and one.get("node_pool") is not None:
        path = "node_pool.node_config.service_account"
    yield from _runs_as(path, DEFAULT_COMPUTE)(one)


def _reasoning_engine(one: Declared) -> Iterator[Observation]:
    """An agent of Vertex AI; without a framework it may be one as well."""
    yield from agent(one, "vertex-ai", ("display_name",))
    for use in _runs_as("spec.service_account")(one):
        if isinstance(use, Use):
            yield replace(use, by=agent_id(one), kind=UseKind.AGENT)


def _agent(service: str) -> Meaning:
    return lambda one: agent(one, service, ("display_name", "agent_id", "engine_id"))


_machine = _runs_as("service_account.email", DEFAULT_COMPUTE, block="service_account")

TYPES: dict[str, Meaning] = {
    "google_compute_instance": _machine,
    "google_compute_instance_template": _machine,
    "google_compute_region_instance_template": _machine,
    "google_compute_instance_from_template": _machine,
    "google_compute_instance_from_machine_image": _machine,
    "google_container_cluster": _cluster,
    "google_container_node_pool": _runs_as("node_config.service_account", DEFAULT_COMPUTE),
    "google_cloudfunctions_function": _runs_as("service_account_email", DEFAULT_APP_ENGINE),
    "google_cloudfunctions2_function": _runs_as(
        "service_config.service_account_email", DEFAULT_COMPUTE
    ),
    "google_cloud_run_service": _runs_as("template.spec.service_account_name", DEFAULT_COMPUTE),
    "google_cloud_run_v2_service": _runs_as("template.service_account", DEFAULT_COMPUTE),
    "google_cloud_run_v2_job": _runs_as("template.template.service_account", DEFAULT_COMPUTE),
    "google_app_engine_standard_app_version": _runs_as("service_account", DEFAULT_APP_ENGINE),
    "google_app_engine_flexible_app_version": _runs_as("service_account", DEFAULT_APP_ENGINE),
    "google_composer_environment": _runs_as("config.node_config.service_account", DEFAULT_COMPUTE),
    "google_dataproc_cluster": _runs_as(
        "cluster_config.gce_cluster_config.service_account", DEFAULT_COMPUTE
    ),
    "google_dataflow_job": _runs_as("service_account_email", DEFAULT_COMPUTE),
    "google_dataflow_flex_template_job": _runs_as("service_account_email", DEFAULT_COMPUTE),
    "google_notebooks_instance": _runs_as("service_account", DEFAULT_COMPUTE),
    "google_workbench_instance": _runs_as("gce_setup.service_accounts.email", DEFAULT_COMPUTE),
    "google_data_fusion_instance": _runs_as("dataproc_service_account", DEFAULT_COMPUTE),
    "google_workflows_workflow": _runs_as("service_account", DEFAULT_COMPUTE),
    "google_cloudbuild_trigger": _runs_as("service_account"),
    "google_cloud_scheduler_job": _runs_as("http_target.oidc_token.service_account_email"),
    "google_eventarc_trigger": _runs_as("service_account"),
    "google_pubsub_subscription": _runs_as("push_config.oidc_token.service_account_email"),
    "google_vertex_ai_reasoning_engine": _reasoning_engine,
    "google_dialogflow_agent": _agent("dialogflow"),
    "google_dialogflow_cx_agent": _agent("dialogflow"),
    "google_discovery_engine_chat_engine": _agent("vertex-ai-agents"),
    "google_ces_app": _agent("customer-engagement-suite"),
    "google_gke_hub_membership": _runs_as("service_account"),
    "google_tpu_v2_vm": _runs_as("service_account.email", DEFAULT_COMPUTE),
}
