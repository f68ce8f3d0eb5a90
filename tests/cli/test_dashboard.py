"""`keymuster dashboard`."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cli.conftest import Said
from estate.store.looking import Looking, finding
from keymuster.estate.store.store import Store
from served import get, serving

Run = Callable[..., Said]


def test_a_page_is_served_to_who_has_the_address(tmp_path: Path, loopback: None) -> None:
    (tmp_path / "estate.yaml").write_text("store: sqlite:///estate.db\n")
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    Looking(store).look(finding("a", message="a key in the payments service"))
    store.close()
    before = rows(tmp_path / "estate.db")
    with serving("dashboard", "--estate", str(tmp_path / "estate.yaml"), end=signal.SIGINT) as url:
        assert urlsplit(url).hostname == "127.0.0.1"
        answer, body = get(url)
        assert answer.status == 200
        assert b"a key in the payments service" in body
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
        assert get(url, "/")[0].status == 404
        assert get(url, Host="rebound.test")[0].status == 421
    assert rows(tmp_path / "estate.db") == before


def rows(path: Path) -> list[str]:
    """All that a database says."""
    connection = sqlite3.connect(path)
    try:
        return [*connection.iterdump()]
    finally:
        connection.close()


def test_where_there_is_no_store_there_is_no_page(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "estate.yaml").write_text("store: sqlite:///estate.db\n")
    said = keymuster("dashboard", "--estate", str(tmp_path / "estate.yaml"))
    assert said.code == 2
    assert "keymuster estate run" in said.err
