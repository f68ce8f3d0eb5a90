"""The store that estate.yaml names, for as long as a command asks it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keymuster.errors import SettingsError
from keymuster.estate import config

if TYPE_CHECKING:
    from keymuster.estate.definition import Estate
    from keymuster.estate.store.rows import Known
    from keymuster.estate.store.store import Store


@contextmanager
def opened(estate: str, url: str = "") -> Iterator[tuple[Estate, Store]]:
    """What the file says, and its store, or the one at an address. It has to be there: a run makes it."""
    said = config.load(estate)
    try:
        from keymuster.estate.store.store import Store
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"an estate needs {error.name}, which is not installed",
            "Install it: pip install 'keymuster[estate]'",
        ) from None
    store = Store.open(url or config.store_url(said), create=False)
    try:
        yield said, store
    finally:
        store.close()


def known(said: Estate, url: str = "") -> dict[str, Known]:
    """What the store knows of each target, by its id; nothing if there is no store yet."""
    try:
        from keymuster.estate.store.store import Store
    except ModuleNotFoundError:
        return {}
    url = url or config.store_url(said)
    file = url.partition(":///")[2] if url.startswith("sqlite") else ""
    if file and not os.path.exists(file):
        return {}
    store = Store.open(url, create=False)
    try:
        return {one.target.id: one for one in store.targets()}
    finally:
        store.close()
