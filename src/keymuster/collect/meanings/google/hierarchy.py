"""The organisation, the folders and the projects, what is in which, and what its policies ask of all
below. Analysis reads them in the types of `keymuster.model.gcp_hierarchy`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Node
from keymuster.model import Observation, Resource, gcp_hierarchy
from keymuster.model.unknown import is_unknown


def organization(one: Declared) -> Iterator[Observation]:
    number = one.known("org_id")
    yield Resource(
        id=one.id, type=gcp_hierarchy.ORGANIZATION, name=one.known("domain") or one.name,
        location=one.location,
        settings={
            "name": f"organizations/{number}" if number else "",
            "domain": one.known("domain"),
            "customer": one.known("directory_customer_id"),
        },
    )  # fmt: skip


def folder(one: Declared) -> Iterator[Observation]:
    number = one.known("folder_id").removeprefix("folders/")
    yield Resource(
        id=one.id, type=gcp_hierarchy.FOLDER, name=one.known("display_name") or one.name,
        location=one.location,
        settings={"name": f"folders/{number}" if number else "", "parent": _parent(one)},
    )  # fmt: skip


def project(one: Declared) -> Iterator[Observation]:
    id, number = one.known("project_id"), one.known("number")
    labels = one.get("labels")
    said = labels.plain() if labels is not None else {}
    yield Resource(
        id=one.id, type=gcp_hierarchy.PROJECT, name=id or one.name, location=one.location,
        settings={
            "name": f"projects/{id}" if id else "",
            "number": f"projects/{number}" if number else "",
            "title": one.known("name"),
            "parent": _parent(one),
            "labels": {key: str(value) for key, value in said.items()} if isinstance(said, dict) else {},
            "state": one.known("state"),
        },
    )  # fmt: skip


def _parent(one: Declared) -> str:
    """`folders/45`, `organizations/123`, or the id of the declared folder that it is in."""
    for key, kind in (("parent", ""), ("folder_id", "folders/"), ("org_id", "organizations/")):
        text = one.text(key)
        if not text or (key == "folder_id" and one.type == "google_folder"):
            continue
        if is_unknown(text):
            return one.target(text)
        return text if text.startswith(("folders/", "organizations/")) or not kind else kind + text
    return ""


def constraint(one: Declared) -> Iterator[Observation]:
    """A policy of the organisation: whether it enforces a constraint, and where."""
    yield from _constraint(one, one.settings, one.id)


def constraints(one: Declared) -> Iterator[Observation]:
    """All of an organisation, as its API lists them."""
    listed = one.get("policies")
    for number, policy in enumerate(listed.items() if listed is not None else ()):
        yield from _constraint(one, policy, f"{one.id}/{number}")


def _constraint(one: Declared, policy: Node, id: str) -> Iterator[Observation]:
    named, rules = policy.get("name"), policy.get("spec", "rules")
    name = named.text() if named is not None else ""
    place = one.known("parent") or name.partition("/policies/")[0]
    said = [rule.get("enforce") for rule in rules.items()] if rules is not None else []
    enforced = {node.text().lower() for node in said if node is not None}
    if place and not is_unknown(name):
        yield Resource(
            id=f"{id}#constraint", type=gcp_hierarchy.CONSTRAINT, name=name.rpartition("/")[2],
            location=one.location,
            settings={"place": place, "enforced": enforced == {"true"}, "plain": len(said) == 1},
        )  # fmt: skip


TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {
    "google_organization": organization,
    "google_folder": folder,
    "google_project": project,
    "google_org_policy_policy": constraint,
    "orgpolicy.googleapis.com/ListPoliciesResponse": constraints,
}
