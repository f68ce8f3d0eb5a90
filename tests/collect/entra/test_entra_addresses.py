"""Microsoft's SDK says where requests of Graph go, and with which options."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import parse_qsl, urlsplit

import pytest

pytest.importorskip("msgraph")

from keymuster.collect.entra import addresses
from keymuster.collect.entra.addresses import FILTER, NOT_IN_SDK, about, address, picking
from keymuster.collect.entra.permissions import GRAPH, is_azure
from keymuster.collect.entra.surfaces import surfaces

CALLS = sorted({call for one in surfaces() for call in one.calls if not is_azure(call)})


@pytest.mark.parametrize("call", CALLS)
def test_a_call_has_the_path_that_it_is_named_after(call: str) -> None:
    assert address(call) == call.partition(" /")[2]


def test_only_what_the_sdk_does_not_have_is_written_out() -> None:
    assert NOT_IN_SDK.keys() <= set(CALLS) <= GRAPH.keys()
    for call in NOT_IN_SDK:
        version, _, path = call.partition(" /")[2].partition("/")
        if version != "beta":
            with pytest.raises(AssertionError, match="the SDK has no"):
                addresses._builder(path, version)


@pytest.mark.parametrize(
    "call",
    [
        "GET /v1.0/servicePrincipals/{id}/owners",
        "GET /v1.0/users/{id}/sponsors",
        "GET /v1.0/servicePrincipals/{id}/microsoft.graph.agentIdentity/sponsors",
    ],
)
def test_options_arrive_as_they_were_meant(call: str) -> None:
    expand = "owners($select=id,displayName)"
    found = urlsplit(
        about(address(call, select=("id", "tags"), expand=expand, top=99, filter=""), "a/b c")
    )
    assert found.path == call.partition(" /")[2].replace("{id}", "a%2Fb%20c")
    assert dict(parse_qsl(found.query)) == {"$select": "id,tags", "$expand": expand, "$top": "99"}
    assert "%24" not in found.query  # which batches may not read as what it stands for


def test_a_filter_is_text_of_any_form() -> None:
    text = "displayName eq 'R&D #1 ${id}+%24'"
    found = about(address("GET /v1.0/groups", filter=text), "of another place")
    assert parse_qsl(urlsplit(found).query) == [("$filter", text)]


@pytest.mark.parametrize("call", ["GET /v1.0/groups", "GET /v1.0/applications/delta"])
def test_one_of_many_filters_is_written_as_one_alone(call: str) -> None:
    text = "id in ('a b','R&D #1 ${id}+%24')"
    many = address(call, select=["id"], filter=FILTER)
    asked = urlsplit(picking(many, text))
    assert parse_qsl(asked.query) == [("$filter", text), ("$select", "id")]
    assert asked.path == urlsplit(address(call)).path


@pytest.mark.parametrize("option", ["top", "filter", "beside"])
def test_an_option_that_a_request_does_not_have_is_a_mistake_of_ours(option: str) -> None:
    with pytest.raises(AssertionError, match=option):
        address("GET /v1.0/policies/authorizationPolicy", **{option: "1"})


def test_only_builders_that_are_used_are_imported() -> None:
    code = (
        "import sys\n"
        "from keymuster.collect.entra import scope, surfaces\n"
        "surfaces.surfaces()\n"
        "assert 'msgraph' not in sys.modules\n"
        "from keymuster.collect.entra.addresses import address\n"
        "address('GET /v1.0/groups/{id}/owners', select=['id'])\n"
        "print(*(one for one in sys.modules if one.startswith('msgraph.generated.')))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {one for one in run.stdout.split() if one.endswith("_request_builder")}
    assert {one.rpartition(".")[2] for one in loaded} == {
        "groups_request_builder", "group_item_request_builder", "owners_request_builder",
    }  # fmt: skip
    assert "msgraph.generated.models" not in run.stdout
