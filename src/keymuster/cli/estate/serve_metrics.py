"""`keymuster estate serve-metrics`: the state of an estate for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from keymuster.cli.estate._options import estate_option, store_option
from keymuster.cli.estate._serving import names_option, serve, server_of
from keymuster.cli.estate._store import opened

if TYPE_CHECKING:
    from keymuster.estate.serving import Page


@click.command("serve-metrics")
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:9750", show_default=True, help="Where to listen."
)  # fmt: skip
@names_option
@estate_option
@store_option
def command(listen: str, names: tuple[str, ...], estate: str, url: str) -> int:
    """Serve /metrics for Prometheus: findings by severity, category and state and how old they are, when targets were looked at, how
    the last run went and what it took. They are made from the store when they are asked for; nothing is written.

    Names of targets, owners and findings are in none of them. Who may read them is for you to see to: by default, only those on
    this machine can.

    \b
    Examples:
      keymuster estate serve-metrics
      keymuster estate serve-metrics --listen 10.0.0.5:9750 --host estate.acme.internal

    Exit codes: 0 it was ended; 2 could not run.
    """
    from keymuster.errors import SettingsError

    try:
        import prometheus_client  # noqa: F401 - to say now what is missing
    except ModuleNotFoundError:
        raise SettingsError(
            "metrics need prometheus_client, which is not installed",
            "Install it: pip install 'keymuster[estate]'",
        ) from None
    from keymuster.estate.metrics import Metrics, rendered
    from keymuster.estate.serving import Page

    with opened(estate, url) as (said, store):
        metrics = Metrics(store, said.notify.channels)

        def answer(path: str, headers: Mapping[str, str]) -> Page | None:
            if path != "/metrics":
                return None
            body, type = rendered(metrics, headers.get("Accept", ""))
            return Page(body=body, type=type)

        server = server_of(listen, answer, names, "what the metrics say")
        click.echo(f"keymuster: metrics at http://{server.at}/metrics", err=True)
        serve(server)
    return 0
