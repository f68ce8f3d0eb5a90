"""A store in each of the two databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from estate.store.looking import Looking
from keymuster.estate.store.store import Store
from keymuster.estate.store.tables import metadata

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database in which there is nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/estate.db"
    found: str = request.getfixturevalue("postgresql")
    return found


@pytest.fixture(scope="session")
def stores() -> Iterator[dict[str, Store]]:
    """By database: one for all tests of a process, for each has to make its statements first."""
    made: dict[str, Store] = {}
    yield made
    for one in made.values():
        one.close()


@pytest.fixture(params=ENGINES)
def store(
    request: pytest.FixtureRequest, stores: dict[str, Store], tmp_path_factory: pytest.TempPathFactory
) -> Store:  # fmt: skip
    """One in which there is nothing."""
    if request.param not in stores:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('store')}/estate.db"
        else:
            url = request.getfixturevalue("postgresql_server_here").make_database()
        stores[request.param] = Store.open(url)
    else:
        empty(stores[request.param])
    return stores[request.param]


def empty(store: Store) -> None:
    """Leave the tables, and nothing in them."""
    with store._writer.begin() as connection:
        if store._engine.dialect.name == "postgresql":
            names = ", ".join(metadata.tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
            return
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        connection.execute(text("DELETE FROM sqlite_sequence"))


@pytest.fixture
def looking(store: Store) -> Looking:
    return Looking(store)
