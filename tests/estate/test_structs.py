"""Structs out of JSON, in many threads at once."""

from __future__ import annotations

import subprocess
import sys

RACE = """
import sys, threading
from keymuster.estate.structs import decoded
from keymuster.estate.unit import Answer
import keymuster.model.roll

sys.setswitchinterval(1e-6)
DATA = b'{"outcome": {"target": "x", "report": {"findings": [], "troubles": [{"part": "a", "scope": "b", "message": "c"}]}}}'
start = threading.Barrier(4)

def look():
    start.wait()
    decoded(DATA, Answer)

threads = [threading.Thread(target=look) for _ in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print("alive")
"""


def test_threads_may_meet_a_type_for_the_first_time_together() -> None:
    """In a process of its own: it was the process that ended."""
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
