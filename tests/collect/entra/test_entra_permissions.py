"""What is printed for somebody who is to let keymuster look."""

from __future__ import annotations

import json
from typing import Any

import entra_server
import entra_tenant
from entra_server import Tenant
from keymuster.collect.asking.work import look
from keymuster.collect.entra.grantable import document
from keymuster.collect.entra.permissions import AZURE, GRAPH, graph_permissions
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces import surfaces

CLAIMS = {"tid": entra_tenant.TENANT}


def units(tenant: Tenant) -> dict[str, Any]:
    access = entra_server.access(tenant, CLAIMS)
    return {one.name: look(Scope(access, one)) for one in surfaces()}


def test_every_call_says_what_it_needs() -> None:
    calls = {call for one in surfaces() for call in one.calls}
    assert calls == GRAPH.keys() | AZURE.keys()


def test_the_least_lets_every_surface_through(tenant: Tenant) -> None:
    everything = units(tenant)
    least = json.loads(document(surfaces()))
    tenant.allowed = {*least["graphPermissions"], *least["roleDefinition"]["Actions"]}
    for name, unit in units(tenant).items():
        assert unit.troubles == (), name
        assert unit.looked.problem == ""
        assert len(unit.told) == len(everything[name].told), name


def test_without_any_permission_every_surface_says_what_it_lacks(tenant: Tenant) -> None:
    """Resource Graph gives those who may see nothing an empty answer, as it does where there is nothing."""
    tenant.allowed = set()
    for name, unit in units(tenant).items():
        assert unit.told == (), name
        assert unit.troubles, name
        assert unit.looked.problem, name
        assert all("keymuster services permissions entra" in one.advice for one in unit.troubles)


def test_of_permissions_that_do_the_same_one_is_enough() -> None:
    assert graph_permissions({"GET /v1.0/applications"}) == ["Application.Read.All"]
    both = {"GET /v1.0/applications", "GET /v1.0/oauth2PermissionGrants"}
    assert graph_permissions(both) == ["Directory.Read.All"]
    assert graph_permissions({"GET /subscriptions"}) == []


def test_a_surface_alone_needs_no_more_than_its_calls(tenant: Tenant) -> None:
    """Each is let through by what is printed for it alone."""
    for one in surfaces():
        least = json.loads(document([one]))
        tenant.allowed = {*least["graphPermissions"], *least["roleDefinition"]["Actions"]}
        unit = look(Scope(entra_server.access(tenant, CLAIMS), one))
        assert unit.troubles == (), one.name
        assert unit.told, one.name
