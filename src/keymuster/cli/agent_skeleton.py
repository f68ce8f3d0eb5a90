"""Entries for a registry of agents, with all that can be seen of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from keymuster.analysis.registrations import usage
from keymuster.inventory.build import Inventory
from keymuster.model import Identity

_HEAD = """\
# The agents of this repository: who answers for each, what it is for, what it may use and until when.
# `keymuster agents check` holds it against what is there. What is empty is yours to fill in.
agents:
"""


def skeleton(inventory: Inventory, agents: Sequence[Identity], *, with_head: bool = True) -> str:
    """The YAML of one entry for each agent."""
    taken: set[str] = set()
    lines = [_HEAD] if with_head else []
    for one in agents:
        id = _free(_slug(one.name), taken)
        taken.add(id)
        lines += [f"{line}\n" for line in _entry(id, one, inventory)]
    if with_head and not agents:
        lines = [_HEAD.replace("agents:\n", "agents: []\n")]
    return "".join(lines)


def _entry(id: str, agent: Identity, inventory: Inventory) -> Iterator[str]:
    used = usage(inventory, [agent])
    yield f"  - id: {id}"
    yield f"    matches: [{_quoted(agent.id)}]"
    yield '    owner: ""  # the team or person that answers for it'
    yield '    sponsor: ""  # who wanted it, and reviews it'
    yield f"    purpose: {_quoted(agent.purpose)}  # one sentence"
    yield f"    model: {_quoted(agent.tags.get('model', ''))}"
    yield f"    tools: {_listed(used.tools(None))}"
    yield "    servers:" if used.servers else "    servers: []"
    for server in {one.id: one for _, one in used.servers}.values():
        yield f"      - name: {_quoted(server.name)}"
        for key, value in _origin(server):
            yield f"        {key}: {_quoted(value)}"
        yield f"        tools: {_listed(used.tools(server))}"
    yield "    scopes: []"
    yield "    data_classes: []  # the most sensitive data it may see"
    names = sorted({credential.name for _, credential in used.credentials})
    kind = "static" if any(one.fingerprint for _, one in used.credentials) else "short_lived"
    seen = f"  # seen: {', '.join(map(_plain, names))}" if names else ""
    yield f"    credentials: {{kind: {kind if names else 'none'}}}{seen}"
    yield f"    environment: {_quoted(_environment(agent))}"
    yield '    log_sink: ""  # where its tool calls are logged'
    yield '    kill_switch: {how: ""}  # what stops it; then last_drill: the day on which that was tried'
    yield "    review:  # the day of the next review, as in 2027-01-31"
    yield "    expires:  # the last day, if it is for a time"


def _environment(agent: Identity) -> str:
    return "" if agent.environment.value == "unknown" else agent.environment.value


def _origin(server: Identity) -> Iterator[tuple[str, str]]:
    """What a server is: the package or image that starts it, or where it is."""
    for alias in server.aliases:
        kind, _, value = alias.partition(":")
        if kind in ("mcp-package", "mcp-image"):
            yield "package", value
            return
        if kind == "mcp-url":
            yield "url", value
            return


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "agent"


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)


def _quoted(text: str) -> str:
    """As YAML takes it whatever it holds: JSON text is YAML."""
    return json.dumps(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
