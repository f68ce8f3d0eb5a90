"""Estates of Google Cloud for tests, as its services tell of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.inventory.build import Inventory, build
from keymuster.model import ServiceLocation
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def email(name: str, project: str = "acme-prod") -> str:
    return f"{name}@{project}.iam.gserviceaccount.com"


def told(type: str, key: str, settings: dict[str, Any], account: str = "acme-prod") -> Declared:
    place = Told.about(ServiceLocation(service="gcp", account=account, resource=key))
    return Declared(
        type=type, name=key.rpartition("/")[2], scope=f"gcp:{account}", settings=place.node(settings),
        key=key, account=account,
    )  # fmt: skip


def account(name: str, project: str = "acme-prod", **facts: Any) -> Declared:
    settings = {"account_id": name, "project": project, "email": email(name, project), **facts}
    return told("google_service_account", f"gcp:{email(name, project)}", settings, project)


def project(id: str = "acme-prod", parent: str = "folders/45", number: str = "") -> Declared:
    settings = {"project_id": id, "parent": parent, "number": number}
    return told("google_project", f"gcp:projects/{id}", settings, id)


def folder(number: str = "45", parent: str = "organizations/1", name: str = "teams") -> Declared:
    settings = {"folder_id": number, "parent": parent, "display_name": name}
    return told("google_folder", f"gcp:folders/{number}", settings, parent)


def organization(domain: str = "acme.example") -> Declared:
    settings = {"org_id": "1", "domain": domain, "directory_customer_id": "C01"}
    return told("google_organization", "gcp:organizations/1", settings, "organizations/1")


def policy(on: str, *bindings: tuple[str, str] | tuple[str, str, str]) -> Declared:
    """Roles and their members on a level, or on the account of an address; a third text is a condition."""
    said = [
        {
            "role": role,
            "members": [member],
            **({"condition": {"title": "x", "expression": rest[0]}} if rest else {}),
        }
        for role, member, *rest in bindings
    ]
    kind, _, name = on.partition("/")
    types = {
        "projects": ("google_project_iam_policy", "project", name),
        "folders": ("google_folder_iam_policy", "folder", on),
        "organizations": ("google_organization_iam_policy", "org_id", name),
    }
    type, key, value = types.get(
        kind, ("google_service_account_iam_policy", "service_account_id", on)
    )
    of = name if kind == "projects" else on.partition("@")[2].partition(".")[0] if "@" in on else on
    settings = {key: value, "policy_data": {"bindings": said}}
    return told(type, f"//policy/{on}#policy", settings, of)


def denied(on: str, permission: str, principal: str, *spared: str, **more: Any) -> Declared:
    rule = {
        "denied_principals": [principal], "denied_permissions": [permission],
        "exception_principals": list(spared), **more,
    }  # fmt: skip
    settings = {
        "parent": f"cloudresourcemanager.googleapis.com/{on}",
        "rules": [{"deny_rule": rule}],
    }
    return told("google_iam_deny_policy", f"//deny/{on}", settings)


def estate(rules: RuleSet, *things: Declared, ours: Iterable[str] = ()) -> Inventory:
    """What is known of all of it."""
    records = [record for one in things for record in meanings.records(one, rules.resource_types)]
    configured = Settings(ours={"gcp": tuple(ours)} if ours else {})
    return analysed(build(records), configured, rules, NOW)
