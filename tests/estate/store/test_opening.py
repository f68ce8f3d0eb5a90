"""What can be opened as a store, and what is said of what cannot."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from estate.store.looking import API, Looking, day, finding, report
from keymuster.errors import KeymusterError, SettingsError, Unreachable
from keymuster.estate.base import Outcome
from keymuster.estate.store import failing, migrations, opening
from keymuster.estate.store.store import Store
from postgresql_server import Server

PASSWORD = "hunter" + "2hunter2"


def test_a_store_is_there_when_it_is_opened_again(url: str) -> None:
    first = Store.open(url)
    Looking(first).look(finding("a"))
    first.close()
    second = Store.open(url)
    assert [one.finding.id for one in second.findings()] == ["a"]
    second.close()


def test_several_may_open_a_new_one_at_the_same_time(url: str) -> None:
    together = threading.Barrier(3)
    opened: list[Store] = []

    def start() -> None:
        together.wait()
        opened.append(Store.open(url))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.runs() for one in opened] == [[], [], []]
    for store in opened:
        store.close()


def test_a_path_is_a_file_in_a_folder_that_only_we_may_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "estate.db"
    store = Store.open(str(path))
    Looking(store).look(finding("a"))
    assert store.url == f"sqlite:///{path}"
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"estate.db": 0o600, "estate.db-wal": 0o600, "estate.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    store.close()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://host/db", "not in mysql"),
        ("postgresql+asyncpg://host/db", r"not in postgresql\+asyncpg"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "names no file"),
        ("postgresql://u:%s@host:port/db" % PASSWORD, "is no URL"),  # noqa: UP031
        ("://", "is no URL"),
    ],
)
def test_an_address_that_is_none_of_ours_is_refused(url: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem) as caught:
        Store.open(url)
    assert PASSWORD not in f"{caught.value!r} {caught.value.advice()}"
    assert "Examples:" in caught.value.advice()


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("some notes\n" * 500)
    with pytest.raises(SettingsError, match="is not a database"):
        Store.open(str(file))
    assert file.read_text() == "some notes\n" * 500


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE cookies (name)")
    with pytest.raises(SettingsError, match="another program"):
        Store.open(f"sqlite:///{tmp_path}/other.db")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
        journal = connection.execute("PRAGMA journal_mode").fetchone()
    assert names == [("cookies",)]
    assert journal == ("delete",)


def test_a_store_of_a_newer_keymuster_is_refused(url: str) -> None:
    store = Store.open(url)
    with store._writer.begin() as connection:
        connection.execute(text("UPDATE keymuster_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(SettingsError, match="newer keymuster") as caught:
        Store.open(url)
    assert "9999" in caught.value.message
    assert caught.value.advice() == "Update keymuster on this machine."


def test_a_store_that_can_only_be_read_says_so(tmp_path: Path) -> None:
    Store.open(f"{tmp_path}/estate.db").close()
    with pytest.raises(SettingsError, match=r"estate\.db can only be read") as caught:
        Store.open(f"sqlite:///file:{tmp_path}/estate.db?mode=ro&uri=true")
    assert "permissions" in caught.value.advice()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_nobody_may_write_to_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SettingsError, match="cannot be opened for writing"):
        Store.open(f"{tmp_path}/estate.db")


def test_a_folder_in_the_place_of_a_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Is a directory"):
        Store.open(str(tmp_path))


def test_a_time_without_a_zone_is_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        store.start_run([API], day(1).replace(tzinfo=None))


# --- PostgreSQL --------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_said_with_advice(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="does not answer") as caught:
        Store.open(f"postgresql://u:{PASSWORD}@/db?host={tmp_path}", patience=0)
    assert "Look whether the server runs" in caught.value.advice()
    assert PASSWORD not in str(caught.value)


def test_a_database_that_does_not_exist_is_said_at_once(
    postgresql_server_here: Server,
) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        Store.open(postgresql_server_here.url("nowhere"))


def test_a_server_that_starts_anew_loses_nothing(
    postgresql: str, postgresql_server_here: Server
) -> None:
    store = Store.open(postgresql)
    looking = Looking(store)
    attempt = looking.begin()
    again = threading.Timer(0.1, postgresql_server_here.start)
    postgresql_server_here.stop()
    again.start()
    try:
        events = store.finish(attempt, Outcome(target=API.id, report=report(finding("a"))), day(1))
    finally:
        again.join()
    assert len(events) == 1
    assert len(list(store.events())) == 1
    store.close()


def test_the_password_is_nowhere(
    postgresql: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    with_password = postgresql.replace("postgres@", f"postgres:{PASSWORD}@")
    store = Store.open(with_password)
    said = [repr(store._engine), str(store._engine.url), store.url]

    monkeypatch.setattr(failing, "is_passing", lambda error: False)
    with pytest.raises(KeymusterError) as caught:
        store._write(lambda one: one.execute(text("SELECT :x FROM nowhere"), {"x": PASSWORD}))
    said += [caught.value.message, caught.value.advice(), repr(caught.value)]
    said += [caplog.text, repr(caught.value.__cause__)]
    assert all(PASSWORD not in one for one in said)
    store.close()


def test_a_password_in_the_words_of_a_server_is_masked() -> None:
    from sqlalchemy.exc import OperationalError

    url = opening.engine(f"postgresql://u:{PASSWORD}@host/db").url
    error = OperationalError("SELECT", {}, Exception(f"cannot parse u:{PASSWORD}@host"))
    said = failing.explained(error, url)
    assert PASSWORD not in said.message
    assert "****" in said.message


def test_a_full_disk_of_the_server_is_not_tried_again() -> None:
    import psycopg
    from sqlalchemy.exc import OperationalError

    url = opening.engine("postgresql://u@host/db").url
    error = OperationalError("INSERT", {}, psycopg.errors.DiskFull("could not extend file"))
    assert not failing.is_passing(error)
    assert "the disk is full" in failing.explained(error, url).message


def test_a_store_that_is_up_to_date_does_not_ask_alembic(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(url).close()

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(migrations, "upgrade", refuse)
    Store.open(url).close()
