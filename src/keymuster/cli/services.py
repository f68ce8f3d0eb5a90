"""`keymuster services`: what can be asked through an API, and what that needs."""

from __future__ import annotations

import click

from keymuster import pipeline, registry
from keymuster.collect.base import Context, Selection
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence


@click.group("services")
def command() -> None:
    """What can be asked through an API, and what that needs.

    \b
    Examples:
      keymuster services list
      keymuster services permissions aws > policy.json
    """


@command.command("list")
def list_() -> None:
    """The services, with the package that each needs.

    \b
    Examples:
      keymuster services list
    """
    for name, part in registry.builtin("service").items():
        words = (part.__doc__ or "").partition("\n")[0]
        click.echo(f"{name:12} {words} Needs {part.needs}.")


@command.command("permissions")
@click.argument("service", type=click.Choice(registry.names("service")))
@click.option(
    "--rule", "only", metavar="GLOB", multiple=True, help="For these rules alone; repeatable."
)
@click.option("--skip-rule", "skip", metavar="GLOB", multiple=True, help="For all but these.")
def permissions(service: str, only: tuple[str, ...], skip: tuple[str, ...]) -> None:
    """The least that must be allowed to scan SERVICE, in the form that its vendor takes.

    \b
    Examples:
      keymuster services permissions aws > policy.json
      keymuster services permissions aws --rule NHI7
    """
    rules = pipeline.load_rules()
    choice = Choice(only=only, skip=skip, confidence=Confidence.LOW)
    choice.check(rules)
    context = Context(selection=Selection(root=""), rules=rules, wanted=choice.policies(rules))
    click.echo(registry.part("service", service)(context, {}).permissions())
