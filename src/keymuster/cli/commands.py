"""All commands, each imported when it is called, and what click says of words that it does not understand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from keymuster import __version__
from keymuster.cli import interrupts

COMMANDS = {
    "scan": "Scan files, the staged change or the whole history.",
    "explain": "Say why a value is reported, or why not.",
    "inventory": "List identities, credentials and what they may do.",
    "agents": "Hold the agents that there are against the registry of agents.",
    "reach": "Show who gets from where to what, by which path, and what to cut.",
    "vendors": "List what outsiders hold: grants, trusts, credentials, and how to revoke them.",
    "owners": "Say who answers for each identity, and how sure that is.",
    "exceptions": "Accept findings for a time, with a reason and an end.",
    "baseline": "Write down what is known, so that only what is new is told.",
    "import": "Say what other scanners report, and what of it is found here.",
    "compare": "Say what has become of the findings of an earlier report.",
    "estate": "Look at many repositories, accounts and tenants, again and again.",
    "dashboard": "Show an estate as a page, on this machine.",
    "services": "Say what can be asked through an API, and what that needs.",
    "rules": "List, show, check, start and import rules.",
    "init": "Set a repository up: settings, hook, CI.",
}
"""Name -> one line of help. The module `cli.<name>` is imported when the command is called."""

_MODULES = {"import": "importing"}
"""Commands that are called like a word of Python."""


class HelpfulGroup(click.Group):
    """Says which command may have been meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from keymuster.nearest import nearest

            close = nearest(args[0], self.list_commands(ctx))
            if not close or "Did you mean" in error.message:
                raise
            raise click.UsageError(f"{error.message} Did you mean '{close}'?", ctx) from error


class LazyGroup(HelpfulGroup):
    """Imports a subcommand when it is needed, so that each costs only itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"keymuster.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        if cmd_name != "scan":  # which says so itself
            interrupts.are_raised()
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would end with 1, which means findings
            from keymuster.cli.output import let_go_of_stdout

            let_go_of_stdout()
            return 0


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Say it and end. What else there is to say takes a second."""
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(f"keymuster, version {__version__}")
    if ctx.params["verbose"]:
        from keymuster.cli.about import about

        click.echo(about())
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-v", "verbose", is_flag=True, is_eager=True, help="With --version: what it works with."
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def cli(verbose: bool) -> None:
    """Call every secret and every non-human identity to roll-call.

    \b
    Examples:
      keymuster scan                          the repository you are in
      keymuster scan --staged                 what the next commit would add
      keymuster scan --history                every version of every file
      keymuster scan . -o sarif=out.sarif     for code scanning
      keymuster init                          settings, hook and CI in one go

    Shell completion: eval "$(_KEYMUSTER_COMPLETE=bash_source keymuster)" (or zsh_source, fish_source).
    """
    if verbose:
        raise click.UsageError("-v goes with --version, or behind the command: keymuster scan -v")


def run() -> int:
    """The command that the arguments name; its exit code."""
    try:
        code = cli(prog_name="keymuster", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort as interrupted:
        raise KeyboardInterrupt from interrupted
    return code or 0
