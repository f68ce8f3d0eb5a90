"""`keymuster agents`: the agents that there are, and the registry that says who answers for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from keymuster import pipeline
from keymuster.analysis import registrations
from keymuster.cli.common_options import config_option, machine_option
from keymuster.cli.gathering import Looked, gathered
from keymuster.cli.output import replacing, stdout
from keymuster.collect.agents.registry import FILE
from keymuster.errors import SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.inventory.build import Inventory
from keymuster.model import Confidence, Finding, Report
from keymuster.report.base import Style, readable

_POLICIES = ("agent-not-registered", "registered-*")
"""The policies that hold what is there against what is registered."""

_WITHOUT_REGISTRY = "agents-without-registry"
"""The same where nothing is registered. A scan only tells it who asks for what is least sure; who asks
for differences wants to know."""

_paths = click.argument("paths", nargs=-1, type=click.Path())


def _path_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--path",
        "paths",
        multiple=True,
        type=click.Path(),
        help="Where to look; repeatable.  [default: the folder you are in]",
    )(command)


@click.group("agents")
def command() -> None:
    """Hold the agents that there are against the registry of agents.

    The registry is `.keymuster/agents.yaml`, or what the settings name under `agents.registry`.

    \b
    Examples:
      keymuster agents init                 write a registry of what was found
      keymuster agents check                what is not as registered
      keymuster agents card claude-code     one page about one agent, for a reviewer
      keymuster agents procurement github   all that a tool or vendor creates or consumes
    """


@command.command("init")
@_paths
@click.option(
    "--missing", is_flag=True, help="Print only entries for agents that are not registered."
)
@config_option
def init(paths: tuple[str, ...], missing: bool, config: str | None) -> int:
    """Write `.keymuster/agents.yaml` with an entry for each agent that PATHS hold; what nobody can
    see (owner, purpose, kill switch) is left for you.

    Exit codes: 0 written; 2 could not run, or there is a registry; 3 a part could not be looked at.

    \b
    Examples:
      keymuster agents init
      keymuster agents init --missing
    """
    from keymuster.cli.agent_skeleton import skeleton

    looked = gathered(paths, config)
    inventory = looked.shown
    known = {one.id for entry in registrations.entries(inventory) for one in entry.used.agents}
    found = [one for one in registrations.agents(inventory) if one.id not in known]
    if missing:
        with stdout() as out:
            out.write(skeleton(inventory, found, with_head=False))
        return looked.tell_troubles()
    file = looked.configured.agents.registry or os.path.join(looked.context.selection.root, FILE)
    if os.path.exists(file):
        raise SettingsError(
            f"{file}: there is a registry",
            "`keymuster agents init --missing` prints the entries that it lacks.",
        )
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with replacing(file) as out:
        out.write(skeleton(inventory, found))
    click.echo(f"{file}: {_counted(len(found), 'agent')}; fill in owner, purpose and kill switch.")
    return looked.tell_troubles()


@command.command("check")
@_paths
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "sarif"]), default="text",
    show_default=True, help="A table for people, or a report as `keymuster scan` writes it.",
)  # fmt: skip
@machine_option
@config_option
def check(paths: tuple[str, ...], format_: str, machine: bool, config: str | None) -> int:
    """What is not as registered: agents without an entry, entries without an agent, servers, tools and
    credentials beyond the entry, and what is past its date. `keymuster scan` reports the same.

    Exit codes: 0 all is as registered; 1 something is not; 2 could not run; 3 a part could not be
    looked at.

    \b
    Examples:
      keymuster agents check
      keymuster agents check --format sarif > agents.sarif
    """
    looked = gathered(paths, config, machine=machine)
    report = _held_against_the_registry(looked)
    findings = [one for one in report.findings if not one.is_accepted]
    with stdout() as out:
        if format_ == "text":
            out.writelines(f"{line}\n" for line in _table(findings, looked.shown))
        else:
            pipeline.write(report, format_, out, Style())
    code = looked.tell_troubles()
    return 1 if findings and looked.seen.complete else code


@command.command("card")
@click.argument("agent")
@_path_option
@config_option
def card(agent: str, paths: tuple[str, ...], config: str | None) -> int:
    """One page about AGENT, an id of the registry, for a reviewer: who answers for it, what it may do,
    what it consumes, what is not as registered. In Markdown.

    Exit codes: 0 written; 2 could not run, or there is no such agent; 3 a part could not be looked at.

    \b
    Examples:
      keymuster agents card claude-code > claude-code.md
    """
    from keymuster.cli.agent_card import page

    looked = gathered(paths, config)
    inventory = looked.shown
    entries = {one.said.id: one for one in registrations.entries(inventory)}
    if agent not in entries:
        raise SettingsError(
            f"the registry has no agent `{agent}`",
            f"It has: {', '.join(sorted(entries))}" if entries else "See: keymuster agents init",
        )
    report = _held_against_the_registry(looked)
    with stdout() as out:
        out.write(page(entries[agent], inventory, _about(agent, report.findings, inventory)))
    return looked.tell_troubles()


@command.command("procurement")
@click.argument("name")
@_path_option
@click.option(
    "--format", "format_", type=click.Choice(["markdown", "json"]), default="markdown",
    show_default=True, help="For people, or for other programs.",
)  # fmt: skip
@config_option
def procurement(name: str, paths: tuple[str, ...], format_: str, config: str | None) -> int:
    """Every secret, token and identity that the tool or vendor NAME creates or consumes, with owner,
    reviewer, revocation path and gaps.

    Exit codes: 0 written; 2 could not run, or nothing is called so; 3 a part could not be looked at.

    \b
    Examples:
      keymuster agents procurement github
      keymuster agents procurement @acme/tickets --format json
    """
    from keymuster.cli.agent_procurement import markdown, rows

    looked = gathered(paths, config)
    found = rows(name, looked.shown, looked.context.rules)
    if not found:
        raise SettingsError(
            f"nothing that was found is called `{name}`",
            "Give a server, package, host or vendor; `keymuster inventory list` shows what there is.",
        )
    with stdout() as out:
        if format_ == "json":
            out.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
        else:
            out.write(markdown(name, found))
    return looked.tell_troubles()


def _held_against_the_registry(looked: Looked) -> Report:
    unread = any(one.part == "agent-registry" for one in looked.seen.troubles)
    choice = Choice(
        only=_POLICIES if unread else (*_POLICIES, _WITHOUT_REGISTRY), confidence=Confidence.LOW
    )
    return pipeline.judged(
        looked.seen, looked.context, "worktree", choice=choice, configured=looked.configured,
        now=datetime.now(UTC),
    )  # fmt: skip


def _table(findings: list[Finding], inventory: Inventory) -> Iterator[str]:
    names = [_name(one, inventory) for one in findings]
    width = max(map(len, ("agent", *names)))
    if findings:
        yield f"{'agent':<{width}}  severity  difference"
    for name, one in sorted(zip(names, findings, strict=True), key=lambda pair: pair[0]):
        yield f"{name:<{width}}  {one.severity.value:<8}  {readable(one.message)}"
        for place in one.places:
            yield f"{'':<{width}}  {'':<8}  at {readable(str(place))}"
    agents = _counted(len(registrations.agents(inventory)), "agent")
    yield f"{agents} seen; {_counted(len(findings), 'difference')} from the registry"


def _about(agent: str, findings: Iterable[Finding], inventory: Inventory) -> list[Finding]:
    return [one for one in findings if _name(one, inventory) == agent]


def _name(finding: Finding, inventory: Inventory) -> str:
    """The registered agent that a finding is about, or what the agent calls itself."""
    record: Any = inventory.records.get(finding.subject)
    known = inventory.facts.get(finding.subject, {})
    return readable(str(known.get("registered_as") or getattr(record, "name", "")))


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
