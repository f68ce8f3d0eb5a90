"""`keymuster services`: what can be asked through an API, and what that needs."""

from __future__ import annotations

import click

from keymuster import pipeline, registry
from keymuster.collect.base import Context, Selection


@click.group("services")
def command() -> None:
    """What can be asked through an API, and what that needs."""


@command.command("list")
def list_() -> None:
    """The services, with the package that each needs."""
    for name, part in registry.builtin("service").items():
        words = (part.__doc__ or "").partition("\n")[0]
        click.echo(f"{name:12} {words} Needs {part.needs}.")


@command.command("permissions")
@click.argument("service", type=click.Choice(registry.names("service")))
def permissions(service: str) -> None:
    """The least that must be allowed to scan SERVICE, in the form that its vendor takes."""
    context = Context(selection=Selection(root=""), rules=pipeline.load_rules())
    click.echo(registry.part("service", service)(context, {}).permissions())
