"""An entry of the registry of agents: who answers for one, what it is for, what it may use and until when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from keymuster.model.records import Resource

TYPE = "agent_registration"
"""The type of the resource that an entry becomes."""

OURS = ("storage", "owner_left")
"""Settings of that resource that are not in the entry: where it was seen, and whether its owner is
among those who left."""

Name = Annotated[str, Meta(min_length=1)]


class RegisteredServer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An MCP server that the agent may use. `package` is what starts it (`npm/@acme/server`,
    `pypi/acme-server`, an image), `url` where it is. Of `tools`, globs, none are compared if none are
    stated."""

    name: Name
    package: str = ""
    url: str = ""
    tools: tuple[str, ...] | None = None
    scopes: tuple[str, ...] = ()


class RegisteredCredentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the agent proves itself with. `static` allows keys that live until somebody ends them;
    `longest_lifetime` is a number with `m`, `h` or `d`."""

    kind: Literal["none", "federated", "oauth", "short_lived", "static"]
    longest_lifetime: Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,5}[mhd])?$")] = ""


class KillSwitch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the agent is stopped, when that was last tried, and how many days ago that may be."""

    how: str = ""
    last_drill: date | None = None
    longest_drill_age_days: Annotated[int, Meta(ge=1)] = 180


class TimedException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool or server that is allowed for a time, beyond what the entry says."""

    allow: Name
    until: date
    reason: Name


class Registration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry. `matches` are globs over the ids and names that an inventory gives the agent; without,
    it is the one that is called like the entry. Of `tools`, globs over the rules of the agent's
    settings, and of `servers`, none are compared if none are stated; an empty list allows none."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    matches: tuple[str, ...] = ()
    owner: str = ""
    sponsor: str = ""
    purpose: str = ""
    model: str = ""
    tools: tuple[str, ...] | None = None
    servers: tuple[RegisteredServer, ...] | None = None
    scopes: tuple[str, ...] = ()
    data_classes: tuple[str, ...] = ()
    credentials: RegisteredCredentials | None = None
    environment: Literal["", "production", "staging", "development", "test"] = ""
    log_sink: str = ""
    kill_switch: KillSwitch = KillSwitch()
    review: date | None = None
    expires: date | None = None
    exceptions: tuple[TimedException, ...] = ()


class AgentRegistry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`.keymuster/agents.yaml`. Those who have `left` answer for nothing any more."""

    agents: tuple[Registration, ...] = ()
    left: tuple[str, ...] = ()


def registration(entry: Resource) -> Registration:
    """The entry that a record was made of."""
    written = {name: one for name, one in entry.settings.items() if name not in OURS}
    return msgspec.convert(written, type=Registration, strict=False)
