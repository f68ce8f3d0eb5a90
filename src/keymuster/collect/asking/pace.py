"""Not more calls than a service lets anybody make in a minute: who asks faster is shut out for a while."""

from __future__ import annotations

import time
from threading import Event, Lock


class Pace:
    """So many `at_once` after a rest, and then so many `per_minute`, over all threads."""

    def __init__(self, at_once: int, per_minute: int, stop: Event) -> None:
        self._most = at_once
        self._per_second = per_minute / 60
        self._stop = stop
        self._lock = Lock()
        self._left = float(at_once)
        self._at = time.monotonic()

    def wait(self) -> None:
        """Until it is this call's turn, or the scan is to end."""
        if (pause := self._turn(time.monotonic())) > 0:
            self._stop.wait(pause)

    def _turn(self, now: float) -> float:
        """Seconds until the turn of whoever asks now."""
        with self._lock:
            self._left = min(self._most, self._left + (now - self._at) * self._per_second)
            self._at = now
            self._left -= 1
            return -self._left / self._per_second if self._left < 0 else 0.0
