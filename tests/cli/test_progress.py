"""The progress bar."""

from __future__ import annotations

import pytest

from keymuster.cli import progress


def test_a_short_scan_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.bar() as advance:
        advance(1000)
    assert capsys.readouterr() == ("", "")


def test_a_long_scan_shows_one_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.bar() as advance:
        advance(1000)
        advance(2000)
    out, err = capsys.readouterr()
    assert out == ""
    assert "scanning" in err
