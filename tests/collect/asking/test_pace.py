"""How many calls go out in a minute."""

from __future__ import annotations

from threading import Event

from keymuster.collect.asking.pace import Pace


def test_some_go_at_once_and_the_others_one_after_the_other() -> None:
    pace = Pace(3, 60, Event())
    start = pace._at
    assert [pace._turn(start) for _ in range(5)] == [0, 0, 0, 1, 2]


def test_a_rest_lets_some_go_at_once_again_but_no_more_than_ever() -> None:
    pace = Pace(2, 60, Event())
    start = pace._at
    assert [pace._turn(start) for _ in range(3)] == [0, 0, 1]
    assert [pace._turn(start + 3600) for _ in range(3)] == [0, 0, 1]


def test_nobody_waits_when_the_scan_is_to_end() -> None:
    stop = Event()
    stop.set()
    pace = Pace(1, 1, stop)
    for _ in range(3):
        pace.wait()
