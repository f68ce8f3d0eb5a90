"""What commands share that serve pages of a store."""

from __future__ import annotations

import signal
from collections.abc import Collection
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from keymuster.estate.serving import Answer, Server


def names_option(command: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--host", "names", metavar="NAME", multiple=True,
        help="A further name that it may be asked by; repeatable. What asks for another one is refused.",
    )(command)  # fmt: skip


def server_of(listen: str, answer: Answer, names: Collection[str], what: str) -> Server:
    """It listens, and warns if others than this machine get there."""
    from keymuster.estate.serving import Server, address

    at = address(listen)
    server = Server(at, answer, names)
    if not at.is_here:
        click.echo(
            f"keymuster: {what} can be read by whoever reaches {server.at}, and by whoever sits between: there is no TLS. Put a "
            "proxy with TLS before it.",
            err=True,
        )
    return server


def serve(server: Server) -> None:
    """Until Ctrl-C, or until the system asks to end."""

    def end(number: int, frame: object) -> None:
        server.is_asked_to_end = True  # what is raised here may be lost where it falls

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        server.server_close()
