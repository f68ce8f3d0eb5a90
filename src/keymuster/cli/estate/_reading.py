"""What commands share that only read a store, or serve pages of it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import click

from keymuster.errors import SettingsError

if TYPE_CHECKING:
    from keymuster.estate.config import Estate
    from keymuster.estate.serving import Answer, Server
    from keymuster.estate.store.store import Store


def names_option(command: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--host", "names", metavar="NAME", multiple=True,
        help="A further name that it may be asked by; repeatable. What asks for another one is refused.",
    )(command)  # fmt: skip


@contextlib.contextmanager
def reading(estate: str, url: str) -> Iterator[tuple[Estate, Store]]:
    """What the file says, and the store. SettingsError if there is none yet: whoever reads makes none."""
    from keymuster.estate import config

    said = config.load(estate)
    address = url or config.store_url(said)
    try:
        from keymuster.estate.store.opening import has_store
        from keymuster.estate.store.store import Store
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"an estate needs {error.name}, which is not installed",
            "Install it: pip install 'keymuster[estate]'",
        ) from None
    if not has_store(address):
        raise SettingsError(
            "there is no store yet", "It is made by the first run: keymuster estate run"
        )
    store = Store.open(address)
    try:
        yield said, store
    finally:
        store.close()


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
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        server.server_close()
