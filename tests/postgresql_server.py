"""A throw-away PostgreSQL that listens on a socket in a folder of its own, and nowhere else. `skip` says why there is
none where its programs are not installed."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from typing import Any

import pytest

_numbers = itertools.count()


def programs() -> str:
    """The folder with `initdb` and `pg_ctl`: distributions keep them off the path. Empty if there is none."""
    on_path = shutil.which("pg_ctl")
    found = sorted(glob("/usr/lib/postgresql/*/bin") + glob("/usr/pgsql-*/bin"))
    for folder in [os.path.dirname(on_path) if on_path else "", *reversed(found)]:
        if folder and os.path.exists(f"{folder}/initdb"):
            return folder
    return ""


class Server:
    """A running server; it can be stopped and started again."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._who: dict[str, Any] = {}
        if os.getuid() == 0:  # it refuses to run as root
            self._who = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres", "postgres")
        self._call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def start(self) -> None:
        settings = f"-c listen_addresses='' -k {self.folder} -c fsync=off -c max_connections=50"
        self._call("pg_ctl", "-w", "-l", f"{self.folder}/server.log", "-o", settings, "start")

    def stop(self) -> None:
        """At once, as if somebody had pulled the plug."""
        self._call("pg_ctl", "-w", "-m", "immediate", "stop")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def make_database(self) -> str:
        """A new, empty one. Its URL."""
        import psycopg

        name = f"test{next(_numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def _call(self, program: str, *words: str) -> None:
        subprocess.run(
            [f"{programs()}/{program}", "-D", f"{self.folder}/data", *words],
            check=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._who,
        )


@contextmanager
def serving() -> Iterator[Server]:
    """A server for as long as it is needed. Its path is short: that of a socket has to be."""
    if reason := _missing():
        pytest.skip(reason)
    folder = tempfile.mkdtemp(prefix="keymuster-pg-")
    try:
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _missing() -> str:
    if not programs():
        return "PostgreSQL's programs (initdb, pg_ctl) are not installed"
    if os.getuid() == 0:
        import pwd

        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "PostgreSQL does not run as root, and there is no user postgres"
    return ""
