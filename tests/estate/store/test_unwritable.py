"""A store in a place where nothing may be written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from estate.store.looking import Looking, finding
from keymuster.errors import KeymusterError, SettingsError, Unreachable
from keymuster.estate.store import migrations
from keymuster.estate.store.store import Store

if os.name == "nt":
    pytest.skip("folders are not closed by their modes there", allow_module_level=True)

NOBODY = 65534


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder to which others find their way, too: root may write anywhere, so a test of it is somebody else."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    while OPEN:
        OPEN.pop().close()
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def unwritable(place: Path) -> Iterator[None]:
    for one in place.iterdir():
        one.chmod(0o444)
    place.chmod(0o555)
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if was == 0:
            os.seteuid(0)


OPEN: list[Store] = []
"""What a test leaves open, as another process would."""


def written(place: Path) -> Store:
    store = Store.open(str(place / "estate.db"))
    Looking(store).look(finding("a"))
    OPEN.append(store)
    return store


def left(place: Path, *, kept: tuple[str, ...]) -> None:
    """A store whose writer was killed, with some of its files."""
    store = written(place)
    for one in place.iterdir():
        shutil.copy(one, place / f"{one.name}.left")
    store.close()
    for one in list(place.glob("*.left")):
        one.rename(one.with_suffix(""))
    for name in ("-wal", "-shm"):
        if name not in kept:
            (place / f"estate.db{name}").unlink()


def live(place: Path) -> None:
    written(place)


def closed(place: Path) -> None:
    written(place).close()


def killed(place: Path) -> None:
    left(place, kept=("-wal", "-shm"))


@pytest.mark.parametrize("state", [live, closed, killed])
def test_a_store_is_read_where_nothing_may_be_written(
    place: Path, state: Callable[[Path], None]
) -> None:
    state(place)
    names = sorted(os.listdir(place))
    with unwritable(place):
        store = Store.open(str(place / "estate.db"), create=False)
        assert [one.finding.id for one in store.findings()] == ["a"]
        assert len(store.runs()) == 1
        with pytest.raises(KeymusterError, match="can only be read"):
            Looking(store).look(finding("b"))
        store.close()
    assert sorted(os.listdir(place)) == names


def test_what_was_written_last_and_cannot_be_read_is_not_left_out(place: Path) -> None:
    left(place, kept=("-wal",))
    with (
        unwritable(place),
        pytest.raises(SettingsError, match="written to it last is in") as caught,
    ):
        Store.open(str(place / "estate.db"), create=False)
    assert "Copy it" in caught.value.advice()


def test_a_file_that_is_written_meanwhile_is_not_believed(place: Path) -> None:
    closed(place)
    with unwritable(place):
        store = Store.open(str(place / "estate.db"), create=False)
        rows = store.findings()
        next(iter(rows))
    place.chmod(0o755)
    (place / "estate.db").chmod(0o644)
    other = Store.open(str(place / "estate.db"))
    Looking(other).look(finding("a"), finding("b"))
    other.close()
    with pytest.raises(Unreachable, match="written while it was read"):
        list(rows)
    assert {one.finding.id for one in store.findings()} == {"a", "b"}  # asked anew
    store.close()


def test_an_older_store_is_not_brought_up_to_date_there(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(place)
    monkeypatch.setattr(migrations, "HEAD", "9999")
    with unwritable(place), pytest.raises(SettingsError, match="cannot be brought up to date"):
        Store.open(str(place / "estate.db"), create=False)


def test_who_has_to_be_alone_says_what_cannot_be_written(place: Path) -> None:
    closed(place)
    with unwritable(place):
        store = Store.open(str(place / "estate.db"), create=False)
        with pytest.raises(SettingsError, match="cannot be written"), store.alone("telling"):
            pass
        store.close()
