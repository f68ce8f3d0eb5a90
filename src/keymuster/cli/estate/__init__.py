"""`keymuster estate`: one module of this folder for each subcommand, found by its name and loaded when it is called."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import click

from keymuster.cli.commands import HelpfulGroup


class FolderGroup(HelpfulGroup):
    """Its subcommands are the modules of this folder that do not begin with `_`, each with a `command`;
    `serve_metrics.py` is `serve-metrics`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in iter_modules(__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"{__name__}.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command


@click.group("estate", cls=FolderGroup)
def command() -> None:
    """Look at many repositories, accounts and tenants, again and again.

    What to look at, when, and whom to tell stands in one file, estate.yaml.

    \b
    Examples:
      keymuster estate check                  what estate.yaml says, and what is wrong with it
      keymuster estate run                    look at all targets, and tell what has changed
      keymuster estate worker                 look at them on this machine, too, beside others
      keymuster estate status                 how far it is, and what failed
    """
