"""The tables of every revision become those of today."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

import keymuster
from estate.store.looking import Looking, credential, day, finding, report
from keymuster.estate.store import migrations, opening
from keymuster.estate.store.store import Store
from keymuster.estate.store.tables import VERSION_TABLE, metadata

FOLDER = Path(migrations.__file__).parent
REVISIONS = [one.revision for one in ScriptDirectory(str(FOLDER)).walk_revisions()][::-1]


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = opening.engine(url)
    yield made.execution_options(writes=True)
    made.dispose()


def test_the_newest_revision_is_the_one_that_is_asked_for() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [migrations.HEAD]
    assert REVISIONS[-1] == migrations.HEAD


@pytest.mark.parametrize("revision", ["", *REVISIONS])
def test_every_revision_is_brought_up_to_date_and_serves(
    revision: str, url: str, engine: Engine
) -> None:
    if revision:
        with engine.begin() as connection:
            migrations.upgrade(connection, revision)
            assert migrations.revision(connection) == revision
    store = Store.open(url)
    with engine.begin() as connection:
        assert migrations.revision(connection) == migrations.HEAD
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
        assert set(metadata.tables) <= {*inspect(connection).get_table_names()}
    Looking(store).saw(report(finding("a")), observations=(credential("k"),))
    assert [one.finding.id for one in store.findings()] == ["a"]
    store.close()


def test_runs_that_the_first_revision_wrote_down_are_told(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        migrations.upgrade(connection, "0001")
        columns = "key, scheduled, started"  # all that a run had then
        row = "'k', '', '2026-03-01 06:00:00'"
        connection.execute(text(f"INSERT INTO keymuster_runs ({columns}) VALUES ({row})"))
    store = Store.open(url)
    assert [one.id for one in store.runs()] == [1]
    assert [one.message for one in store.report(day(1)).troubles] == [
        "nothing has been looked at yet"
    ]
    Looking(store).look(finding("a"))
    store.close()


def test_a_migration_that_fails_leaves_the_tables_as_they_were(
    url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migrations.upgrade

    def half(connection: object, to: str = "head") -> None:
        real(connection, to)  # type: ignore[arg-type]
        raise RuntimeError

    monkeypatch.setattr(migrations, "upgrade", half)
    with pytest.raises(RuntimeError):
        Store.open(url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []


def test_migrations_are_in_a_wheel() -> None:
    from hatchling.builders.wheel import WheelBuilder

    root = Path(keymuster.__file__).parents[2]
    included = {file.distribution_path for file in WheelBuilder(str(root)).recurse_included_files()}
    folder = "keymuster/estate/store/migrations"
    assert {f"{folder}/env.py", f"{folder}/script.py.mako"} <= included
    versions = {f"{folder}/versions/{one.name}" for one in (FOLDER / "versions").glob("*.py")}
    assert len(versions) == len(REVISIONS)
    assert versions <= included
