"""A command that serves pages, as a process, until the test has seen enough."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

SOURCE = Path(__file__).parents[1] / "src"


@contextmanager
def serving(*words: str, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """The address that it tells. It must end with 0 when it is asked to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "keymuster", *words],
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, 
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        said = ""
        while not (found := re.search(r"http://\S+", said)):
            line = process.stdout.readline()
            assert line, f"it ended and said {said}"
            said += line
        yield found[0]
    finally:
        process.send_signal(end)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest


def get(url: str, path: str | None = None, **headers: str) -> tuple[HTTPResponse, bytes]:
    parts = urlsplit(url)
    client = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        client.request("GET", path or parts.path, headers=headers)
        answer = client.getresponse()
        return answer, answer.read()
    finally:
        client.close()
