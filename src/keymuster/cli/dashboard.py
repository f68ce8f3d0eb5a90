"""`keymuster dashboard`: the page of an estate, over its store."""

from __future__ import annotations

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._serving import names_option, serve, server_of
from keymuster.cli.estate._store import opened


@click.command("dashboard")
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="Where to listen.  [default: any free port of this machine]"
)  # fmt: skip
@names_option
@estate_option
@store_option
def command(listen: str, names: tuple[str, ...], estate: str, url: str) -> int:
    """Serve the report of an estate as a page: findings, identities, who can become whom, what could not be seen, and how that has
    changed. It can only be read, by whoever has the address that is printed: it holds a token, which is another one each time.

    The page is the one of `keymuster scan -o html=FILE`, made from the store, and made again when that has changed. It fetches
    nothing.

    \b
    Examples:
      keymuster dashboard
      keymuster dashboard --estate infra/estate.yaml --listen 127.0.0.1:8080

    Exit codes: 0 it was ended; 2 could not run.
    """
    from keymuster.estate.dashboard import Dashboard

    with opened(estate, url) as (_, store):
        made = Dashboard(store)
        server = server_of(listen, made.answer, names, "the page")
        click.echo(f"http://{server.at}/{made.token}/")
        click.echo("keymuster: Ctrl-C ends it", err=True)
        serve(server)
    return 0
