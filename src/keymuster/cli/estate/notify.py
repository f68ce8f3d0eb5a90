"""`keymuster estate notify`: tell people what they were not told yet, or try a channel."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._store import opened


@click.command("notify")
@click.option(
    "--test",
    "channel",
    metavar="CHANNEL",
    default="",
    help="Only send a made-up message to this channel.",
)
@click.option(
    "--to", "recipient", metavar="ADDRESS", default="", help="With --test: whom mail goes to."
)
@estate_option
@store_option
def command(channel: str, recipient: str, estate: str, url: str) -> int:
    """Tell the channels of estate.yaml what has changed and they were not told yet. A run does so at its end; this is for what did
    not arrive then.

    With --test, one channel gets a made-up message, which says that it is a test. Nothing is noted as told.

    \b
    Examples:
      keymuster estate notify --test appsec
      keymuster estate notify

    Exit codes: 0 all has arrived; 2 could not run; 3 something has not arrived.
    """
    from keymuster.estate import config
    from keymuster.estate.notify import trying
    from keymuster.estate.telling import tell

    said, now = config.load(estate), datetime.now(UTC)
    if channel:
        troubles = trying.tried(said.notify, channel, now, recipient)
    elif recipient:
        raise click.UsageError("--to goes with --test")
    else:
        with opened(estate, url) as (said, store):
            troubles = tell(store, said, now)
        if not said.notify.channels and not said.events:
            click.echo(
                f"keymuster: {estate} names no channel under `notify`, and no log under `events`",
                err=True,
            )
    for one in troubles:
        click.echo(f"{one.scope}: {one.message}", err=True)
        if one.advice:
            click.echo(one.advice, err=True)
    if channel and not troubles:
        click.echo(f"channel {channel}: the test message has arrived", err=True)
    return 3 if troubles else 0
