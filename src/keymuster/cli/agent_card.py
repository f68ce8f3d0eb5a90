"""One page about a registered agent, for somebody who has to decide whether it may go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from keymuster.analysis.registrations import Entry
from keymuster.inventory.build import Inventory
from keymuster.model import Finding, Identity, Trust
from keymuster.report.base import readable


def page(entry: Entry, inventory: Inventory, findings: Sequence[Finding]) -> str:
    """Markdown. `findings` are what is not as registered."""
    return "".join(f"{line}\n" for line in _lines(entry, inventory, findings))


def _lines(entry: Entry, inventory: Inventory, findings: Sequence[Finding]) -> Iterator[str]:
    said, used = entry.said, entry.used
    yield f"# Agent {said.id}"
    yield ""
    yield cell(said.purpose) or "*No purpose is stated.*"
    yield ""
    credentials = said.credentials
    switch = said.kill_switch
    yield from table(
        ("", "registered"),
        [
            ("Owner", said.owner),
            ("Sponsor", said.sponsor),
            ("Model", said.model),
            ("Environment", said.environment),
            ("Data", ", ".join(said.data_classes)),
            ("Scopes", ", ".join(said.scopes)),
            ("Credentials", " up to ".join(filter(None, (credentials.kind, credentials.longest_lifetime))) if credentials else ""),
            ("Log of tool calls", said.log_sink),
            ("Kill switch", switch.how),
            ("Last drill", f"{switch.last_drill or 'never'}; at most {switch.longest_drill_age_days} days old"),
            ("Next review", str(said.review or "")),
            ("Ends", str(said.expires or "")),
        ],
    )  # fmt: skip
    yield from _section("Not as registered")
    yield from table(
        ("severity", "what", "where"),
        [(one.severity.value, one.message, _places(one.places)) for one in findings],
    )
    yield from _section("Where it is set up")
    yield from (f"- `{cell(str(one.location))}` ({cell(one.provider)})" for one in used.agents)
    yield from _section("What it may do without asking")
    yield from table(
        ("rule", "where"),
        [(action, str(one.location)) for one in used.permissions for action in one.actions],
    )
    yield from _section("Servers it uses")
    servers = {one.id: one for _, one in used.servers}.values()
    yield from table(
        ("server", "what it is", "where"),
        [(one.name, _origin(one), str(one.location)) for one in servers],
    )
    yield from _section("Credentials it consumes")
    consumed = {one.id: one for _, one in used.credentials}.values()
    yield from table(
        ("credential", "kind", "where"),
        [
            (one.name, one.kind.value, _places(x.location for x in inventory.sightings(one)))
            for one in consumed
        ],
    )
    yield from _section("Third parties")
    ids = {one.id for one in (*used.agents, *servers)}
    parties = {one.principal for one in inventory.of(Trust) if one.identity in ids}
    yield from [f"- {cell(one)}" for one in sorted(parties)] or ["None."]


def _section(title: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of Markdown; a sentence if it would be empty."""
    rows = list(rows)
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell(one) or '-' for one in row)} |"


def cell(text: str) -> str:
    """Text that others wrote, so that it stays within its cell and is nothing but text."""
    plain = readable(text)
    for char in "\\`*_[]<>|":
        plain = plain.replace(char, f"\\{char}")
    return plain


def _origin(server: Identity) -> str:
    return ", ".join(
        one for one in server.aliases if one.startswith(("mcp-package:", "mcp-image:", "mcp-url:"))
    )


def _places(places: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(map(str, places)))
