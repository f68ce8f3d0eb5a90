"""`keymuster estate serve-metrics`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cli.conftest import Said
from keymuster.estate.store.store import Store
from served import get, serving

Run = Callable[..., Said]


def test_metrics_are_served_until_somebody_ends_it(tmp_path: Path, loopback: None) -> None:
    (tmp_path / "estate.yaml").write_text("store: sqlite:///estate.db\n")
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    store.end_run(store.start_run([], datetime.now(UTC)), datetime.now(UTC))
    store.close()
    words = ("serve-metrics", "--estate", str(tmp_path / "estate.yaml"), "--listen", "127.0.0.1:0")
    with serving("estate", *words) as url:
        answer, body = get(url)
        assert answer.status == 200
        assert b"\nkeymuster_last_run_duration_seconds " in body
        assert get(url, "/")[0].status == 404
        assert get(url, Host="evil.test")[0].status == 421


def test_where_there_is_no_store_none_is_made(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "estate.yaml").write_text("store: sqlite:///estate.db\n")
    said = keymuster("estate", "serve-metrics", "--estate", str(tmp_path / "estate.yaml"))
    assert said.code == 2
    assert "there is no store" in said.err
    assert not (tmp_path / "estate.db").exists()
