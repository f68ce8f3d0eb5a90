"""Places in the cache of an estate."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest

from keymuster.errors import Unreachable
from keymuster.estate.places import Places


def fill(places: Places, name: str, kilobytes: int) -> Path:
    with places.place(name) as folder:
        Path(folder, "inner").mkdir(exist_ok=True)
        Path(folder, "inner/data").write_bytes(os.urandom(kilobytes * 1024))
    return Path(folder)


def test_a_name_has_the_same_place_again(tmp_path: Path) -> None:
    places = Places(str(tmp_path), 10**9)
    kept = fill(places, "a/b:c", 1)
    with places.place("a/b:c") as again:
        assert Path(again) == kept
        assert Path(again, "inner/data").exists()
    with places.place("a/b;c") as other:
        assert Path(other) != kept


def test_nobody_else_has_it_meanwhile(tmp_path: Path) -> None:
    with Places(str(tmp_path), 10**9).place("a"):
        with (
            pytest.raises(Unreachable, match="another process"),
            Places(str(tmp_path), 10**9, 0).place("a"),
        ):
            pass
        with Places(str(tmp_path), 10**9).place("b"):
            pass


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    places = Places(str(tmp_path), 1100 * 1024)
    a, b, c = (fill(places, name, 300) for name in "abc")
    with places.place("a"):  # used again
        pass
    d = fill(places, "d", 300)
    assert [one.exists() for one in (a, b, c, d)] == [True, False, True, True]


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    places = Places(str(tmp_path), 500 * 1024)
    a = fill(places, "a", 300)
    with places.place("a"):
        b = fill(places, "b", 300)
        assert a.exists()
        assert b.exists()


def test_one_that_is_larger_than_all_stays_while_it_is_the_last(tmp_path: Path) -> None:
    places = Places(str(tmp_path), 100 * 1024)
    a = fill(places, "a", 300)
    assert a.exists()
    assert fill(places, "b", 1).exists()
    assert not a.exists()


def test_what_never_came_to_an_end_goes_before_the_others(tmp_path: Path) -> None:
    places = Places(str(tmp_path), 700 * 1024)
    a = fill(places, "a", 300)
    killed = fill(places, "killed", 300)
    (killed / "size").unlink()
    b = fill(places, "b", 300)
    assert [one.exists() for one in (a, killed, b)] == [True, False, True]


def test_a_sum_that_was_lost_is_made_again(tmp_path: Path) -> None:
    places = Places(str(tmp_path), 10**9)
    fill(places, "a", 300)
    (tmp_path / "total").write_text("what")
    (tmp_path / "total").unlink()
    fill(places, "b", 300)
    assert int((tmp_path / "total").read_text()) >= 600 * 1024


def test_a_place_is_nobody_elses_to_read(tmp_path: Path) -> None:
    folder = fill(Places(str(tmp_path / "cache"), 10**9), "a", 1)
    assert [one.stat().st_mode & 0o077 for one in (folder, folder.parent)] == [0, 0]


def test_what_is_let_go_of_soon_is_waited_for(tmp_path: Path) -> None:
    with contextlib.ExitStack() as first:
        first.enter_context(Places(str(tmp_path), 10**9).place("a"))
        leaving = threading.Timer(0.02, first.pop_all().close)
        leaving.start()
        with Places(str(tmp_path), 10**9).place("a") as folder:
            assert Path(folder).is_dir()
        leaving.join()
