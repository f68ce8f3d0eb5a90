"""`estate.yaml`."""

from __future__ import annotations

from pathlib import Path

from keymuster.estate import config


def test_repositories_are_read(tmp_path: Path) -> None:
    (tmp_path / "estate.yaml").write_text("targets: {repositories: [https://git.acme.test/api]}\n")
    read = config.load(str(tmp_path / "estate.yaml"))
    assert read.targets.repositories == ("https://git.acme.test/api",)
