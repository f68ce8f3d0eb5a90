"""Options that several commands have, in the same words: what to look at, and how to tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from keymuster import registry
from keymuster.cli.options import CONFIG, options
from keymuster.cli.service_options import chosen, service_options
from keymuster.errors import SettingsError

config_option = options(CONFIG)

jobs_option = click.option(
    "--jobs", type=click.IntRange(0), default=0, metavar="N", help="Processes to use."
)

machine_option = click.option(
    "--machine",
    is_flag=True,
    help="The agents of this machine instead: what they keep in your home and in the folders of the system.",
)

service_option = click.option(
    "--service",
    "services",
    type=click.Choice(registry.names("service")),
    multiple=True,
    help="What a service says through its API, with the credentials that its SDK finds; repeatable. Without PATHS, no files are read.",
)

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for other programs.",
)


def looking_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all that says what to look at, but the paths."""
    for option in (service_options, service_option, machine_option, jobs_option, config_option):
        command = option(command)
    return command


def services_of(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that are to be asked, with their options."""
    if options["profile"] is not None and not options["services"]:
        raise SettingsError("--profile needs --service")
    return chosen(options)
