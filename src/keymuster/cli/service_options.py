"""The options of services on the command line: each service says which it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from keymuster import registry
from keymuster.collect.base import Option
from keymuster.errors import SettingsError


def _all() -> dict[str, list[tuple[str, Option]]]:
    """Option -> the services that have it, with what they say of it."""
    found: dict[str, list[tuple[str, Option]]] = {}
    for name, part in registry.builtin("service").items():
        for option in part.options:
            found.setdefault(option.name, []).append((name, option))
    return found


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command every option of every service."""
    for name, several in reversed(_all().items()):
        option = several[0][1]
        words = f"{'/'.join(service for service, _ in several)}: {option.help}"
        flag = f"--{name}"
        if not option.value:
            command = click.option(flag, is_flag=True, help=words)(command)
        elif name == _SHARED:
            command = click.option(
                flag, metavar=option.value, is_flag=False, flag_value="", help=words
            )(command)
        else:
            command = click.option(flag, metavar=option.value, multiple=option.several, help=words)(
                command
            )
    return command


_SHARED = "profile"
"""What is an option of scans, too, when it names nothing."""


def chosen(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Service -> its options that were given, each under its name with underscores; SettingsError for
    one that no service of those named has."""
    services = options["services"]
    found: dict[str, dict[str, Any]] = {service: {} for service in services}
    for name, several in _all().items():
        value = options[name.replace("-", "_")]
        if not value:
            continue
        having = [(service, option) for service, option in several if service in found]
        if not having and name != _SHARED:
            raise SettingsError(
                f"--{name} needs --service {' or '.join(service for service, _ in several)}"
            )
        for service, option in having:
            found[service][name.replace("-", "_")] = (
                tuple(part.strip() for one in value for part in one.split(",") if part.strip())
                if option.several
                else value
            )
    return found
