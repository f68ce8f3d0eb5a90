"""Agents of CrewAI that `agents.yaml` declares: by name, each with a role, a goal and a backstory."""

from __future__ import annotations

from collections.abc import Container, Iterator

from keymuster.collect.agents import records, secrets, tools
from keymuster.collect.base import Blob
from keymuster.collect.ci.things import Thing, resources
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Node
from keymuster.model import Identity, IdentityKind, Observation
from keymuster.model.ids import in_id

_CLIENT = "crewai"
_MOST = 500
_KEYS = ("api_key", "apiKey", "token", "authorization")


def agents(root: Node) -> list[tuple[str, Node]]:
    """Those that a file declares; none if it is of something else."""
    return [
        (name, node)
        for name, node in list(root.entries())[:_MOST]
        if node.get("role") is not None
        and (node.get("goal") is not None or node.get("backstory") is not None)
    ]


def of(root: Node, sealing: Sealing, wanted: Container[str], blob: Blob) -> Iterator[Observation]:
    things: list[Thing] = []
    folder = blob.path.rpartition("/")[0]
    for name, node in agents(root):
        place = node.first_line()
        if not blob.counts(node.line, node.end_line):
            continue
        id = f"agent:{_CLIENT}:{in_id(blob.path)}:{name[:100]}"
        yield Identity(
            id=id, kind=IdentityKind.AGENT, provider=_CLIENT, name=name[:100], location=place.location(),
            aliases=(f"agent:{name[:100]}",), purpose=" ".join(node.text("goal").split())[:300],
        )  # fmt: skip
        for credential in secrets.credentials(_given(node), sealing, folder):
            yield credential
            yield records.use(credential, id)
        things.extend(_things(name, node, place))
    yield from resources(f"agents:{in_id(blob.path)}", things, wanted, blob)


def _given(node: Node) -> Iterator[secrets.Given]:
    """Keys of the model, and those in the addresses of servers."""
    for key in ("llm", "function_calling_llm", "planning_llm"):
        for name in _KEYS:
            if (found := node.get(key, name)) is not None:
                yield from secrets.of_header(name, found.text(), found, secrets.CONFIGURED)
    for one in _items(node, "mcps"):
        yield from secrets.of_url(one.text(), one, secrets.CONFIGURED)


def _things(name: str, node: Node, place: Node) -> Iterator[Thing]:
    listed = [tools.shown(one.text()) for one in _items(node, "tools") if one.text()]
    model = node.text("llm") or node.text("llm", "model")
    yield Thing(
        "agent_definition", name, name[:80], place.location(),
        {"name": name[:100], "client": _CLIENT, "model": model[:100], "tools": listed[:100], "permission_mode": "", "all_tools": False},
    )  # fmt: skip
    execution, mode = node.get("allow_code_execution"), node.text("code_execution_mode")
    if execution is not None and execution.text().lower() == "true" and mode == "unsafe":
        yield Thing(
            "agent_tool", f"{name}:code", f"{name[:60]}: code_execution_mode", execution.location(),
            {"runs": "code", "by": "code_execution_mode"},
        )  # fmt: skip


def _items(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return found.items()[:_MOST] if found is not None else []
