"""What the played customer says is what Google's discovery documents allow."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

import workspace_fake
from keymuster.collect.google_workspace.access import Asked
from keymuster.collect.google_workspace.batches import BATCH
from keymuster.collect.google_workspace.calls import CALLS
from keymuster.collect.google_workspace.scope import Scope
from keymuster.collect.google_workspace.surfaces import surfaces
from watched import watch, watched
from workspace_fake import Workspace

_PLAYED = Path(__file__).parents[4] / "shared/testbeds/gcp/discovery_fake.py"
_DOCUMENTS = ("admin.directory_v1", "admin.reports_v1", "cloudidentity.v1")


@pytest.fixture(scope="module")
def discovery() -> Any:
    pytest.importorskip("googleapiclient.discovery_cache")
    if not _PLAYED.exists():
        pytest.skip(f"{_PLAYED} is not here")
    spec = importlib.util.spec_from_file_location("discovery_fake", _PLAYED)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["discovery_fake"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def methods(discovery: Any) -> dict[str, tuple[Any, Any]]:
    documents = map(discovery.load, _DOCUMENTS)
    return {one["id"]: (one, doc) for doc in documents for one, _ in discovery.methods(doc)}


_ASKED: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("directory.users.list", {}, {}),
    ("directory.tokens.list", {"userKey": "u1"}, {}),
    ("directory.tokens.list", {"userKey": "u3"}, {}),
    ("directory.asps.list", {"userKey": "u3"}, {}),
    (
        "reports.activities.list",
        {"applicationName": "token"},
        {"filters": f"client_id=={workspace_fake.NOTES}"},
    ),
    ("reports.activities.list", {"applicationName": "admin"}, {}),
    ("cloudidentity.policies.list", {}, {"filter": ""}),
]


@pytest.mark.parametrize(("call", "parts", "query"), _ASKED)
def test_answers_are_as_described(
    discovery: Any,
    methods: dict[str, tuple[Any, Any]],
    call: str,
    parts: dict[str, str],
    query: dict[str, str],
) -> None:
    method, document = methods[call]
    answer = Workspace().state(call, parts, query).body
    assert discovery.problems(document, method["response"], answer) == []
    assert len(answer) >= 1


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_as_described(methods: dict[str, tuple[Any, Any]], call: str) -> None:
    method, document = methods[call]
    one = CALLS[call]
    assert method["httpMethod"] == "GET"
    assert document["rootUrl"] + method["flatPath"] == f"{one.service}/{one.path}"
    assert one.scope in method["scopes"]
    assert workspace_fake.SCOPES[call] == one.scope
    known = {*method.get("parameters", {}), *document["parameters"]}
    assert workspace_fake.QUERIES[call] <= known


def test_the_directory_takes_many_calls_in_one(discovery: Any) -> None:
    document = discovery.load(_DOCUMENTS[0])
    assert (document["rootUrl"], document["batchPath"]) == ("https://admin.googleapis.com/", BATCH)


def test_scopes_that_only_read_are_asked_for_where_there_are_such(
    methods: dict[str, tuple[Any, Any]],
) -> None:
    for call, one in CALLS.items():
        reading = [scope for scope in methods[call][0]["scopes"] if scope.endswith(".readonly")]
        assert one.scope in reading or not reading


def _has(document: Any, schema: Any, path: tuple[str, ...]) -> bool:
    """Whether what a schema describes may have a field at a path."""
    if "$ref" in schema:
        schema = document["schemas"][schema["$ref"]]
    if not path or schema.get("type") == "any":
        return True
    if path[0] == "[]":
        return "items" in schema and _has(document, schema["items"], path[1:])
    found = schema.get("properties", {}).get(path[0]) or schema.get("additionalProperties")
    return bool(found) and _has(document, found, path[1:])


def test_every_field_that_is_read_is_described(
    methods: dict[str, tuple[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = watch(monkeypatch)
    fake = Workspace()

    class Played(Scope):
        """Answers come without a server between."""

        def answer_or_empty(self, call: str, *absent: str, body: Any = None, **more: Any) -> Any:
            return watched(call, (), fake.state(call, more, _texts(more)).body, reads)

        def _pages(self, call: str, parameters: dict[str, Any], body: Any) -> Any:
            yield watched(call, (), fake.state(call, parameters, _texts(parameters)).body, reads)

        def _batch(self, call: str, users: Any) -> list[Any]:
            states = [fake.state(call, {"userKey": one}, {}).body for one in users]
            return [watched(call, (), one, reads) for one in states]

    class Signed:
        account = "C01acme"
        ended = None
        asked = Asked()

    for one in surfaces():
        assert list(one.look(Played(Signed(), one)))  # type: ignore[arg-type]
    assert len(reads) > 30
    strange = {
        (call, path)
        for call, path in reads
        if not _has(methods[call][1], methods[call][0]["response"], path)
    }
    assert strange == set()
    method, document = methods["directory.tokens.list"]
    assert not _has(document, method["response"], ("items", "[]", "client"))


def _texts(parameters: dict[str, Any]) -> dict[str, str]:
    return {name: str(one) for name, one in parameters.items()}


def test_fields_of_users_that_are_asked_for_exist(methods: dict[str, tuple[Any, Any]]) -> None:
    from keymuster.collect.google_workspace import scope

    properties = methods["directory.users.list"][1]["schemas"]["User"]["properties"]
    asked = scope._OF_USERS.partition("users(")[2].rstrip(")").split(",")
    assert set(asked) <= set(properties)
