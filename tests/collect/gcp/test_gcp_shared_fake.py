"""The same organisation behind another server that knows Google's discovery documents, written by others: our
answers are as it allows, and our requests are such as it knows."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gcp_cloud
import gcp_tenant
from gcp_cloud import Cloud
from keymuster.collect.asking.work import Answered
from keymuster.collect.declared import Declared
from keymuster.collect.gcp.access import signed_in
from keymuster.collect.gcp.asked import Asked
from keymuster.collect.gcp.collecting import answered
from keymuster.collect.gcp.places import hierarchy
from keymuster.collect.gcp.surfaces import surfaces

FILE = Path(__file__).parents[4] / "shared/testbeds/gcp/discovery_fake.py"

if not FILE.exists():
    pytest.skip("the test beds of ../shared are not here", allow_module_level=True)


@pytest.fixture(scope="module")
def fake() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shared_discovery_fake", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def looked(file: str, endpoint: str) -> tuple[dict[str, Any], set[str]]:
    """Settings of all that is told, by id, and the parts that were refused something."""
    asked = Asked(organization_id="1001", credentials_file=file, endpoint=endpoint)
    access = signed_in(asked)
    found: dict[str, Any] = {}
    parts: set[str] = set()
    wanted = [one for one in surfaces() if not one.option]
    for unit in answered(access, hierarchy(access, asked), wanted):
        assert isinstance(unit, Answered)
        parts |= {unit.looked.part} if unit.troubles else set()
        for one in unit.told:
            assert isinstance(one, Declared)
            found[one.id] = one.settings.plain()
    return found, parts


def answers(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """What was answered, in the form of the other server's fixtures."""
    for id, path, body in cloud.answered:
        page = {key: value for key, value in body.items() if key != "nextPageToken"}
        yield {"id": id, "path": path.replace("%40", "@"), "pages": [page]}


def test_another_server_takes_our_answers_and_our_requests(
    gcp: Cloud, fake: ModuleType, tmp_path: Path
) -> None:
    gcp_tenant.fill(gcp)
    gcp.inventory = False
    file = gcp_cloud.key_file(tmp_path, gcp)
    ours, _ = looked(file, gcp.url)
    fixtures = {"docs": list(gcp_cloud.KNOWN), "answers": list(answers(gcp))}
    with fake.Fake(fixtures) as server:  # refuses answers that no schema allows
        theirs, refused = looked(file, server.url)
        statuses = {(path, status) for _, path, status in server.log if status in (400, 404)}
    # it decodes names that hold an encoded name, and then knows no such method
    assert {path for path, _ in statuses if "/denypolicies" not in path} == set()
    assert refused <= {"asset-inventory", "asset-inventory-policies", "iam-deny-policies"}
    # nor does it tell lists apart by what is asked for: buckets, of which a project is a parameter
    ours = {id: one for id, one in ours.items() if "denypolicies" not in id}
    assert theirs.keys() == ours.keys()
    assert {id for id in ours if ours[id] != theirs[id] and "//storage." not in id} == set()
