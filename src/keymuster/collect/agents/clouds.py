"""Agents that infrastructure code declares in a cloud."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.model import Identity, IdentityKind, Observation, Use, UseKind


def agent(
    one: Declared,
    service: str,
    names: tuple[str, ...],
    purposes: tuple[str, ...] = ("description",),
    tags: dict[str, str] | None = None,
    *,
    uses: str = "",
) -> Iterator[Observation]:
    """The agent that an object is, under an id of its own: that of the object is what it runs as, or in,
    which it `uses`. `names` and `purposes` are settings, inner ones with dots."""  # fmt: skip
    name = next((text for key in names if (text := one.known(*key.split(".")))), "") or one.name
    purpose = next((text for key in purposes if (text := one.known(*key.split(".")))), "")
    id = agent_id(one)
    yield Identity(
        id=id, kind=IdentityKind.AGENT, provider=service, name=name[:200], location=one.location,
        aliases=(f"agent:{name[:200]}",), tags=tags or {}, purpose=purpose[:300],
    )  # fmt: skip
    if uses:
        yield Use(id=f"{id}/is", subject=uses, by=id, kind=UseKind.AGENT, location=one.location)


def agent_id(one: Declared) -> str:
    return f"{one.id}#agent"
